package audit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/steward-pm/steward/internal/audit"
)

func TestAppendAndListGiveBackTheAct(t *testing.T) {
	t.Parallel()
	db, ctx := newDatabase(t), t.Context()
	e := entry(estateA, 1)
	changes := []audit.Change{change(t, "count", nil, 3), change(t, "note", "旧 \x00", map[string]any{"a": "<新>"})}
	var places []audit.Place
	err := pgx.BeginFunc(ctx, db.app, func(tx pgx.Tx) (err error) {
		rec := audit.NewRecorder(tx)
		for _, c := range changes {
			if err := rec.Add(ctx, estateA, c); err != nil {
				return err
			}
		}
		if err := rec.Add(ctx, estateB, changes[0]); err != nil {
			return err
		}
		places, err = rec.Append(ctx, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) != 2 || places[0].Estate != estateA || places[0].Seq != 1 || places[1].Estate != estateB {
		t.Fatalf("places %v", places)
	}
	as(t, db.app, "{"+estateA.String()+"}", "", func(tx pgx.Tx) {
		records, err := audit.List(ctx, tx, audit.Filter{Subject: e.Subject}, audit.Page{Limit: 10, Changes: 5})
		if err != nil || len(records) != 1 {
			t.Fatal(records, err)
		}
		got := records[0]
		e.ID, e.Kind, e.Outcome, e.Changes = places[0].Entry, audit.Write, audit.Done, got.Changes
		e.At, e.Reason = e.At.UTC().Truncate(time.Microsecond), strings.ReplaceAll(e.Reason, "\x00", "\uFFFD")
		if diff := cmp.Diff(e, got.Entry); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(changes, got.Changed); diff != "" || got.Changes.Count != 2 {
			t.Error(got.Changes.Count, diff)
		}
		second, err := audit.Changes(ctx, tx, estateA, got.ID, 1, 5)
		if diff := cmp.Diff(changes[1:], second); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	if r := verifyWhole(t, db.app, nil); r.Chains != 2 || r.Entries != 2 || r.Changes != 3 {
		t.Errorf("%+v", r)
	}
}

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	db, ctx := newDatabase(t), t.Context()
	for i := range 7 {
		e := entry([]uuid.UUID{estateA, estateB, audit.Portfolio}[i%3], i/2) // two entries share each minute
		act(t, db.app, e, 1)
	}
	refused := entry(estateA, 9)
	refused.Outcome = audit.Refused
	if err := audit.AppendRead(ctx, db.app, refused); err != nil {
		t.Fatal(err)
	}
	as(t, db.app, "*", "", func(tx pgx.Tx) {
		var walked []audit.Record
		for page := (audit.Page{Limit: 3}); ; {
			records, err := audit.List(ctx, tx, audit.Filter{}, page)
			if err != nil {
				t.Fatal(err)
			}
			if walked = append(walked, records...); len(records) < page.Limit {
				break
			}
			after := records[len(records)-1].Cursor()
			page.After = &after
		}
		all, err := audit.List(ctx, tx, audit.Filter{}, audit.Page{Limit: 100})
		if diff := cmp.Diff(all, walked); err != nil || diff != "" || len(all) != 8 {
			t.Error(len(all), err, diff)
		}
		for name, f := range map[string]struct {
			audit.Filter
			want int
		}{
			"estate":    {audit.Filter{Estate: &estateA}, 4},
			"portfolio": {audit.Filter{Estate: &audit.Portfolio}, 2},
			"kind":      {audit.Filter{Kind: audit.Read}, 1},
			"outcome":   {audit.Filter{Outcome: audit.Done, Actor: clerk.Account}, 7},
			"action":    {audit.Filter{Action: "keys.return"}, 0},
			"subject":   {audit.Filter{SubjectType: "KeyLoan", Subject: all[2].Subject}, 1},
			"household": {audit.Filter{Household: refused.Household, Request: refused.Request}, 1},
			"time":      {audit.Filter{From: start.Add(time.Minute), To: start.Add(3 * time.Minute)}, 4},
		} {
			if got, err := audit.List(ctx, tx, f.Filter, audit.Page{Limit: 100}); err != nil || len(got) != f.want {
				t.Errorf("%s: %d instead of %d, %v", name, len(got), f.want, err)
			}
		}
	})
}

func TestConcurrentAppendsLeaveNoGap(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	var all errgroup.Group
	for i := range 50 {
		all.Go(func() error { act(t, db.app, entry(estateA, i), i%3); return nil })
	}
	_ = all.Wait()
	if r := verifyWhole(t, db.app, nil); r.Chains != 1 || r.Entries != 50 {
		t.Errorf("%+v", r)
	}
}

func TestActsOverTwoEstatesDoNotDeadlock(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	var all errgroup.Group
	for i := range 40 {
		first, second := estateA, estateB
		if i%2 == 0 {
			first, second = second, first
		}
		all.Go(func() error {
			return pgx.BeginFunc(t.Context(), db.app, func(tx pgx.Tx) error {
				rec := audit.NewRecorder(tx)
				if err := rec.Add(t.Context(), second, change(t, "count", 1, 2)); err != nil {
					return err
				}
				_, err := rec.Append(t.Context(), entry(first, i))
				return err
			})
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if r := verifyWhole(t, db.app, nil); r.Chains != 2 || r.Entries != 80 {
		t.Errorf("%+v", r)
	}
}

func TestRefusalSurvivesTheRollback(t *testing.T) {
	t.Parallel()
	db, ctx := newDatabase(t), t.Context()
	refusal := errors.New("refused")
	err := pgx.BeginFunc(ctx, db.app, func(tx pgx.Tx) error {
		rec := audit.NewRecorder(tx)
		if err := rec.Add(ctx, estateA, change(t, "count", 1, 2)); err != nil {
			return err
		}
		if _, err := rec.Append(ctx, entry(estateA, 1)); err != nil {
			return err
		}
		e := entry(estateA, 1) // while the act's transaction still holds the lock of the write chain
		e.Outcome, e.Clause = audit.Refused, "K2.2"
		return errors.Join(refusal, audit.AppendRead(ctx, db.app, e))
	})
	if err == nil || err.Error() != refusal.Error() {
		t.Fatal(err)
	}
	if r := verifyWhole(t, db.app, nil); r.Entries != 1 || r.Changes != 0 {
		t.Errorf("%+v", r)
	}
}

func TestLargeActIsStagedInChunks(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	act(t, db.app, entry(estateA, 1), 1700)
	if r := verifyWhole(t, db.app, nil); r.Entries != 1 || r.Changes != 1700 {
		t.Errorf("%+v", r)
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	t.Parallel()
	db, ctx := newDatabase(t), t.Context()
	done := entry(estateA, 1)
	done.Outcome = audit.Done
	if err := audit.AppendRead(ctx, db.app, done); err == nil {
		t.Error("a done act went to the read chain")
	}
	if _, err := audit.NewRecorder(db.app).Append(ctx, audit.Entry{Estate: estateA}); err == nil {
		t.Error("an entry without time or action was taken")
	}
	rec := audit.NewRecorder(db.app)
	if _, err := rec.Append(ctx, entry(estateA, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := rec.Append(ctx, entry(estateA, 1)); err == nil {
		t.Error("an act was appended twice")
	}
	if err := rec.Add(ctx, estateA, change(t, "count", 1, 2)); err == nil {
		t.Error("a change was added after the entry")
	}
	for name, sql := range map[string]string{
		"a change staged for an entry that stands": `SELECT audit.stage(estate_id, id, 0, '{"{}"}') FROM audit.entries`,
		"an entry that miscounts its changes":      `SELECT audit.append(body, 0, '{"{}"}') FROM audit.entries`,
	} {
		as(t, db.app, "*", "", func(tx pgx.Tx) {
			if _, err := tx.Exec(context.WithoutCancel(ctx), sql); err == nil {
				t.Errorf("%s was taken", name)
			}
		})
	}
	verifyWhole(t, db.app, nil)
}
