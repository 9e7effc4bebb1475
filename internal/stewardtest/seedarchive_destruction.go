package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/ids"
)

// seedDestruction makes what is past its retention (A7): a document for an order, one that is held, one that may be proposed.
func seedDestruction(s *seeder, estate, household uuid.UUID) {
	day := calendar.DayOf(Start.AddDate(-11, 0, 0))
	v := do(s, archives.OpenVolume, archives.OpenVolumeInput{
		EstateID: estate, Category: archivedocument.CategoryCorrespondence, HouseholdID: &household, Code: "AJ-20", Title: "往来函件", PeriodFrom: day,
	}).Volume
	var old []uuid.UUID
	for _, title := range []string{"旧函一", "旧函二", "旧函三"} {
		d := do(s, archives.HandIn, archives.HandInDocumentInput{
			EstateID: estate, Category: archivedocument.CategoryCorrespondence, HouseholdID: &household, Title: title, Dated: day, Pages: 1,
		}).Document
		if s.err != nil {
			return
		}
		old = append(old, d.ID)
	}
	do(s, archives.Bind, archives.BindDocumentsInput{VolumeID: v.ID, DocumentIDs: old})
	do(s, archives.PlaceHold, archives.PlaceArchiveHoldInput{DocumentID: &old[1], Reason: "诉讼未结"})
	for _, in := range []archives.PlaceArchiveHoldInput{{VolumeID: &v.ID, Reason: "查账"}, {FileID: v.FileID, Reason: "查账"}} {
		if h := do(s, archives.PlaceHold, in).Hold; h != nil {
			do(s, archives.ReleaseHold, archives.ReleaseArchiveHoldInput{ID: h.ID, Reason: "查毕"})
		}
	}
}

// queueDestruction makes an order whose approval has lapsed, so that nobody is told of what becomes of it.
func (b *batch) queueDestruction(estate, account uuid.UUID) {
	order, approval := ids.New(0x0612), ids.New(0x0206)
	b.queue(`INSERT INTO archive_destructions (id, created_at, estate_id, method, reason, quantity, pages, dated_from, dated_until, eligible_on, proposed_by_id, proposed_by_name, proposed_at)
		SELECT $1, $2, $3, 'SHREDDING', '保管期满', 1, pages, dated, dated, dated + interval '10 years', $4, '档案员', $2 FROM archive_documents WHERE estate_id = $3 AND title = '旧函一'`,
		order, Start, estate, account)
	b.queue(`INSERT INTO archive_destruction_lines (id, created_at, estate_id, destruction_id, document_id, category, volume_code, dated, pages, years, basis, eligible_on, handed_in_on)
		SELECT new_id(x'0613'::int), $2, $3, $1, id, category, 'AJ-20', dated, pages, 10, '档案保管期限表 4.7', dated + interval '10 years', archive_today(estate_id, handed_in_at) FROM archive_documents WHERE estate_id = $3 AND title = '旧函一'`,
		order, Start, estate)
	b.queue(`INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at)
		VALUES ($1, $2, $3, 'archives.destroy', 'A7', $4, '销毁到期档案', 'Destroy documents', '{}', '00', '保管期满', $5, '档案员', $2::timestamptz - interval '30 days', $2)`,
		approval, Start, estate, order, account)
	b.queue(`UPDATE approvals SET state = 'EXPIRED' WHERE id = $1`, approval)
	b.queue(`UPDATE archive_destructions SET approval_id = $1 WHERE id = $2`, approval, order)
}
