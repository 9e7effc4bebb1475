-- A row per estate, every figure by one pass over an index. $1 the estates, $2 now, of defects those of the estates $3 and of the departments $4.
-- The columns are those of `figures`.
WITH e AS MATERIALIZED (
    SELECT id, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM estates WHERE id = ANY ($1::uuid[])
), empty AS (
    SELECT v.estate_id, count(*) AS vacancies, count(*) FILTER (WHERE v.due_on < e.today) AS overdue
    FROM vacancies v JOIN e ON e.id = v.estate_id WHERE v.state = 'OPEN' GROUP BY 1
), late AS (
    SELECT d.estate_id, count(*) AS items FROM inspection_dues d JOIN e ON e.id = d.estate_id WHERE d.due_on < e.today AND d.ended_on IS NULL GROUP BY 1
), wrong AS (
    SELECT d.estate_id, count(*) AS open, count(*) FILTER (WHERE d.state = 'REPORTED') AS reported, count(*) FILTER (WHERE d.state = 'RESOLVED') AS resolved,
        count(*) FILTER (WHERE d.due_at <= $2) AS overdue
    FROM defects d WHERE d.estate_id = ANY ($1) AND d.due_at IS NOT NULL AND (d.estate_id = ANY ($3::uuid[]) OR d.department_id = ANY ($4::uuid[])) GROUP BY 1
)
SELECT e.id, coalesce(vacancies, 0), coalesce(empty.overdue, 0), coalesce(items, 0), coalesce(open, 0), coalesce(reported, 0), coalesce(resolved, 0), coalesce(wrong.overdue, 0)
FROM e LEFT JOIN empty ON empty.estate_id = e.id LEFT JOIN late ON late.estate_id = e.id LEFT JOIN wrong ON wrong.estate_id = e.id
