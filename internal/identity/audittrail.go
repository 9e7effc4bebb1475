package identity

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// mostChanges is how many row changes are shown with an entry; ChangeCount says how many there are.
const mostChanges = 100

// AuditEntry is one act, refusal or audited read on the trail.
type AuditEntry struct {
	ID         uuid.UUID
	At         time.Time
	EstateID   *uuid.UUID // nil: the portfolio's chain
	Kind       AuditKind
	Seq        int
	Hash       string // hex
	ActorID    *uuid.UUID
	ActorName  string
	ActorRoles []string
	Action     string
	Outcome    AuditOutcome

	Clause, SubjectType, Reason, RequestID string
	Through                                string // number of the archive's request
	Marked                                 bool
	SubjectID, HouseholdID                 *uuid.UUID

	ChangeCount int
	Changes     []*AuditChange
}

// AuditChange is what an act did to one row.
type AuditChange struct {
	Type   string
	ID     uuid.UUID
	Op     AuditOp
	Fields []*AuditField
}

// AuditField is one column's value before and after, as JSON text; digests if confidential.
type AuditField struct {
	Name          string
	Confidential  bool
	Before, After *string
}

// AuditEntryEdge is an entry and its place in the list.
type AuditEntryEdge struct {
	Node   *AuditEntry
	Cursor ent.Cursor
}

// AuditEntryConnection is a page of the trail.
type AuditEntryConnection struct {
	Edges    []*AuditEntryEdge
	PageInfo *ent.PageInfo
}

// AuditTrailFilter selects entries; what is nil does not restrict.
type AuditTrailFilter struct {
	EstateID, ActorID, SubjectID, HouseholdID *uuid.UUID
	Portfolio                                 *bool
	Kind                                      *AuditKind
	Outcome                                   *AuditOutcome
	SubjectType, Action, RequestID            *string
	From, To                                  *time.Time
}

func (f *AuditTrailFilter) filter() (out audit.Filter) {
	if f == nil {
		return out
	}
	out = audit.Filter{Estate: f.EstateID, Actor: value(f.ActorID), Subject: value(f.SubjectID), Household: value(f.HouseholdID)}
	if f.Portfolio != nil && *f.Portfolio {
		out.Estate = &audit.Portfolio
	}
	if f.Kind != nil {
		out.Kind = audit.Kind(*f.Kind)
	}
	if f.Outcome != nil {
		out.Outcome = audit.Outcome(*f.Outcome)
	}
	for to, from := range map[*string]*string{&out.SubjectType: f.SubjectType, &out.Action: f.Action, &out.Request: f.RequestID} {
		if from != nil {
			*to = *from
		}
	}
	for to, from := range map[*time.Time]*time.Time{&out.From: f.From, &out.To: f.To} {
		if from != nil {
			*to = *from
		}
	}
	return out
}

// AuditTrail lists the trail where the viewer may read it, the newest first: one statement, one more with
// changes. Reading it is not audited itself, or it would never end.
//
// Errors: FORBIDDEN; INVALID_INPUT at after.
func AuditTrail(ctx context.Context, first *int, after *ent.Cursor, where *AuditTrailFilter, changes bool) (page *AuditEntryConnection, err error) {
	p := audit.Page{Limit: paging.Size(first) + 1}
	if after != nil {
		at, ok := after.Value.(time.Time)
		if !ok {
			return nil, paging.BadCursor()
		}
		p.After = &audit.Cursor{At: at, ID: after.ID}
	}
	if changes {
		p.Changes = mostChanges
	}
	err = read(ctx, policy.AuditTrail, func(q pgx.Tx) error {
		records, err := audit.List(ctx, q, where.filter(), p)
		page = pageOfTrail(records, p.Limit-1, after)
		return err
	})
	return page, err
}

func pageOfTrail(records []audit.Record, limit int, after *ent.Cursor) *AuditEntryConnection {
	more := len(records) > limit
	if more {
		records = records[:limit]
	}
	page := &AuditEntryConnection{Edges: make([]*AuditEntryEdge, len(records))}
	cursors := make([]ent.Cursor, len(records))
	for i, r := range records {
		cursors[i] = ent.Cursor{ID: r.ID, Value: r.At}
		page.Edges[i] = &AuditEntryEdge{entryOf(r), cursors[i]}
	}
	page.PageInfo = paging.Info(cursors, after, more)
	return page
}

func entryOf(r audit.Record) *AuditEntry {
	e := &AuditEntry{
		ID: r.ID, At: r.At, EstateID: optional(r.Estate), Kind: AuditKind(r.Kind), Seq: int(r.Seq), Hash: hex.EncodeToString(r.Hash),
		ActorID: optional(r.Actor.Account), ActorName: r.Actor.Name, ActorRoles: r.Actor.Roles, Action: r.Action, Outcome: AuditOutcome(r.Outcome),
		Clause: r.Clause, SubjectType: r.SubjectType, Reason: r.Reason, RequestID: r.Request, Through: r.Through, Marked: r.Marked,
		SubjectID: optional(r.Subject), HouseholdID: optional(r.Household), ChangeCount: r.Changes.Count,
		Changes: make([]*AuditChange, len(r.Changed)),
	}
	for i, c := range r.Changed {
		e.Changes[i] = &AuditChange{Type: c.Type, ID: c.ID, Op: AuditOp(c.Op), Fields: make([]*AuditField, len(c.Fields))}
		for j, f := range c.Fields {
			e.Changes[i].Fields[j] = &AuditField{Name: f.Name, Confidential: f.Confidential, Before: text(f.Before), After: text(f.After)}
		}
	}
	return e
}

// text is JSON as text; nil for none.
func text(raw json.RawMessage) *string {
	if raw == nil {
		return nil
	}
	return new(string(raw))
}
