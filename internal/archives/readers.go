package archives

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
)

// FileReading is one reading of a household's file, or an attempt that was refused, as the household sees it: who, in what roles,
// when, and what.
type FileReading struct {
	ID         uuid.UUID
	At         time.Time
	ActorName  string
	ActorRoles []string
	Download   bool
	Marked     bool
	Through    string // number of the request; empty for none
	Refused    bool
	DocumentID *uuid.UUID // nil: several, or the whole list
}

// FileReadingEdge is a reading and its place in the list.
type FileReadingEdge struct {
	Node   *FileReading
	Cursor ent.Cursor
}

// FileReadingConnection is a page of readings.
type FileReadingConnection struct {
	Edges    []*FileReadingEdge
	PageInfo *ent.PageInfo
}

// Readings lists who read a household's file, the newest first, to whoever may see the file: its residents, too (A5, A6). It is read
// from the audit trail.
//
// Errors: NOT_FOUND; INVALID_INPUT at after.
func Readings(ctx context.Context, household uuid.UUID, first *int, after *ent.Cursor) (*FileReadingConnection, error) {
	rt, limit := act.From(ctx), paging.Size(first)
	estate, err := estateOf(ctx, rt, household)
	if err != nil {
		access.Missed(ctx, ent.TypeHousehold, household)
		return nil, err
	}
	p := audit.Page{Limit: limit + 1}
	if after != nil {
		at, ok := after.Value.(time.Time)
		if !ok {
			return nil, paging.BadCursor()
		}
		p.After = &audit.Cursor{At: at, ID: after.ID}
	}
	var records []audit.Record
	err = rt.DB.As(ctx, func(tx pgx.Tx) (err error) {
		records, err = audit.List(ctx, tx, audit.Filter{Estate: &estate, Kind: audit.Read, Household: household}, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	more := len(records) > limit
	records = records[:min(len(records), limit)]
	page, cursors := &FileReadingConnection{Edges: make([]*FileReadingEdge, len(records))}, make([]ent.Cursor, len(records))
	for i, r := range records {
		cursors[i] = ent.Cursor{ID: r.ID, Value: r.At}
		page.Edges[i] = &FileReadingEdge{readingOf(r), cursors[i]}
	}
	page.PageInfo = paging.Info(cursors, after, more)
	return page, nil
}

// estateOf finds the estate of a household whose file the viewer may see. It reads nothing that the file says, so that looking who read is no
// reading itself.
func estateOf(ctx context.Context, rt *act.Runtime, household uuid.UUID) (estate uuid.UUID, err error) {
	var rows []struct {
		Estate uuid.UUID `json:"estate_id"`
	}
	if err := rt.DB.Ent.ArchiveFile.Query().Where(archivefile.HouseholdID(household)).Select(archivefile.FieldEstateID).Scan(ctx, &rows); err != nil {
		return uuid.Nil, err
	}
	if len(rows) == 0 {
		return uuid.Nil, fault.Missing().At("householdID")
	}
	return rows[0].Estate, nil
}

func readingOf(r audit.Record) *FileReading {
	out := &FileReading{
		ID: r.ID, At: r.At, ActorName: r.Actor.Name, ActorRoles: r.Actor.Roles,
		Download: r.Action == "files.download", Marked: r.Marked, Through: r.Through, Refused: r.Outcome == audit.Refused,
	}
	if r.SubjectType == ent.TypeArchiveDocument {
		out.DocumentID = &r.Subject
	}
	return out
}
