-- A row per estate, every figure by one pass over an index. $1 the estates, $2 now, of items those of the estates $3 and of the departments $4.
-- The columns are those of Board.
WITH e AS MATERIALIZED (
    SELECT id, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM estates WHERE id = ANY ($1::uuid[])
), here AS (
    SELECT i.estate_id, count(*) AS items, count(*) FILTER (WHERE i.received_on < e.today) AS left_over, count(*) FILTER (WHERE i.state = 'DOUBTFUL') AS doubtful
    FROM mail_items i JOIN e ON e.id = i.estate_id
    WHERE i.voided_at IS NULL AND i.state NOT IN ('DELIVERED', 'RETURNED') AND (i.estate_id = ANY ($3::uuid[]) OR i.department_id = ANY ($4::uuid[])) GROUP BY 1
), press AS (
    SELECT e.id, sum(x.copies)::bigint AS expected, count(DISTINCT x.publication_id) FILTER (WHERE d.publication_id IS NULL) AS missing
    FROM e CROSS JOIN LATERAL press_expected(e.id, e.today) x
    LEFT JOIN press_deliveries d ON d.estate_id = e.id AND d.publication_id = x.publication_id AND d.day = e.today AND d.voided_at IS NULL GROUP BY 1
), claims AS (
    SELECT estate_id, count(*) AS open FROM press_claims WHERE estate_id = ANY ($1) AND state = 'OPEN' GROUP BY 1
), cases AS (
    SELECT estate_id, count(*) AS open FROM mail_cases WHERE estate_id = ANY ($1) AND state IN ('OPEN', 'ANSWERED') GROUP BY 1
)
SELECT e.id, coalesce(items, 0), coalesce(left_over, 0), coalesce(doubtful, 0), coalesce(expected, 0), coalesce(missing, 0), coalesce(claims.open, 0), coalesce(cases.open, 0)
FROM e LEFT JOIN here ON here.estate_id = e.id LEFT JOIN press ON press.id = e.id LEFT JOIN claims ON claims.estate_id = e.id LEFT JOIN cases ON cases.estate_id = e.id
