package keys_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	askExtension  = `mutation($in: AskKeyLoanExtensionInput!) { askKeyLoanExtension(input: $in) { request { ` + requestFields + ` } } }`
	extendKeyLoan = `mutation($in: ExtendKeyLoanInput!) { extendKeyLoan(input: $in) { loan { id dueAt state approval { id } } } }`
)

func extensionOf(loan, until string) vars {
	return vars{"in": vars{"loanID": loan, "until": until, "reason": "配件未到"}}
}

func extended(loan, approval string) vars {
	return vars{"in": vars{"loanID": loan, "approvalID": approval}}
}

func TestK2_2_ALoanIsExtended(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager := app.As(policy.CSOfficer), app.As(policy.GeneralManager)
	loan, line := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 2)
	officer.Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}, "lines": []vars{{"lineID": line, "count": 1}}}})
	other, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[1], 1)

	request := officer.Do(askExtension, extensionOf(loan, "2026-03-04")).Get("askKeyLoanExtension.request")
	approval := request.Get("approval.id").String()
	if request.Get("loan.id").String() != loan || request.Get("lines.#").Int() != 1 || request.Get("lines.0.count").Int() != 1 || request.Get("approval.kind").String() != "keys.extension" {
		t.Errorf("the request: %s", request.Raw)
	}
	if r := officer.Refused(extendKeyLoan, extended(loan, approval), fault.RuleBroken, "K2.2"); r.Field != "approvalID" {
		t.Errorf("before the approval: refused at %q", r.Field)
	}
	app.As(policy.ProjectManager).Refused(giveApproval, given(approval), fault.Forbidden, "K2.2")
	manager.Do(giveApproval, given(approval))
	officer.Refused(extendKeyLoan, extended(other, approval), fault.RuleBroken, "K2.2") // another loan's
	officer.Refused(lendKeys, longLoanOf(app, app.A.Sets[0], 1, approval), fault.RuleBroken, "K2.2")
	officer.Refused(extendKeyLoan, extended(loan, approved(app, app.A.Sets[0], 1)), fault.RuleBroken, "K2.2")
	app.As(policy.Supervisor).Refused(extendKeyLoan, extended(loan, approval), fault.Forbidden)
	app.Foreign(policy.CSOfficer).Refused(extendKeyLoan, extended(loan, approval), fault.NotFound)
	if r := officer.Refused(extendKeyLoan, extended(loan, ids.New(0x0206).String()), fault.NotFound); r.Field != "approvalID" {
		t.Errorf("by an approval that is not there: refused at %q", r.Field)
	}

	after := officer.Do(extendKeyLoan, extended(loan, approval)).Get("extendKeyLoan.loan")
	if !after.Get("dueAt").Time().Equal(endOf(4)) || after.Get("approval.id").String() != approval || after.Get("state").String() != "OPEN" {
		t.Errorf("extended: %s", after.Raw)
	}
	if o := loanDue(app, loan); o.Get("obligations.edges.#").Int() != 1 || !o.Get("obligations.edges.0.node.dueAt").Time().Equal(endOf(4)) {
		t.Errorf("what is due: %s", o.Raw)
	}
	officer.Refused(extendKeyLoan, extended(loan, approval), fault.RuleBroken, "K2.2") // used

	t.Run("what does not make it longer is refused", func(t *testing.T) {
		for _, until := range []string{"2026-03-04", "2026-03-02", "2028-03-04"} {
			if r := officer.In(t).Refused(askExtension, extensionOf(loan, until), fault.InvalidInput, "K2.2"); r.Field != "until" {
				t.Errorf("until %s: refused at %q", until, r.Field)
			}
		}
		later := officer.Do(askExtension, extensionOf(loan, "2026-03-06")).Get("askKeyLoanExtension.request.approval.id").String()
		earlier := officer.Do(askExtension, extensionOf(loan, "2026-03-05")).Get("askKeyLoanExtension.request.approval.id").String()
		manager.Do(giveApproval, given(later))
		manager.Do(giveApproval, given(earlier))
		officer.In(t).Do(extendKeyLoan, extended(loan, later))
		officer.In(t).Refused(extendKeyLoan, extended(loan, earlier), fault.RuleBroken, "K2.2")
	})
	t.Run("a loan that has ended is not extended", func(t *testing.T) {
		again := officer.Do(askExtension, extensionOf(loan, "2026-03-08")).Get("askKeyLoanExtension.request.approval.id").String()
		manager.Do(giveApproval, given(again))
		officer.Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}})
		officer.In(t).Refused(extendKeyLoan, extended(loan, again), fault.Conflict, "K2.2")
		officer.In(t).Refused(askExtension, extensionOf(loan, "2026-03-09"), fault.Conflict, "K2.2")
		if s := stateOf(app, again); s != "GIVEN" {
			t.Errorf("the refusal left the approval %s", s)
		}
	})
}

