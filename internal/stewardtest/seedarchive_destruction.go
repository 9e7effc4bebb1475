package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
)

// seedDestruction makes what is past its retention (A7): a document on an order, one that is held, one that may be proposed.
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
	do(s, archives.Propose, archives.ProposeArchiveDestructionInput{EstateID: estate, DocumentIDs: old[:1], Method: archivedestruction.MethodShredding, Reason: "保管期满"})
}
