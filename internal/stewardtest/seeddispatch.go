package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueDispatches makes what became of February's notices: customer service got them, the neighbours' was posted, proved and reported, and a dunning notice to the neighbours
// was drafted and withdrawn.
func (b *batch) queueDispatches(estate, account uuid.UUID) {
	came, dispatch, report := Start.AddDate(0, 0, -7), ids.New(0x090c), ids.New(0x090f)
	const neighbours = `(SELECT household_id FROM fee_notices WHERE estate_id = $1 ORDER BY number DESC LIMIT 1)`
	b.queue(`UPDATE fee_runs SET received_at = $2, received_by_id = $3, received_by_name = '客服', dispatch_due_at = '2026-02-25 16:00Z' WHERE estate_id = $1`, estate, came, account)
	b.queue(`INSERT INTO fee_dispatches (id, created_at, estate_id, notice_id, household_id, number, address, attempt, method, postage, tracking, reason, dispatched_at, dispatched_by_id, dispatched_by_name, due_at, sort_key)
		SELECT $2, $3, estate_id, id, household_id, number, address, 1, 'POST', 120, 'XA123', '业户长期外出', $3, $4, '客服', '2026-02-25 16:00Z', sort_key
		FROM fee_notices WHERE estate_id = $1 AND household_id = `+neighbours, estate, dispatch, came, account)
	b.queue(`INSERT INTO fee_proofs (id, created_at, estate_id, dispatch_id, name, content_type, size, sha256, recorded_by_id, recorded_by_name) VALUES ($1, $2, $3, $4, '邮寄回执.jpg', 'image/jpeg', 1, repeat('0', 64), $5, '客服')`,
		ids.New(0x0910), came, estate, dispatch, account)
	b.queue(`INSERT INTO fee_reports (id, created_at, estate_id, note, recorded_by_id, recorded_by_name) VALUES ($1, $2, $3, '二月', $4, '客服')`, report, came, estate, account)
	b.queue(`SELECT fee_dun($1, $2, '2026-03-11', (SELECT id FROM households WHERE estate_id = $1 AND id < `+neighbours+` ORDER BY id DESC LIMIT 1), 1, '', false)`, estate, came)
	b.queue(`UPDATE fee_dunnings SET state = 'WITHDRAWN', ended_at = $2, end_reason = '协商分期', ended_by_id = $3, ended_by_name = '会计' WHERE estate_id = $1`, estate, came, account)
	b.queue(`UPDATE obligations SET state = 'CANCELLED', due_at = due_at + interval '5 years' WHERE estate_id = $1 AND kind = 'fees.handDunning'`, estate)
}
