package fees_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestF3_NoticesAreDispatchedWithinTwoWorkingDays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	run := billed(app, "2026-03-01").Get("id").String()
	home, other := noticesOf(app, app.A.Household, "2026-03-01")[0].Get("id").String(), noticesOf(app, app.A.OtherHousehold, "2026-03-01")[0].Get("id").String()
	signed := byResident("noticeID", home, app.A.Resident)
	if r := officer.Refused(dispatchAll, brought(signed), fault.Conflict, "F3"); r.Field != "dispatches.0.noticeID" {
		t.Errorf("what customer service has not got is refused at %q", r.Field)
	}
	in := vars{"in": vars{"runID": run}}
	for _, p := range []*stewardtest.Person{app.As(policy.Accountant), app.As(policy.SealKeeper), app.As(policy.Auditor), app.Resident()} {
		p.Refused(receiveNotices, in, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(receiveNotices, in, fault.NotFound)
	got := officer.Do(receiveNotices, in).Get("receiveFeeNotices.run")
	if got.Get("dispatchDueAt").String() != "2026-03-04T16:00:00Z" || got.Get("receivedByName").String() == "" { // Monday the 2nd, and two working days
		t.Errorf("received: %s", got.Raw)
	}
	officer.Refused(receiveNotices, in, fault.Conflict, "F3")
	if got := due(t, app, "fees.dispatch", run); got != "OPEN" {
		t.Errorf("due: %q", got)
	}

	// In order, each with its result; one is handed over, the other goes into the mailbox.
	route := dispatched(app, signed, vars{"noticeID": other, "method": "MAILBOX"})
	if d := route[0]; d.Get("noticeID").String() != home || d.Get("recipient").String() != app.A.Name+"业户" || d.Get("capacity").String() != "HOUSEHOLD" || d.Get("attempt").Int() != 1 || d.Get("late").Bool() || d.Get("dueAt").String() != "2026-03-04T16:00:00Z" {
		t.Errorf("handed over: %s", d.Raw)
	}
	if d := route[1]; d.Get("noticeID").String() != other || d.Get("method").String() != "MAILBOX" || d.Get("recipient").String() != "" {
		t.Errorf("into the mailbox: %s", d.Raw)
	}
	if n := noticeNow(app, home); n.Get("dispatch").String() != "DISPATCHED" || n.Get("dispatchedAt").String() == "" {
		t.Errorf("the notice: %s", n.Raw)
	}
	if got := due(t, app, "fees.dispatch", run); got != "MET" {
		t.Errorf("when all are out: %q", got)
	}
	if n := value[int](t, app, `SELECT count(*)::int FROM signatures WHERE subject_id = $1 AND kind = 'fees.dispatch'`, route[0].Get("id").String()); n != 2 {
		t.Errorf("%d signed", n)
	}
	officer.Refused(dispatchAll, brought(signed), fault.Conflict, "F3") // it is with its household

	// February's was due a week ago.
	february := februaryOf(app, app.A.Household)
	if d := dispatched(app, posted("noticeID", february))[0]; !d.Get("late").Bool() || d.Get("postage").Int() != 120 || d.Get("reason").String() != "业户长期外出" {
		t.Errorf("posted late: %s", d.Raw)
	}
	own := app.Resident().Do(feeDispatches, nil).Get("feeDispatches.edges.#.node.householdID").Array()
	for _, h := range own {
		if h.String() != app.A.Household.String() {
			t.Error("a resident sees another household's")
		}
	}
	if len(own) != 2 {
		t.Errorf("a resident sees %d attempts", len(own))
	}
	if got := value[int](t, app, `SELECT dispatched FROM fee_runs WHERE id = $1`, run); got != 2 {
		t.Errorf("%d of the run are out", got)
	}
}

func TestF3_DispatchesThatAreNone(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	n := februaryOf(app, app.A.Household)
	with := func(stop vars, more vars) vars {
		for k, v := range more {
			stop[k] = v
		}
		return stop
	}
	for name, c := range map[string]struct {
		stop   vars
		code   fault.Code
		clause string
		field  string
	}{
		"of nothing":                  {vars{"method": "MAILBOX"}, fault.InvalidInput, "F3", "noticeID"},
		"of two":                      {vars{"method": "MAILBOX", "noticeID": n, "dunningID": n}, fault.InvalidInput, "F3", "noticeID"},
		"posted for nothing":          {with(posted("noticeID", n), vars{"postage": 0}), fault.InvalidInput, "F3", "postage"},
		"posted without a reason":     {with(posted("noticeID", n), vars{"reason": " "}), fault.InvalidInput, "F3", "reason"},
		"a mailbox with postage":      {vars{"noticeID": n, "method": "MAILBOX", "postage": 5}, fault.InvalidInput, "F3", "postage"},
		"a mailbox that signs":        {with(byResident("noticeID", n, app.A.Resident), vars{"method": "MAILBOX"}), fault.InvalidInput, "F3", "method"},
		"in vain without a word":      {vars{"noticeID": n, "method": "ABSENT"}, fault.InvalidInput, "F3", "reason"},
		"signed by nobody":            {vars{"noticeID": n, "method": "IN_PERSON", "capacity": "HOUSEHOLD", "signature": vars{}}, fault.InvalidInput, "F3", "residentID"},
		"signed as nobody":            {vars{"noticeID": n, "method": "IN_PERSON", "residentID": app.A.Resident, "signature": vars{}}, fault.InvalidInput, "F3", "capacity"},
		"a family without a relation": {vars{"noticeID": n, "method": "IN_PERSON", "capacity": "FAMILY", "recipient": "李四", "signature": vars{}}, fault.InvalidInput, "F3", "relation"},
		"without a signature":         {vars{"noticeID": n, "method": "IN_PERSON", "capacity": "HOUSEHOLD", "residentID": app.A.Resident}, fault.InvalidInput, "", "signature"},
		"signed by who brings it":     {vars{"noticeID": n, "method": "IN_PERSON", "capacity": "HOUSEHOLD", "recipient": officer.Email, "signature": vars{}}, fault.RuleBroken, "F3", "recipient"},
		"signed by a neighbour":       {byResident("noticeID", n, app.A.OtherResident), fault.RuleBroken, "F3", "residentID"},
		"signed by a foreigner":       {byResident("noticeID", n, app.B.Resident), fault.NotFound, "", "residentID"},
		"of a foreign estate":         {posted("noticeID", app.IDs(`SELECT id FROM fee_notices WHERE estate_id = $1`, app.B.ID)[0].String()), fault.NotFound, "", "noticeID"},
	} {
		if r := officer.Refused(dispatchAll, brought(c.stop), c.code, c.clause); r.Field != "dispatches.0."+c.field {
			t.Errorf("%s is refused at %q", name, r.Field)
		}
	}
	if r := officer.Refused(dispatchAll, brought(posted("noticeID", n), posted("noticeID", n)), fault.InvalidInput, "F3"); r.Field != "dispatches.1.noticeID" {
		t.Errorf("twice on a route is refused at %q", r.Field)
	}
	for _, p := range []*stewardtest.Person{app.As(policy.Accountant), app.As(policy.SealKeeper), app.As(policy.Auditor), app.As(policy.Receptionist), app.Resident()} {
		p.Refused(dispatchAll, brought(posted("noticeID", n)), fault.Forbidden)
	}

	// Sent twice under one key it is one; of those who record it at once one does.
	once := officer.With("Idempotency-Key", uuid.NewString())
	in := brought(absent("noticeID", n))
	first := once.Do(dispatchAll, in).Get("dispatchFeeNotices.dispatches.0.id").String()
	if again := once.Do(dispatchAll, in).Get("dispatchFeeNotices.dispatches.0.id").String(); again != first {
		t.Errorf("sent twice they are %s and %s", first, again)
	}
	stewardtest.Race(t, officer, dispatchAll, brought(posted("noticeID", n)))

	// Recorded later than it happened.
	late := brought(posted("noticeID", februaryOf(app, app.A.Household)))
	late["in"].(vars)["occurredAt"] = stewardtest.Start.Add(-time.Hour)
	if r := officer.Refused(dispatchAll, late, fault.InvalidInput, "F3"); r.Field != "lateReason" {
		t.Errorf("late without a reason is refused at %q", r.Field)
	}
}

func TestF4_EveryAttemptIsKept(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	n := februaryOf(app, app.A.Household)
	dispatched(app, absent("noticeID", n))
	if got := noticeNow(app, n); got.Get("dispatch").String() != "WAITING" {
		t.Errorf("in vain it is %s", got.Raw)
	}
	second := dispatched(app, posted("noticeID", n))[0]
	back := vars{"in": vars{"dispatchID": second.Get("id").String(), "reason": "查无此人"}}
	for _, p := range []*stewardtest.Person{app.As(policy.Accountant), app.As(policy.Auditor), app.Resident()} {
		p.Refused(returnDispatch, back, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(returnDispatch, back, fault.NotFound)
	if r := officer.Refused(returnDispatch, vars{"in": vars{"dispatchID": second.Get("id").String(), "reason": ""}}, fault.InvalidInput); r.Field != "reason" {
		t.Errorf("refused at %q", r.Field)
	}
	later(app, 2, policy.CSOfficer, policy.Supervisor, policy.Accountant, policy.SealKeeper, policy.Auditor)
	app.Resident().SignIn()
	app.Foreign(policy.CSOfficer).SignIn()
	if d := officer.Do(returnDispatch, back).Get("returnFeeDispatch.dispatch"); d.Get("returnedReason").String() != "查无此人" || d.Get("method").String() != "POST" {
		t.Errorf("came back: %s", d.Raw)
	}
	officer.Refused(returnDispatch, back, fault.Conflict, "F4")
	if got := noticeNow(app, n); got.Get("dispatch").String() != "RETURNED" || due(t, app, "fees.dispatchAgain", n) != "OPEN" {
		t.Errorf("what came back is %s, and due %q", got.Raw, due(t, app, "fees.dispatchAgain", n))
	}
	third := dispatched(app, vars{"noticeID": n, "method": "MAILBOX"})[0]
	if third.Get("attempt").Int() != 3 || third.Get("late").Bool() || third.Get("dueAt").String() != "2026-03-06T16:00:00Z" || due(t, app, "fees.dispatchAgain", n) != "MET" {
		t.Errorf("again: %s, due %q", third.Raw, due(t, app, "fees.dispatchAgain", n))
	}
	if r := officer.Refused(returnDispatch, vars{"in": vars{"dispatchID": third.Get("id").String(), "reason": "x"}}, fault.Conflict, "F4"); r.Message == "" {
		t.Error("what is in the mailbox came back")
	}

	// What was recorded by mistake is voided, and stays to be seen.
	voiding := stewardtest.Void(third.Get("id").String(), "投错信箱")
	for _, p := range []*stewardtest.Person{app.As(policy.Accountant), app.As(policy.SealKeeper), app.As(policy.Auditor), app.Resident()} {
		p.Refused(voidDispatch, voiding, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(voidDispatch, voiding, fault.NotFound)
	officer.Refused(voidDispatch, stewardtest.Void(third.Get("id").String(), " "), fault.InvalidInput)
	app.Clock.Advance(16 * time.Minute)
	officer.Refused(voidDispatch, voiding, fault.Forbidden, "F4")
	stewardtest.Race(t, app.As(policy.Supervisor), voidDispatch, voiding)
	if got := noticeNow(app, n); got.Get("dispatch").String() != "RETURNED" || len(got.Get("dispatches").Array()) != 3 || due(t, app, "fees.dispatchAgain", n) != "MET OPEN" {
		t.Errorf("voided: %s, due %q", got.Raw, due(t, app, "fees.dispatchAgain", n))
	}
	if len(app.Resident().Do(feeDispatches, nil).Get("feeDispatches.edges").Array()) != 2 {
		t.Error("the household sees what was voided")
	}
	if got := value[int](t, app, `SELECT dispatched FROM fee_runs WHERE estate_id = $1`, app.A.ID); got != 1 {
		t.Errorf("%d of the run are out", got)
	}
}

func TestF4_TheDatabaseHoldsADispatch(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	n := februaryOf(app, app.A.Household)
	dispatched(app, posted("noticeID", n))
	insert := func(attempt int, more string) error {
		return app.TrySQL(`INSERT INTO fee_dispatches (id, created_at, estate_id, notice_id, household_id, number, address, attempt, method, postage, reason, dispatched_at, dispatched_by_id, dispatched_by_name, due_at, sort_key)
			SELECT new_id(x'090c'::int), now(), estate_id, id, `+more+`, number, address, $2, 'POST', 5, 'x', now(), $3, 'x', now(), '' FROM fee_notices WHERE id = $1`, n, attempt, app.A.ID)
	}
	if got := refusedBy(insert(2, "household_id")); got != "fee_dispatches_once" {
		t.Errorf("dispatched twice, refused by %q", got)
	}
	app.SQL(`UPDATE fee_dispatches SET returned_at = dispatched_at, returned_reason = 'x', returned_by_id = $2, returned_by_name = 'x' WHERE notice_id = $1`, n, app.A.ID)
	for want, err := range map[string]error{
		"fee_dispatches_attempt":       insert(3, "household_id"),
		"fee_dispatches_household":     insert(2, "'"+app.A.OtherHousehold.String()+"'"),
		"fee_dispatches_returned_once": app.TrySQL(`UPDATE fee_dispatches SET returned_reason = 'y' WHERE notice_id = $1`, n),
		"fee_dispatches_signed": app.TrySQL(`INSERT INTO fee_dispatches (id, created_at, estate_id, notice_id, household_id, number, address, attempt, method, capacity, recipient, dispatched_at, dispatched_by_id, dispatched_by_name, due_at, sort_key)
			SELECT new_id(x'090c'::int), now(), estate_id, id, household_id, number, address, 2, 'IN_PERSON', 'HOUSEHOLD', 'x', now(), $2, 'x', now(), '' FROM fee_notices WHERE id = $1`, n, app.A.ID),
	} {
		if got := refusedBy(err); got != want {
			t.Errorf("refused by %q, want %q", got, want)
		}
	}
	if err := asServed(app, `UPDATE fee_dispatches SET tracking = 'y' WHERE notice_id = $1`, n); err == nil {
		t.Error("an attempt was changed")
	}

	// Without the trigger what is with its household goes out again.
	if err := insert(2, "household_id"); err != nil {
		t.Fatal(err)
	}
	app.Super(`ALTER TABLE fee_dispatches DISABLE TRIGGER fee_dispatch_of_notice`)
	if err := insert(3, "household_id"); err != nil {
		t.Errorf("something else refuses it, so this proves nothing of the trigger: %v", err)
	}
}
