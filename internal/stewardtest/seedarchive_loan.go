package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueLoans makes a loan of two documents, of which one came back (A5), and a staff file that was read for promotion (A1.3).
func (b *batch) queueLoans(estate, account uuid.UUID) {
	request, approval, loan, back, leader, archivist := ids.New(0x060b), ids.New(0x0206), ids.New(0x060d), ids.New(0x060f), uuid.New(), uuid.New()
	from, lent, until := Start.AddDate(0, 0, -3), Start.AddDate(0, 0, -2), Start.AddDate(0, 0, 20)
	const papers = `archive_documents d LEFT JOIN archive_volumes v ON v.estate_id = d.estate_id AND v.id = d.volume_id`
	const named = `d.state = 'BOUND' AND d.class IN ('INTERNAL', 'STAFF')`
	b.queue(`INSERT INTO archive_requests (id, created_at, estate_id, code, kind, purpose, wanted, valid_from, valid_until, account_id, asked_by_name, asked_by_staff_id, department_id)
		SELECT $1, $2, $3, 'AR-0003', 'BORROW', '核对', '管理手册', $2, $4, $5, '前台', id, department_id FROM staffs WHERE estate_id = $3 ORDER BY id LIMIT 1`, request, from, estate, until, account)
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		SELECT $1, $2, $3, 'archives.show', 'A5', r.id, '借阅', 'Lend', jsonb_build_object('accountID', r.account_id, 'kind', r.kind, 'documentIDs', jsonb_agg(d.id), 'from', r.valid_from, 'until', r.valid_until)::text,
			'00', '核对', gen_random_uuid(), '档案员', $2, $2::timestamptz + interval '3 days'
		FROM archive_requests r JOIN archive_documents d ON d.estate_id = r.estate_id AND `+named+` WHERE r.id = $4 GROUP BY r.id, r.account_id, r.kind, r.valid_from, r.valid_until`,
		approval, from, estate, request)
	b.queue(`INSERT INTO archive_request_documents (id, created_at, estate_id, request_id, document_id, named_by_id, named_by_name, department_id)
		SELECT new_id(x'060c'::int), $1, r.estate_id, r.id, d.id, $3, '档案员', r.department_id FROM archive_requests r JOIN archive_documents d ON d.estate_id = r.estate_id AND `+named+` WHERE r.id = $2`,
		from, request, archivist)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
		VALUES ($1, $2, $3, 'approval', $4, 'approver', '经理', $5, 'CREDENTIAL', '00', $2)`, ids.New(0x0204), from, estate, approval, leader)
	b.queue(`UPDATE approvals SET state = 'GIVEN', decided_by_id = $1, decided_by_name = '经理', decided_at = asked_at WHERE id = $2`, leader, approval)
	b.queue(`UPDATE archive_requests SET state = 'GIVEN', answered_at = $1, answered_by_name = '经理' WHERE id = $2`, from, request)
	b.queue(`UPDATE approvals SET state = 'USED', used_at = asked_at WHERE id = $1`, approval)
	b.queue(`INSERT INTO archive_loans (id, created_at, estate_id, code, request_id, department_id, account_id, borrower_name, lent_by_id, lent_by_name, lent_at, due_at)
		SELECT $1, $2, estate_id, 'AL-0001', id, department_id, account_id, asked_by_name, $4, '档案员', $2, valid_until FROM archive_requests WHERE id = $3`, loan, lent, request, archivist)
	b.queue(`INSERT INTO archive_loan_lines (id, created_at, estate_id, loan_id, document_id, department_id, account_id, category, pages, volume_code)
		SELECT new_id(x'060e'::int), $1, l.estate_id, l.id, d.id, l.department_id, l.account_id, d.category, d.pages, coalesce(v.code, '')
		FROM archive_loans l, `+papers+` WHERE l.id = $2 AND d.estate_id = l.estate_id AND `+named+` ORDER BY d.class`, lent, loan)
	b.queue(`INSERT INTO archive_returns (id, created_at, estate_id, loan_id, department_id, account_id, returned_by, received_by_id, received_by_name, returned_at)
		SELECT $1, $2, estate_id, id, department_id, account_id, borrower_name, $4, '档案员', $2 FROM archive_loans WHERE id = $3`, back, Start, loan, archivist)
	b.queue(`UPDATE archive_loan_lines SET open = false, return_id = $1, pages_back = pages WHERE loan_id = $2 AND category = 'WORK'`, back, loan)
	for _, s := range []struct {
		kind, capacity string
		subject, who   uuid.UUID
		method         string
	}{
		{"archives.lend", "borrower", loan, account, "CREDENTIAL"}, {"archives.lend", "archivist", loan, archivist, "SESSION"},
		{"archives.return", "returner", back, account, "CREDENTIAL"}, {"archives.return", "archivist", back, archivist, "SESSION"},
	} {
		b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, '00', $2)`, ids.New(0x0204), lent, estate, s.kind, s.subject, s.capacity, s.who, s.method)
	}
	b.queue(`INSERT INTO staff_file_consultations (id, created_at, estate_id, staff_id, file_id, department_id, purpose, reason, work_documents, training_documents, consulted_by_id, consulted_by_name, consulted_at)
		SELECT new_id(x'0616'::int), $1, estate_id, staff_id, id, department_id, 'PROMOTION', '竞聘领班', 1, 0, $3, '主管', $1 FROM archive_files
		WHERE estate_id = $2 AND class = 'STAFF' AND account_id IS NULL ORDER BY id LIMIT 1`, lent, estate, leader)
}
