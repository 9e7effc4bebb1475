package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queuePress makes press that came short before tests begin: a publication, subscriptions of households and a department, pauses to come, and
// a claim of which one copy was recovered; and a case about it, to which the estate's member of staff is to answer.
func (b *batch) queuePress(estate, account uuid.UUID) {
	publication, receipt, came := ids.New(0x080b), ids.New(0x080e), Start.AddDate(0, 0, -7)
	b.queue(`INSERT INTO publications (id, created_at, estate_id, name, kind, frequency, weekday, recorded_by_id, recorded_by_name)
		VALUES ($1, $2, $3, '种子周报', 'NEWSPAPER', 'WEEKLY', extract(isodow FROM $2::timestamptz AT TIME ZONE 'Asia/Shanghai'), $4, '接待员')`, publication, came, estate, account)
	b.queue(`INSERT INTO press_subscriptions (id, created_at, estate_id, publication_id, publication_name, household_id, copies, from_on, last_on, paid_reference, recorded_by_id, recorded_by_name)
		SELECT new_id(x'080c'::int), $1, $2, $3, '种子周报', h.household_id, 3, '2026-01-01', '2026-12-31', 'S-1', $4, '接待员'
		FROM (SELECT DISTINCT household_id FROM occupancies WHERE estate_id = $2 AND state = 'MOVED_IN') h`, came, estate, publication, account)
	b.queue(`INSERT INTO press_subscriptions (id, created_at, estate_id, publication_id, publication_name, department_id, copies, from_on, last_on, recorded_by_id, recorded_by_name)
		SELECT new_id(x'080c'::int), $1, $2, $3, '种子周报', id, 1, '2026-01-01', '2026-12-31', $4, '接待员' FROM departments WHERE estate_id = $2 AND kind = 'FINANCE'`, came, estate, publication, account)
	b.queue(`INSERT INTO press_pauses (id, created_at, estate_id, subscription_id, household_id, from_on, last_on, recorded_by_id, recorded_by_name)
		SELECT new_id(x'080d'::int), $1, $2, id, household_id, '2026-07-01', '2026-07-31', $3, '接待员' FROM press_subscriptions WHERE estate_id = $2 AND household_id IS NOT NULL`, came, estate, account)
	b.queue(`INSERT INTO press_receipts (id, created_at, estate_id, day, received_at, delivered_by, received_by_id, received_by_name)
		VALUES ($1, $2, $3, ($2::timestamptz AT TIME ZONE 'Asia/Shanghai')::date, $2, '邮递员', $4, '接待员')`, receipt, came, estate, account)
	for _, capacity := range []string{"deliverer", "receptionist"} {
		b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, attested_by_name, content_hash, signed_at)
			VALUES ($1, $2, $3, 'mail.press', $4, $5, $5, 'ATTESTED', $6, '接待员', '00', $2)`, ids.New(0x0204), came, estate, receipt, capacity, account)
	}
	b.queue(`INSERT INTO press_deliveries (id, created_at, estate_id, receipt_id, publication_id, day, delivered)
		SELECT $1, $2, $3, $4, $5, day, 1 FROM press_receipts WHERE id = $4`, ids.New(0x080f), came, estate, receipt, publication)
	b.queue(`INSERT INTO press_recoveries (id, created_at, estate_id, claim_id, copies, delivered_by, recovered_on, recorded_by_id, recorded_by_name)
		SELECT new_id(x'0812'::int), $1, $2, id, 1, '邮递员', day, $3, '接待员' FROM press_claims WHERE estate_id = $2`, came, estate, account)
	for _, capacity := range []string{"deliverer", "receptionist"} {
		b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, attested_by_name, content_hash, signed_at)
			SELECT new_id(x'0204'::int), $1, $2, 'mail.recover', id, $3, $3, 'ATTESTED', $4, '接待员', '00', $1 FROM press_recoveries WHERE estate_id = $2`, came, estate, capacity, account)
	}
	b.queue(`INSERT INTO mail_cases (id, created_at, estate_id, kind, claim_id, circumstances, responsible_id, responsible_name, opened_by_id, opened_by_name, answer_by)
		SELECT new_id(x'0813'::int), $1, $2, 'LOSS', c.id, '少送未登记', s.id, s.name, $3, '主管', $1::timestamptz + interval '3 days'
		FROM press_claims c JOIN staffs s ON s.estate_id = c.estate_id WHERE c.estate_id = $2`, came, estate, account)
}
