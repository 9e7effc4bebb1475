package obligation

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
)

// Term is a time in working days of the estate's calendar: the end of the last of so many after a day, within bounds.
type Term struct {
	From      calendar.Day // which is not counted itself
	Days      int
	NotBefore time.Time // zero: however few days that is
	NotAfter  time.Time // zero: however many
}

// By is when the term ends by a calendar.
func (t Term) By(cal *calendar.Calendar) time.Time {
	at := cal.EndOfDay(cal.AddWorkingDays(t.From, t.Days))
	if at.Before(t.NotBefore) {
		at = t.NotBefore
	}
	if !t.NotAfter.IsZero() && at.After(t.NotAfter) {
		at = t.NotAfter
	}
	return at
}

// Within is a term of so many working days from today on, and when it ends. Nobody changes the estate's calendar until the act ends: who wants to
// waits, and then moves what the act made due.
func Within(tx *act.Tx, estate uuid.UUID, days int) (Term, time.Time, error) {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return Term{}, time.Time{}, err
	}
	t := Term{From: cal.Today(tx.Now), Days: days}
	return t, t.By(cal), nil
}

// Ends is when a term ends by the estate's calendar, which nobody changes until the act ends.
func (t Term) Ends(tx *act.Tx, estate uuid.UUID) (time.Time, error) {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return time.Time{}, err
	}
	return t.By(cal), nil
}

// at is when it is due.
func (d Due) at(tx *act.Tx) (time.Time, error) {
	if d.Term.Days == 0 {
		return d.At, nil
	}
	return d.Term.Ends(tx, d.Estate)
}

// keep notes the term with the obligation.
func (t Term) keep(m *ent.ObligationMutation) {
	if t.Days == 0 {
		return
	}
	m.SetCountedFrom(t.From.UTC())
	m.SetWorkingDays(t.Days)
	if !t.NotBefore.IsZero() {
		m.SetNotBefore(t.NotBefore)
	}
	if !t.NotAfter.IsZero() {
		m.SetNotAfter(t.NotAfter)
	}
}

// termOf is the term that was noted with an obligation.
func termOf(o *ent.Obligation) Term {
	t := Term{From: calendar.DayOf(*o.CountedFrom), Days: o.WorkingDays}
	if o.NotBefore != nil {
		t.NotBefore = *o.NotBefore
	}
	if o.NotAfter != nil {
		t.NotAfter = *o.NotAfter
	}
	return t
}

// Recount has what is open in an estate, and counted in working days, due by the calendar as the act left it: what moves is reminded of anew. What is
// past due stays: days that are over do not change. It returns how many moved, in a constant number of statements but for what chapters keep.
func Recount(tx *act.Tx, estate uuid.UUID) (int, error) {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return 0, err
	}
	list, err := tx.Obligation.Query().Where(obligation.EstateID(estate), obligation.StateEQ(obligation.StateOpen), obligation.CountedFromNotNil(), obligation.DueAtGT(tx.Now)).
		Order(obligation.ByID()).ForUpdate().All(tx)
	if err != nil {
		return 0, err
	}
	due := map[string]map[uuid.UUID]time.Time{}
	var moved []uuid.UUID
	var times []time.Time
	for _, o := range list {
		at := termOf(o).By(cal)
		if due[o.Kind] == nil {
			due[o.Kind] = map[uuid.UUID]time.Time{}
		}
		due[o.Kind][o.SubjectID] = at
		if at.Equal(o.DueAt) {
			continue
		}
		moved, times = append(moved, o.ID), append(times, at)
		field, err := audit.Plain("due_at", o.DueAt, at.UTC())
		if err != nil {
			return 0, err
		}
		if err := tx.Note(estate, audit.Change{Type: ent.TypeObligation, ID: o.ID, Op: audit.Update, Fields: []audit.Field{field}}); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Raw.Exec(tx, `UPDATE obligations o SET due_at = m.at, reminders = 0 FROM unnest($2::uuid[], $3::timestamptz[]) m(id, at) WHERE o.estate_id = $1 AND o.id = m.id`,
		estate, moved, times); err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(due)) {
		if k := kinds[name]; k != nil && k.Counted != nil {
			if err := k.Counted(tx, estate, due[name]); err != nil {
				return 0, err
			}
		}
	}
	return len(moved), nil
}
