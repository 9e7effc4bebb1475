package program_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	entobligation "github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type nothing struct{}

var opens = act.New("test.openEveryKind", act.Needs(policy.Obligation, policy.Update), nil, func(tx *act.Tx, f func(*act.Tx) error) (nothing, error) { return nothing{}, f(tx) })

// Each kind that any chapter declares is reminded of before it is due, after it was, and to those who lead; and is breached after its
// grace: whoever answers for it, and whatever it is about.
func TestEachKindOfObligationIsRemindedOfAndBreached(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.As(policy.ProjectManager)
	app.As(policy.Supervisor)
	all := obligation.Kinds()
	if len(all) < 15 {
		t.Fatalf("only %d kinds are declared", len(all))
	}
	due := app.Clock.Now().Add(40 * time.Hour)
	subjects := map[uuid.UUID]string{}
	if _, err := opens.Do(app.Context(), func(tx *act.Tx) error {
		for _, k := range all {
			d := obligation.Due{About: "测试", Clause: "K2.2", Estate: app.A.ID, Subject: uuid.New(), At: due, Grace: 2 * time.Hour}
			subjects[d.Subject] = k.Name
			if err := k.Open(tx, d); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	told := func() map[string]map[string]int { // by kind of obligation, kinds of messages
		out := map[string]map[string]int{}
		err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `SELECT subject_id, kind, count(DISTINCT account_id) FROM identity.inbox GROUP BY 1, 2`)
			if err != nil {
				return err
			}
			var subject uuid.UUID
			var kind string
			var n int
			_, err = pgx.ForEachRow(rows, []any{&subject, &kind, &n}, func() error {
				if name := subjects[subject]; name != "" {
					if out[name] == nil {
						out[name] = map[string]int{}
					}
					out[name][kind] = n
				}
				return nil
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run := func(what func(context.Context, *act.Runtime) (int, error), want int) {
		t.Helper()
		n, err := what(app.Context(), app.Runtime)
		if err != nil || n != want {
			t.Errorf("%d dealt with, want %d: %v", n, want, err)
		}
	}
	app.Clock.Advance(29 * time.Hour)
	run(obligation.RemindAhead, 0)
	app.Clock.Advance(time.Hour) // a quarter of the time is left
	run(obligation.RemindAhead, len(all))
	run(obligation.RemindAhead, 0)
	run(obligation.Remind, 0)
	for _, k := range all {
		if told()[k.Name]["obligation.ahead"] == 0 {
			t.Errorf("nobody is reminded of %s ahead", k.Name)
		}
	}
	app.Clock.Advance(10*time.Hour + time.Minute)
	run(obligation.RemindAhead, 0)
	run(obligation.Remind, len(all))
	app.Clock.Advance(time.Hour)
	for more := true; more; {
		n, err := obligation.Remind(app.Context(), app.Runtime)
		if err != nil {
			t.Fatal(err)
		}
		more = n > 0
	}
	app.Clock.Advance(2 * time.Hour)
	run(obligation.Remind, len(all))
	messages := told()
	for _, k := range all {
		if messages[k.Name]["obligation.overdue"]+messages[k.Name]["obligation.escalated"] == 0 {
			t.Errorf("nobody hears that %s is overdue", k.Name)
		}
	}
	var list []*ent.Obligation
	if _, err := opens.Do(app.Context(), func(tx *act.Tx) (err error) {
		list, err = tx.Obligation.Query().Where(entobligation.EstateID(app.A.ID), entobligation.DueAt(due)).All(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	breached := 0
	for _, o := range list {
		if subjects[o.SubjectID] != "" && o.State == entobligation.StateBreached {
			breached++
		}
	}
	if breached != len(all) {
		t.Errorf("%d of %d are breached", breached, len(all))
	}
}
