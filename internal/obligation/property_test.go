package obligation_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/ent"
	entobligation "github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

var dueKind = obligation.Declare(obligation.Kind{Name: "test.due", Clause: "K2.2", TitleZH: "测试:", TitleEN: "Test "})

// step is an act that does one thing to what is due.
var step = act.New("test.due", act.Needs(policy.Obligation, policy.Update), act.Clauses("K2.2"), func(tx *act.Tx, do func(*act.Tx) error) (*struct{}, error) {
	return &struct{}{}, do(tx)
})

// expected is what must be on record of what was due, told from its history alone.
type expected struct {
	due       time.Time
	grace     time.Duration
	state     entobligation.State
	met       *time.Time
	reminders int
}

func (e *expected) breach() time.Time { return e.due.Add(e.grace) }

func (e *expected) open() bool { return e.met == nil && e.state != entobligation.StateCancelled }

// remind is what the minute's run does by now: a person is not answerable here, so leaders hear at once, and once.
func (e *expected) remind(now time.Time) {
	if !e.open() || !now.After(e.due) {
		return
	}
	e.reminders = 2
	if now.After(e.breach()) {
		e.state = entobligation.StateBreached
	}
}

func (e *expected) meet(at, now time.Time) {
	if !e.open() {
		return
	}
	e.met = &at
	if !at.After(e.breach()) && (e.state == entobligation.StateOpen || at.Before(now)) {
		e.state = entobligation.StateMet
	} else {
		e.state = entobligation.StateBreached
	}
}

// Whatever is done in whatever order: what was in time is met, what was late stays breached, what ended stays as it ended, and nobody is
// reminded twice of the same.
func TestHistoriesOfWhatIsDue(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	do := func(t *rapid.T, f func(*act.Tx) error) {
		if _, err := step.Do(app.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		subject, hours := uuid.New(), rapid.IntRange(1, 30)
		want := expected{
			due:   app.Clock.Now().UTC().Add(time.Duration(hours.Draw(t, "due")) * time.Hour),
			grace: time.Duration(rapid.IntRange(0, 5).Draw(t, "grace")) * time.Hour, state: entobligation.StateOpen,
		}
		do(t, func(tx *act.Tx) error {
			return dueKind.Open(tx, obligation.Due{Estate: app.A.ID, Subject: subject, At: want.due, Grace: want.grace})
		})
		for range rapid.IntRange(5, 25).Draw(t, "steps") { // what ends a history is rarer than what goes on with it
			now := app.Clock.Now().UTC()
			switch what := rapid.SampledFrom([]string{"time passes", "time passes", "it is reminded of", "it is reminded of", "it is moved", "it is moved", "it is met", "it is cancelled"}).Draw(t, "what"); what {
			case "time passes":
				app.Clock.Advance(time.Duration(hours.Draw(t, "hours")) * time.Hour / 2)
			case "it is reminded of":
				for range rapid.IntRange(1, 2).Draw(t, "runs") {
					if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
						t.Fatal(err)
					}
				}
				want.remind(now)
			case "it is moved":
				to := now.Add(time.Duration(hours.Draw(t, "to")) * time.Hour)
				do(t, func(tx *act.Tx) error { return dueKind.Move(tx, subject, to) })
				if want.open() {
					want.due, want.reminders = to, 0
				}
			case "it is met":
				at := now.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 1, 6}).Draw(t, "ago")) * time.Hour)
				do(t, func(tx *act.Tx) error { return dueKind.MeetAt(tx, subject, at) })
				want.meet(at, now)
			case "it is cancelled":
				do(t, func(tx *act.Tx) error { return dueKind.Cancel(tx, subject) })
				if want.open() {
					want.state = entobligation.StateCancelled
				}
			}
			compare(t, app, subject, want)
		}
	})
}

func compare(t *rapid.T, app *stewardtest.App, subject uuid.UUID, want expected) {
	var got *ent.Obligation
	if _, err := step.Do(app.Context(), func(tx *act.Tx) (err error) {
		got, err = tx.Obligation.Query().Where(entobligation.SubjectID(subject)).Only(context.Context(tx))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got.State != want.state || (got.MetAt == nil) != (want.met == nil) || got.MetAt != nil && !got.MetAt.Equal(*want.met) ||
		!got.DueAt.Equal(want.due) || got.Reminders != want.reminders {
		t.Fatalf("on record: %s met %v due %v, reminded %d; want %+v", got.State, got.MetAt, got.DueAt, got.Reminders, want)
	}
}
