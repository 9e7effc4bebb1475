package fees_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Who never gets the notices would never be late with them.
func TestF2_CustomerServiceHasToGetTheNotices(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	run := billed(app, "2026-03-01").Get("id").String()
	const by = `SELECT to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24') FROM obligations WHERE kind = 'fees.receive' AND subject_id = $1`
	if got := value[string](t, app, by, run); got != "03-25 16" || due(t, app, "fees.receive", run) != "OPEN" {
		t.Errorf("due by %s, %s", got, due(t, app, "fees.receive", run))
	}
	app.As(policy.CSOfficer).Do(receiveNotices, vars{"in": vars{"runID": run}})
	if got := due(t, app, "fees.receive", run); got != "MET" {
		t.Errorf("got, and %s", got)
	}
	later(app, 25, policy.Accountant) // the 27th of March: late notices are there the day after
	late := app.Foreign(policy.Accountant)
	late.SignIn()
	run = late.Do(runBilling, vars{"in": vars{"estateID": app.B.ID, "month": "2026-03-01"}}).Get("runFeeBilling.run.id").String()
	if got := value[string](t, app, by, run); got != "03-28 16" {
		t.Errorf("late notices are due with customer service by %s", got)
	}
}

// The supervisor of another department neither acknowledges nor voids what customer service did.
func TestF9_CustomerServicesSupervisorAcknowledges(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	g := app.GrantIn(policy.Supervisor, app.A)
	g.Department = app.A.SecurityDepartment
	guard := app.Member("guard@a.example", g)
	d := dispatched(app, vars{"noticeID": februaryOf(app, app.A.Household), "method": "MAILBOX"})[0].Get("id").String()
	all := vars{"in": vars{"estateID": app.A.ID}}
	guard.Refused(reportAll, all, fault.Forbidden, "F9")
	report := app.As(policy.CSOfficer).Do(reportAll, all).Get("reportFeeDispatches.report.id").String()
	guard.Refused(acknowledge, vars{"in": vars{"reportID": report}}, fault.Forbidden, "F9")
	guard.Refused(voidDispatch, stewardtest.Void(d, "登记错"), fault.Forbidden, "F4")
	app.As(policy.Supervisor).Do(acknowledge, vars{"in": vars{"reportID": report}})
	app.As(policy.Supervisor).Do(voidDispatch, stewardtest.Void(d, "登记错"))
}

func TestF9_ReportsAndTheirAcknowledgementAreDue(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	estate := app.A.ID.String()
	n := februaryOf(app, app.A.Household)
	dispatched(app, absent("noticeID", n))
	dispatched(app, posted("noticeID", n))
	const by = `SELECT to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24') FROM obligations WHERE kind = $2 AND subject_id = $1`
	if got := due(t, app, "fees.reportDispatches", estate) + " " + value[string](t, app, by, estate, "fees.reportDispatches"); got != "OPEN 03-09 16" {
		t.Errorf("to be reported: %s", got)
	}
	report := officer.Do(reportAll, vars{"in": vars{"estateID": app.A.ID}}).Get("reportFeeDispatches.report.id").String()
	if got := due(t, app, "fees.reportDispatches", estate) + " " + due(t, app, "fees.acknowledgeReport", report) + " " + value[string](t, app, by, report, "fees.acknowledgeReport"); got != "MET OPEN 03-04 16" {
		t.Errorf("to be acknowledged: %s", got)
	}
	app.As(policy.Supervisor).Do(acknowledge, vars{"in": vars{"reportID": report}})
	if got := due(t, app, "fees.acknowledgeReport", report); got != "MET" {
		t.Errorf("acknowledged: %s", got)
	}
}

func TestF9_TheSupervisorHearsOfWhatCameBackAfterTheReport(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	d := dispatched(app, posted("noticeID", februaryOf(app, app.A.Household)))[0].Get("id").String()
	officer.Do(reportAll, vars{"in": vars{"estateID": app.A.ID}})
	before := told(t, app, supervisor, "fees.report")
	officer.Do(returnDispatch, vars{"in": vars{"dispatchID": d, "reason": "查无此人"}})
	if n := told(t, app, supervisor, "fees.report"); n != before+1 {
		t.Errorf("%d more messages", n-before)
	}
}

// By when an attempt was due is the notice's to say, whoever writes it: what is late is not in time.
func TestF3_WhatWasLateIsNotSaidToBeInTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	n := februaryOf(app, app.A.Household)
	d := pastDue(t, app).Get("id").String()
	handed(app, d)
	const notice = `INSERT INTO fee_dispatches (id, created_at, estate_id, notice_id, household_id, number, address, attempt, method, dispatched_at, dispatched_by_id, dispatched_by_name, due_at, sort_key)
		SELECT new_id(x'090c'::int), now(), estate_id, id, household_id, number, address, 1, 'MAILBOX', now(), estate_id, 'x', now() + interval '1 day', '' FROM fee_notices WHERE id = $1`
	const dunning = `INSERT INTO fee_dispatches (id, created_at, estate_id, dunning_id, household_id, number, address, attempt, method, postage, reason, dispatched_at, dispatched_by_id, dispatched_by_name, due_at, sort_key)
		SELECT new_id(x'090c'::int), now(), estate_id, id, household_id, number::text, address, 1, 'POST', 5, 'x', now(), estate_id, 'x', NULL, '' FROM fee_dunnings WHERE id = $1`
	if got := refusedBy(asServed(app, notice, n)) + " " + refusedBy(asServed(app, dunning, d)); got != "fee_dispatches_due fee_dispatches_due" {
		t.Errorf("refused by %q", got)
	}
	app.Super(`ALTER TABLE fee_dispatches DISABLE TRIGGER fee_dispatch_of_notice`) // the mutant
	if err := asServed(app, notice, n); err != nil {
		t.Errorf("something else refuses it, so this proves nothing of the trigger: %v", err)
	}
}

// What goes out again is not said to have gone out before it came back.
func TestF4_AttemptsAreInTheirOrder(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	n := februaryOf(app, app.A.Household)
	later(app, 1, policy.CSOfficer, policy.Accountant)
	first := dispatched(app, posted("noticeID", n))[0].Get("id").String()
	app.Clock.Advance(2 * time.Hour)
	officer.Do(returnDispatch, vars{"in": vars{"dispatchID": first, "reason": "拒收"}})
	at := func(ago time.Duration) vars {
		return vars{"in": vars{"occurredAt": app.Clock.Now().Add(-ago), "lateReason": "停电", "dispatches": []vars{{"noticeID": n, "method": "MAILBOX"}}}}
	}
	for _, ago := range []time.Duration{time.Hour, 20 * time.Hour} { // before it came back, and before it went out
		if r := officer.Refused(dispatchAll, at(ago), fault.InvalidInput, "F4"); r.Field != "occurredAt" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	app.Super(`ALTER TABLE fee_dispatches DISABLE TRIGGER fee_dispatch_in_order`) // the mutant
	if noticeNow(app, n).Get("dispatch").String() != "RETURNED" {
		t.Errorf("it stands %s", noticeNow(app, n).Raw)
	}
	officer.Do(dispatchAll, at(20*time.Hour))
}
