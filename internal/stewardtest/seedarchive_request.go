package stewardtest

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueArchive makes a request that waits, and what no act makes in the past: one that was given, and its permit, which has ended (A5).
func (b *batch) queueArchive(estate, account uuid.UUID) {
	// Who seeds has no account to be reminded at, and what tests wait for comes before.
	b.queue(`UPDATE obligations SET account_id = NULL, due_at = due_at + interval '5 years' WHERE estate_id = $1 AND kind LIKE 'archives.%'`, estate)
	request, waiting, approval, leader := ids.New(0x060b), ids.New(0x060b), ids.New(0x0206), uuid.New()
	for i, id := range []uuid.UUID{request, waiting} {
		b.queue(`INSERT INTO archive_requests (id, created_at, estate_id, code, kind, purpose, wanted, valid_from, valid_until, account_id, asked_by_name,
				asked_by_staff_id, of_staff_id, department_id, unit_id, of_household_id)
			SELECT $1, $2, $3, $4, 'VIEW', '培训', '管理手册', $5, $6, $7, '前台', s.id, s.id, s.department_id, u.id, h.id
			FROM (SELECT * FROM staffs WHERE estate_id = $3 ORDER BY id LIMIT 1) s, (SELECT id FROM units WHERE estate_id = $3 ORDER BY id LIMIT 1) u,
				(SELECT id FROM households WHERE estate_id = $3 ORDER BY id LIMIT 1) h`,
			id, Start, estate, fmt.Sprintf("AR-%04d", i+1), Start.AddDate(0, 2*i, 3*i-2), Start.AddDate(0, 2*i, 3*i-1), account)
	}
	b.queue(`INSERT INTO archive_request_documents (id, created_at, estate_id, request_id, document_id, named_by_id, named_by_name, department_id)
		SELECT new_id(x'060c'::int), $1, $2, r.id, d.id, gen_random_uuid(), '档案员', r.department_id
		FROM archive_documents d, archive_requests r WHERE d.estate_id = $2 AND d.class = 'INTERNAL' AND r.id = $3`, Start, estate, request)
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		SELECT $1, $2, $3, 'archives.show', 'A5', r.id, '调阅', 'Show', jsonb_build_object('accountID', r.account_id, 'kind', r.kind, 'documentIDs', jsonb_agg(d.id), 'from', r.valid_from, 'until', r.valid_until)::text,
			'00', '培训', gen_random_uuid(), '档案员', $2::timestamptz - interval '3 days', $2
		FROM archive_requests r JOIN archive_documents d ON d.estate_id = r.estate_id AND d.class = 'INTERNAL' WHERE r.id = $4 GROUP BY r.id, r.account_id, r.kind, r.valid_from, r.valid_until`,
		approval, Start, estate, request)
	b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, account_id, method, content_hash, signed_at)
		VALUES ($1, $2, $3, 'approval', $4, 'approver', '经理', $5, 'CREDENTIAL', '00', $2)`, ids.New(0x0204), Start, estate, approval, leader)
	b.queue(`UPDATE approvals SET state = 'GIVEN', decided_by_id = $1, decided_by_name = '经理', decided_at = asked_at WHERE id = $2`, leader, approval)
	b.queue(`INSERT INTO archive_permits (id, created_at, estate_id, request_id, subject_id, account_id, valid_from, valid_until, department_id)
		SELECT new_id(x'0605'::int), $1, r.estate_id, r.id, d.id, r.account_id, r.valid_from, r.valid_until, r.department_id
		FROM archive_requests r JOIN archive_documents d ON d.estate_id = r.estate_id AND d.class = 'INTERNAL' WHERE r.id = $2`, Start, request)
	b.queue(`UPDATE archive_requests SET state = 'GIVEN', answered_at = $1, answered_by_name = '经理' WHERE id = $2`, Start, request)
	b.queue(`UPDATE approvals SET state = 'USED', used_at = asked_at WHERE id = $1`, approval)
	lapsed := ids.New(0x0206)
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at, department_id)
		SELECT $1, $2, r.estate_id, 'archives.show', 'A5', r.id, '调阅', 'Show', '{}', '00', '培训', gen_random_uuid(), '档案员', $2::timestamptz - interval '3 days', $2, r.department_id
		FROM archive_requests r WHERE r.id = $3`, lapsed, Start, waiting)
	b.queue(`UPDATE approvals SET state = 'EXPIRED' WHERE id = $1`, lapsed)
}
