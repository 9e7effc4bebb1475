package approval_test

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestAQuestionIsPutToWhoMayDecide(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, gm, sup, security := app.As(policy.ProjectManager), app.As(policy.GeneralManager), app.As(policy.Supervisor), app.As(policy.Security)
	id, high := asked(t, app, plain), asked(t, app, top)

	node := seen(app, id)
	if c, err := contentOf(node); err != nil || c != (copies{app.A.Sets[0], 2}) {
		t.Errorf("the decider sees %s (%v)", node.Get("content").Raw, err)
	}
	if node.Get("state").String() != "ASKED" || node.Get("clause").String() != "K2.3" || node.Get("reason").String() != "丢失补配" ||
		node.Get("askedByID").String() != app.As(policy.KeyCustodian).Account.String() || !node.Get("expiresAt").Time().Equal(stewardtest.Start.Add(lapses)) {
		t.Errorf("asked: %s", node.Raw)
	}
	for _, c := range []struct {
		who         *stewardtest.Person
		plain, high int
	}{{sup, 1, 0}, {pm, 1, 0}, {gm, 0, 1}, {security, 0, 0}, {app.As(policy.KeyCustodian), 0, 0}, {app.Foreign(policy.ProjectManager), 0, 0}} {
		if a, b := len(inbox(t, app, c.who, id)), len(inbox(t, app, c.who, high)); a != c.plain || b != c.high {
			t.Errorf("%s was told %d and %d times, want %d and %d", c.who.Email, a, b, c.plain, c.high)
		}
	}
	// It is due by the end of Tuesday, and reminded of to who may decide: not to the project manager, who may not.
	app.Clock.Advance(40 * time.Hour)
	if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if a, b := len(inbox(t, app, pm, id)), len(inbox(t, app, pm, high)); a != 2 || b != 0 {
		t.Errorf("the project manager was reminded: %d, %d", a-1, b)
	}
	if n := len(inbox(t, app, gm, high)); n != 2 {
		t.Errorf("the general manager has %d messages", n)
	}
}

func TestGivenSignedAndUsedOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id, sup := asked(t, app, plain), app.As(policy.Supervisor)
	if r := sup.Refused(give, signed(id, "wrong"), fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("a wrong password is refused at %q", r.Field)
	}
	if n := len(app.IDs(`SELECT subject_id FROM audit.entries WHERE action = 'approval.give' AND outcome = 'refused' AND subject_id = $1`, sup.Account)); n != 1 {
		t.Errorf("%d entries of the trail tell of the wrong password", n)
	}
	if r := sup.Refused(give, vars{"in": vars{"approvalID": id, "signature": vars{}}}, fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("no password is refused at %q", r.Field)
	}
	if _, err := use.Do(custodian(app), useInput{plain, id}); !fault.Is(err, fault.RuleBroken) || fault.From(err).Clause != "K2.3" || fault.From(err).Field != "approvalID" {
		t.Errorf("what is not given is used: %v", err)
	}
	a := sup.Do(give, yes(id)).Get("giveApproval.approval")
	if a.Get("state").String() != "GIVEN" || a.Get("decidedByID").String() != sup.Account.String() || a.Get("decisionNote").String() != "同意" {
		t.Errorf("given: %s", a.Raw)
	}
	if hash := text(t, app, `SELECT content_hash FROM signatures WHERE subject_id = $1 AND kind = 'approval' AND capacity = 'approver' AND method = 'CREDENTIAL'`, id); hash != seen(app, id).Get("contentHash").String() {
		t.Errorf("signed was %s", hash)
	}
	if due(t, app, id) != "MET" || !toldChapter(app, id, "GIVEN") {
		t.Errorf("the obligation is %s, the chapter was told: %v", due(t, app, id), toldChapter(app, id, "GIVEN"))
	}
	if m := inbox(t, app, app.As(policy.KeyCustodian), id); len(m) != 1 || !strings.Contains(m[0].TitleEN, "Given: Copy 2 keys") || !strings.Contains(m[0].BodyZH, "同意") {
		t.Errorf("who asked was told %v", m)
	}
	sup.Refused(give, yes(id), fault.Conflict, "K2.3")
	sup.Refused(decline, no(id), fault.Conflict, "K2.3")
	if _, err := use.Do(custodian(app), useInput{top, id}); !fault.Is(err, fault.RuleBroken) {
		t.Errorf("used for another kind of thing: %v", err)
	}
	if a, err := use.Do(custodian(app), useInput{plain, id}); err != nil || a.State != "USED" || a.UsedAt == nil {
		t.Errorf("used: %v, %v", a, err)
	}
	if _, err := use.Do(custodian(app), useInput{plain, id}); !fault.Is(err, fault.RuleBroken) {
		t.Errorf("used twice: %v", err)
	}
	app.As(policy.KeyCustodian).Refused(withdraw, back(id), fault.Conflict, "K2.3")
}

