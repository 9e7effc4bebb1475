package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
)

// seedArchiveRequest asks for a document, which is named for it and waits to be approved (A5).
func seedArchiveRequest(s *seeder, estate, document uuid.UUID) {
	wanted := "现行的管理手册"
	r := do(s, archives.Request, archives.RequestArchiveInput{
		EstateID: estate, Kind: archiverequest.KindCopy, Purpose: "培训", Wanted: &wanted, Until: calendar.DayOf(Start).AddDays(7),
	})
	if s.err == nil {
		do(s, archives.NameDocuments, archives.NameRequestedDocumentsInput{RequestID: r.Request.ID, DocumentIDs: []uuid.UUID{document}})
	}
}
