-- A row per estate, every figure by one pass over an index. $1 the estates, $2 now; of requests those of the estates $3 and of the departments $4, of
-- loans those of the estates $5 and of the departments $6. The columns are those of Board.
WITH asked AS (
    SELECT estate_id, count(*) AS waiting FROM archive_requests
    WHERE estate_id = ANY ($1::uuid[]) AND state = 'WAITING' AND (estate_id = ANY ($3::uuid[]) OR department_id = ANY ($4::uuid[])) GROUP BY 1
), lent AS (
    SELECT estate_id, count(*) AS out, count(*) FILTER (WHERE due_at <= $2::timestamptz) AS overdue FROM archive_loans
    WHERE estate_id = ANY ($1) AND state = 'OPEN' AND (estate_id = ANY ($5::uuid[]) OR department_id = ANY ($6::uuid[])) GROUP BY 1
)
SELECT e.id, coalesce(waiting, 0), coalesce(out, 0), coalesce(overdue, 0)
FROM unnest($1) e(id) LEFT JOIN asked ON asked.estate_id = e.id LEFT JOIN lent ON lent.estate_id = e.id
