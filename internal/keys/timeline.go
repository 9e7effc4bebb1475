package keys

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/policy"
)

// KeyEvent is one event in the life of a key set.
type KeyEvent struct {
	At       time.Time
	Kind     KeyEventKind
	ID       uuid.UUID // the row that tells more
	Actor    string    // as signed
	Count    *int
	From, To *string // holders
	Summary  string  // in the language of the request
}

// KeyEventEdge is an event and its place in the list.
type KeyEventEdge struct {
	Node   *KeyEvent
	Cursor ent.Cursor
}

// KeyEventConnection is a page of a key set's life.
type KeyEventConnection struct {
	Edges    []*KeyEventEdge
	PageInfo *ent.PageInfo
}

//go:embed timeline.sql
var timelineSQL string

// told are the entities that a timeline tells of; each only where the viewer may see it in the estate.
var told = []policy.Resource{
	policy.KeyMovement, policy.Signature, policy.KeyLoss, policy.KeyLockChange, policy.Approval, policy.KeySeal, policy.KeyFollowUp,
	policy.ReconciliationLine, policy.KeyScrapping,
}

// Timeline is a key set's whole life, the newest first, in two statements.
//
// Errors: NOT_FOUND; INVALID_INPUT at after.
func Timeline(ctx context.Context, set uuid.UUID, first *int, after *ent.Cursor) (page *KeyEventConnection, err error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	s, err := rt.DB.Ent.KeySet.Get(ctx, set)
	if s, err = act.Find(s, err, "setID"); err != nil {
		return nil, err
	}
	var seen []string
	for _, r := range told {
		if v.Scope(r, policy.Read).Covers(access.Row{Estate: s.EstateID}) {
			seen = append(seen, string(r))
		}
	}
	at, kind, id, err := cursorPlace(after)
	if err != nil {
		return nil, err
	}
	limit, english := paging.Size(first), request.From(ctx).Language == language.English
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, timelineSQL, s.EstateID, s.ID, at, id, limit+1, seen, english, kind)
		if err != nil {
			return err
		}
		events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*KeyEvent, error) { return eventOf(row, english) })
		page = pageOf(events, limit, after)
		return err
	})
	return page, err
}

// cursorPlace is where the page before ended. Errors: INVALID_INPUT.
func cursorPlace(after *ent.Cursor) (at *time.Time, kind string, id uuid.UUID, err error) {
	text, err := paging.Place(after)
	if err != nil || after == nil {
		return nil, "", uuid.Nil, err
	}
	stamp, kind, _ := strings.Cut(text, " ")
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return nil, "", uuid.Nil, paging.BadCursor()
	}
	return &t, kind, after.ID, nil
}

func pageOf(events []*KeyEvent, limit int, after *ent.Cursor) *KeyEventConnection {
	more := len(events) > limit
	if more {
		events = events[:limit]
	}
	page := &KeyEventConnection{Edges: make([]*KeyEventEdge, len(events))}
	cursors := make([]ent.Cursor, len(events))
	for i, e := range events {
		cursors[i] = paging.Cursor(e.ID, e.At.UTC().Format(time.RFC3339Nano)+" "+string(e.Kind))
		page.Edges[i] = &KeyEventEdge{e, cursors[i]}
	}
	page.PageInfo = paging.Info(cursors, after, more)
	return page
}

func eventOf(row pgx.CollectableRow, english bool) (*KeyEvent, error) {
	var e KeyEvent
	var what, said string
	err := row.Scan(&e.At, &e.Kind, &e.ID, &e.Actor, &e.Count, &e.From, &e.To, &what, &said)
	e.Summary = summary(&e, what, said, english)
	return &e, err
}
