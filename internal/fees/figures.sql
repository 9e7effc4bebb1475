-- A row per estate, every figure by one pass over an index. $1 the estates, $2 now. The columns are those of Board.
WITH e AS MATERIALIZED (
    SELECT id, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM estates WHERE id = ANY ($1::uuid[])
), owing AS (
    SELECT estate_id, sum(receivable)::bigint AS amount FROM fee_accounts WHERE estate_id = ANY ($1) AND receivable > 0 GROUP BY 1
), overdue AS (
    SELECT n.estate_id, count(DISTINCT n.household_id) AS households, sum(n.amount - n.settled)::bigint AS amount
    FROM fee_notices n JOIN e ON e.id = n.estate_id WHERE n.state = 'OPEN' AND n.pay_by < e.today GROUP BY 1
), waiting AS (
    SELECT n.estate_id, count(*) AS notices FROM fee_notices n JOIN fee_runs r ON r.estate_id = n.estate_id AND r.id = n.run_id
    WHERE n.estate_id = ANY ($1) AND n.dispatch <> 'DISPATCHED' AND r.received_at IS NOT NULL GROUP BY 1
), dunnings AS (
    SELECT estate_id, count(*) FILTER (WHERE state = 'DRAFT') AS draft, count(*) FILTER (WHERE state = 'REVIEWED') AS reviewed,
        count(*) FILTER (WHERE state = 'STAMPED') AS stamped, count(*) FILTER (WHERE state = 'HANDED') AS handed
    FROM fee_dunnings WHERE estate_id = ANY ($1) AND state IN ('DRAFT', 'REVIEWED', 'STAMPED', 'HANDED') GROUP BY 1
), bank AS (
    SELECT estate_id, count(*) AS lines FROM fee_bank_lines WHERE estate_id = ANY ($1) AND state = 'PROPOSED' GROUP BY 1
), refunds AS (
    SELECT estate_id, count(*) AS asked FROM fee_refunds WHERE estate_id = ANY ($1) AND state = 'ASKED' GROUP BY 1
)
SELECT e.id, coalesce(households, 0), coalesce(overdue.amount, 0), coalesce(owing.amount, 0), coalesce(notices, 0), coalesce(draft, 0), coalesce(reviewed, 0), coalesce(stamped, 0),
    coalesce(handed, 0), coalesce(lines, 0), coalesce(asked, 0)
FROM e LEFT JOIN owing ON owing.estate_id = e.id LEFT JOIN overdue ON overdue.estate_id = e.id LEFT JOIN waiting ON waiting.estate_id = e.id
LEFT JOIN dunnings ON dunnings.estate_id = e.id LEFT JOIN bank ON bank.estate_id = e.id LEFT JOIN refunds ON refunds.estate_id = e.id
