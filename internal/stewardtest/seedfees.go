package stewardtest

import (
	"github.com/google/uuid"
)

// queueFees makes a month that was billed before tests begin: a tariff, February's notices, of each household a payment that settled some of
// its notice, one that was reversed, and a credit note.
func (b *batch) queueFees(estate, account uuid.UUID) {
	came := Start.AddDate(0, 0, -7)
	b.queue(`INSERT INTO fee_tariffs (id, created_at, estate_id, fee, unit_kind, basis, rate, from_on, recorded_by_id, recorded_by_name)
		VALUES (new_id(x'0902'::int), $1, $2, '物业管理费', 'FLAT', 'PER_SQUARE_METRE', 23500, '2026-01-01', $3, '会计')`, came, estate, account)
	b.queue(`INSERT INTO fee_runs (id, created_at, estate_id, month, state, due_at, issued_on, pay_by, payers, started_at, started_by_id, started_by_name)
		VALUES (new_id(x'0903'::int), $1, $2, '2026-02-01', 'RUNNING', '2026-02-25 16:00Z', '2026-02-23', '2026-03-10', 2, $1, $3, '会计')`, came, estate, account)
	b.queue(`SELECT fee_bill(id, estate_id, $1, '', '00000000-0000-0000-0000-000000000000', 100) FROM fee_runs WHERE estate_id = $2`, came, estate)
	b.queue(`UPDATE fee_runs SET state = 'BILLED', billed_at = $1 WHERE estate_id = $2`, came, estate)
	for i, amount := range []int{10000, 1000} { // of each some was given back, and came back
		b.queue(`INSERT INTO fee_payments (id, created_at, estate_id, household_id, method, paid_at, booked_on, amount, recorded_by_id, recorded_by_name)
			SELECT new_id(x'0907'::int), $1, $2, household_id, 'CASH', $1, '2026-02-23', $4, $3, '会计' FROM fee_notices WHERE estate_id = $2 ORDER BY number`, came, estate, account, amount)
		b.queueRefund(estate, account, i)
		b.queue(`SELECT fee_settle($2, array_agg(household_id), $1, '2026-02-23') FROM fee_notices WHERE estate_id = $2`, came, estate)
	}
	b.queue(`INSERT INTO fee_payments (id, created_at, estate_id, household_id, method, paid_at, booked_on, amount, reverses_id, reason, recorded_by_id, recorded_by_name)
		SELECT new_id(x'0907'::int), $1, $2, household_id, 'CASH', $1, '2026-02-23', -amount, id, '登记错', $3, '会计' FROM fee_payments WHERE estate_id = $2 AND amount = 1000 ORDER BY receipt`, came, estate, account)
	b.queue(`INSERT INTO fee_credit_notes (id, created_at, estate_id, notice_id, household_id, issued_on, amount, reason, recorded_by_id, recorded_by_name)
		SELECT new_id(x'0906'::int), $1, $2, id, household_id, '2026-02-23', 100, '面积更正', $3, '会计' FROM fee_notices WHERE estate_id = $2 ORDER BY number`, came, estate, account)
	b.queue(`INSERT INTO fee_allocations (id, created_at, estate_id, household_id, notice_id, credit_note_id, booked_on, amount)
		SELECT new_id(x'0908'::int), $1, $2, household_id, notice_id, id, '2026-02-23', amount FROM fee_credit_notes WHERE estate_id = $2`, came, estate)
}