func TestK2_2_AskingForAnExtensionIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	loan, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
	ask := extensionOf(loan, "2026-03-04")
	for _, role := range []policy.Role{policy.Archivist, policy.Engineering, policy.Supervisor, policy.Auditor} {
		app.As(role).Refused(askExtension, ask, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(askExtension, ask, fault.NotFound)
	if r := app.As(policy.CSOfficer).Refused(askExtension, with(ask, "reason", " "), fault.InvalidInput); r.Field != "reason" {
		t.Errorf("without a reason: refused at %q", r.Field)
	}
}

// Of two extensions by one approval at once, one is done.
func TestK2_2_AnExtensionIsUsedOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	loan, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
	approval := officer.Do(askExtension, extensionOf(loan, "2026-03-04")).Get("askKeyLoanExtension.request.approval.id").String()
	app.As(policy.GeneralManager).Do(giveApproval, given(approval))
	var done, refused atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			answer, _ := officer.Try(extendKeyLoan, extended(loan, approval))
			switch {
			case answer.Get("data.extendKeyLoan.loan.id").Exists():
				done.Add(1)
			case answer.Get("errors.0.extensions.code").String() == string(fault.RuleBroken):
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 || refused.Load() != 5 {
		t.Errorf("%d extended, %d refused, want 1 and 5", done.Load(), refused.Load())
	}
}

// overdue lists what is overdue at a time, as the register's reader asks for it.
func overdue(app *stewardtest.App) []gjson.Result {
	p := app.As(policy.KeyCustodian)
	p.SignIn()
	return p.Do(`query($now: Time!) { keyLoans(where: {state: OPEN, dueAtLTE: $now}) { edges { node { id overdue lines { label count returned lost outstanding } } } } }`,
		vars{"now": app.Clock.Now()}).Get("keyLoans.edges.#.node").Array()
}

// told are the kinds of messages of somebody, the newest first.
func told(p *stewardtest.Person) string {
	p.SignIn()
	var kinds []string
	for _, m := range p.Do(`{ inbox(first: 50) { edges { node { kind } } } }`, nil).Get("inbox.edges.#.node.kind").Array() {
		if k, ok := strings.CutPrefix(m.String(), "obligation."); ok {
			kinds = append(kinds, k)
		}
	}
	return strings.Join(kinds, " ")
}

func TestK2_2_OverdueLoansAreListedAndReminded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.GeneralManager)
	lent := app.As(policy.KeyCustodian).Do(lendKeys, with(loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 3), "fromID", app.A.Cabinet)).Get("lendKeys.loan")
	loan, line := lent.Get("id").String(), lent.Get("lines.0.id").String()
	officer := app.As(policy.KeyCustodian) // who lent is the handler, and reminded
	officer.Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}, "lines": []vars{{"lineID": line, "count": 1}}}})
	officer.Do(reportLoss, lossOfLine(line, 1))
	long, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[1], 1)
	approval := officer.Do(askExtension, extensionOf(long, "2026-03-03")).Get("askKeyLoanExtension.request.approval.id").String()
	manager.Do(giveApproval, given(approval))
	officer.Do(extendKeyLoan, extended(long, approval))
	remind := func(at time.Time) {
		t.Helper()
		app.Clock.Advance(at.Sub(app.Clock.Now()))
		if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
			t.Fatal(err)
		}
	}

	remind(endOf(2).Add(-time.Second))
	if list := overdue(app); len(list) != 0 || told(officer) != "" {
		t.Errorf("before the end of the day: %v, %q", list, told(officer))
	}
	remind(endOf(2).Add(time.Minute))
	list := overdue(app)
	if len(list) != 1 || list[0].Get("id").String() != loan || !list[0].Get("overdue").Bool() {
		t.Fatalf("overdue are %v, want the first loan", list)
	}
	if l := list[0].Get("lines.0"); l.Get("count").Int() != 3 || l.Get("returned").Int() != 1 || l.Get("lost").Int() != 1 || l.Get("outstanding").Int() != 1 {
		t.Errorf("the line: %s", l.Raw)
	}
	if a, b := told(officer), told(supervisor); a != "overdue" || b != "" {
		t.Errorf("the handler was told %q, the leader %q, want the handler alone", a, b)
	}
	remind(endOf(2).Add(time.Hour))
	if a, b := told(officer), told(supervisor); a != "overdue" || b != "escalated" {
		t.Errorf("after an hour the handler was told %q, the leader %q", a, b)
	}
	remind(endOf(3).Add(2 * time.Hour)) // the extended one, too
	if list := overdue(app); len(list) != 2 {
		t.Errorf("overdue are %v, want both", list)
	}
	if a, b := told(app.As(policy.CSOfficer)), strings.Count(told(supervisor), "escalated"); a != "overdue" || b != 2 {
		t.Errorf("the second handler was told %q, the leader of %d loans, want 2", a, b)
	}
}

