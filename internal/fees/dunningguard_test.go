package fees_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// told is how many messages of a kind somebody has.
func told(t *testing.T, app *stewardtest.App, p *stewardtest.Person, kind string) int {
	t.Helper()
	return value[int](t, app, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND kind = $2`, p.Account, kind)
}

// onTrail is what the trail says of a field of a row, oldest first.
func onTrail(t *testing.T, app *stewardtest.App, id, field string) string {
	t.Helper()
	return value[string](t, app, `SELECT coalesce(string_agg(f->>'after', ' ' ORDER BY e.seq), '') FROM audit.entries e JOIN audit.changes c ON c.estate_id = e.estate_id AND c.entry_id = e.id, jsonb_array_elements(c.body::jsonb->'fields') f
		WHERE c.body::jsonb->>'id' = $1 AND f->>'name' = $2`, id, field)
}

func reversing(payment, reason string) vars {
	return vars{"in": vars{"paymentID": payment, "reason": reason}}
}

// A dispatch that is voided after the notice was paid counts no more once the payment is reversed.
func TestF8_WhatWasNotDispatchedIsNotDeliveredThoughItWasPaid(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	handed(app, d)
	out := dispatched(app, posted("dunningID", d))[0].Get("id").String()
	payment := pays(app, app.A.Household, owed, nil).Get("id").String()
	app.As(policy.CSOfficer).Do(voidDispatch, stewardtest.Void(out, "没有寄出"))
	app.As(policy.Accountant).Do(reversePayment, reversing(payment, "记错"))
	now := dunningsOf(app, app.A.Household)[0]
	if now.Get("state").String() != "HANDED" || now.Get("deliveredAt").String() != "" || due(t, app, "fees.dispatchDunning", d) != "MET OPEN" {
		t.Errorf("demanded again: %s, due %s", now.Raw, due(t, app, "fees.dispatchDunning", d))
	}
	if got := onTrail(t, app, d, "state"); got != "REVIEWED STAMPED HANDED SETTLED HANDED" {
		t.Errorf("on the trail: %s", got)
	}
	dispatched(app, byResident("dunningID", d, app.A.Resident))
	if now = dunningsOf(app, app.A.Household)[0]; now.Get("state").String() != "DELIVERED" || due(t, app, "fees.dispatchDunning", d) != "MET MET" {
		t.Errorf("delivered: %s", now.Raw)
	}
}

// While the next level rests on it, that it was delivered stays, paid or not.
func TestF8_ADeliveryThatTheNextLevelRestsOnIsNotVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	people := []policy.Role{policy.Accountant, policy.CSOfficer, policy.SealKeeper, policy.Supervisor}
	first := pastDue(t, app).Get("id").String()
	handed(app, first)
	out := dispatched(app, posted("dunningID", first))[0].Get("id").String()
	later(app, 8, people...)
	drafts(t, app)
	second := dunningsOf(app, app.A.Household)[1].Get("id").String()
	handed(app, second)
	dispatched(app, posted("dunningID", second))
	payment := pays(app, app.A.Household, owed, nil).Get("id").String()
	app.As(policy.Supervisor).Refused(voidDispatch, stewardtest.Void(out, "未寄"), fault.Conflict, "F8")
	app.As(policy.Accountant).Do(reversePayment, reversing(payment, "记错"))
	for _, d := range dunningsOf(app, app.A.Household) {
		if d.Get("state").String() != "DELIVERED" {
			t.Errorf("demanded again: %s", d.Raw)
		}
	}
}

func TestF8_AVoidedAttemptLeavesNothingDueButWhatIs(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	handed(app, d)
	out := dispatched(app, absent("dunningID", d))[0].Get("id").String()
	app.As(policy.CSOfficer).Do(voidDispatch, stewardtest.Void(out, "没有去"))
	if got := due(t, app, "fees.deliverDunning", d) + ", " + due(t, app, "fees.dispatchDunning", d); got != "CANCELLED, MET OPEN" {
		t.Errorf("due: %s", got)
	}
	later(app, 1, policy.CSOfficer)
	dispatched(app, absent("dunningID", d))
	if got := value[string](t, app, `SELECT to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24') FROM obligations WHERE kind = 'fees.deliverDunning' AND subject_id = $1 AND state = 'OPEN'`, d); got != "03-14 16" {
		t.Errorf("to be delivered by %s", got)
	}
}

// Who has credit is not asked for what it would pay.
func TestF6_CreditIsSettledBeforeAnythingIsDemanded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	first := pays(app, app.A.Household, owed, nil).Get("id").String()
	pays(app, app.A.Household, owed-500, nil)
	app.As(policy.ProjectManager).Do(reversePayment, reversing(first, "记错"))
	owes(t, app, app.A.Household, owed, owed-500)
	later(app, 9, policy.Accountant)
	if n := drafts(t, app); n != 1 {
		t.Fatalf("%d were drafted", n)
	}
	if d := dunningsOf(app, app.A.Household)[0]; d.Get("amount").Int() != 500 {
		t.Errorf("demanded: %s", d.Raw)
	}
	owes(t, app, app.A.Household, 500, 0)
	sound(t, app)
}

// What a payment does to dunning notices is on the trail, and customer service is told not to bring what it has.
func TestF6_CustomerServiceHearsOfWhatIsNotToBeBrought(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor, manager := app.As(policy.CSOfficer), app.As(policy.Supervisor), app.As(policy.ProjectManager)
	first := pastDue(t, app).Get("id").String()
	pays(app, app.A.Household, 100, nil) // a draft: finance has it yet
	if n := told(t, app, officer, "fees.dunningEnded"); n != 0 {
		t.Errorf("customer service has %d messages of a draft", n)
	}
	second := dunningsOf(app, app.A.Household)[1].Get("id").String()
	handed(app, second)
	pays(app, app.A.Household, 100, nil)
	if a, b := told(t, app, officer, "fees.dunningEnded"), told(t, app, supervisor, "fees.dunningEnded"); a != 1 || b != 1 {
		t.Errorf("they have %d and %d messages", a, b)
	}
	third := dunningsOf(app, app.A.Household)[2].Get("id").String()
	for id, want := range map[string]string{first: "REPLACED", second: "REVIEWED STAMPED HANDED REPLACED"} {
		if got := onTrail(t, app, id, "state"); got != want {
			t.Errorf("on the trail: %s, want %s", got, want)
		}
	}
	if got := onTrail(t, app, third, "amount"); got == "" {
		t.Error("the new version is not on the trail")
	}

	// Withdrawn by a person: the leaders of finance hear, and who has it.
	handed(app, third)
	app.As(policy.Accountant).Do(withdrawDunning, vars{"in": vars{"dunningID": third, "reason": "协商分期"}})
	if a, b := told(t, app, officer, "fees.dunningEnded"), told(t, app, manager, "fees.dunningWithdrawn"); a != 2 || b != 1 {
		t.Errorf("they have %d and %d messages", a, b)
	}
	if n := told(t, app, app.Foreign(policy.CSOfficer), "fees.dunningEnded"); n != 0 {
		t.Errorf("another estate has %d messages", n)
	}
}
