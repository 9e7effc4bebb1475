package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueRound plans a round through the unit that stands empty, with keys of its public area that were lent to who walks it, and came back.
func (b *batch) queueRound(estate, account, set uuid.UUID, holder map[string]uuid.UUID) {
	borrower, loan, round, lent := ids.New(0x0302), ids.New(0x0307), ids.New(0x0708), Start.AddDate(0, 0, -3)
	b.queue(`INSERT INTO key_holders (id, created_at, estate_id, kind, name, staff_id) SELECT $1, $2, $3, 'STAFF', name, id FROM staffs WHERE estate_id = $3`, borrower, lent, estate)
	b.queue(`INSERT INTO key_loans (id, created_at, estate_id, borrower_id, borrower_name, purpose, lent_by_id, lent_by_name, lent_at, due_at)
		SELECT $1, $2, $3, $4, name, '空置房巡查', $5, '客服', $2, $2 FROM key_holders WHERE id = $4`, loan, lent, estate, borrower, account)
	b.queue(`INSERT INTO key_loan_lines (id, created_at, estate_id, loan_id, set_id, from_id, label, count, returned) VALUES ($1, $2, $3, $4, $5, $6, '设备间', 1, 1)`,
		ids.New(0x0308), lent, estate, loan, set, holder["DESK"])
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, staff_id, method, attested_by_id, attested_by_name, content_hash, signed_at)
		SELECT $1, $2, $3, 'keys.lend', $4, 'borrower', name, id, 'ATTESTED', $5, '客服', '00', $2 FROM staffs WHERE estate_id = $3`, ids.New(0x0204), lent, estate, loan, account)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
		VALUES ($1, $2, $3, 'keys.lend', $4, 'handler', '客服', $5, 'SESSION', '00', $2)`, ids.New(0x0204), lent, estate, loan, account)
	b.queue(`INSERT INTO inspection_rounds (id, created_at, estate_id, planned_on, area_id, walker_id, walker_name, units, planned_by_id, planned_by_name)
		SELECT $1, $2, $3, ($2::timestamptz AT TIME ZONE 'Asia/Shanghai')::date, a.id, s.id, s.name, 1, $4, '客服' FROM staffs s JOIN areas a ON a.estate_id = s.estate_id WHERE s.estate_id = $3`,
		round, Start, estate, account)
	b.queue(`INSERT INTO inspection_round_lines (id, created_at, estate_id, round_id, vacancy_id, unit_id, position, planned_on)
		SELECT $1, $2, $3, $4, i.vacancy_id, i.unit_id, 1, ($2::timestamptz AT TIME ZONE 'Asia/Shanghai')::date FROM inspections i WHERE i.estate_id = $3`, ids.New(0x070d), Start, estate, round)
	b.queue(`INSERT INTO inspection_round_keys (id, created_at, estate_id, round_id, loan_id) VALUES ($1, $2, $3, $4, $5)`, ids.New(0x070e), Start, estate, round, loan)
	b.queue(`UPDATE key_loans SET state = 'RETURNED', returned_at = lent_at WHERE id = $1`, loan)
}
