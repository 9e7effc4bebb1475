package mail_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	subscriptionFields = `{ id copies fromOn lastOn renewsID publicationName householdID departmentID endedByName voidedAt pauses { id fromOn lastOn } }`
	claimFields        = `{ id short recovered state closedAt writeOffReason writtenOffByName }`
	deliveryFields     = `{ id day expected delivered voidedAt allocations { place wanted given householdID departmentID recoveryID voidedAt } }`

	addPublication    = `mutation($in: AddPublicationInput!) { addPublication(input: $in) { publication { id name } } }`
	subscribePress    = `mutation($in: SubscribePressInput!) { subscribePress(input: $in) { subscription ` + subscriptionFields + ` } }`
	renewPress        = `mutation($in: RenewPressSubscriptionInput!) { renewPressSubscription(input: $in) { subscription ` + subscriptionFields + ` } }`
	endPress          = `mutation($in: EndPressSubscriptionInput!) { endPressSubscription(input: $in) { subscription ` + subscriptionFields + ` } }`
	pausePress        = `mutation($in: PausePressSubscriptionInput!) { pausePressSubscription(input: $in) { pause { id } subscription ` + subscriptionFields + ` } }`
	resumePress       = `mutation($in: ResumePressSubscriptionInput!) { resumePressSubscription(input: $in) { pause { id lastOn resumedByName } } }`
	receivePress      = `mutation($in: ReceivePressInput!) { receivePress(input: $in) { receipt { id day } deliveries ` + deliveryFields + ` } }`
	recoverClaim      = `mutation($in: RecoverPressClaimInput!) { recoverPressClaim(input: $in) { recovery { id } claim ` + claimFields + ` } }`
	writeOffClaim     = `mutation($in: WriteOffPressClaimInput!) { writeOffPressClaim(input: $in) { claim ` + claimFields + ` } }`
	voidPublication   = `mutation($in: VoidPublicationInput!) { voidPublication(input: $in) { publication { voidedAt } } }`
	voidSubscription  = `mutation($in: VoidPressSubscriptionInput!) { voidPressSubscription(input: $in) { subscription { voidedAt } } }`
	voidPause         = `mutation($in: VoidPressPauseInput!) { voidPressPause(input: $in) { pause { voidedAt } } }`
	voidPressDelivery = `mutation($in: VoidPressDeliveryInput!) { voidPressDelivery(input: $in) { delivery ` + deliveryFields + ` } }`
	voidRecovery      = `mutation($in: VoidPressRecoveryInput!) { voidPressRecovery(input: $in) { claim ` + claimFields + ` } }`
	expectedPress     = `query($e: ID!, $d: Date) { expectedPress(estateID: $e, day: $d) { publication { id name } households departments delivery { delivered } } }`
)

// publication is the id of a new one, issued daily.
func publication(app *stewardtest.App, name string) string {
	return app.As(policy.Receptionist).Do(addPublication, vars{"in": vars{"estateID": app.A.ID, "name": name, "kind": "NEWSPAPER", "frequency": "DAILY"}}).Get("addPublication.publication.id").String()
}

