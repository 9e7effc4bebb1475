package act

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/calendarday"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/streams"
)

// Tx is the transaction of an act: the context of its statements, the entities (tx.KeyLoan.Create()),
// who acts, and when. What is read through it is whatever is in the estates where the act is allowed.
type Tx struct {
	context.Context
	database.Tx
	Viewer *access.Viewer
	Now    time.Time // when the act is recorded

	rt             *Runtime
	entry          audit.Entry
	recorder       *audit.Recorder
	changedEstates []streams.Topic // once committed
	known          map[any]any     // see Once
	told           bool            // something is on record that the act changed
}

func newTx(ctx context.Context, rt *Runtime, t database.Tx, d *Definition, now time.Time) *Tx {
	tx := &Tx{
		Context: ctx, Tx: t, Viewer: access.From(ctx), Now: now, rt: rt,
		entry: entry(ctx, rt, d.Name), recorder: audit.NewRecorder(t.Raw), known: map[any]any{},
	}
	tx.entry.At = now
	if len(d.Clauses) > 0 {
		tx.entry.Clause = d.Clauses[0]
	}
	return tx
}

// Runtime is what the act runs on, for the services it needs.
func (tx *Tx) Runtime() *Runtime { return tx.rt }

// About names what the act is about on the audit trail. Without it that is the first row changed.
func (tx *Tx) About(entity string, id uuid.UUID, row access.Row) {
	tx.entry.SubjectType, tx.entry.Subject, tx.entry.Estate, tx.entry.Household = entity, id, row.Estate, row.Household
}

// Because notes the reason that the actor gives.
func (tx *Tx) Because(reason string) { tx.entry.Reason = reason }

// By names the clause that the act carries out, where it is another each time.
func (tx *Tx) By(clause string) { tx.entry.Clause = clause }

// Note puts a change of something that is no entity (an account, a grant) on the audit trail.
func (tx *Tx) Note(estate uuid.UUID, c audit.Change) error {
	if tx.entry.SubjectType == "" {
		tx.About(c.Type, c.ID, access.Row{Estate: estate})
	}
	tx.told = true
	return tx.recorder.Add(tx, estate, c)
}

// Once asks for something at most once in an act: what many rows of an import need alike. Keys are of
// types of their own, as context keys are.
func Once[T any](tx *Tx, key any, ask func() (T, error)) (T, error) {
	if known, ok := tx.known[key]; ok {
		return known.(T), nil
	}
	v, err := ask()
	if err == nil {
		tx.known[key] = v
	}
	return v, err
}

// calendarOf is the key of an estate's calendar.
type calendarOf uuid.UUID

// Calendar is the estate's calendar, with the days that the estate set itself. Errors: NOT_FOUND.
func (tx *Tx) Calendar(estate uuid.UUID) (*calendar.Calendar, error) {
	return Once(tx, calendarOf(estate), func() (*calendar.Calendar, error) {
		e, err := tx.Estate.Get(tx, estate)
		if err != nil {
			return nil, err
		}
		list, err := tx.CalendarDay.Query().Where(calendarday.EstateID(estate), calendarday.ClearedAtIsNil()).All(tx)
		if err != nil {
			return nil, err
		}
		own := make(map[calendar.Day]bool, len(list))
		for _, d := range list {
			own[calendar.DayOf(d.Day)] = d.Working
		}
		c, err := calendar.New(e.TimeZone, calendar.China, own)
		if err != nil {
			return nil, fmt.Errorf("time zone of estate %s: %w", e.Code, err)
		}
		return c, nil
	})
}

// heldCalendar is the key of an estate's calendar that stays as it is until the act ends.
type heldCalendar uuid.UUID

// HoldCalendar is the estate's calendar as it stays until the act ends: who changes it waits, and finds what the act made due by it. Errors: NOT_FOUND.
func (tx *Tx) HoldCalendar(estate uuid.UUID) (*calendar.Calendar, error) {
	return Once(tx, heldCalendar(estate), func() (*calendar.Calendar, error) {
		return tx.lockedCalendar(estate, `SELECT pg_advisory_xact_lock_shared(hashtextextended('calendar ' || $1, 0))`)
	})
}

// LockCalendar has the act change the estate's calendar alone: after it HoldCalendar is the calendar as changed. Errors: NOT_FOUND.
func (tx *Tx) LockCalendar(estate uuid.UUID) (*calendar.Calendar, error) {
	delete(tx.known, heldCalendar(estate))
	return tx.lockedCalendar(estate, `SELECT pg_advisory_xact_lock(hashtextextended('calendar ' || $1, 0))`)
}

