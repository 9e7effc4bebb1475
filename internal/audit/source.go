package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Chain names one of the chains.
type Chain struct {
	Estate uuid.UUID `json:"estate"`
	Kind   Kind      `json:"kind"`
}

// Head is a chain's newest entry: what the next one follows.
type Head struct {
	Chain
	Seq  int64  `json:"seq"`
	Hash []byte `json:"hash"`
}

// A record is one line of an export, and one step of the verifier: exactly one of its fields is set.
// They come as: Begin; for each chain its Head, then each entry followed by its changes; strays; End.
type record struct {
	Begin  *begin      `json:"begin,omitempty"`
	Head   *headRow    `json:"chain,omitempty"`
	Entry  *entryRow   `json:"entry,omitempty"`
	Change *changeRow  `json:"change,omitempty"`
	Stray  *strayRow   `json:"stray,omitempty"`
	End    *endOfTrail `json:"end,omitempty"`
}

type begin struct {
	Format string    `json:"format"`
	At     time.Time `json:"at"` // the trail as of this moment
}

type headRow struct {
	Chain
	Seq  *int64 `json:"seq"` // nil: entries without a head
	Hash []byte `json:"hash"`
}

type entryRow struct {
	Seq     int64     `json:"seq"`
	ID      uuid.UUID `json:"id"`
	Body    string    `json:"body"`
	Hash    []byte    `json:"hash"`
	Prev    []byte    `json:"prev"`
	Columns []*string `json:"columns"` // as columnNames
}

type changeRow struct {
	Ordinal int    `json:"ordinal"`
	Body    string `json:"body"`
}

// strayRow is the first entry id of an estate that has changes and no entry.
type strayRow struct {
	Estate uuid.UUID `json:"estate"`
	Entry  uuid.UUID `json:"entry"`
}

type endOfTrail struct{}

// columnNames are the columns that repeat the body; readEntries selects their texts in this order.
var columnNames = []string{"id", "at", "actor_id", "actor_name", "action", "outcome", "subject_type", "subject_id", "household_id", "request_id"}

const columnTime = "2006-01-02T15:04:05.000000Z"

// columns are the texts that the columns must have, by the body.
func (e Entry) columns() []*string {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	id := func(u uuid.UUID) *string {
		if u == uuid.Nil {
			return nil
		}
		s := u.String()
		return &s
	}
	return []*string{id(e.ID), text(e.At.UTC().Format(columnTime)), id(e.Actor.Account), text(e.Actor.Name), text(e.Action),
		text(string(e.Outcome)), text(e.SubjectType), id(e.Subject), id(e.Household), text(e.Request)}
}

// Beginner starts the snapshot in which the trail is read: *pgxpool.Pool and *pgx.Conn have it.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// stored reads the whole trail of the database, as of one snapshot, in constant memory. It sees every
// estate, so it is for the command line and never for a viewer.
func stored(ctx context.Context, db Beginner, at time.Time) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			yield(record{}, err)
			return
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		r := reader{ctx: ctx, tx: tx, yield: func(rec record) bool { return yield(rec, nil) }}
		if !r.trail(at) && r.err != nil {
			yield(record{}, r.err)
		}
	}
}

// reader walks the tables. Its methods return false to stop: for good, or because of err.
type reader struct {
	ctx   context.Context
	tx    pgx.Tx
	yield func(record) bool
	err   error
}

func (r *reader) failed(err error) bool {
	r.err = err
	return err != nil
}

func (r *reader) trail(at time.Time) bool {
	if _, err := r.tx.Exec(r.ctx, `SELECT set_config('app.estate_ids', '*', true)`); r.failed(err) {
		return false
	}
	// The union finds the entries of a chain whose head was removed. Chains are few: they fit in memory.
	rows, err := r.tx.Query(r.ctx, `SELECT estate_id, kind, last_seq, last_hash FROM audit.chains
		FULL JOIN (SELECT DISTINCT estate_id, kind FROM audit.entries) e USING (estate_id, kind) ORDER BY estate_id, kind`)
	if r.failed(err) {
		return false
	}
	heads, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h headRow, err error) {
		return h, row.Scan(&h.Estate, &h.Kind, &h.Seq, &h.Hash)
	})
	if r.failed(err) || !r.yield(record{Begin: &begin{Format: exportFormat, At: at.UTC()}}) {
		return false
	}
	for _, h := range heads {
		if !r.yield(record{Head: &h}) || !r.chain(h.Chain) {
			return false
		}
	}
	return r.strays() && r.yield(record{End: &endOfTrail{}})
}

// readAtOnce is how many entries are in memory at once; their changes are streamed.
const readAtOnce = 500

func (r *reader) chain(c Chain) bool {
	for last := int64(math.MinInt64); ; {
		entries, err := r.entries(c, last)
		if r.failed(err) || !r.withChanges(c, entries) {
			return false
		}
		if len(entries) < readAtOnce {
			return true
		}
		last = entries[len(entries)-1].Seq
	}
}

func (r *reader) entries(c Chain, after int64) ([]*entryRow, error) {
	rows, err := r.tx.Query(r.ctx, fmt.Sprintf(`SELECT seq, id, body, hash, prev_hash, ARRAY[id::text,
		to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_id::text, actor_name, action, outcome,
		subject_type, subject_id::text, household_id::text, request_id]
		FROM audit.entries WHERE estate_id = $1 AND kind = $2 AND seq > $3 ORDER BY seq LIMIT %d`, readAtOnce), c.Estate, c.Kind, after)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*entryRow, error) {
		e := &entryRow{}
		return e, row.Scan(&e.Seq, &e.ID, &e.Body, &e.Hash, &e.Prev, &e.Columns)
	})
}

// withChanges yields the entries, each followed by its changes, which one query brings in that order.
func (r *reader) withChanges(c Chain, entries []*entryRow) bool {
	ids := make([]uuid.UUID, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	rows, err := r.tx.Query(r.ctx, `SELECT e.n, c.ordinal, c.body FROM unnest($2::uuid[]) WITH ORDINALITY AS e (id, n)
		JOIN audit.changes c ON c.estate_id = $1 AND c.entry_id = e.id ORDER BY e.n, c.ordinal`, c.Estate, ids)
	if r.failed(err) {
		return false
	}
	defer rows.Close()
	next := 0
	upTo := func(n int) bool {
		for ; next < n; next++ {
			if !r.yield(record{Entry: entries[next]}) {
				return false
			}
		}
		return true
	}
	for rows.Next() {
		var n int
		var change changeRow
		if r.failed(rows.Scan(&n, &change.Ordinal, &change.Body)) || !upTo(n) || !r.yield(record{Change: &change}) {
			return false
		}
	}
	return !r.failed(rows.Err()) && upTo(len(entries))
}

func (r *reader) strays() bool {
	rows, err := r.tx.Query(r.ctx, `SELECT DISTINCT ON (estate_id) estate_id, entry_id FROM audit.changes c WHERE NOT EXISTS
		(SELECT FROM audit.entries e WHERE e.estate_id = c.estate_id AND e.id = c.entry_id) ORDER BY 1, 2`)
	if r.failed(err) {
		return false
	}
	defer rows.Close()
	for rows.Next() {
		var s strayRow
		if r.failed(rows.Scan(&s.Estate, &s.Entry)) || !r.yield(record{Stray: &s}) {
			return false
		}
	}
	return !r.failed(rows.Err())
}

// parse reads a body back; false if it is no entry.
func parse(body string) (e Entry, ok bool) { return e, json.Unmarshal([]byte(body), &e) == nil }
