package keys_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	requestFields = `id until borrowerName purpose loan { id } lines { label count set { id } } approval { id kind clause state expiresAt reason }`
	askKeyLoan    = `mutation($in: AskKeyLoanInput!) { askKeyLoan(input: $in) { request { ` + requestFields + ` } } }`
	giveApproval  = `mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { approval { id state } } }`
	declineIt     = `mutation($in: DeclineApprovalInput!) { declineApproval(input: $in) { approval { id state } } }`
	withdrawIt    = `mutation($in: WithdrawApprovalInput!) { withdrawApproval(input: $in) { approval { id state } } }`
)

// askedLoan asks for keys of a set for the member of staff, until a day.
func askedLoan(app *stewardtest.App, set uuid.UUID, count int, until string) vars {
	return vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "电梯大修", "reason": "大修三天", "until": until,
		"lines": []vars{{"setID": set, "count": count}}}}
}

func given(approval string) vars {
	return vars{"in": vars{"approvalID": approval, "note": "同意", "signature": credential(stewardtest.Password)}}
}

// approved asks for a loan of a set until 5 March, which the general manager approves.
func approved(app *stewardtest.App, set uuid.UUID, count int) (approval string) {
	approval = app.As(policy.CSOfficer).Do(askKeyLoan, askedLoan(app, set, count, "2026-03-05")).Get("askKeyLoan.request.approval.id").String()
	app.As(policy.GeneralManager).Do(giveApproval, given(approval))
	return approval
}

// longLoanOf lends keys by an approval.
func longLoanOf(app *stewardtest.App, set uuid.UUID, count int, approval string) vars {
	return with(with(loanOf(vars{"staffID": app.A.Staff}, set, count), "approvalID", approval), "purpose", "电梯大修")
}

func endOf(day int) time.Time {
	return time.Date(2026, 3, day+1, 0, 0, 0, 0, stewardtest.Start.Location())
}

func stateOf(app *stewardtest.App, approval string) string {
	p := app.As(policy.ProjectManager)
	p.SignIn()
	return p.Do(`query($id: ID!) { approvals(where: {id: $id}) { edges { node { state } } } }`, vars{"id": approval}).Get("approvals.edges.0.node.state").String()
}

func loanDue(app *stewardtest.App, loan string) gjson.Result {
	p := app.As(policy.ProjectManager)
	p.SignIn()
	return p.Do(`query($s: ID!) { obligations(where: {subjectID: $s}) { edges { node { kind clause state dueAt metAt reminders } } } }`, vars{"s": loan})
}