// lockedCalendar reads the calendar anew, once the lock is there: what was read before may have changed while it was waited for.
func (tx *Tx) lockedCalendar(estate uuid.UUID, lock string) (*calendar.Calendar, error) {
	if _, err := tx.Raw.Exec(tx, lock, estate.String()); err != nil {
		return nil, err
	}
	delete(tx.known, calendarOf(estate))
	return tx.Calendar(estate)
}

// Today is the estate's civil day. Errors: NOT_FOUND.
func (tx *Tx) Today(estate uuid.UUID) (calendar.Day, error) {
	c, err := tx.Calendar(estate)
	if err != nil {
		return calendar.Day{}, err
	}
	return c.Today(tx.Now), nil
}

// Enqueue inserts a job that is there if and only if the act commits.
func (tx *Tx) Enqueue(args river.JobArgs, opts *river.InsertOpts) error {
	_, err := tx.rt.Jobs.InsertTx(tx, tx.Raw, args, opts)
	return err
}

// Versioned is a row that people edit.
type Versioned interface{ RowScope() access.Row }

// Expect compares the version that the actor saw with the row's. Errors: CONFLICT, which shows the newer state as far as a refusal may
// (ent.Newer).
func (tx *Tx) Expect(row Versioned, have, expected int) error {
	if have == expected {
		return nil
	}
	return fault.Clash("数据已被他人更改(现为第 %[1]d 版),请重新读取后再改。",
		"Somebody changed it meanwhile (it is version %[1]d now); read it again and repeat your change.", have).
		At("expectedVersion").With("version", have).With("current", ent.Newer(row))
}

// changed puts a row's change on the audit trail; confidential values only as digests.
func (tx *Tx) changed(c database.Change) error {
	if tx.entry.SubjectType == "" {
		tx.About(c.Entity.Name, c.ID, c.Row)
	}
	out := audit.Change{Type: c.Entity.Name, ID: c.ID, Op: audit.Update}
	if c.Created {
		out.Op = audit.Create
	}
	for _, f := range c.Fields {
		field, err := tx.field(c, f)
		if err != nil {
			return err
		}
		out.Fields = append(out.Fields, field)
	}
	tx.told = true
	return tx.recorder.Add(tx, c.Row.Estate, out)
}

func (tx *Tx) field(c database.Change, f database.FieldChange) (audit.Field, error) {
	if !c.Entity.Confidential[f.Name] {
		return audit.Plain(f.Name, f.Before, f.After)
	}
	subject, keys := c.Row.Household, tx.rt.Keys
	switch {
	case c.Entity.Document == "id":
		subject = c.ID // a key of its own, which goes when it is destroyed (A7)
	case subject == uuid.Nil || c.Entity.Document != "":
		subject, keys = c.ID, parts{keys, c}
	}
	return audit.Confidential(tx, keys, subject, f.Name, f.Before, f.After)
}

// parts gives a row that is a part of a document a key of its own made from the document's: one key is kept for all of them, and
// erased, and equal values of two rows do not look equal.
type parts struct {
	audit.KeyStore
	change database.Change
}

// Key implements audit.KeyStore. The document must be among what changed: confidential fields of parts never change after.
func (p parts) Key(ctx context.Context, row uuid.UUID) ([]byte, error) {
	at := slices.IndexFunc(p.change.Fields, func(f database.FieldChange) bool { return f.Name == p.change.Entity.Document })
	if at < 0 {
		return p.KeyStore.Key(ctx, row)
	}
	document, ok := p.change.Fields[at].After.(uuid.UUID)
	if !ok {
		return nil, fmt.Errorf("%s.%s is no id", p.change.Entity.Name, p.change.Entity.Document)
	}
	key, err := p.KeyStore.Key(ctx, document)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(row[:])
	return mac.Sum(nil), nil
}

// append writes the act's entry, as the last statement of the transaction. Acts of one's own that changed
// nothing leave none: everybody may repeat them without end.
func (tx *Tx) append(d *Definition) error {
	if d.Own && !tx.told {
		return nil
	}
	places, err := tx.recorder.Append(tx, tx.entry)
	for _, p := range places {
		tx.changedEstates = append(tx.changedEstates, streams.Estate(p.Estate))
	}
	return err
}

// Find is the answer of a look-up by an id that the actor gave: what is not there, or not for the
// actor, is NOT_FOUND at the field.
func Find[T any](row T, err error, field string) (T, error) {
	if ent.IsNotFound(err) {
		return row, fault.Missing().At(field)
	}
	return row, err
}
