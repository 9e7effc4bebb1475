package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueBank makes a statement of the bank with a payment that awaits confirmation, and a day of the estate's own long after what tests are about.
func (b *batch) queueBank(estate, account uuid.UUID) {
	b.queue(`INSERT INTO fee_bank_statements (id, created_at, estate_id, file_name, sha256, from_on, until_on, lines, amount, report, recorded_by_id, recorded_by_name)
		VALUES (new_id(x'0915'::int), $1, $2, '对账单.csv', 'seed', '2026-02-27', '2026-02-27', 1, 1200, '{}', $3, '会计')`, Start, estate, account)
	b.queue(`INSERT INTO fee_bank_lines (id, created_at, estate_id, statement_id, "row", paid_on, amount, payer, memo, transaction_id, proposed_household_id, match, matched)
		SELECT new_id(x'0916'::int), $1, $2, s.id, 2, '2026-02-27', 1200, '张三', '物业费', 'SEED-1', n.household_id, 'NOTICE_NUMBER', n.number
		FROM fee_bank_statements s, (SELECT household_id, number FROM fee_notices WHERE estate_id = $2 ORDER BY number LIMIT 1) n WHERE s.estate_id = $2`, Start, estate)
	b.queue(`INSERT INTO calendar_days (id, created_at, estate_id, day, working, reason, set_by_id, set_by_name, set_at)
		VALUES (new_id(x'0110'::int), $1, $2, '2027-06-01', false, '小区停电检修', $3, '经理', $1)`, Start, estate, account)
}

// queueRefund gives back a fen of the credit of the household that has the nth notice: it was approved and paid out, and came back.
func (b *batch) queueRefund(estate, account uuid.UUID, n int) {
	came, refund, approval, leader := Start.AddDate(0, 0, -7), ids.New(0x0917), ids.New(0x0206), uuid.New()
	b.queue(`INSERT INTO fee_refunds (id, created_at, estate_id, household_id, amount, method, payee, reason, asked_by_id, asked_by_name, asked_at)
		SELECT $4, $1, $2, household_id, 1, 'CASH', '张三', '多交', $3, '会计', $1 FROM fee_notices WHERE estate_id = $2 ORDER BY number OFFSET $5 LIMIT 1`, came, estate, account, refund, n)
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		VALUES ($1, $2, $3, 'fees.refund', 'F5', $4, '退款', 'Refund', '{"amount": 1}', '00', '多交', $5, '会计', $2, $2::timestamptz + interval '30 days')`, approval, came, estate, refund, account)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
		VALUES ($1, $2, $3, 'approval', $4, 'approver', '经理', $5, 'CREDENTIAL', '00', $2)`, ids.New(0x0204), came, estate, approval, leader)
	b.queue(`UPDATE approvals SET state = 'GIVEN', decided_by_id = $1, decided_by_name = '经理', decided_at = asked_at WHERE id = $2`, leader, approval)
	b.queue(`UPDATE approvals SET state = 'USED', used_at = asked_at WHERE id = $1`, approval)
	b.queue(`UPDATE fee_refunds SET approval_id = $1, state = 'PAID', booked_on = '2026-02-22', paid_by_id = $2, paid_by_name = '会计', paid_at = $4 WHERE id = $3`, approval, account, refund, came)
	b.queue(`UPDATE fee_refunds SET state = 'RETURNED', returned_on = '2026-02-22', returned_by_id = $1, returned_by_name = '会计', returned_at = $3, return_reason = '户名不符' WHERE id = $2`, account, refund, came)
}