func TestK2_2_MoreThanADayNeedsTheGeneralManager(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager, set := app.As(policy.CSOfficer), app.As(policy.GeneralManager), app.A.Sets[0]
	staff := vars{"staffID": app.A.Staff}
	tomorrow := with(loanOf(staff, set, 2), "until", "2026-03-03")
	if r := officer.Refused(lendKeys, tomorrow, fault.RuleBroken, "K2.2"); r.Field != "approvalID" {
		t.Errorf("a loan of two days is refused at %q", r.Field)
	}
	if r := officer.Refused(lendKeys, with(tomorrow, "until", "2026-03-01"), fault.InvalidInput, "K2.2"); r.Field != "until" {
		t.Errorf("a loan until yesterday is refused at %q", r.Field)
	}
	today := with(loanOf(staff, app.A.Sets[2], 1), "until", "2026-03-02")
	if l := officer.Do(lendKeys, today).Get("lendKeys.loan"); !l.Get("dueAt").Time().Equal(endOf(2)) {
		t.Errorf("a loan until today is due at %s", l.Get("dueAt"))
	}

	request := officer.Do(askKeyLoan, askedLoan(app, set, 2, "2026-03-05")).Get("askKeyLoan.request")
	approval := request.Get("approval.id").String()
	if a := request.Get("approval"); !request.Get("until").Time().Equal(endOf(5)) || request.Get("lines.0.count").Int() != 2 || request.Get("loan").Type != gjson.Null ||
		a.Get("kind").String() != "keys.longLoan" || a.Get("clause").String() != "K2.2" || a.Get("state").String() != "ASKED" || a.Get("reason").String() != "大修三天" ||
		!a.Get("expiresAt").Time().Equal(endOf(5)) {
		t.Errorf("the request: %s", request.Raw)
	}
	lend := longLoanOf(app, set, 2, approval)
	if r := officer.Refused(lendKeys, lend, fault.RuleBroken, "K2.2"); r.Field != "approvalID" {
		t.Errorf("a loan that is not approved yet is refused at %q", r.Field)
	}
	app.As(policy.ProjectManager).Refused(giveApproval, given(approval), fault.Forbidden, "K2.2")
	app.As(policy.Supervisor).Refused(giveApproval, given(approval), fault.Forbidden, "K2.2")
	manager.Refused(giveApproval, with(given(approval), "signature", credential("wrong")), fault.InvalidInput)
	manager.Do(giveApproval, given(approval))

	t.Run("to nobody else, nothing else, no more, no longer", func(t *testing.T) {
		for name, c := range map[string]struct {
			in    vars
			code  fault.Code
			field string
		}{
			"to somebody else": {with(lend, "borrower", vars{"externalPersonID": app.A.External}), fault.RuleBroken, "borrower"},
			"another set":      {with(lend, "lines", []vars{{"setID": app.A.Sets[1], "count": 1}}), fault.RuleBroken, "lines.0.setID"},
			"a further set":    {with(lend, "lines", []vars{{"setID": set, "count": 2}, {"setID": app.A.Sets[1], "count": 1}}), fault.RuleBroken, "lines.1.setID"},
			"more keys":        {with(lend, "lines", []vars{{"setID": set, "count": 3}}), fault.RuleBroken, "lines.0.count"},
			"a day longer":     {with(lend, "until", "2026-03-06"), fault.RuleBroken, "until"},
			"until yesterday":  {with(lend, "until", "2026-03-01"), fault.InvalidInput, "until"},
		} {
			if r := officer.In(t).Refused(lendKeys, c.in, c.code, "K2.2"); r.Field != c.field {
				t.Errorf("%s: refused at %q, want %q", name, r.Field, c.field)
			}
		}
		app.Foreign(policy.CSOfficer).In(t).Refused(lendKeys, lend, fault.NotFound)
		if s := stateOf(app, approval); s != "GIVEN" {
			t.Errorf("refusals left the approval %s", s)
		}
	})
	loan := officer.Do(lendKeys, lend).Get("lendKeys.loan")
	if !loan.Get("dueAt").Time().Equal(endOf(5)) {
		t.Errorf("due at %s, want the end of 5 March", loan.Get("dueAt"))
	}
	if o := loanDue(app, loan.Get("id").String()).Get("obligations.edges.0.node"); !o.Get("dueAt").Time().Equal(endOf(5)) || o.Get("kind").String() != "keys.return" {
		t.Errorf("the obligation: %s", o.Raw)
	}
	if s := stateOf(app, approval); s != "USED" {
		t.Errorf("the approval is %s", s)
	}
	if r := officer.Refused(lendKeys, longLoanOf(app, set, 1, approval), fault.RuleBroken, "K2.2"); r.Field != "approvalID" {
		t.Errorf("an approval that was used is refused at %q", r.Field)
	}
	if l := officer.Do(lendKeys, with(longLoanOf(app, app.A.Sets[1], 1, approved(app, app.A.Sets[1], 2)), "until", "2026-03-04")).Get("lendKeys.loan"); !l.Get("dueAt").Time().Equal(endOf(4)) {
		t.Errorf("less than approved is due at %s", l.Get("dueAt"))
	}
}

