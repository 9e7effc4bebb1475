package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	failedJobs = `{ failedJobs { edges { node { number kind givenUp attempts maxAttempts error failedAt nextAt } } pageInfo { hasNextPage } } }`
	retryJob   = `mutation($n: Int!) { retryJob(input: {number: $n}) { number } }`
)

// What failed is shown to who administers the portfolio, without what an error should not tell, and tried again when asked for.
func TestFailedJobsAreShownAndTriedAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	var heals atomic.Bool
	work := func(w *river.Workers) {
		river.AddWorker(w, river.WorkFunc(func(context.Context, *river.Job[letter]) error {
			if heals.Load() {
				return nil
			}
			return river.JobCancel(errors.New("mail to wang@example.com, phone 138 0000 0001, password=hunter2, by https://u:p@hooks.example.com/secret?key=1 with whsec_abcDEF-123 failed"))
		}))
	}
	command, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Workers: work})
	if err != nil {
		t.Fatal(err)
	}
	events := start(t, app, jobs.Options{Workers: work})
	if _, err := command.Insert(context.Background(), letter{"x"}, nil); err != nil {
		t.Fatal(err)
	}
	boss := app.As(policy.GeneralManager)
	for range 200 {
		if boss.Do(failedJobs, nil).Get("failedJobs.edges.#").Int() == 1 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	job := boss.Do(failedJobs, nil).Get("failedJobs.edges.0.node")
	said := job.Get("error").String()
	for _, secret := range []string{"wang", "138", "0001", "hunter2", "u:p", "key=1", "abcDEF", "/secret"} {
		if strings.Contains(said, secret) {
			t.Errorf("the error tells %s: %s", secret, said)
		}
	}
	if !strings.Contains(said, "https://hooks.example.com/") || job.Get("kind").String() != "letter" || !job.Get("givenUp").Bool() || job.Get("attempts").Int() != 1 {
		t.Errorf("it is shown as %s", job.Raw)
	}
	number := job.Get("number").Int()
	for _, p := range []*stewardtest.Person{app.As(policy.ProjectManager), app.As(policy.CSOfficer), app.Resident()} {
		p.Refused(failedJobs, nil, fault.Forbidden)
		p.Refused(retryJob, vars{"n": number}, fault.Forbidden)
	}
	auditor := app.As(policy.Auditor) // of the whole portfolio
	if n := auditor.Do(failedJobs, nil).Get("failedJobs.edges.#").Int(); n != 1 {
		t.Errorf("an auditor sees %d", n)
	}
	auditor.Refused(retryJob, vars{"n": number}, fault.Forbidden)
	app.Nobody().Refused(failedJobs, nil, fault.Unauthenticated)
	boss.Refused(retryJob, vars{"n": number + 1}, fault.NotFound)
	heals.Store(true)
	boss.Do(retryJob, vars{"n": number})
	for e := next(t, events, nil); e.Kind != river.EventKindJobCompleted; e = next(t, events, nil) {
		if e.Job.Attempt > 1 {
			t.Fatalf("%s: %+v", e.Kind, e.Job.Errors)
		}
	}
	boss.Refused(retryJob, vars{"n": number}, fault.NotFound)
	if n := boss.Do(failedJobs, nil).Get("failedJobs.edges.#").Int(); n != 0 {
		t.Errorf("%d failed jobs are left", n)
	}
	if n := count(t, app, `SELECT count(*) FROM audit.entries WHERE action = 'jobs.retry' AND kind = 'write'`); n != 1 {
		t.Errorf("%d entries on the trail", n)
	}
}

// What a killed server left is taken up again once its time is over: what is sent soon, what takes its time not while it may be under way.
func TestWhatAKilledServerLeftIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	got := make(chan string, 10)
	work := func(w *river.Workers) {
		river.AddWorker(w, river.WorkFunc(func(_ context.Context, job *river.Job[letter]) error { got <- job.Args.To; return nil }))
		river.AddWorker(w, jobs.Long(func(context.Context, *river.Job[parcel]) error { got <- "parcel"; return nil }))
	}
	command, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Workers: work})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range []river.JobArgs{letter{"somebody"}, parcel{}} {
		if _, err := command.Insert(context.Background(), args, nil); err != nil {
			t.Fatal(err)
		}
	}
	app.Super(`UPDATE river.river_job SET state = 'running', attempt = 1, attempted_by = '{gone}', attempted_at = now() - interval '2 minutes'`)
	start(t, app, jobs.Options{Workers: work})
	select {
	case to := <-got:
		if to != "somebody" {
			t.Errorf("%s is taken for left", to)
		}
	case <-time.After(time.Minute):
		t.Error("what was left is not taken up")
	}
	if n := count(t, app, `SELECT count(*) FROM river.river_job WHERE kind = 'parcel' AND state = 'running'`); n != 1 {
		t.Error("what may be under way is taken for left")
	}
}

// parcel is a job that takes its time.
type parcel struct{}

func (parcel) Kind() string { return "parcel" }

type vars = stewardtest.Vars

// Sessions that are long over are destroyed; that they were is still on the audit trail, with who and when.
func TestSessionsThatAreOverAreDestroyed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.CSOfficer)
	p.Do(`mutation { signOut { sessionID } }`, nil)
	app.Clock.Advance(20 * 24 * time.Hour)
	if _, err := jobs.Prune(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if n := len(app.IDs(`SELECT id FROM identity.sessions`)); n == 0 {
		t.Error("a session that is over for less than 30 days is gone")
	}
	app.Clock.Advance(20 * 24 * time.Hour)
	if n, err := jobs.Prune(app.Context(), app.Runtime); err != nil || n == 0 {
		t.Fatalf("%d destroyed: %v", n, err)
	}
	if n := len(app.IDs(`SELECT id FROM identity.sessions`)); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	if n := count(t, app, `SELECT count(*) FROM audit.entries WHERE action = 'identity.signOut' AND actor_id = $1`, p.Account); n != 1 {
		t.Errorf("%d entries tell that it ended", n)
	}
}
