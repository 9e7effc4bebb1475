-- A row per estate, of sheets of shift changes. $1 the estates, $2 now, of those in the estates $3 and of the departments $4. The columns are those of Board.
WITH sheets AS (
    SELECT estate_id, count(*) AS unsigned, count(*) FILTER (WHERE due_at <= $2::timestamptz) AS overdue FROM duty_handovers
    WHERE estate_id = ANY ($1::uuid[]) AND state = 'OPEN' AND (estate_id = ANY ($3::uuid[]) OR department_id = ANY ($4::uuid[])) GROUP BY 1
)
SELECT e.id, coalesce(unsigned, 0), coalesce(overdue, 0) FROM unnest($1) e(id) LEFT JOIN sheets ON sheets.estate_id = e.id
