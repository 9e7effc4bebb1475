package stewardtest

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archivemanual"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// seedArchive makes a row of each entity of chapter A: for each household a volume with a document in it, and one in the inbox; a
// manual with an edition in force; papers of a member of staff.
func seedArchive(s *seeder, estate, staff uuid.UUID, households []uuid.UUID) {
	table, err := policy.Load()
	if err != nil && s.err == nil {
		s.err = err
	}
	for _, h := range households {
		seedRecords(s, table, estate, h)
	}
	archivist := access.Viewer{Account: uuid.New(), Name: "档案员", Grants: []access.Grant{{Role: policy.Archivist, Estate: estate}}}
	s.ctx = access.With(s.ctx, access.New(table, archivist)) // the program would bind in nobody's name
	day := calendar.DayOf(Start.AddDate(0, -1, 0))
	bound := func(n int, in archives.HandInDocumentInput) uuid.UUID {
		v := do(s, archives.OpenVolume, archives.OpenVolumeInput{
			EstateID: estate, Category: in.Category, HouseholdID: in.HouseholdID, StaffID: in.StaffID, Code: fmt.Sprintf("AJ-%02d", n), Title: "案卷",
			PeriodFrom: calendar.DayOf(Start.AddDate(-1, 0, 0)),
		}).Volume
		d := do(s, archives.HandIn, in).Document
		if s.err == nil {
			do(s, archives.Bind, archives.BindDocumentsInput{VolumeID: v.ID, DocumentIDs: []uuid.UUID{d.ID}})
		}
		if s.err != nil {
			return uuid.Nil
		}
		return d.ID
	}
	for i, h := range households {
		bound(1+i, archives.HandInDocumentInput{EstateID: estate, Category: archivedocument.CategoryMoveIn, HouseholdID: &h, Title: "入伙通知书", Dated: day, Pages: 2})
		do(s, archives.HandIn, archives.HandInDocumentInput{EstateID: estate, Category: archivedocument.CategoryComplaints, HouseholdID: &h, Title: "投诉记录", Dated: day, Pages: 1})
	}
	bound(10, archives.HandInDocumentInput{EstateID: estate, Category: archivedocument.CategoryWork, StaffID: &staff, Title: "劳动合同", Dated: day, Pages: 4})
	m := do(s, archives.CreateManual, archives.CreateManualInput{EstateID: estate, Kind: archivemanual.KindManagement, Name: "管理手册"}).Manual
	if s.err != nil {
		return
	}
	edition := "第一版"
	d := bound(11, archives.HandInDocumentInput{EstateID: estate, Category: archivedocument.CategoryManagementManual, ManualID: &m.ID, Edition: &edition, Title: "管理手册", Dated: day, Pages: 120})
	do(s, archives.PutInForce, archives.PutInForceInput{DocumentID: d})
	seedDestruction(s, estate, households[0])
}
