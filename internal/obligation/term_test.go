package obligation_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/calendarday"
	entobligation "github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// setDay has the estate work on a day, or not, or be what it is by law, as the act of the registry does.
func setDay(tx *act.Tx, estate uuid.UUID, day calendar.Day, working *bool) error {
	if _, err := tx.LockCalendar(estate); err != nil {
		return err
	}
	row, err := tx.CalendarDay.Query().Where(calendarday.EstateID(estate), calendarday.Day(day.UTC())).Only(tx)
	switch {
	case ent.IsNotFound(err) && working == nil:
		return nil
	case ent.IsNotFound(err):
		err = tx.CalendarDay.Create().SetEstateID(estate).SetDay(day.UTC()).SetWorking(*working).SetReason("x").SetSetByID(estate).SetSetByName("x").SetSetAt(tx.Now).Exec(tx)
	case err == nil && working == nil:
		err = row.Update().SetSetAt(tx.Now).SetClearedAt(tx.Now).Exec(tx)
	case err == nil:
		err = row.Update().SetWorking(*working).SetSetAt(tx.Now).ClearClearedAt().Exec(tx)
	}
	if err != nil {
		return err
	}
	_, err = obligation.Recount(tx, estate)
	return err
}

// onRecord is what is due about a subject.
func onRecord(t *rapid.T, app *stewardtest.App, subject uuid.UUID) *ent.Obligation {
	o, err := app.Runtime.DB.Ent.Obligation.Query().Where(entobligation.SubjectID(subject)).Only(app.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Whatever days an estate sets and clears, in whatever order: what is open is due as if it were counted now; what is met, and what is not counted in working
// days, stays.
func TestF3_WhatIsDueIsCountedByTheCalendarAsItIs(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	own := map[calendar.Day]bool{}
	today := calendar.DayOf(stewardtest.Start)
	rapid.Check(t, func(t *rapid.T) {
		do := func(f func(*act.Tx) error) {
			if _, err := step.Do(app.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		subject, fixed, met := uuid.New(), uuid.New(), uuid.New()
		term := obligation.Term{From: today, Days: rapid.IntRange(1, 9).Draw(t, "days")}
		if rapid.Bool().Draw(t, "bounded") {
			term.NotBefore = stewardtest.Start.AddDate(0, 0, rapid.IntRange(1, 12).Draw(t, "notBefore")).UTC()
			term.NotAfter = stewardtest.Start.AddDate(0, 0, rapid.IntRange(13, 20).Draw(t, "notAfter")).UTC()
		}
		at := stewardtest.Start.AddDate(0, 0, 5).UTC()
		var first time.Time
		do(func(tx *act.Tx) (err error) {
			for _, d := range []obligation.Due{{Subject: subject, Term: term}, {Subject: met, Term: term}, {Subject: fixed, At: at}} {
				d.Estate = app.A.ID
				if err = dueKind.Open(tx, d); err != nil {
					return err
				}
			}
			if first, err = term.Ends(tx, app.A.ID); err != nil {
				return err
			}
			return dueKind.Meet(tx, met)
		})
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			app.Clock.Advance(time.Second)
			day := today.AddDays(rapid.IntRange(0, 14).Draw(t, "day"))
			var working *bool
			if rapid.IntRange(0, 2).Draw(t, "clear") > 0 {
				w := rapid.Bool().Draw(t, "working")
				working, own[day] = &w, w
			} else {
				delete(own, day)
			}
			do(func(tx *act.Tx) error { return setDay(tx, app.A.ID, day, working) })
			fresh, err := calendar.New("Asia/Shanghai", calendar.China, own)
			if err != nil {
				t.Fatal(err)
			}
			for who, want := range map[uuid.UUID]time.Time{subject: term.By(fresh), met: first, fixed: at} {
				o := onRecord(t, app, who)
				if !o.DueAt.Equal(want) {
					t.Fatalf("with %v it is due %v, want %v", own, o.DueAt, want)
				}
			}
		}
		app.Clock.Advance(time.Second)
		do(func(tx *act.Tx) error { // what is moved by hand is not counted any more
			if err := dueKind.Move(tx, subject, at); err != nil {
				return err
			}
			w := false
			own[today] = w
			return setDay(tx, app.A.ID, today, &w)
		})
		if o := onRecord(t, app, subject); !o.DueAt.Equal(at) || o.State != entobligation.StateOpen {
			t.Fatalf("moved, it is due %v", o.DueAt)
		}
		app.Clock.Advance(time.Second)
		do(func(tx *act.Tx) error { return dueKind.Cancel(tx, subject) })
	})
}