func TestDeclined(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := asked(t, app, plain)
	pm := app.As(policy.ProjectManager)
	if r := pm.Refused(decline, vars{"in": vars{"approvalID": id, "note": " "}}, fault.InvalidInput); r.Field != "note" {
		t.Errorf("refused at %q", r.Field)
	}
	if a := pm.Do(decline, no(id)).Get("declineApproval.approval"); a.Get("state").String() != "DECLINED" || a.Get("decisionNote").String() != "不必" {
		t.Errorf("declined: %s", a.Raw)
	}
	if due(t, app, id) != "MET" || !toldChapter(app, id, "DECLINED") {
		t.Error("the obligation stands, or the chapter does not know")
	}
	pm.Refused(give, yes(id), fault.Conflict)
	if _, err := use.Do(custodian(app), useInput{plain, id}); !fault.Is(err, fault.RuleBroken) {
		t.Errorf("used: %v", err)
	}
}

func TestWithdrawnByWhoAskedOrAManager(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	waits, given, other := asked(t, app, plain), asked(t, app, plain), asked(t, app, plain)
	asker, sup, pm := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.As(policy.ProjectManager)
	sup.Do(give, yes(given))
	sup.Refused(withdraw, back(waits), fault.Forbidden, "K2.3")
	app.As(policy.CSOfficer).Refused(withdraw, back(waits), fault.Forbidden, "K2.3")
	if r := asker.Refused(withdraw, vars{"in": vars{"approvalID": waits, "reason": ""}}, fault.InvalidInput); r.Field != "reason" {
		t.Errorf("refused at %q", r.Field)
	}
	asker.Do(withdraw, back(waits))
	pm.Do(withdraw, back(given))
	app.As(policy.GeneralManager).Do(withdraw, back(other))
	if due(t, app, waits) != "CANCELLED" || due(t, app, given) != "MET" || !toldChapter(app, given, "WITHDRAWN") {
		t.Error("what is due, or what the chapter knows, is wrong")
	}
	if n := len(inbox(t, app, asker, waits)) + len(inbox(t, app, asker, other)); n != 1 {
		t.Errorf("who asked was told %d times of a manager's withdrawal", n)
	}
	asker.Refused(withdraw, back(waits), fault.Conflict)
	sup.Refused(give, yes(waits), fault.Conflict, "K2.3")
	if _, err := use.Do(custodian(app), useInput{plain, given}); !fault.Is(err, fault.RuleBroken) {
		t.Errorf("what was withdrawn is used: %v", err)
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	q := question(app.A)
	soon := stewardtest.Start.Add(time.Hour)
	q.Until = &soon
	early := askedBy(custodian(app), t, plain, q)
	waits, given := asked(t, app, plain), asked(t, app, plain)
	app.As(policy.Supervisor).Do(give, yes(given))
	past := stewardtest.Start.Add(-time.Hour)
	q.Until = &past
	if _, err := ask.Do(custodian(app), askInput{plain, q}); !fault.Is(err, fault.Conflict) {
		t.Errorf("asked for the past: %v", err)
	}

	if _, err := ask.Do(app.Context(), askInput{plain, question(app.A)}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the program asks: %v", err)
	}

	app.Clock.Advance(time.Hour)
	awake(app.As(policy.Supervisor)).Refused(give, yes(early), fault.RuleBroken, "K2.3") // although no job has run yet
	expire(t, app, 1)
	app.As(policy.Supervisor).Refused(give, yes(early), fault.RuleBroken, "K2.3")
	app.Clock.Advance(lapses)
	if _, err := use.Do(custodian(app), useInput{plain, given}); !fault.Is(err, fault.RuleBroken) || !strings.Contains(fault.From(err).EN, "again") {
		t.Errorf("used too late: %v", err)
	}
	awake(app.As(policy.KeyCustodian)).Refused(withdraw, back(waits), fault.RuleBroken, "K2.3")
	expire(t, app, 2)
	expire(t, app, 0)
	if state(t, app, waits) != "EXPIRED" || state(t, app, given) != "EXPIRED" || due(t, app, waits) != "CANCELLED" || !toldChapter(app, given, "EXPIRED") {
		t.Error("it is not expired, still due, or the chapter does not know")
	}
	if m := inbox(t, app, app.As(policy.KeyCustodian), waits); len(m) != 1 || !strings.HasPrefix(m[0].TitleEN, "Expired: ") {
		t.Errorf("who asked was told %v", m)
	}
}

func expire(t *testing.T, app *stewardtest.App, want int) {
	t.Helper()
	if n, err := approval.Expire(app.Context(), app.Runtime); err != nil || n != want {
		t.Errorf("%d expired, want %d: %v", n, want, err)
	}
}

func TestDeclareOnceAndInFull(t *testing.T) {
	t.Parallel()
	for _, k := range []approval.Kind{*plain, {Clause: "K", Lapses: 1}, {Name: "test.new", Lapses: 1}, {Name: "test.new", Clause: "K"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is declared", k)
				}
			}()
			approval.Declare(k)
		}()
	}
}
