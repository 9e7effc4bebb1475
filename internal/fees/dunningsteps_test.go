package fees_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestF7_OneReviewsAndAnotherStamps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	accountant, keeper, manager, officer := app.As(policy.Accountant), app.As(policy.SealKeeper), app.As(policy.ProjectManager), app.As(policy.CSOfficer)
	keeper.Refused(stampDunnings, stamping(d), fault.RuleBroken, "F7") // not reviewed
	accountant.Refused(handDunnings, these(d), fault.RuleBroken, "F7")
	officer.Refused(dispatchAll, brought(posted("dunningID", d)), fault.RuleBroken, "F7")
	for _, p := range []*stewardtest.Person{keeper, officer, app.As(policy.Supervisor), app.As(policy.Auditor), app.Resident()} {
		p.Refused(reviewDunnings, these(d), fault.Forbidden)
	}
	app.Foreign(policy.Accountant).Refused(reviewDunnings, these(d), fault.NotFound)
	if r := accountant.Refused(reviewDunnings, these(d, d), fault.InvalidInput, "F7"); r.Field != "dunningIDs.1" {
		t.Errorf("refused at %q", r.Field)
	}
	accountant.Refused(reviewDunnings, vars{"in": vars{"dunningIDs": []string{}}}, fault.InvalidInput, "F7")
	reviewed := accountant.Do(reviewDunnings, these(d)).Get("reviewFeeDunnings.dunnings.0")
	if reviewed.Get("state").String() != "REVIEWED" || len(reviewed.Get("contentHash").String()) != 64 || reviewed.Get("reviewedByName").String() != accountant.Email {
		t.Errorf("reviewed: %s", reviewed.Raw)
	}
	accountant.Refused(reviewDunnings, these(d), fault.RuleBroken, "F7")

	for _, p := range []*stewardtest.Person{accountant, officer, app.As(policy.Supervisor), app.As(policy.Auditor)} {
		p.Refused(stampDunnings, stamping(d), fault.Forbidden)
	}
	if r := keeper.Refused(stampDunnings, vars{"in": vars{"dunningIDs": []string{d}, "signature": vars{"credential": "falsch falsch"}}}, fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("a wrong password is refused at %q", r.Field)
	}
	officer.Refused(dispatchAll, brought(posted("dunningID", d)), fault.RuleBroken, "F7")
	stamped := keeper.Do(stampDunnings, stamping(d)).Get("stampFeeDunnings.dunnings.0")
	if stamped.Get("state").String() != "STAMPED" || stamped.Get("stampedByName").String() != keeper.Email || stamped.Get("contentHash").String() != reviewed.Get("contentHash").String() {
		t.Errorf("stamped: %s", stamped.Raw)
	}
	if got := value[string](t, app, `SELECT content_hash FROM certificates WHERE subject_id = $1`, d); got != stamped.Get("contentHash").String() {
		t.Errorf("the certificate is of %s", got)
	}
	officer.Refused(dispatchAll, brought(posted("dunningID", d)), fault.RuleBroken, "F7") // it is not theirs yet
	keeper.Refused(handDunnings, these(d), fault.Forbidden)
	got := accountant.Do(handDunnings, these(d)).Get("handFeeDunnings.dunnings.0")
	if got.Get("state").String() != "HANDED" || got.Get("dispatchDueAt").String() != "2026-03-14T16:00:00Z" || due(t, app, "fees.handDunning", d) != "MET" || due(t, app, "fees.dispatchDunning", d) != "OPEN" {
		t.Errorf("handed over: %s", got.Raw)
	}
	accountant.Refused(handDunnings, these(d), fault.Conflict, "F7")
	if out := dispatched(app, posted("dunningID", d))[0]; out.Get("dunningID").String() != d || out.Get("late").Bool() || due(t, app, "fees.dispatchDunning", d) != "MET" {
		t.Errorf("dispatched: %s", out.Raw)
	}

	// Nobody is both, not even who may do both.
	other := accountant.Do(draftDunnings, vars{"in": vars{"estateID": app.A.ID, "again": true}}).Get("draftFeeDunnings.dunnings.0.id").String()
	manager.Do(reviewDunnings, these(other))
	manager.Refused(stampDunnings, stamping(other), fault.RuleBroken, "F7")
	if got := refusedBy(app.TrySQL(`UPDATE fee_dunnings SET state = 'STAMPED', stamped_at = reviewed_at, stamped_by_id = reviewed_by_id, stamped_by_name = 'x' WHERE id = $1`, other)); got != "fee_dunnings_two" {
		t.Errorf("refused by %q", got)
	}
	if got := refusedBy(app.TrySQL(`UPDATE fee_dunnings SET state = 'STAMPED', stamped_at = reviewed_at, stamped_by_id = $2, stamped_by_name = 'x' WHERE id = $1`, other, app.A.ID)); got != "fee_dunnings_signed" {
		t.Errorf("unsigned, refused by %q", got)
	}
}

