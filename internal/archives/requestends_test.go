package archives_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const retract = `mutation($in: WithdrawApprovalInput!) { withdrawApproval(input: $in) { approval { state } } }`

// The request whose time is over expires, whether documents were named for it or not, at the same time and in the same words (A5).
func TestA5_RequestsExpireAlike(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, something, nothing := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.Accountant)
	there := requested(something, question(app))
	requested(nothing, question(app))
	archivist.Do(nameForIt, naming(there, handed(archivist, paper(app))))
	look := func(p *stewardtest.Person) string {
		p.SignIn()
		r := mine(t, p)
		return r.Get("state").String() + r.Get("answer").String() + r.Get("answeredAt").String() +
			p.Do(`{ inbox { edges { node { title kind } } } }`, nil).Get("inbox.edges.#.node.kind").Raw
	}
	app.Clock.Advance(8 * 24 * time.Hour)
	if _, err := approval.Expire(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if a, b := look(something), look(nothing); a != b {
		t.Errorf("before: %s, %s", a, b)
	}
	if n, err := archives.RequestsExpire(app.Context(), app.Runtime); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	if a, b := look(something), look(nothing); a != b || mine(t, nothing).Get("state").String() != "EXPIRED" {
		t.Errorf("after: %s, %s", a, b)
	}
	if n, err := archives.RequestsExpire(app.Context(), app.Runtime); err != nil || n != 0 {
		t.Error(n, err)
	}
}

// What another withdraws is declined to who asked, as what there is nothing of (A5).
func TestA5_WhatAnotherWithdrawsIsDeclined(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	r := requested(asker, question(app))
	archivist.Do(nameForIt, naming(r, handed(archivist, paper(app))))
	archivist.Do(retract, because("approvalID", approvalFor(pm, r)))
	if got := mine(t, asker); got.Get("state").String() != "DECLINED" {
		t.Errorf("who asked sees %s", got.Raw)
	}
	other := app.As(policy.Accountant)
	requested(other, question(app))
	pm.Do(takeBack, because("requestID", mine(t, other).Get("id").String()))
	if got := mine(t, other); got.Get("state").String() != "DECLINED" {
		t.Errorf("withdrawn by the project manager, who asked sees %s", got.Raw)
	}
}

// Another's request is answered as one that is not there (A5).
func TestA5_AnothersRequestIsNotThere(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	r, stranger := requested(app.As(policy.Accountant), question(app)), app.As(policy.Receptionist)
	none := r[:8] + "00000000-0000"[8:] + r[13:]
	can := `query($c: [CanInput!]!) { can(checks: $c) { allowed code message } }`
	ask := func(id string) string {
		return stranger.Refused(takeBack, because("requestID", id), fault.NotFound).Field +
			stranger.Do(can, vars{"c": []vars{{"action": "archives.withdrawRequest", "id": id}}}).Get("can.0").Raw
	}
	if a, b := ask(r), ask(none); a != b {
		t.Errorf("another's: %s; none: %s", a, b)
	}
}
