package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
)

// Filter selects entries; zero fields do not restrict. What the viewer may not see is left out by
// row-level security: q must carry the viewer's estates.
type Filter struct {
	Estate      *uuid.UUID // nil: all that the viewer sees; &Portfolio: the portfolio's chains
	Kind        Kind
	Actor       uuid.UUID
	SubjectType string
	Subject     uuid.UUID
	Household   uuid.UUID
	Action      string
	Outcome     Outcome
	Request     string
	From, To    time.Time // From <= at < To
}

// Cursor is the place of an entry in a list. Beside the time it is the id that orders: a sequence number
// is unique in its chain only.
type Cursor struct {
	At time.Time
	ID uuid.UUID
}

// Page says which part of the list to return: the newest Limit entries, or those older than After.
type Page struct {
	After   *Cursor
	Limit   int // at least 1
	Changes int // how many changes to load with each entry; 0 for none
}

// Record is an entry where it stands on its chain.
type Record struct {
	Entry
	Seq     int64
	Hash    []byte
	Changed []Change // the first Page.Changes of them; Entry.Changes.Count says how many there are
}

// Cursor is the record's place, for the next Page.
func (r Record) Cursor() Cursor { return Cursor{At: r.At, ID: r.ID} }

// List returns a page of entries, the newest first: one statement, one more if changes are asked for.
func List(ctx context.Context, q Querier, f Filter, p Page) (records []Record, err error) {
	defer fault.Wrap(&err, "audit.List")
	where, args := f.where(p.After)
	// LIMIT is a literal: bound, PostgreSQL never takes the generic plan.
	sql := fmt.Sprintf(`SELECT body, seq, hash FROM audit.entries %s ORDER BY at DESC, id DESC LIMIT %d`, where, p.Limit)
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	records, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
		var body []byte
		if err := row.Scan(&body, &r.Seq, &r.Hash); err != nil {
			return r, err
		}
		return r, json.Unmarshal(body, &r.Entry)
	})
	if err != nil || p.Changes <= 0 {
		return records, err
	}
	return records, loadChanges(ctx, q, records, p.Changes)
}

func (f Filter) where(after *Cursor) (string, []any) {
	var terms []string
	var args []any
	add := func(term string, values ...any) {
		at := make([]any, len(values))
		for i := range values {
			at[i] = len(args) + i + 1
		}
		terms, args = append(terms, fmt.Sprintf(term, at...)), append(args, values...)
	}
	if f.Estate != nil {
		add("estate_id = $%d", *f.Estate)
	}
	for _, t := range []struct{ column, value string }{
		{"kind", string(f.Kind)}, {"subject_type", f.SubjectType}, {"action", f.Action},
		{"outcome", string(f.Outcome)}, {"request_id", f.Request},
	} {
		if t.value != "" {
			add(t.column+" = $%d", t.value)
		}
	}
	for _, t := range []struct {
		column string
		value  uuid.UUID
	}{{"actor_id", f.Actor}, {"subject_id", f.Subject}, {"household_id", f.Household}} {
		if t.value != uuid.Nil {
			add(t.column+" = $%d", t.value)
		}
	}
	if !f.From.IsZero() {
		add("at >= $%d", f.From)
	}
	if !f.To.IsZero() {
		add("at < $%d", f.To)
	}
	if after != nil {
		add("(at, id) < ($%d, $%d)", after.At, after.ID)
	}
	if len(terms) == 0 {
		return "", nil
	}
	return "WHERE " + strings.Join(terms, " AND "), args
}

func loadChanges(ctx context.Context, q Querier, records []Record, limit int) error {
	estates, entries := make([]uuid.UUID, len(records)), make([]uuid.UUID, len(records))
	byID := make(map[uuid.UUID]*Record, len(records))
	for i := range records {
		r := &records[i]
		estates[i], entries[i], byID[r.ID] = r.Estate, r.ID, r
	}
	rows, err := q.Query(ctx, `SELECT c.entry_id, c.body
		  FROM unnest($1::uuid[], $2::uuid[]) AS e (estate, id)
		  JOIN audit.changes c ON c.estate_id = e.estate AND c.entry_id = e.id
		 WHERE c.ordinal < $3 ORDER BY c.entry_id, c.ordinal`, estates, entries, limit)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &body}, func() error {
		var c Change
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		byID[id].Changed = append(byID[id].Changed, c)
		return nil
	})
	return err
}

// Changes returns up to limit changes of an entry, from the ordinal on (the first is 0).
func Changes(ctx context.Context, q Querier, estate, entry uuid.UUID, from, limit int) (changes []Change, err error) {
	defer fault.Wrap(&err, "audit.Changes(%s)", entry)
	rows, err := q.Query(ctx, `SELECT body FROM audit.changes
		WHERE estate_id = $1 AND entry_id = $2 AND ordinal >= $3 AND ordinal < $4 ORDER BY ordinal`, estate, entry, from, from+limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Change, err error) {
		var body []byte
		if err := row.Scan(&body); err != nil {
			return c, err
		}
		err = json.Unmarshal(body, &c)
		return c, err
	})
}
