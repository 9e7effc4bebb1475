package approval_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// race runs the acts at once, and returns what each was refused with: empty for what went through.
func race(acts ...func() error) []fault.Code {
	codes := make([]fault.Code, len(acts))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, do := range acts {
		wg.Go(func() {
			<-start
			if err := do(); err != nil {
				codes[i] = fault.Internal
				if f := fault.From(err); f != nil {
					codes[i] = f.Code
				}
			}
		})
	}
	close(start)
	wg.Wait()
	return codes
}

func count(codes []fault.Code, code fault.Code) (n int) {
	for _, c := range codes {
		if c == code {
			n++
		}
	}
	return n
}

func giving(ctx context.Context, id uuid.UUID) error {
	password := stewardtest.Password
	_, err := approval.Give.Do(ctx, approval.GiveApprovalInput{ApprovalID: id, Signature: &signature.Input{Credential: &password}})
	return err
}

func declining(ctx context.Context, id uuid.UUID) error {
	_, err := approval.Decline.Do(ctx, approval.DeclineApprovalInput{ApprovalID: id, Note: "不必"})
	return err
}

func withdrawing(ctx context.Context, id uuid.UUID) error {
	_, err := approval.Withdraw.Do(ctx, approval.WithdrawApprovalInput{ApprovalID: id, Reason: "不需要了"})
	return err
}

func using(ctx context.Context, id uuid.UUID) error {
	_, err := use.Do(ctx, useInput{plain, id})
	return err
}

func TestRaced(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	asker := custodian(app)
	sup := as(app, app.As(policy.Supervisor), policy.Supervisor, app.A)
	pm := as(app, app.As(policy.ProjectManager), policy.ProjectManager, app.A)
	for range 8 {
		id := asked(t, app, plain)
		if codes := race(func() error { return giving(sup, id) }, func() error { return declining(pm, id) }, func() error { return giving(pm, id) }); count(codes, "") != 1 || count(codes, fault.Conflict) != 2 {
			t.Fatalf("three decided at once: %q", codes)
		}
		// Given, then withdrawn, both go through; withdrawn first, it is not given.
		id = asked(t, app, plain)
		codes := race(func() error { return giving(sup, id) }, func() error { return withdrawing(asker, id) })
		if codes[1] != "" || codes[0] != "" && codes[0] != fault.Conflict || state(t, app, id) != "WITHDRAWN" {
			t.Fatalf("given against withdrawn: %q, and it is %s", codes, state(t, app, id))
		}
		id = asked(t, app, plain)
		if err := giving(sup, id); err != nil {
			t.Fatal(err)
		}
		if codes := race(func() error { return using(asker, id) }, func() error { return using(asker, id) }, func() error { return using(asker, id) }); count(codes, "") != 1 || count(codes, fault.RuleBroken) != 2 {
			t.Fatalf("used three times at once: %q", codes)
		}
		id = asked(t, app, plain)
		if err := giving(sup, id); err != nil {
			t.Fatal(err)
		}
		codes = race(func() error { return using(asker, id) }, func() error { return withdrawing(pm, id) })
		if count(codes, "") != 1 || codes[0] == "" && codes[1] != fault.Conflict || codes[1] == "" && codes[0] != fault.RuleBroken {
			t.Fatalf("used against withdrawn: %q", codes)
		}
	}
}

// One job's run on two servers expires each once, and tells who asked once.
func TestExpiredByTwoServers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	var list []uuid.UUID
	for range 5 {
		list = append(list, asked(t, app, plain))
	}
	app.Clock.Advance(lapses)
	var mu sync.Mutex
	n := 0
	run := func() error {
		done, err := approval.Expire(app.Context(), app.Runtime)
		mu.Lock()
		defer mu.Unlock()
		n += done
		return err
	}
	if codes := race(run, run, run); count(codes, "") != 3 || n != len(list) {
		t.Errorf("%d expired of %d: %q", n, len(list), codes)
	}
	for _, id := range list {
		if n := len(inbox(t, app, app.As(policy.KeyCustodian), id)); n != 1 {
			t.Errorf("who asked was told %d times", n)
		}
	}
}

// question as the model knows it.
type modelled struct {
	id      uuid.UUID
	state   string
	expires time.Time
}

// Any sequence of acts, with a moving clock, leaves each question as a model of a few lines says.
func TestSequences(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	asker := custodian(app)
	sup := as(app, app.As(policy.Supervisor), policy.Supervisor, app.A)
	rapid.Check(t, func(r *rapid.T) {
		var all []*modelled
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			now := app.Clock.Now()
			what := rapid.SampledFrom([]string{"ask", "give", "decline", "withdraw", "use", "use", "expire", "wait"}).Draw(r, "what")
			switch {
			case what == "wait":
				app.Clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(r, "hours")) * time.Hour)
				continue
			case what == "expire":
				if _, err := approval.Expire(app.Context(), app.Runtime); err != nil {
					r.Fatal(err)
				}
				for _, m := range all {
					if (m.state == "ASKED" || m.state == "GIVEN") && !now.Before(m.expires) {
						m.state = "EXPIRED"
					}
				}
				continue
			case what == "ask" || len(all) == 0:
				all = append(all, &modelled{asked(t, app, plain), "ASKED", now.Add(lapses)})
				continue
			}
			m := rapid.SampledFrom(all).Draw(r, "question")
			alive := now.Before(m.expires)
			var err error
			next := ""
			switch what {
			case "give":
				err = giving(sup, m.id)
				next = to("GIVEN", alive && m.state == "ASKED")
			case "decline":
				err = declining(sup, m.id)
				next = to("DECLINED", alive && m.state == "ASKED")
			case "withdraw":
				err = withdrawing(asker, m.id)
				next = to("WITHDRAWN", alive && (m.state == "ASKED" || m.state == "GIVEN"))
			case "use":
				err = using(asker, m.id)
				next = to("USED", alive && m.state == "GIVEN")
			}
			if (err == nil) != (next != "") || err != nil && fault.From(err) == nil {
				r.Fatalf("%s of what is %s, alive %v: %v", what, m.state, alive, err)
			}
			if next != "" {
				m.state = next
			}
		}
		for _, m := range all {
			if got := state(t, app, m.id); got != m.state {
				r.Fatalf("it is %s, the model says %s", got, m.state)
			}
			open := text(t, app, `SELECT count(*)::text FROM obligations WHERE subject_id = $1 AND met_at IS NULL AND state <> 'CANCELLED'`, m.id)
			if (open == "1") != (m.state == "ASKED") {
				r.Fatalf("what is %s has %s obligations open", m.state, open)
			}
		}
	})
}

func to(state string, possible bool) string {
	if possible {
		return state
	}
	return ""
}