// subscribing is a subscription for the year, with more.
func subscribing(publication string, more vars) vars {
	in := vars{"publicationID": publication, "fromOn": "2026-01-01", "lastOn": "2026-12-31"}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

// readers have one household, the other and a department subscribe to a new publication, so many copies each.
func readers(app *stewardtest.App, first, second, department int) (publicationID string) {
	publicationID = publication(app, "读者日报")
	for _, s := range []vars{{"householdID": app.A.OtherHousehold, "copies": second}, {"departmentID": app.A.FinanceDepartment, "copies": department}, {"householdID": app.A.Household, "copies": first}} {
		app.As(policy.Receptionist).Do(subscribePress, subscribing(publicationID, s))
	}
	return publicationID
}

// bringing is press of a day, so many copies of a publication; today's unless a day is given.
func bringing(app *stewardtest.App, publication string, copies int, day any) vars {
	return vars{"in": vars{"estateID": app.A.ID, "deliverer": "孙师傅", "day": day, "signature": vars{}, "counts": []vars{{"publicationID": publication, "delivered": copies}}}}
}

// shared is what the first household, the second and the department got of a delivery, of the rows of a recovery or of the first ones.
func shared(app *stewardtest.App, delivery gjson.Result, recovered bool) (out [3]int64) {
	for _, a := range delivery.Get("allocations").Array() {
		if (a.Get("recoveryID").String() != "") != recovered || a.Get("voidedAt").String() != "" {
			continue
		}
		switch {
		case a.Get("departmentID").String() != "":
			out[2] += a.Get("given").Int()
		case a.Get("householdID").String() == app.A.Household.String():
			out[0] += a.Get("given").Int()
		default:
			out[1] += a.Get("given").Int()
		}
	}
	return out
}

func TestM1_WhatPeopleSubscribeTo(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	adding := func(more vars) vars {
		in := vars{"estateID": app.A.ID, "name": "南方周末", "kind": "NEWSPAPER", "frequency": "WEEKLY", "weekday": 4}
		for k, v := range more {
			in[k] = v
		}
		return vars{"in": in}
	}
	id := receptionist.Do(addPublication, adding(nil)).Get("addPublication.publication.id").String()
	if r := receptionist.Refused(addPublication, adding(vars{"name": " 南方周末 "}), fault.Conflict, "M1"); r.Field != "name" {
		t.Errorf("a name that is there is refused at %q", r.Field)
	}
	for field, more := range map[string]vars{"weekday": {"weekday": 8}, "monthDay": {"monthDay": 3}, "name": {"name": ""}} {
		if r := receptionist.Refused(addPublication, adding(more), fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	receptionist.Refused(addPublication, adding(vars{"name": "x", "weekday": nil}), fault.InvalidInput, "M1")
	receptionist.Refused(addPublication, adding(vars{"estateID": app.B.ID}), fault.NotFound)
	app.As(policy.MailSorter).Refused(addPublication, adding(vars{"name": "x"}), fault.Forbidden)

	voiding := vars{"in": vars{"id": id, "reason": "登记错"}}
	sub := receptionist.Do(subscribePress, subscribing(id, vars{"householdID": app.A.Household})).Get("subscribePress.subscription.id").String()
	receptionist.Refused(voidPublication, voiding, fault.Conflict, "M1") // somebody subscribes
	receptionist.Do(voidSubscription, vars{"in": vars{"id": sub, "reason": "登记错"}})
	receptionist.Do(voidPublication, voiding)
	receptionist.Refused(subscribePress, subscribing(id, vars{"householdID": app.A.Household}), fault.Conflict)
	receptionist.Refused(receivePress, bringing(app, id, 1, nil), fault.Conflict)
	receptionist.Do(addPublication, adding(nil)) // its name is free again
}

func TestM1_ASubscriptionHasItsTerm(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, daily := app.As(policy.Receptionist), publication(app, "人民日报")
	s := receptionist.Do(subscribePress, subscribing(daily, vars{"householdID": app.A.Household, "copies": 2, "paidReference": "S-7"})).Get("subscribePress.subscription")
	if s.Get("copies").Int() != 2 || s.Get("publicationName").String() != "人民日报" {
		t.Errorf("subscribed: %s", s.Raw)
	}
	receptionist.Refused(subscribePress, subscribing(daily, vars{"householdID": app.A.Household, "fromOn": "2026-12-31", "lastOn": "2027-12-31"}), fault.Conflict, "M1")
	for field, more := range map[string]vars{
		"householdID": {"householdID": app.A.Household, "departmentID": app.A.Department}, "copies": {"householdID": app.A.Household, "copies": 0},
		"lastOn": {"householdID": app.A.Household, "lastOn": "2025-12-31"},
	} {
		if r := receptionist.Refused(subscribePress, subscribing(daily, more), fault.InvalidInput, "M1"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	receptionist.Refused(subscribePress, subscribing(daily, vars{"householdID": app.B.Household}), fault.NotFound)
	app.Foreign(policy.Receptionist).Refused(subscribePress, subscribing(daily, vars{"householdID": app.B.Household}), fault.NotFound)

	renewing := vars{"in": vars{"subscriptionID": s.Get("id").String(), "lastOn": "2027-12-31"}}
	next := receptionist.Do(renewPress, renewing).Get("renewPressSubscription.subscription")
	if next.Get("fromOn").String() != "2027-01-01" || next.Get("renewsID").String() != s.Get("id").String() || next.Get("copies").Int() != 2 {
		t.Errorf("renewed: %s", next.Raw)
	}
	receptionist.Refused(renewPress, renewing, fault.Conflict, "M1") // once
	ending := func(of gjson.Result, last string) vars {
		return vars{"in": vars{"subscriptionID": of.Get("id").String(), "lastOn": last, "reason": "搬家"}}
	}
	receptionist.Refused(endPress, ending(s, "2026-06-30"), fault.Conflict, "M1") // it was renewed
	endless := vars{"in": vars{"subscriptionID": next.Get("id").String(), "lastOn": "2999-12-31"}}
	if r := receptionist.Refused(renewPress, endless, fault.InvalidInput, "M1"); r.Field != "lastOn" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := receptionist.Refused(endPress, ending(next, "2026-12-31"), fault.InvalidInput, "M1"); r.Field != "lastOn" {
		t.Errorf("refused at %q", r.Field)
	}
	if got := receptionist.Do(endPress, ending(next, "2027-03-31")).Get("endPressSubscription.subscription"); got.Get("lastOn").String() != "2027-03-31" || got.Get("endedByName").String() != receptionist.Email {
		t.Errorf("ended: %s", got.Raw)
	}
	receptionist.Refused(endPress, ending(next, "2027-02-01"), fault.Conflict, "M1") // once

	list := app.Resident().Do(`{ pressSubscriptions(first: 50) { edges { node { id publicationName pauses { id } } } } }`, nil).Get("pressSubscriptions.edges.#.node.id")
	if !contains(list, s.Get("id").String()) || !contains(list, next.Get("id").String()) {
		t.Errorf("the household sees %s", list.Raw)
	}
	if list := app.Neighbour().Do(`{ pressSubscriptions(first: 50) { edges { node { id } } } }`, nil).Get("pressSubscriptions.edges.#.node.id"); contains(list, s.Get("id").String()) {
		t.Error("the neighbour sees it, too")
	}
	app.Resident().Refused(endPress, ending(s, "2026-06-30"), fault.Forbidden)
}

func TestM1_ExpectedPressFollowsFromSubscriptions(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	add := func(name, frequency string, more vars) string {
		in := vars{"estateID": app.A.ID, "name": name, "kind": "MAGAZINE", "frequency": frequency}
		for k, v := range more {
			in[k] = v
		}
		return receptionist.Do(addPublication, vars{"in": in}).Get("addPublication.publication.id").String()
	}
	for _, id := range []string{add("日", "DAILY", nil), add("工作日", "WEEKDAYS", nil), add("周四", "WEEKLY", vars{"weekday": 4}), add("月末", "MONTHLY", vars{"monthDay": 31})} {
		receptionist.Do(subscribePress, subscribing(id, vars{"householdID": app.A.Household, "copies": 2}))
		receptionist.Do(subscribePress, subscribing(id, vars{"departmentID": app.A.Department}))
	}
	expected := func(day any) string {
		var names []string
		for _, e := range receptionist.Do(expectedPress, vars{"e": app.A.ID, "d": day}).Get("expectedPress").Array() {
			if name := e.Get("publication.name").String(); !strings.HasPrefix(name, "种子") {
				names = append(names, name)
				if e.Get("households").Int() != 2 || e.Get("departments").Int() != 1 {
					t.Errorf("%v: %s", day, e.Raw)
				}
			}
		}
		return strings.Join(names, ",")
	}
	for day, want := range map[any]string{
		nil:          "工作日,日", // a Monday
		"2026-03-05": "周四,工作日,日",
		"2026-03-07": "日",
		"2026-03-31": "工作日,日,月末",
		"2026-02-28": "日,月末", // the last day of a shorter month, a Saturday
		"2027-01-01": "",
	} {
		if got := sorted(expected(day)); got != sorted(want) {
			t.Errorf("%v: %s, want %s", day, got, want)
		}
	}
	app.Foreign(policy.Receptionist).Refused(expectedPress, vars{"e": app.A.ID}, fault.NotFound)
	app.Resident().Refused(expectedPress, vars{"e": app.A.ID}, fault.NotFound)
}

func TestM1_APauseIsWithinTheSubscription(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, daily := app.As(policy.Receptionist), publication(app, "人民日报")
	s := receptionist.Do(subscribePress, subscribing(daily, vars{"householdID": app.A.Household})).Get("subscribePress.subscription.id").String()
	pausing := func(from, last string) vars {
		return vars{"in": vars{"subscriptionID": s, "fromOn": from, "lastOn": last}}
	}
	expected := func(day string) int64 {
		return receptionist.Do(expectedPress, vars{"e": app.A.ID, "d": day}).Get(`expectedPress.#(publication.name=="人民日报").households`).Int()
	}
	p := receptionist.Do(pausePress, pausing("2026-03-10", "2026-03-20")).Get("pausePressSubscription.pause.id").String()
	if expected("2026-03-09") != 1 || expected("2026-03-10") != 0 || expected("2026-03-20") != 0 || expected("2026-03-21") != 1 {
		t.Error("a pause is not heeded")
	}
	receptionist.Refused(pausePress, pausing("2026-03-20", "2026-03-25"), fault.Conflict, "M1")
	for field, days := range map[string][2]string{"fromOn": {"2025-12-01", "2026-01-05"}, "lastOn": {"2026-12-01", "2027-01-05"}} {
		if r := receptionist.Refused(pausePress, pausing(days[0], days[1]), fault.InvalidInput, "M1"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	resuming := func(on string) vars { return vars{"in": vars{"pauseID": p, "on": on}} }
	receptionist.Refused(resumePress, resuming("2026-03-10"), fault.InvalidInput, "M1")
	receptionist.Do(resumePress, resuming("2026-03-15"))
	if expected("2026-03-14") != 0 || expected("2026-03-15") != 1 {
		t.Error("resuming is not heeded")
	}
	receptionist.Do(voidPause, vars{"in": vars{"id": p, "reason": "误登"}})
	if expected("2026-03-12") != 1 {
		t.Error("a pause that was voided is heeded")
	}
	receptionist.Do(receivePress, bringing(app, daily, 1, nil))
	receptionist.Refused(pausePress, pausing("2026-03-02", "2026-03-03"), fault.Conflict, "M1") // today's came for it
	receptionist.Refused(endPress, vars{"in": vars{"subscriptionID": s, "lastOn": "2026-03-01", "reason": "搬家"}}, fault.Conflict, "M1")
	receptionist.Refused(voidSubscription, vars{"in": vars{"id": s, "reason": "误登"}}, fault.Conflict, "M1")

	// Without its trigger a pause would say that nothing was wanted of what came.
	app.Super(`ALTER TABLE press_pauses DISABLE TRIGGER press_pause_checked`)
	receptionist.Do(pausePress, pausing("2026-03-02", "2026-03-03"))
}
