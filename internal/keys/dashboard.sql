-- A row per estate, every figure by one pass over an index. $1 the estates, $2 now, of obligations
-- those of the estates $3 and of the departments $4. The columns are those of `figures`.
WITH e AS MATERIALIZED (
    SELECT id, (date_trunc('day', $2 AT TIME ZONE time_zone) + interval '1 day') AT TIME ZONE time_zone AS day_end
    FROM estates WHERE id = ANY ($1::uuid[])
), loans AS (
    SELECT o.estate_id, sum(l.count - l.returned - l.lost) AS keys_out,
        sum(l.count - l.returned - l.lost) FILTER (WHERE o.due_at <= $2) AS overdue
    FROM key_loans o JOIN key_loan_lines l ON l.estate_id = o.estate_id AND l.loan_id = o.id
    WHERE o.estate_id = ANY ($1) AND o.state = 'OPEN' GROUP BY 1
), sets AS (
    SELECT estate_id, sum(outstanding) AS outstanding, count(*) FILTER (WHERE condition = 'DUE_FOR_SCRAPPING') AS due_for_scrapping
    FROM key_sets WHERE estate_id = ANY ($1) GROUP BY 1
), seals AS (
    SELECT estate_id, sum(count) AS sealed FROM key_seals WHERE estate_id = ANY ($1) AND state = 'SEALED' GROUP BY 1
), lost AS (
    SELECT b.estate_id, sum(b.count) AS lost FROM key_balances b JOIN key_holders h ON h.estate_id = b.estate_id AND h.id = b.holder_id
    WHERE h.estate_id = ANY ($1) AND h.kind = 'LOST' GROUP BY 1
), losses AS (
    SELECT estate_id, count(*) AS unanswered FROM key_losses WHERE estate_id = ANY ($1) AND state = 'OPEN' GROUP BY 1
), locks AS (
    SELECT estate_id, count(*) AS ordered FROM key_lock_changes WHERE estate_id = ANY ($1) AND state = 'ORDERED' GROUP BY 1
), differences AS (
    SELECT l.estate_id, count(*) AS open FROM reconciliation_lines l JOIN reconciliations r ON r.estate_id = l.estate_id AND r.id = l.reconciliation_id
    WHERE l.estate_id = ANY ($1) AND l.state = 'DIFFERENT' AND r.kind LIKE 'keys.%' AND r.state = 'SETTLING' GROUP BY 1
), questions AS (
    SELECT estate_id, count(*) AS waiting FROM approvals
    WHERE estate_id = ANY ($1) AND state = 'ASKED' AND expires_at > $2 AND kind LIKE 'keys.%' GROUP BY 1
), due AS (
    SELECT o.estate_id, count(*) FILTER (WHERE o.due_at > $2) AS today, count(*) FILTER (WHERE o.due_at <= $2) AS past
    FROM obligations o JOIN e ON e.id = o.estate_id
    WHERE o.met_at IS NULL AND o.state IN ('OPEN', 'BREACHED') AND o.due_at <= e.day_end AND o.clause LIKE 'K%'
        AND (o.estate_id = ANY ($3::uuid[]) OR o.department_id = ANY ($4::uuid[])) GROUP BY 1
)
SELECT e.id, coalesce(keys_out, 0), coalesce(overdue, 0), coalesce(outstanding, 0), coalesce(due_for_scrapping, 0), coalesce(sealed, 0), coalesce(lost, 0),
    coalesce(unanswered, 0), coalesce(ordered, 0), coalesce(open, 0), coalesce(waiting, 0), coalesce(today, 0), coalesce(past, 0)
FROM e
LEFT JOIN loans ON loans.estate_id = e.id LEFT JOIN sets ON sets.estate_id = e.id LEFT JOIN seals ON seals.estate_id = e.id
LEFT JOIN lost ON lost.estate_id = e.id LEFT JOIN losses ON losses.estate_id = e.id LEFT JOIN locks ON locks.estate_id = e.id
LEFT JOIN differences ON differences.estate_id = e.id LEFT JOIN questions ON questions.estate_id = e.id LEFT JOIN due ON due.estate_id = e.id