func TestF7_WhereFinanceIsOnePersonTheManagerStamps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	accountant, keeper, manager := app.As(policy.Accountant), app.As(policy.SealKeeper), app.As(policy.ProjectManager)
	employed(app, "会计甲", &accountant.Account)
	accountant.Do(reviewDunnings, these(d))
	manager.Do(stampDunnings, stamping(d))

	// Once there are two, the other one does.
	employed(app, "出纳乙", &keeper.Account)
	other := accountant.Do(draftDunnings, vars{"in": vars{"estateID": app.A.ID, "again": true}}).Get("draftFeeDunnings.dunnings.0.id").String()
	accountant.Do(reviewDunnings, these(other))
	manager.Refused(stampDunnings, stamping(other), fault.RuleBroken, "F7")
	keeper.Do(stampDunnings, stamping(other))
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_dunnings WHERE state = 'STAMPED'`); n != 2 {
		t.Errorf("%d are stamped", n)
	}
}

// Nothing that is not stamped goes out, whoever writes it; it is the trigger that holds it.
func TestF7_TheDatabaseHoldsTheOrder(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	insert := func() error {
		return app.TrySQL(`INSERT INTO fee_dispatches (id, created_at, estate_id, dunning_id, household_id, number, address, attempt, method, postage, reason, dispatched_at, dispatched_by_id, dispatched_by_name, sort_key)
			SELECT new_id(x'090c'::int), now(), estate_id, id, household_id, number::text, address, 1, 'POST', 5, 'x', now(), $2, 'x', '' FROM fee_dunnings WHERE id = $1`, d, app.A.ID)
	}
	if got := refusedBy(insert()); got != "fee_dispatches_stamped" {
		t.Errorf("unstamped, refused by %q", got)
	}
	for state, want := range map[string]string{
		"STAMPED', stamped_at = now(), stamped_by_id = estate_id, stamped_by_name = 'x":                                       "fee_dunnings_stamped",
		"HANDED', handed_at = now(), handed_by_id = estate_id, handed_by_name = 'x', dispatch_due_at = now(), end_reason = '": "fee_dunnings_handed",
		"SETTLED":   "fee_dunnings_state",
		"DELIVERED": "fee_dunnings_state",
	} {
		if got := refusedBy(app.TrySQL(`UPDATE fee_dunnings SET state = '` + state + `' WHERE id = '` + d + `'`)); got != want {
			t.Errorf("from a draft to %s, refused by %q, want %q", state, got, want)
		}
	}
	stampedBy(app, policy.SealKeeper, d)
	if got := refusedBy(insert()); got != "fee_dispatches_handed" {
		t.Errorf("not handed over, refused by %q", got)
	}
	for change, want := range map[string]string{
		"reviewed_by_name = 'y'": "fee_dunnings_stay", "content_hash = 'y'": "fee_dunnings_stay", "stamped_by_name = 'y'": "fee_dunnings_stay", "state = 'DRAFT'": "fee_dunnings_state",
	} {
		if got := refusedBy(app.TrySQL(`UPDATE fee_dunnings SET ` + change + ` WHERE id = '` + d + `'`)); got != want {
			t.Errorf("%s: refused by %q, want %q", change, got, want)
		}
	}
	app.Super(`ALTER TABLE fee_dispatches DISABLE TRIGGER fee_dispatch_of_dunning`) // the mutant
	if err := insert(); err != nil {
		t.Errorf("something else refuses it, so this proves nothing of the trigger: %v", err)
	}
}

func TestF8_TheHouseholdOrItsFamilySignsOrItIsPosted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	d := pastDue(t, app).Get("id").String()
	handed(app, d)
	if r := officer.Refused(dispatchAll, brought(vars{"dunningID": d, "method": "MAILBOX"}), fault.RuleBroken, "F8"); r.Field != "dispatches.0.method" {
		t.Errorf("into the mailbox is refused at %q", r.Field)
	}
	if r := officer.Refused(dispatchAll, brought(vars{"dunningID": d, "method": "POST", "postage": 120}), fault.InvalidInput, "F8"); r.Field != "dispatches.0.reason" {
		t.Errorf("posted without a reason is refused at %q", r.Field)
	}
	dispatched(app, absent("dunningID", d))
	now := dunningsOf(app, app.A.Household)[0]
	if now.Get("state").String() != "DISPATCHED" || now.Get("deliverDueAt").String() != "2026-03-13T16:00:00Z" || due(t, app, "fees.dispatchDunning", d) != "MET" || due(t, app, "fees.deliverDunning", d) != "OPEN" {
		t.Errorf("nobody was home: %s", now.Raw)
	}
	if len(app.Resident().Do(feeDunnings, nil).Get("feeDunnings.edges").Array()) != 0 {
		t.Error("the household sees what it has not got")
	}
	family := dispatched(app, vars{"dunningID": d, "method": "IN_PERSON", "capacity": "FAMILY", "recipient": "王小妹", "relation": "配偶", "signature": vars{}})[0]
	now = dunningsOf(app, app.A.Household)[0]
	if family.Get("relation").String() != "配偶" || family.Get("attempt").Int() != 2 || now.Get("state").String() != "DELIVERED" || now.Get("payBy").String() != "2026-03-18" || due(t, app, "fees.deliverDunning", d) != "MET" {
		t.Errorf("signed by the family: %s, %s", family.Raw, now.Raw)
	}
	if own := app.Resident().Do(feeDunnings, nil).Get("feeDunnings.edges.0.node"); own.Get("id").String() != d || own.Get("lines.0.amount").Int() != owed {
		t.Errorf("the household sees %s", own.Raw)
	}
	if len(app.Neighbour().Do(feeDunnings, nil).Get("feeDunnings.edges").Array()) != 0 {
		t.Error("the neighbours see it")
	}
	officer.Refused(dispatchAll, brought(posted("dunningID", d)), fault.RuleBroken, "F7") // delivered once

	// Voided, it is to be delivered as before.
	officer.Do(voidDispatch, stewardtest.Void(family.Get("id").String(), "签错单"))
	if now = dunningsOf(app, app.A.Household)[0]; now.Get("state").String() != "DISPATCHED" || due(t, app, "fees.deliverDunning", d) != "MET OPEN" {
		t.Errorf("voided: %s", now.Raw)
	}
	if len(app.Resident().Do(feeDunnings, nil).Get("feeDunnings.edges").Array()) != 0 {
		t.Error("the household sees what it has not got")
	}

	// Posted, it is delivered; what comes back is due again.
	later(app, 3, policy.CSOfficer, policy.Accountant)
	post := dispatched(app, posted("dunningID", d))[0]
	if !post.Get("late").Bool() || dunningsOf(app, app.A.Household)[0].Get("state").String() != "DELIVERED" {
		t.Errorf("posted: %s", post.Raw)
	}
	officer.Do(returnDispatch, vars{"in": vars{"dispatchID": post.Get("id").String(), "reason": "拒收"}})
	if now = dunningsOf(app, app.A.Household)[0]; now.Get("state").String() != "DISPATCHED" || due(t, app, "fees.dispatchAgain", d) != "OPEN" {
		t.Errorf("came back: %s", now.Raw)
	}
	dispatched(app, byResident("dunningID", d, app.A.Resident))
	if now = dunningsOf(app, app.A.Household)[0]; now.Get("state").String() != "DELIVERED" || len(now.Get("dispatches").Array()) != 4 {
		t.Errorf("delivered at last: %s", now.Raw)
	}
	pays(app, app.A.Household, owed, nil)
	if now = dunningsOf(app, app.A.Household)[0]; now.Get("state").String() != "SETTLED" || now.Get("settledAt").String() == "" {
		t.Errorf("paid after it was delivered: %s", now.Raw)
	}
}

func TestF6_TheNextLevelFollowsWhenThePeriodRanOut(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	people := []policy.Role{policy.Accountant, policy.CSOfficer, policy.SealKeeper, policy.ProjectManager, policy.Supervisor}
	first := pastDue(t, app).Get("id").String()
	handed(app, first)
	if n := drafts(t, app); n != 0 {
		t.Errorf("%d were drafted before it was delivered", n)
	}
	post := dispatched(app, posted("dunningID", first))[0].Get("id").String()
	later(app, 7, people...) // the 18th, by which it is to be paid
	if n := drafts(t, app); n != 0 {
		t.Errorf("%d were drafted before its period ran out", n)
	}
	pays(app, app.A.Household, 500, nil) // what is demanded next is less
	later(app, 1, people...)
	if n := drafts(t, app); n != 1 {
		t.Fatalf("%d were drafted", n)
	}
	second := dunningsOf(app, app.A.Household)[1]
	if second.Get("level").String() != "SECOND" || second.Get("previousID").String() != first || second.Get("amount").Int() != owed-500 || second.Get("draftDueAt").String() != "2026-03-21T16:00:00Z" {
		t.Errorf("the second: %s", second.Raw)
	}
	app.As(policy.Supervisor).Refused(voidDispatch, stewardtest.Void(post, "未寄"), fault.Conflict, "F8") // the second rests on it
	officer.Refused(returnDispatch, vars{"in": vars{"dispatchID": post, "reason": "拒收"}}, fault.Conflict, "F8")
	handed(app, second.Get("id").String())
	dispatched(app, byResident("dunningID", second.Get("id").String(), app.A.Resident))
	later(app, 8, people...)
	if n := drafts(t, app); n != 1 {
		t.Fatalf("%d were drafted", n)
	}
	final := dunningsOf(app, app.A.Household)[2]
	if final.Get("level").String() != "FINAL" || final.Get("previousID").String() != second.Get("id").String() {
		t.Errorf("the final: %s", final.Raw)
	}
	handed(app, final.Get("id").String())
	dispatched(app, byResident("dunningID", final.Get("id").String(), app.A.Resident))
	later(app, 30, people...)
	if n := drafts(t, app); n != 0 {
		t.Errorf("%d follow the final one", n)
	}
	pays(app, app.A.Household, owed-500, nil)
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_dunnings WHERE household_id = $1 AND state = 'SETTLED'`, app.A.Household); n != 3 {
		t.Errorf("%d of three are settled", n)
	}
}
