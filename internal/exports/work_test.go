package exports_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// broken knows nobody.
type broken struct{}

func (broken) Standing(ctx context.Context, _ uuid.UUID) (context.Context, error) {
	return ctx, errors.New("it is broken")
}

// Killed between the content and the row, and taken up again: one file, and nothing of the first attempt.
func TestA4_3_AnExportKilledHalfWayIsWrittenOnce(t *testing.T) {
	t.Parallel()
	s := watch(t)
	app := stewardtest.New(t, stewardtest.Options{Files: s})
	officer := app.As(policy.CSOfficer)
	x := ask(officer, app, "units", "CSV", nil)
	s.cut.Store(true)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it was not killed")
			}
		}()
		_ = app.Exports.Work(app.Context(), id(t, x), 1, false)
	}()
	if s := again(officer, x); s.Get("state").String() != "RUNNING" || s.Get("path").Type != gjson.Null {
		t.Errorf("half way it is %s", s.Raw)
	}
	if status, _ := download(t, officer, "/files/"+x.Get("id").String()); status != http.StatusConflict || s.count() != 1 {
		t.Errorf("half way it answers %d, %d contents are there", status, s.count())
	}
	app.Clock.Advance(6 * time.Minute) // so that what is written is another
	work(t, app, x)
	work(t, app, x) // a job may run twice
	x = again(officer, x)
	if status, _ := download(t, officer, x.Get("path").String()); status != http.StatusOK || s.count() != 1 {
		t.Errorf("it answers %d, %d contents are there", status, s.count())
	}
	if n := len(app.IDs(`SELECT id FROM register_exports WHERE account_id = $1`, officer.Account)); n != 1 {
		t.Errorf("%d rows", n)
	}
	if n := len(app.IDs(`SELECT subject_id FROM identity.inbox WHERE kind = 'exports.done'`)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestA4_3_TwoWorkersWriteOneFile(t *testing.T) {
	t.Parallel()
	s := watch(t)
	app := stewardtest.New(t, stewardtest.Options{Files: s})
	officer := app.As(policy.CSOfficer)
	x := ask(officer, app, "households", "XLSX", nil)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			app.Clock.Advance(time.Second)
			if err := app.Exports.Work(app.Context(), id(t, x), int64(i), false); err != nil && !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	x = again(officer, x)
	if status, body := download(t, officer, x.Get("path").String()); status != http.StatusOK || int64(len(body)) != x.Get("size").Int() || s.count() != 1 {
		t.Errorf("%d, %d bytes of %s; %d contents are there", status, len(body), x.Raw, s.count())
	}
	if n := len(app.IDs(`SELECT subject_id FROM identity.inbox WHERE kind = 'exports.done'`)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// The rights are those of the moment in which it is written: without the grant, or with the account disabled, nothing is.
func TestA4_3_RightsAreAskedWhenItIsWritten(t *testing.T) {
	t.Parallel()
	s := watch(t)
	app := stewardtest.New(t, stewardtest.Options{Files: s})
	manager := app.As(policy.ProjectManager)
	for what, spoil := range map[string]func(*stewardtest.Person){
		"without the grant": func(p *stewardtest.Person) {
			app.Super(`UPDATE identity.grants SET revoked_at = now() WHERE account_id = $1 AND role = 'cs-officer'`, p.Account)
		},
		"with the grant of another role": func(p *stewardtest.Person) {
			app.Super(`UPDATE identity.grants SET role = 'engineering' WHERE account_id = $1`, p.Account)
		},
		"with the account disabled": func(p *stewardtest.Person) {
			app.Super(`UPDATE identity.accounts SET disabled_at = now() WHERE id = $1`, p.Account)
		},
	} {
		p := app.Member(uuid.NewString()[:8]+"@a.example", app.GrantIn(policy.CSOfficer, app.A))
		x := ask(p, app, "households", "CSV", nil)
		spoil(p)
		work(t, app, x)
		x = again(manager, x)
		if x.Get("state").String() != "REFUSED" || x.Get("reason").String() == "" || x.Get("reasonEn").String() == "" || x.Get("rows").Int() != 0 || x.Get("size").Int() != 0 {
			t.Errorf("%s it is %s", what, x.Raw)
		}
		if n := len(app.IDs(`SELECT subject_id FROM identity.inbox WHERE account_id = $1 AND kind = 'exports.refused'`, p.Account)); n != 1 {
			t.Errorf("%s: %d messages", what, n)
		}
		work(t, app, x)
		if s := again(manager, x).Get("state").String(); s != "REFUSED" {
			t.Errorf("%s, tried again, it is %s", what, s)
		}
	}
	if s.count() != 0 {
		t.Errorf("%d contents are there", s.count())
	}
}

// Who is asked about is another than who works: what somebody may not see is not in the export that the program writes.
func TestA6_TheProgramWritesByTheRightsOfWhoAsked(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	x := ask(supervisor, app, "defects", "CSV", nil)
	work(t, app, x)
	_, streamed := get(t, supervisor, "defects.csv?estate=A&lang=zh")
	if _, body := download(t, supervisor, "/files/"+x.Get("id").String()); string(body) != string(streamed) {
		t.Errorf("it is\n%s, not\n%s", body, streamed)
	}
}

// What fails each time is shown, says what to do, and is written when it is tried again.
func TestA4_3_AnExportThatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, boss := app.As(policy.CSOfficer), app.As(policy.GeneralManager)
	x := ask(officer, app, "units", "CSV", nil)
	if err := exports.NewWriter(nil, broken{}).Work(app.Context(), id(t, x), 1, false); err == nil {
		t.Error("it did not fail")
	}
	if s := again(officer, x).Get("state").String(); s != "WAITING" {
		t.Errorf("between attempts it is %s", s)
	}
	app.Super(`UPDATE river.river_job SET max_attempts = 1 WHERE kind = 'exports.write'`)
	var heals atomic.Bool
	client, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Run: true, Workers: func(w *river.Workers) {
		river.AddWorker(w, &either{heals: &heals, good: worker(app.Exports), bad: worker(exports.NewWriter(nil, broken{}))})
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Stop(context.Background()) }()
	wait := func(state string) gjson.Result {
		t.Helper()
		for range 200 {
			if now := again(officer, x); now.Get("state").String() == state {
				return now
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("it is %s", again(officer, x).Raw)
		return gjson.Result{}
	}
	failed := wait("FAILED")
	if failed.Get("reason").String() == "" || failed.Get("reasonEn").String() == "" {
		t.Errorf("it does not say what to do: %s", failed.Raw)
	}
	var job gjson.Result
	for range 100 {
		if job = boss.Do(`{ failedJobs { edges { node { number kind givenUp } } } }`, nil).Get("failedJobs.edges.0.node"); job.Exists() {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if job.Get("kind").String() != "exports.write" || !job.Get("givenUp").Bool() || job.Get("number").Int() != failed.Get("jobNumber").Int() {
		t.Errorf("%s is shown of %s", job.Raw, failed.Raw)
	}
	heals.Store(true)
	boss.Do(`mutation($n: Int!) { retryJob(input: {number: $n}) { number } }`, vars{"n": job.Get("number").Int()})
	if done := wait("DONE"); done.Get("reason").String() != "" {
		t.Errorf("done it is %s", done.Raw)
	}
}

// either works as it should once it is healed.
type either struct {
	river.WorkerDefaults[args]
	heals     *atomic.Bool
	good, bad func(context.Context, *river.Job[args]) error
}

type args struct {
	Export uuid.UUID `json:"export"`
}

// Kind implements river.JobArgs.
func (args) Kind() string { return "exports.write" }

// Work implements river.Worker.
func (e *either) Work(ctx context.Context, job *river.Job[args]) error {
	if e.heals.Load() {
		return e.good(ctx, job)
	}
	return e.bad(ctx, job)
}

func worker(w *exports.Writer) func(context.Context, *river.Job[args]) error {
	return func(ctx context.Context, job *river.Job[args]) error {
		return w.Work(ctx, job.Args.Export, job.ID, job.Attempt >= job.MaxAttempts)
	}
}

// As the server does it: what was asked for is written by the queue.
func TestA4_3_TheQueueWritesWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	x := ask(officer, app, "keys-loans", "HTML", vars{"from": "2026-02-01", "to": "2026-03-31"})
	client, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Run: true, Workers: app.Workers})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Stop(context.Background()) }()
	for range 200 {
		if x = again(officer, x); x.Get("state").String() == "DONE" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if x.Get("state").String() != "DONE" || x.Get("jobNumber").Int() == 0 || x.Get("fromOn").String() != "2026-02-01" || x.Get("untilOn").String() != "2026-03-31" {
		t.Errorf("it is %s", x.Raw)
	}
}

// What an account may do is told to the program alone, which acts for it.
func TestA4_3_OnlyTheProgramActsForAnother(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, boss := app.As(policy.CSOfficer), app.As(policy.GeneralManager)
	const asks = `SELECT name FROM identity.standing_of($1, '2026-03-02')`
	tx, err := app.DB.Pool.Begin(app.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(app.Context(), `SELECT set_config('app.estate_ids', '*', true), set_config('app.account_id', $1, true)`, boss.Account.String()); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := tx.QueryRow(app.Context(), asks, officer.Account).Scan(&name); err == nil {
		t.Errorf("a manager is told of %s", name)
	}
	if err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, asks, officer.Account).Scan(&name) }); err != nil || name == "" {
		t.Errorf("the program is told %q: %v", name, err)
	}
}
