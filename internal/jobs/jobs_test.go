package jobs_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// start runs a client as a server does, and returns what becomes of its jobs.
func start(t *testing.T, app *stewardtest.App, o jobs.Options) <-chan *river.Event {
	t.Helper()
	o.Policy, o.Run = app.Policy, true
	client, err := jobs.NewClient(app.Runtime, o)
	if err != nil {
		t.Fatal(err)
	}
	events, cancel := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed)
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := client.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return events
}

// next waits for the next event of any of the clients.
func next(t *testing.T, one, two <-chan *river.Event) *river.Event {
	t.Helper()
	select {
	case e := <-one:
		return e
	case e := <-two:
		return e
	case <-time.After(time.Minute):
		t.Fatal("no job was worked")
		return nil
	}
}

func count(t *testing.T, app *stewardtest.App, sql string, args ...any) (n int) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, sql, args...).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestATaskIsDoneOnceHoweverManyServersRun(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.SQL(`INSERT INTO obligations (id, created_at, estate_id, kind, subject_id, clause, title, due_at, state, breach_reason, account_id, grace_seconds, reminders)
		VALUES (gen_random_uuid(), $2, $1, 'test', gen_random_uuid(), 'K2.2', '事项', $2, 'OPEN', '', $3, 0, 0)`, app.A.ID, stewardtest.Start, app.As(policy.CSOfficer).Account)
	app.Clock.Advance(time.Minute)
	tasks := []jobs.Task{
		{Name: "obligations.remind", Every: 24 * time.Hour, Do: obligation.Remind},
		{Name: "identity.prune", Every: 24 * time.Hour, Do: jobs.Prune},
	}
	one := start(t, app, jobs.Options{Tasks: tasks})
	two := start(t, app, jobs.Options{Tasks: tasks})
	for range tasks {
		if e := next(t, one, two); e.Kind != river.EventKindJobCompleted {
			t.Fatalf("%s: %+v", e.Kind, e.Job.Errors)
		}
	}
	if n := count(t, app, `SELECT count(*) FROM river.river_job WHERE kind = 'task'`); n != len(tasks) {
		t.Errorf("%d jobs, want %d", n, len(tasks))
	}
	if n := count(t, app, `SELECT count(*) FROM identity.inbox`); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

func TestAFailedTaskIsKeptAndTriedAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	var tries atomic.Int64
	events := start(t, app, jobs.Options{Tasks: []jobs.Task{{Name: "fails", Every: 24 * time.Hour, Do: func(context.Context, *act.Runtime) (int, error) {
		if tries.Add(1) == 1 {
			return 0, errors.New("as tested")
		}
		return 1, nil
	}}}})
	if e := next(t, events, nil); e.Kind != river.EventKindJobFailed || len(e.Job.Errors) != 1 {
		t.Errorf("first: %s %+v", e.Kind, e.Job.Errors)
	}
	if e := next(t, events, nil); e.Kind != river.EventKindJobCompleted || e.Job.Attempt != 2 {
		t.Errorf("then: %s, attempt %d", e.Kind, e.Job.Attempt)
	}
}

// letter is a job that a chapter enqueues.
type letter struct {
	To string `json:"to"`
}

func (letter) Kind() string { return "letter" }

func TestJobsOfActsRunAsTheProgram(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	got := make(chan string, 1)
	work := func(w *river.Workers) {
		river.AddWorker(w, river.WorkFunc(func(ctx context.Context, job *river.Job[letter]) error {
			if !access.From(ctx).IsSystem() || act.From(ctx) != app.Runtime {
				return errors.New("the context lacks the program or its runtime")
			}
			got <- job.Args.To
			return nil
		}))
	}
	command, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Workers: work})
	if err != nil {
		t.Fatal(err)
	}
	undone := errors.New("undone")
	for to, result := range map[string]error{"nobody": undone, "somebody": nil} {
		err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
			_, err := command.InsertTx(ctx, tx, letter{to}, nil)
			return errors.Join(err, result)
		})
		if !errors.Is(err, result) {
			t.Fatal(err)
		}
	}
	events := start(t, app, jobs.Options{Workers: work})
	if e := next(t, events, nil); e.Kind != river.EventKindJobCompleted {
		t.Fatalf("%+v", e.Job.Errors)
	}
	if to := <-got; to != "somebody" {
		t.Errorf("the letter went to %s", to)
	}
	if n := count(t, app, `SELECT count(*) FROM river.river_job`); n != 1 {
		t.Errorf("%d jobs, want 1: the other act was undone", n)
	}
}
