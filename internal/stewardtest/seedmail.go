package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueMail makes mail that came before tests begin: a receipt that both signed, and an item for each household and for a department, all in
// their slots but for the first, which is doubtful: so the walk decides upon it, and has it go back.
func (b *batch) queueMail(estate, account uuid.UUID) {
	receipt, came := ids.New(0x0801), Start.AddDate(0, 0, -7)
	b.queue(`INSERT INTO mail_receipts (id, created_at, estate_id, received_on, received_at, delivered_by, received_by_id, received_by_name)
		VALUES ($1, $2, $3, ($2::timestamptz AT TIME ZONE 'Asia/Shanghai')::date, $2, '邮递员', $4, '接待员')`, receipt, came, estate, account)
	for _, capacity := range []string{"deliverer", "receptionist"} {
		b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, attested_by_name, content_hash, signed_at)
			VALUES ($1, $2, $3, 'mail.receive', $4, $5, $5, 'ATTESTED', $6, '接待员', '00', $2)`, ids.New(0x0204), came, estate, receipt, capacity, account)
	}
	b.queue(`INSERT INTO mail_receipt_lines (id, created_at, estate_id, receipt_id, kind, stated, counted) VALUES ($1, $2, $3, $4, 'REGISTERED', 3, 3)`,
		ids.New(0x0802), came, estate, receipt)
	b.queue(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, household_id, changed_at, changed_by_name, registered_by_id, registered_by_name)
		SELECT new_id(x'0803'::int), $1, $2, r.id, r.received_on, 'REGISTERED', 'SEED' || h.code, h.id, $1, '接待员', $3, '接待员'
		FROM mail_receipts r JOIN households h ON h.estate_id = r.estate_id WHERE r.id = $4`, came, estate, account, receipt)
	b.queue(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, department_id, changed_at, changed_by_name, registered_by_id, registered_by_name)
		SELECT new_id(x'0803'::int), $1, $2, r.id, r.received_on, 'REGISTERED', 'SEEDD', d.id, $1, '接待员', $3, '接待员'
		FROM mail_receipts r JOIN departments d ON d.estate_id = r.estate_id AND d.kind = 'FINANCE' WHERE r.id = $4`, came, estate, account, receipt)
	b.queue(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, department_id, acted_by_id, acted_by_name, acted_at)
		SELECT new_id(x'0804'::int), $1, $2, id, 'SORTED', household_id, department_id, $3, '分拣员', $1 FROM mail_items WHERE estate_id = $2`, came, estate, account)
	b.queue(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, department_id, reason, acted_by_id, acted_by_name, acted_at)
		SELECT new_id(x'0804'::int), $1, $2, id, 'DOUBTFUL', household_id, department_id, '地址不详', $3, '分拣员', $1 FROM mail_items WHERE estate_id = $2 ORDER BY id LIMIT 1`,
		came, estate, account)
	b.queueMailDay(estate, account, receipt)
}

// queueMailDay has a letter delivered to each household and to a department, and begins to close that day.
func (b *batch) queueMailDay(estate, account, receipt uuid.UUID) {
	day, came := ids.New(0x0806), Start.AddDate(0, 0, -7)
	b.queue(`SELECT pg_sleep(0.002)`) // ids of one millisecond are in no order, and the first item is another
	b.queue(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, household_id, changed_at, changed_by_name, registered_by_id, registered_by_name)
		SELECT new_id(x'0803'::int), $1, $2, r.id, r.received_on, 'LETTER', 'GONE' || h.code, h.id, $1, '接待员', $3, '接待员'
		FROM mail_receipts r JOIN households h ON h.estate_id = r.estate_id WHERE r.id = $4`, came, estate, account, receipt)
	b.queue(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, department_id, changed_at, changed_by_name, registered_by_id, registered_by_name)
		SELECT new_id(x'0803'::int), created_at, estate_id, receipt_id, received_on, 'LETTER', 'GONED', department_id, changed_at, changed_by_name, registered_by_id, registered_by_name
		FROM mail_items WHERE estate_id = $1 AND barcode = 'SEEDD'`, estate)
	b.queue(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, department_id, acted_by_id, acted_by_name, acted_at)
		SELECT new_id(x'0804'::int), $1, $2, id, 'SORTED', household_id, department_id, $3, '分拣员', $1 FROM mail_items WHERE estate_id = $2 AND kind = 'LETTER'`, came, estate, account)
	b.queue(`INSERT INTO mail_deliveries (id, created_at, estate_id, household_id, department_id, slot, count, method, delivered_at, delivered_by_id, delivered_by_name)
		SELECT new_id(x'0805'::int), $1, $2, household_id, department_id, slot, 1, 'BOX', $1, $3, '分拣员' FROM mail_items WHERE estate_id = $2 AND kind = 'LETTER'`, came, estate, account)
	b.queue(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, department_id, delivery_id, acted_by_id, acted_by_name, acted_at)
		SELECT new_id(x'0804'::int), $1, $2, i.id, 'DELIVERED', i.household_id, i.department_id, d.id, $3, '分拣员', $1
		FROM mail_items i JOIN mail_deliveries d ON d.estate_id = i.estate_id AND d.slot = i.slot WHERE i.estate_id = $2 AND i.kind = 'LETTER'`, came, estate, account)
	b.queue(`INSERT INTO mail_days (id, created_at, estate_id, day, opened_at) SELECT $1, $2, $3, received_on, $2 FROM mail_receipts WHERE id = $4`, day, came, estate, receipt)
	// The first item was neither scanned nor excused, and one scan is of nobody knows what: so the walk explains them.
	const scan = `INSERT INTO mail_scans (id, created_at, estate_id, day_id, key, code, desk, scanned_at, scanned_by_id, scanned_by_name) `
	b.queue(scan+`VALUES ($1, $2, $3, $4, 'seed', 'NOBODYS', '一号台', $2, $5, '接待员')`, ids.New(0x0807), came, estate, day, account)
	b.queue(scan+`SELECT new_id(x'0807'::int), $1, $2, $3, 'seed ' || barcode, barcode, '一号台', $1, $4, '接待员'
		FROM mail_items WHERE estate_id = $2 AND kind = 'REGISTERED' ORDER BY mail_items.id OFFSET 1`, came, estate, day, account)
	b.queue(`INSERT INTO mail_excuses (id, created_at, estate_id, day_id, item_id, kind, reason, given_by_id, given_by_name, given_at)
		SELECT new_id(x'0808'::int), $1, $2, $3, id, 'UNDELIVERED', '收件人外出', $4, '接待员', $1 FROM mail_undelivered($2, $3, true) u(id) ORDER BY id OFFSET 1`, came, estate, day, account)
}
