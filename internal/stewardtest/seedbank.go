package stewardtest

import (
	"github.com/google/uuid"
)

// queueBank makes a statement of the bank with a payment that awaits confirmation, a refund that was not approved, with a part as one that is paid out has, and a
// day of the estate's own long after what tests are about.
func (b *batch) queueBank(estate, account uuid.UUID) {
	b.queue(`INSERT INTO fee_bank_statements (id, created_at, estate_id, file_name, sha256, from_on, until_on, lines, amount, report, recorded_by_id, recorded_by_name)
		VALUES (new_id(x'0915'::int), $1, $2, '对账单.csv', 'seed', '2026-02-27', '2026-02-27', 1, 1200, '{}', $3, '会计')`, Start, estate, account)
	b.queue(`INSERT INTO fee_bank_lines (id, created_at, estate_id, statement_id, "row", paid_on, amount, payer, memo, transaction_id, proposed_household_id, match, matched)
		SELECT new_id(x'0916'::int), $1, $2, s.id, 2, '2026-02-27', 1200, '张三', '物业费', 'SEED-1', n.household_id, 'NOTICE_NUMBER', n.number
		FROM fee_bank_statements s, (SELECT household_id, number FROM fee_notices WHERE estate_id = $2 ORDER BY number LIMIT 1) n WHERE s.estate_id = $2`, Start, estate)
	b.queue(`INSERT INTO fee_refunds (id, created_at, estate_id, household_id, amount, method, payee, payee_account, reason, asked_by_id, asked_by_name, asked_at)
		SELECT new_id(x'0917'::int), $1, $2, household_id, 100, 'CASH', '张三', '', '多交', $3, '会计', $1 FROM fee_notices WHERE estate_id = $2 ORDER BY number`, Start, estate, account)
	b.queue(`UPDATE fee_refunds SET state = 'ENDED' WHERE estate_id = $1`, estate)
	b.queue(`INSERT INTO fee_refund_parts (id, created_at, estate_id, household_id, refund_id, payment_id, amount)
		SELECT new_id(x'0918'::int), $1, $2, r.household_id, r.id, p.id, 1 FROM fee_refunds r JOIN fee_payments p ON p.estate_id = r.estate_id AND p.household_id = r.household_id AND p.amount = 10000 WHERE r.estate_id = $2`, Start, estate)
	b.queue(`INSERT INTO calendar_days (id, created_at, estate_id, day, working, reason, set_by_id, set_by_name, set_at)
		VALUES (new_id(x'0110'::int), $1, $2, '2027-06-01', false, '小区停电检修', $3, '经理', $1)`, Start, estate, account)
}