func TestK2_2_AskingIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ok := askedLoan(app, app.A.Sets[0], 1, "2026-03-05")
	for _, role := range []policy.Role{policy.Archivist, policy.Engineering, policy.Security, policy.Supervisor, policy.Auditor} {
		app.As(role).Refused(askKeyLoan, ok, fault.Forbidden)
	}
	app.Resident().Refused(askKeyLoan, ok, fault.Forbidden)
	app.Nobody().Refused(askKeyLoan, ok, fault.Unauthenticated)
	app.Foreign(policy.CSOfficer).Refused(askKeyLoan, ok, fault.NotFound)
	officer := app.As(policy.CSOfficer)
	for name, c := range map[string]struct {
		in    vars
		code  fault.Code
		field string
	}{
		"no purpose":         {with(ok, "purpose", " "), fault.InvalidInput, "purpose"},
		"no reason":          {with(ok, "reason", ""), fault.InvalidInput, "reason"},
		"no lines":           {with(ok, "lines", []vars{}), fault.InvalidInput, "lines"},
		"no keys":            {with(ok, "lines", []vars{{"setID": app.A.Sets[0], "count": 0}}), fault.InvalidInput, "lines.0.count"},
		"today":              {with(ok, "until", "2026-03-02"), fault.InvalidInput, "until"},
		"yesterday":          {with(ok, "until", "2026-03-01"), fault.InvalidInput, "until"},
		"in years":           {with(ok, "until", "2028-03-01"), fault.InvalidInput, "until"},
		"a foreign set":      {with(ok, "lines", []vars{{"setID": app.B.Sets[0], "count": 1}}), fault.NotFound, "lines.0.setID"},
		"a foreign borrower": {with(ok, "borrower", vars{"staffID": app.B.Staff}), fault.NotFound, "borrower.staffID"},
	} {
		if r := officer.In(t).Refused(askKeyLoan, c.in, c.code); r.Field != c.field {
			t.Errorf("%s: refused at %q, want %q", name, r.Field, c.field)
		}
	}
	app.As(policy.KeyCustodian).Do(askKeyLoan, ok)

	t.Run("repeated under a key it is asked once", func(t *testing.T) {
		once := officer.In(t).With("Idempotency-Key", "ask-once")
		a, b := once.Do(askKeyLoan, ok).Get("askKeyLoan.request.id").String(), once.Do(askKeyLoan, ok).Get("askKeyLoan.request.id").String()
		if a != b {
			t.Errorf("asked twice: %s, %s", a, b)
		}
	})
}

// A loan of more than a day does not start by an approval that is declined, withdrawn or expired.
func TestK2_2_WhatEndedIsNotUsed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager, set := app.As(policy.CSOfficer), app.As(policy.GeneralManager), app.A.Sets[0]
	asked := func(until string) string {
		return officer.Do(askKeyLoan, askedLoan(app, set, 1, until)).Get("askKeyLoan.request.approval.id").String()
	}
	declined, withdrawn, takenBack, late := asked("2026-03-05"), asked("2026-03-05"), approved(app, set, 1), asked("2026-04-30")
	manager.Do(declineIt, vars{"in": vars{"approvalID": declined, "note": "请当天归还"}})
	officer.Do(withdrawIt, vars{"in": vars{"approvalID": withdrawn, "reason": "不需要了"}})
	officer.Do(withdrawIt, vars{"in": vars{"approvalID": takenBack, "reason": "不需要了"}})
	manager.Do(giveApproval, given(late))
	for what, approval := range map[string]string{"declined": declined, "withdrawn": withdrawn, "given and withdrawn": takenBack} {
		if r := officer.Refused(lendKeys, longLoanOf(app, set, 1, approval), fault.RuleBroken, "K2.2"); r.Field != "approvalID" {
			t.Errorf("%s: refused at %q", what, r.Field)
		}
	}
	app.Clock.Advance(15 * 24 * time.Hour)
	officer.SignIn()
	officer.Refused(lendKeys, longLoanOf(app, set, 1, late), fault.RuleBroken, "K2.2")
	app.As(policy.KeyCustodian).SignIn()
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk)
	}
}

// Of two loans that use one approval at once, one starts.
func TestK2_2_AnApprovalIsUsedOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	approval := approved(app, set, 1)
	var lent, refused atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			answer, _ := officer.Try(lendKeys, longLoanOf(app, set, 1, approval))
			switch {
			case answer.Get("data.lendKeys.loan.id").Exists():
				lent.Add(1)
			case answer.Get("errors.0.extensions.code").String() == string(fault.RuleBroken) && answer.Get("errors.0.extensions.clause").String() == "K2.2":
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if lent.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d lent, %d refused, want 1 and 7", lent.Load(), refused.Load())
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk-1 {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk-1)
	}
}
