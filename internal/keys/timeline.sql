-- The life of the set $2 of the estate $1, the newest first, from ($3, $4) on. $6 names the kinds of rows that the viewer may see.
WITH loans AS MATERIALIZED (
    SELECT loan_id, id AS line_id FROM key_loan_lines WHERE estate_id = $1 AND set_id = $2
), subjects AS MATERIALIZED ( -- what is signed for, and asked about, that concerns the set
    SELECT loan_id AS id FROM loans
    UNION SELECT r.receipt_id FROM key_returns r JOIN loans ON loans.line_id = r.line_id WHERE r.estate_id = $1
    UNION SELECT acceptance_id FROM key_acceptance_lines WHERE estate_id = $1 AND set_id = $2
    UNION SELECT id FROM key_seals WHERE estate_id = $1 AND set_id = $2
    UNION SELECT id FROM key_lock_changes WHERE estate_id = $1 AND set_id = $2
    UNION SELECT id FROM key_copy_orders WHERE estate_id = $1 AND set_id = $2
    UNION SELECT id FROM key_scrappings WHERE estate_id = $1 AND set_id = $2
    UNION SELECT request_id FROM key_loan_request_lines WHERE estate_id = $1 AND set_id = $2
    UNION SELECT id FROM key_movements WHERE estate_id = $1 AND set_id = $2
    UNION SELECT $2
), events (at, kind, id, actor, count, giver, getter, what, said) AS (
    SELECT m.occurred_at, 'MOVED', m.id, '', m.count, f.name, t.name, m.reason, m.note
    FROM key_movements m JOIN key_holders f ON f.estate_id = m.estate_id AND f.id = m.from_id JOIN key_holders t ON t.estate_id = m.estate_id AND t.id = m.to_id
    WHERE m.estate_id = $1 AND m.set_id = $2 AND 'KeyMovement' = ANY ($6)
  UNION ALL
    SELECT signed_at, 'SIGNED', id, signer_name, NULL, NULL, NULL, kind, capacity
    FROM signatures WHERE estate_id = $1 AND subject_id IN (SELECT id FROM subjects) AND 'Signature' = ANY ($6)
  UNION ALL
    SELECT reported_at, 'LOST', id, reported_by_name, count, holder_name, NULL, state, circumstances
    FROM key_losses WHERE estate_id = $1 AND set_id = $2 AND 'KeyLoss' = ANY ($6)
  UNION ALL
    SELECT answered_at, 'LOSS_ANSWERED', id, answered_by_name, count, NULL, NULL, CASE WHEN lock_change_requested THEN 'LOCK' ELSE '' END, finding
    FROM key_losses WHERE estate_id = $1 AND set_id = $2 AND answered_at IS NOT NULL AND 'KeyLoss' = ANY ($6)
  UNION ALL
    SELECT ordered_at, 'LOCK_CHANGE_ORDERED', id, ordered_by_name, NULL, NULL, NULL, state, reason
    FROM key_lock_changes WHERE estate_id = $1 AND set_id = $2 AND 'KeyLockChange' = ANY ($6)
  UNION ALL
    SELECT done_at, 'LOCK_CHANGED', id, done_by_name, new_count, NULL, NULL, generation::text, note
    FROM key_lock_changes WHERE estate_id = $1 AND set_id = $2 AND done_at IS NOT NULL AND 'KeyLockChange' = ANY ($6)
  UNION ALL
    SELECT asked_at, 'ASKED', id, asked_by_name, NULL, NULL, NULL, CASE WHEN $7 THEN title_en ELSE title END, reason
    FROM approvals WHERE estate_id = $1 AND subject_id IN (SELECT id FROM subjects) AND 'Approval' = ANY ($6)
  UNION ALL
    SELECT coalesce(decided_at, used_at, expires_at), 'DECIDED', id, decided_by_name, NULL, NULL, NULL, state, decision_note
    FROM approvals WHERE estate_id = $1 AND subject_id IN (SELECT id FROM subjects) AND state <> 'ASKED' AND 'Approval' = ANY ($6)
  UNION ALL
    SELECT sealed_at, 'SEALED', id, sealed_by_name, count, NULL, NULL, number, ''
    FROM key_seals WHERE estate_id = $1 AND set_id = $2 AND 'KeySeal' = ANY ($6)
  UNION ALL
    SELECT ended_at, 'SEAL_ENDED', id, ended_by_name, count, NULL, NULL, state || ' ' || number, end_reason
    FROM key_seals WHERE estate_id = $1 AND set_id = $2 AND ended_at IS NOT NULL AND 'KeySeal' = ANY ($6)
  UNION ALL
    SELECT created_at, 'FOLLOWED_UP', id, noted_by_name, outstanding, NULL, NULL, '', note
    FROM key_follow_ups WHERE estate_id = $1 AND set_id = $2 AND voided_at IS NULL AND 'KeyFollowUp' = ANY ($6)
  UNION ALL -- the expected figure is in the open only when the whole sheet has been counted
    SELECT l.counted_at, 'COUNTED', l.id, l.counted_by_name, l.counted, NULL, NULL, CASE WHEN l.expected IS NULL THEN 'BLIND' ELSE l.state END, coalesce(l.expected::text, '')
    FROM reconciliation_lines l WHERE l.estate_id = $1 AND l.item_id = $2 AND l.counted_at IS NOT NULL AND 'ReconciliationLine' = ANY ($6)
  UNION ALL
    SELECT l.resolved_at, 'DISPUTE_RESOLVED', l.id, l.resolved_by_name, NULL, NULL, NULL, l.resolution, l.resolution_reason
    FROM reconciliation_lines l WHERE l.estate_id = $1 AND l.item_id = $2 AND l.resolved_at IS NOT NULL AND 'ReconciliationLine' = ANY ($6)
  UNION ALL
    SELECT done_at, 'SCRAPPED', id, '', count, NULL, NULL, '', reason
    FROM key_scrappings WHERE estate_id = $1 AND set_id = $2 AND done_at IS NOT NULL AND 'KeyScrapping' = ANY ($6)
)
SELECT at, kind, id, actor, count, giver, getter, what, said FROM events
WHERE $3::timestamptz IS NULL OR (at, kind, id) < ($3, $8, $4::uuid)
ORDER BY at DESC, kind DESC, id DESC LIMIT $5
