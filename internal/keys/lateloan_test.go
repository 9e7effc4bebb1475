package keys_test

import (
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func lateBy(in vars, at time.Time, why string) vars {
	in = with(in, "occurredAt", at)
	if why != "" {
		in = with(in, "lateReason", why)
	}
	return in
}

// What was lent on paper is due by the day on which it was lent, and what came back in time is met, though it is
// recorded after midnight.
func TestK2_1_LoansAndReturnsAreRecordedLate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	app.Clock.Advance(endOf(2).Add(time.Hour).Sub(app.Clock.Now())) // 1:00 of 3 March
	officer.SignIn()
	in := loanOf(vars{"externalPersonID": app.A.External}, app.A.Sets[0], 1)
	lent, back := endOf(2).Add(-3*time.Hour), endOf(2).Add(-time.Hour)

	for name, c := range map[string]struct {
		in    vars
		field string
	}{
		"without a reason": {lateBy(in, lent, ""), "lateReason"},
		"an empty reason":  {lateBy(in, lent, " "), "lateReason"},
		"to come":          {lateBy(in, app.Clock.Now().Add(time.Minute), "停电"), "occurredAt"},
		"days ago":         {lateBy(in, app.Clock.Now().Add(-25*time.Hour), "停电"), "occurredAt"},
	} {
		if r := officer.In(t).Refused(lendKeys, c.in, fault.InvalidInput); r.Field != c.field {
			t.Errorf("%s: refused at %q, want %q", name, r.Field, c.field)
		}
	}
	loan := officer.Do(lendKeys, lateBy(in, lent, "停电")).Get("lendKeys.loan")
	id := loan.Get("id").String()
	if !loan.Get("lentAt").Time().Equal(lent) || !loan.Get("dueAt").Time().Equal(endOf(2)) {
		t.Errorf("lent at %s, due at %s", loan.Get("lentAt"), loan.Get("dueAt"))
	}
	if list := overdue(app); len(list) != 1 || list[0].Get("id").String() != id {
		t.Errorf("overdue are %v, want this loan", list)
	}
	if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if o := loanDue(app, id).Get("obligations.edges.0.node"); o.Get("state").String() != "BREACHED" {
		t.Errorf("before the return is recorded: %s", o.Raw)
	}
	officer.SignIn()
	if r := officer.Refused(returnKeys, lateBy(backOf(id), lent.Add(-time.Second), "停电"), fault.InvalidInput, "K2.1"); r.Field != "occurredAt" {
		t.Errorf("back before it was lent: refused at %q", r.Field)
	}
	if r := officer.Refused(returnKeys, lateBy(backOf(id), back, ""), fault.InvalidInput); r.Field != "lateReason" {
		t.Errorf("without a reason: refused at %q", r.Field)
	}
	l := officer.Do(returnKeys, lateBy(backOf(id), back, "停电")).Get("returnKeys.loan")
	if l.Get("state").String() != "RETURNED" || !l.Get("returnedAt").Time().Equal(back) {
		t.Errorf("returned: %s", l.Raw)
	}
	if o := loanDue(app, id).Get("obligations.edges.0.node"); o.Get("state").String() != "MET" || !o.Get("metAt").Time().Equal(back) {
		t.Errorf("after the return: %s", o.Raw)
	}
	m := app.As(policy.KeyCustodian).Do(`query($l: ID!) { keyMovements(where: {loanLineID: $l}) { edges { node { lateReason occurredAt } } } }`,
		vars{"l": loan.Get("lines.0.id").String()}).Get("keyMovements.edges.#.node.lateReason")
	if m.Raw != `["停电","停电"]` {
		t.Errorf("the entries say why: %s", m.Raw)
	}

	t.Run("what came back late stays breached", func(t *testing.T) {
		id := officer.Do(lendKeys, lateBy(loanOf(vars{"externalPersonID": app.A.External}, app.A.Sets[1], 1), lent, "停电")).Get("lendKeys.loan.id").String()
		officer.Do(returnKeys, lateBy(backOf(id), endOf(2).Add(30*time.Minute), "停电"))
		if o := loanDue(app, id).Get("obligations.edges.0.node"); o.Get("state").String() != "BREACHED" || o.Get("metAt").Type == gjson.Null {
			t.Errorf("after the return: %s", o.Raw)
		}
	})
	t.Run("not by an approval that was given later", func(t *testing.T) {
		app.As(policy.GeneralManager).SignIn()
		approval := approved(app, app.A.Sets[2], 1)
		in := longLoanOf(app, app.A.Sets[2], 1, approval)
		if r := officer.In(t).Refused(lendKeys, lateBy(in, lent, "停电"), fault.RuleBroken, "K2.2"); r.Field != "occurredAt" {
			t.Errorf("refused at %q", r.Field)
		}
		officer.In(t).Do(lendKeys, in)
	})
}

func TestK3_1_WhatIsNotInUseIsNotLent(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	in := loanOf(vars{"externalPersonID": app.A.External}, set, 1)
	for _, condition := range []string{"DUE_FOR_SCRAPPING", "SCRAPPED"} {
		app.SQL(`UPDATE key_sets SET condition = $1 WHERE id = $2`, condition, set)
		if r := officer.Refused(lendKeys, in, fault.RuleBroken, "K3.1"); r.Field != "lines.0.setID" {
			t.Errorf("%s: refused at %q", condition, r.Field)
		}
		officer.Refused(askKeyLoan, askedLoan(app, set, 1, "2026-03-05"), fault.RuleBroken, "K3.1")
		can := officer.Do(`query($s: ID!) { can(checks: [{action: "keys.lend", id: $s}]) { allowed code clause } }`, vars{"s": set}).Get("can.0")
		if can.Get("allowed").Bool() || can.Get("clause").String() != "K3.1" {
			t.Errorf("%s: can lend: %s", condition, can.Raw)
		}
		held := byHand(t, app, `INSERT INTO key_loan_lines (id, created_at, estate_id, loan_id, set_id, from_id, label, count)
			SELECT new_id(x'0308'::int), now(), estate_id, id, '`+set.String()+`', borrower_id, 'x', 1 FROM key_loans WHERE estate_id = '`+app.A.ID.String()+`' LIMIT 1`)
		if held != "key_loan_lines_in_use" {
			t.Errorf("%s: by hand it is refused by %q", condition, held)
		}
	}
	app.SQL(`UPDATE key_sets SET condition = 'IN_USE' WHERE id = $1`, set)
	officer.Do(lendKeys, in)
}
