package audit

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// chunk is how many changes of an estate wait in memory before they are staged.
const chunk = 500

// Recorder collects the changes of one act in one transaction and appends its entry. Memory is constant:
// changes go to the database in chunks. It is not safe for concurrent use.
type Recorder struct {
	tx      Querier
	estates map[uuid.UUID]*pending
	closed  bool
}

// pending is what an act did in one estate.
type pending struct {
	entry  uuid.UUID
	staged int // changes in the database already
	buffer []string
	digest digest
}

// NewRecorder begins the record of an act whose transaction is tx.
func NewRecorder(tx Querier) *Recorder {
	return &Recorder{tx: tx, estates: map[uuid.UUID]*pending{}}
}

// EntryID is the id that the act's entry in the estate will have, for rows that point to their place on
// the trail. Having asked, the estate gets an entry even without changes.
func (r *Recorder) EntryID(estate uuid.UUID) uuid.UUID { return r.in(estate).entry }

func (r *Recorder) in(estate uuid.UUID) *pending {
	p := r.estates[estate]
	if p == nil {
		p = &pending{entry: ids.New(ids.AuditEntry)}
		r.estates[estate] = p
	}
	return p
}

// Add records a change of a row of the estate (Portfolio for rows of none).
func (r *Recorder) Add(ctx context.Context, estate uuid.UUID, c Change) (err error) {
	defer fault.Wrap(&err, "audit.Add(%s %s)", c.Type, c.ID)
	if r.closed {
		return errors.New("the act's entry is appended already")
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	p := r.in(estate)
	p.digest.add(body)
	p.buffer = append(p.buffer, body)
	if len(p.buffer) < chunk {
		return nil
	}
	_, err = r.tx.Exec(ctx, `SELECT audit.stage($1, $2, $3, $4)`, estate, p.entry, p.staged, p.buffer)
	p.staged += len(p.buffer)
	p.buffer = p.buffer[:0]
	return err
}

// Place is where an entry stands.
type Place struct {
	Estate uuid.UUID
	Seq    int64
	Entry  uuid.UUID
}

// Append writes the act's entry to the write chain of e.Estate and of every other estate in which it
// changed something, each with that estate's changes, in one round trip. It must be the transaction's
// last statement: the chains' heads stay locked until the commit. e's ID, Kind, Outcome and Changes are set here.
func (r *Recorder) Append(ctx context.Context, e Entry) (places []Place, err error) {
	defer fault.Wrap(&err, "audit.Append(%s)", e.Action)
	if r.closed {
		return nil, errors.New("the act's entry is appended already")
	}
	r.closed = true
	r.in(e.Estate)
	// One order for everybody, or two acts over the same two estates could wait for each other.
	order := slices.SortedFunc(maps.Keys(r.estates), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	var batch pgx.Batch
	e.Kind, e.Outcome = Write, Done
	places = make([]Place, len(order))
	for i, estate := range order {
		p := r.estates[estate]
		e.ID, e.Estate, e.Changes = p.entry, estate, p.digest.summary()
		places[i] = Place{Estate: estate, Entry: p.entry}
		if err := queueAppend(&batch, e, p, &places[i].Seq); err != nil {
			return nil, err
		}
	}
	if err := r.tx.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, err
	}
	return places, nil
}

func queueAppend(batch *pgx.Batch, e Entry, p *pending, seq *int64) error {
	body, err := e.body()
	if err != nil {
		return err
	}
	buffer := p.buffer
	if buffer == nil {
		buffer = []string{}
	}
	batch.Queue(`SELECT audit.append($1, $2, $3)`, body, p.staged, buffer).
		QueryRow(func(row pgx.Row) error { return row.Scan(seq) })
	return nil
}

// AppendRead records a refusal or a read (e.Outcome Refused or Viewed) on the estate's read chain.
// pool must not be the act's transaction: the entry is committed when AppendRead returns, which is
// before the answer leaves, and it outlives the act's rollback.
func AppendRead(ctx context.Context, pool Querier, e Entry) (err error) {
	return AppendReads(ctx, pool, []Entry{e})
}

// AppendReads is AppendRead of several entries, in their order and in one statement. Whoever appends to several estates' chains
// gives them in the order of the estates' ids, so that two do not wait for each other.
func AppendReads(ctx context.Context, pool Querier, entries []Entry) (err error) {
	defer fault.Wrap(&err, "audit.AppendReads(%d)", len(entries))
	bodies := make([]string, len(entries))
	for i, e := range entries {
		if e.Outcome != Refused && e.Outcome != Viewed {
			return errors.New("the read chain holds refusals and reads only")
		}
		e.ID, e.Kind, e.Changes = ids.New(ids.AuditEntry), Read, Summary{}
		body, err := e.body()
		if err != nil {
			return err
		}
		bodies[i] = body
	}
	_, err = pool.Exec(ctx, `SELECT audit.append(b, 0, '{}') FROM unnest($1::text[]) WITH ORDINALITY AS e(b, n) ORDER BY n`, bodies)
	return err
}