// What lasts longer than a day without an approval the database refuses, whoever writes; with its guard off it is there.
func TestK2_2_TheDatabaseRefusesLongLoans(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	raw := func(more string) []string {
		loan := ids.New(0x0307)
		return []string{rawLoan(app, loan, more), rawSignature(app, loan, "keys.lend", "borrower", "甲", "aa"), rawSignature(app, loan, "keys.lend", "handler", "乙", "aa")}
	}
	if got := byHand(t, app, raw("0")...); got != "" {
		t.Errorf("a loan of a day is refused by %q", got)
	}
	for _, more := range []string{"1 second", "1 day"} {
		if got := byHand(t, app, raw(more)...); got != "key_loans_due" {
			t.Errorf("%s longer: refused by %q", more, got)
		}
	}
	loan, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
	longer := `UPDATE key_loans SET due_at = due_at + interval '1 day'`
	if got := byHand(t, app, longer+` WHERE id = '`+loan+`'`); got != "key_loans_due" {
		t.Errorf("an extension is refused by %q", got)
	}
	unapproved := app.As(policy.CSOfficer).Do(askExtension, extensionOf(loan, "2026-03-04")).Get("askKeyLoanExtension.request.approval.id").String()
	if got := byHand(t, app, longer+`, approval_id = '`+unapproved+`' WHERE id = '`+loan+`'`); got != "key_loans_due" {
		t.Errorf("an extension that was asked for is refused by %q", got)
	}
	app.As(policy.GeneralManager).Do(giveApproval, given(unapproved))
	app.As(policy.CSOfficer).Do(extendKeyLoan, extended(loan, unapproved))
	if got := byHand(t, app, longer+` WHERE id = '`+loan+`'`); got != "key_loans_due" {
		t.Errorf("beyond the extension: refused by %q", got)
	}
	if got := byHand(t, app, `UPDATE key_loan_requests SET until = until + interval '9 days'`); got != "key_loan_requests_stay" {
		t.Errorf("what was asked for is changed: %q", got)
	}
	app.SQL(`ALTER TABLE key_loans DISABLE TRIGGER key_loans_due`)
	if got := byHand(t, app, raw("1 day")...); got != "" {
		t.Errorf("with the guard off it is refused by %q", got)
	}
}

// The database's end of the day is the calendar's, whatever the zone and the change of clocks; where midnight comes twice
// (Havana), it is the second.
func TestK2_2_TheDatabaseKnowsTheEndOfTheDay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	conn, err := pgx.Connect(context.Background(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, zone := range []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "UTC"} {
		cal, err := act.CalendarOf(zone)
		if err != nil {
			t.Fatal(err)
		}
		var at []time.Time
		for h := range 2 * 365 * 24 { // every hour of two years, and half of it
			at = append(at, time.Date(2024, 1, 1, h, 30*(h%2), 0, 0, time.UTC))
		}
		rows, _ := conn.Query(context.Background(), `SELECT end_of_day(t, $2) FROM unnest($1::timestamptz[]) WITH ORDINALITY u(t, n) ORDER BY n`, at, zone)
		ends, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
		if err != nil {
			t.Fatal(err)
		}
		for i, end := range ends {
			if want := cal.EndOfDay(cal.Today(at[i])); !end.Equal(want) && (zone != "America/Havana" || end.Sub(want) != time.Hour) {
				t.Errorf("%s: the day of %v ends at %v, the calendar says %v", zone, at[i].In(cal.Zone()), end.In(cal.Zone()), want)
			}
		}
	}
}
