package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueMore makes a row of each entity of what chapters share, and of the rest of chapter K, so that the walks and the
// walls' tests find one: all about the set of the public area and its loan.
func (b *batch) queueMore(estate, account, set, loan, draft uuid.UUID, holder map[string]uuid.UUID) {
	approval, hash := ids.New(0x0206), "00"
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		VALUES ($1, $2, $3, 'keys.copy', 'K2.3', $4, '复制钥匙', 'Copy keys', '{}', $5, '丢失补配', $6, '钥匙管理员', $2::timestamptz - interval '30 days', $2)`, approval, Start, estate, set, hash, account)
	b.queue(`UPDATE approvals SET state = 'EXPIRED' WHERE id = $1`, approval)
	b.queue(`UPDATE key_loans SET approval_id = $1 WHERE id = $2`, approval, loan)
	for range 2 { // an entry and its counter-entry
		b.queue(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at, reverses_id)
			SELECT new_id(x'0303'::int), $1, $2, $3, CASE WHEN id IS NULL THEN $4 ELSE $5 END, CASE WHEN id IS NULL THEN $5 ELSE $4 END, 1,
				CASE WHEN id IS NULL THEN 'ACCEPTED' ELSE 'VOIDED' END, $1, id
			FROM (SELECT (SELECT id FROM key_movements WHERE set_id = $3 AND to_id = $5) id) first`, moved, estate, set, holder["SOURCE"], holder["CABINET"])
	}
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
		VALUES ($1, $2, $3, 'keys.lend', $4, 'handler', '客服', $5, 'SESSION', $6, $2)`, ids.New(0x0204), Start, estate, loan, account, hash)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, staff_id, method, attested_by_id, attested_by_name, content_hash, signed_at)
		SELECT $1, $2, $3, 'keys.lend', $4, 'borrower', name, id, 'ATTESTED', $5, '客服', $6, $2 FROM staffs WHERE estate_id = $3`, ids.New(0x0204), Start, estate, loan, account, hash)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, resident_id, method, attested_by_id, attested_by_name, content_hash, signed_at, household_id)
		SELECT new_id(x'0204'::int), $1, $2, 'keys.lend', id, 'borrower', name, id, 'ATTESTED', $3, '客服', $4, $1, household_id FROM residents WHERE estate_id = $2`, Start, estate, account, hash)
	certificate := ids.New(0x0205)
	const moveStaff = `UPDATE staffs s SET department_id = d.id FROM departments d WHERE s.estate_id = $1 AND d.estate_id = $1 AND d.kind = $2`
	b.queue(moveStaff, estate, "ENGINEERING") // whose staff signs, and is of customer service since
	for _, capacity := range []string{"requester", "leader", "engineering"} {
		b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, staff_id, method, attested_by_id, attested_by_name, content_hash, signed_at)
			SELECT $1, $2, $3, 'keys.scrap', $4, $5::text, CASE WHEN s.id IS NULL THEN $5::text ELSE s.name END, s.id, 'ATTESTED', $6, '客服', encode(sha256('{}'), 'hex'), $2
			FROM (SELECT) one LEFT JOIN staffs s ON s.estate_id = $3 AND $5::text = 'engineering'`, ids.New(0x0204), Start, estate, set, capacity, account)
	}
	b.queue(moveStaff, estate, "CUSTOMER_SERVICE")
	b.queue(`INSERT INTO certificates (id, created_at, estate_id, kind, subject_id, number, title, title_en, content, content_hash, issued_at)
		VALUES ($1, $2, $3, 'keys.scrap', $4, certificate_number($3, $2), '钥匙报废', 'Scrapping of keys', '{}', encode(sha256('{}'), 'hex'), $2)`, certificate, Start, estate, set)
	count, longAgo := ids.New(0x0207), Start.AddDate(-2, 0, 0) // no entry is made after a draw that says it was made before
	b.queue(`INSERT INTO reconciliations (id, created_at, estate_id, kind, clause, subject_id, title, title_en, frozen_at, opened_by_id, opened_by_name)
		VALUES ($1, $2, $3, 'keys.spotCheck', 'K4.3', $1, '钥匙抽查', 'Spot check of keys', $2, $4, '主管')`, count, longAgo, estate, account)
	b.queue(`INSERT INTO reconciliation_lines (id, created_at, estate_id, reconciliation_id, item_id, place_id, position, label, frozen)
		VALUES ($1, $2, $3, $4, $5, $6, 1, '设备间', 0)`, ids.New(0x0208), Start, estate, count, set, holder["CABINET"])
	b.queue(`INSERT INTO key_spot_checks (id, created_at, estate_id, reconciliation_id, seed, population, size, register_population, register_size, drawn_by_id, drawn_by_name, drawn_at)
		VALUES ($1, $2, $3, $4, md5('seed'), 5, 1, 1, 0, $5, '主管', $2)`, ids.New(0x0318), longAgo, estate, count, account)
	b.queue(`INSERT INTO key_hooks (id, created_at, estate_id, cabinet_id, number, sort_key, set_id) VALUES ($1, $2, $3, $4, 'A-01', 'A-01', $5)`,
		ids.New(0x030d), Start, estate, holder["CABINET"], set)
	b.queue(`INSERT INTO key_seals (id, created_at, estate_id, set_id, number, count, state, sealed_at, sealed_by_id, sealed_by_name, ended_at, ended_by_id, ended_by_name, end_reason, acceptance_line_id)
		VALUES ($1, $2, $3, $4, 'F-0001', 1, 'BROKEN', $2, $5, '钥匙管理员', $2, $5, '钥匙管理员', '消防演练', (SELECT min(id::text)::uuid FROM key_acceptance_lines WHERE estate_id = $3))`, ids.New(0x030e), Start, estate, set, account)
	b.queue(`INSERT INTO key_seals (id, created_at, estate_id, set_id, number, count, state, sealed_at, sealed_by_id, sealed_by_name, ended_at, ended_by_id, ended_by_name, end_reason, previous_id)
		SELECT $1, created_at, estate_id, set_id, 'F-0002', 1, 'BROKEN', sealed_at, sealed_by_id, sealed_by_name, ended_at, ended_by_id, ended_by_name, '换封', id FROM key_seals WHERE estate_id = $2`, ids.New(0x030e), estate)
	b.queue(`INSERT INTO key_acceptances (id, created_at, estate_id, handler, state) VALUES ($1, $2, $3, '钥匙管理员', 'DRAFT')`, draft, Start, estate)
	for _, place := range []string{"机房", "机房后门"} { // one may be checked, and the sheet is not ready for that
		b.queue(`INSERT INTO key_acceptance_checks (id, created_at, estate_id, acceptance_id, unit_id, place, due)
			SELECT $1, $2, $3, $4, unit_id, $6, 2 FROM key_sets WHERE id = $5`, ids.New(0x030f), Start, estate, draft, set, place)
	}
	change, consent := ids.New(0x0311), ids.New(0x0206)
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		VALUES ($1, $2, $3, 'keys.lockChange', 'K3.1', $4, '换锁', 'Change the lock', '{}', $5, '钥匙遗失', $6, '钥匙管理员', $2::timestamptz - interval '30 days', $2)`,
		consent, Start, estate, change, hash, account)
	b.queue(`UPDATE approvals SET state = 'EXPIRED' WHERE id = $1`, consent)
	b.queue(`INSERT INTO key_lock_changes (id, created_at, estate_id, set_id, loss_id, reason, ordered_by_id, ordered_by_name, ordered_at, approval_id)
		SELECT $1, $2, $3, set_id, id, '钥匙遗失', $4, '钥匙管理员', $2, $5 FROM key_losses WHERE estate_id = $3`, change, Start, estate, account, consent)
	b.queueOrders(estate, account, set, certificate, holder)
	request := ids.New(0x0314)
	b.queue(`INSERT INTO key_loan_requests (id, created_at, estate_id, loan_id, borrower_id, borrower_name, purpose, until, approval_id)
		VALUES ($1, $2, $3, $4, $5, '工程部', '检修', $2::timestamptz + interval '3 days', $6)`, request, Start, estate, loan, holder["ENGINEERING"], approval)
	b.queue(`INSERT INTO key_loan_requests (id, created_at, estate_id, borrower_id, borrower_name, household_id, purpose, until)
		SELECT new_id(x'0314'::int), $1, $2, $3, name, id, '装修', $1::timestamptz + interval '3 days' FROM households WHERE estate_id = $2`, Start, estate, holder["ENGINEERING"])
	b.queue(`INSERT INTO key_loan_request_lines (id, created_at, estate_id, request_id, set_id, label, count, household_id)
		SELECT new_id(x'0315'::int), $1, $2, id, $3, '设备间', 1, household_id FROM key_loan_requests WHERE estate_id = $2 AND household_id IS NOT NULL`, Start, estate, set)
	b.queue(`INSERT INTO key_loan_request_lines (id, created_at, estate_id, request_id, set_id, label, count) VALUES ($1, $2, $3, $4, $5, '设备间', 1)`,
		ids.New(0x0315), Start, estate, request, set)
	statement := ids.New(0x0316)
	b.queue(`INSERT INTO key_statements (id, created_at, estate_id, month, closed_by_id, closed_by_name, closed_at) VALUES ($1, $2, $3, '2025-12-01', $4, '钥匙管理员', $2)`,
		statement, Start, estate, account)
	b.queue(`INSERT INTO key_statement_lines (id, created_at, estate_id, statement_id, position, area, kind, opening, closing) VALUES ($1, $2, $3, $4, 1, '', 'PUBLIC_AREA', 0, 0)`,
		ids.New(0x0317), Start, estate, statement)
}

// queueOrders makes what keys come and go by: copies by an approved order (K2.3), a lock change that retires one (K3.1), and
// a scrapping that found no end (K3.2).
func (b *batch) queueOrders(estate, account, set, certificate uuid.UUID, holder map[string]uuid.UUID) {
	order, approval, scrapping, leader := ids.New(0x0312), ids.New(0x0206), ids.New(0x0313), uuid.New()
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		VALUES ($1, $2, $3, 'keys.copy', 'K2.3', $4, '配钥匙', 'Copy keys', '{}', '00', '丢失补配', $5, '钥匙管理员', $2, $2::timestamptz + interval '14 days')`, approval, Start, estate, order, account)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
		VALUES ($1, $2, $3, 'approval', $4, 'approver', '主管', $5, 'CREDENTIAL', '00', $2)`, ids.New(0x0204), Start, estate, approval, leader)
	b.queue(`UPDATE approvals SET state = 'GIVEN', decided_by_id = $1, decided_by_name = '主管', decided_at = asked_at WHERE id = $2`, leader, approval)
	b.queue(`UPDATE approvals SET state = 'USED', used_at = asked_at WHERE id = $1`, approval)
	b.queue(`INSERT INTO key_copy_orders (id, created_at, estate_id, set_id, count, reason, approval_id, ordered_by_id, ordered_by_name, ordered_at)
		VALUES ($1, $2, $3, $4, 1, '丢失补配', $5, $6, '钥匙管理员', $2)`, order, Start, estate, set, approval, account)
	b.queue(`INSERT INTO key_scrappings (id, created_at, estate_id, set_id, reason, requested_by_id, requested_by_name, requested_at, approval_id, certificate_id)
		VALUES ($1, $2, $3, $4, '钥匙不齐', $5, '钥匙管理员', $2, $6, $7)`, scrapping, Start, estate, set, account, approval, certificate)
	for _, m := range []struct{ from, to, reason, by string }{
		{"SOURCE", "ENGINEERING", "ACCEPTED", ""}, {"SOURCE", "ENGINEERING", "COPIED", "copy_order_id"},
		{"ENGINEERING", "SCRAPPED", "RETIRED", "lock_change_id"}, {"ENGINEERING", "SCRAPPED", "SCRAPPED", "scrapping_id"},
	} {
		b.queue(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, copy_order_id, lock_change_id, scrapping_id, occurred_at)
			VALUES ($1, $2, $3, $4, $5, $6, 1, $7, CASE $8 WHEN 'copy_order_id' THEN $9::uuid END,
				CASE $8 WHEN 'lock_change_id' THEN (SELECT id FROM key_lock_changes WHERE estate_id = $3) END, CASE $8 WHEN 'scrapping_id' THEN $10::uuid END, $2)`,
			ids.New(0x0303), moved, estate, set, holder[m.from], holder[m.to], m.reason, m.by, order, scrapping)
	}
	b.queue(`UPDATE key_copy_orders SET state = 'MADE', made_at = ordered_at WHERE id = $1`, order)
	b.queue(`UPDATE key_scrappings SET state = 'ENDED' WHERE id = $1`, scrapping)
}
