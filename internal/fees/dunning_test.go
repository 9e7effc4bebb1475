package fees_test

import (
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The neighbours' notice of February is as past due: the seed has somebody withdraw what demanded it.
func TestF6_ArrearsAreDemandedWithinThreeDays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	later(app, 8, policy.Accountant) // the 10th, by which it is to be paid
	if n := drafts(t, app); n != 0 {
		t.Fatalf("%d were drafted on the last day", n)
	}
	later(app, 1, policy.Accountant, policy.Supervisor, policy.CSOfficer, policy.ProjectManager)
	var wg sync.WaitGroup
	for range 5 { // servers and people at once
		wg.Go(func() { _, _ = fees.DraftDunnings(app.Context(), app.Runtime) })
		wg.Go(func() { _, _ = accountant.Try(draftDunnings, vars{"in": vars{"estateID": app.A.ID}}) })
	}
	wg.Wait()
	list := dunningsOf(app, app.A.Household)
	if len(list) != 1 {
		t.Fatalf("%d were drafted", len(list))
	}
	d := list[0]
	if d.Get("level").String() != "FIRST" || d.Get("state").String() != "DRAFT" || d.Get("amount").Int() != owed || d.Get("draftedOn").String() != "2026-03-11" || d.Get("draftDueAt").String() != "2026-03-13T16:00:00Z" ||
		d.Get("handDueAt").String() != "2026-03-14T16:00:00Z" || d.Get("lines.0.asked").Int() != whole || d.Get("lines.0.settled").Int() != whole-owed || due(t, app, "fees.handDunning", d.Get("id").String()) != "OPEN" {
		t.Errorf("drafted: %s", d.Raw)
	}
	if n := drafts(t, app); n != 0 {
		t.Errorf("%d were drafted again", n)
	}
	if got := accountant.Do(draftDunnings, vars{"in": vars{"estateID": app.A.ID}}).Get("draftFeeDunnings.drafted").Int(); got != 0 {
		t.Errorf("%d were drafted again", got)
	}
	again := accountant.Do(draftDunnings, vars{"in": vars{"estateID": app.A.ID, "again": true}}).Get("draftFeeDunnings")
	if again.Get("drafted").Int() != 1 || again.Get("dunnings.0.householdID").String() != app.A.OtherHousehold.String() || again.Get("dunnings.0.draftedByName").String() != accountant.Email {
		t.Errorf("what was withdrawn, asked for: %s", again.Raw)
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(draftDunnings, vars{"in": vars{"estateID": app.A.ID}}, fault.Forbidden)
	}
	app.Resident().Refused(draftDunnings, vars{"in": vars{"estateID": app.A.ID}}, fault.Forbidden)
	app.Foreign(policy.Accountant).Refused(draftDunnings, vars{"in": vars{"estateID": app.A.ID}}, fault.NotFound)
	if n := len(app.Resident().Do(feeDunnings, nil).Get("feeDunnings.edges").Array()); n != 0 {
		t.Error("a resident sees a draft")
	}

	// Paid, it is withdrawn by itself, and nothing is due of it.
	pays(app, app.A.Household, owed, nil)
	if d := dunningsOf(app, app.A.Household)[0]; d.Get("state").String() != "WITHDRAWN" || d.Get("endReason").String() != "已结清" || due(t, app, "fees.handDunning", d.Get("id").String()) != "CANCELLED" {
		t.Errorf("paid: %s", d.Raw)
	}
	if n := drafts(t, app); n != 0 {
		t.Errorf("%d were drafted of what is paid", n)
	}

	// By a person, with a reason.
	other := again.Get("dunnings.0.id").String()
	withdrawing := vars{"in": vars{"dunningID": other, "reason": "已约定分期"}}
	for _, role := range []policy.Role{policy.CSOfficer, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(withdrawDunning, withdrawing, fault.Forbidden)
	}
	if r := accountant.Refused(withdrawDunning, vars{"in": vars{"dunningID": other, "reason": ""}}, fault.InvalidInput); r.Field != "reason" {
		t.Errorf("refused at %q", r.Field)
	}
	stewardtest.Race(t, accountant, withdrawDunning, withdrawing)
	sound(t, app)
}

func TestF6_APartPaymentChangesWhatIsDemanded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	first := pastDue(t, app).Get("id").String()
	stampedBy(app, policy.SealKeeper, first)
	accountant := app.As(policy.Accountant)
	p := pays(app, app.A.Household, 1000, nil)
	versions := func() (old, now gjson.Result) {
		list := dunningsOf(app, app.A.Household)
		return list[len(list)-2], list[len(list)-1]
	}
	old, now := versions()
	if old.Get("revision").Int() > now.Get("revision").Int() {
		old, now = now, old
	}
	if old.Get("state").String() != "REPLACED" || old.Get("amount").Int() != owed || old.Get("stampedByName").String() == "" || now.Get("state").String() != "DRAFT" || now.Get("revision").Int() != 2 ||
		now.Get("number").Int() != old.Get("number").Int() || now.Get("amount").Int() != owed-1000 || now.Get("replacesID").String() != first || now.Get("contentHash").String() != "" {
		t.Errorf("after a part payment: %s and %s", old.Raw, now.Raw)
	}
	second := now.Get("id").String()
	if due(t, app, "fees.handDunning", first) != "CANCELLED" || due(t, app, "fees.handDunning", second) != "OPEN" {
		t.Error("what is due stayed with what was replaced")
	}
	// No step is skipped: the stamp was under another amount.
	accountant.Refused(handDunnings, these(second), fault.RuleBroken, "F7")
	accountant.Refused(handDunnings, these(first), fault.Conflict, "F7")
	app.As(policy.SealKeeper).Refused(stampDunnings, stamping(second), fault.RuleBroken, "F7")
	app.As(policy.CSOfficer).Refused(dispatchAll, brought(posted("dunningID", first)), fault.RuleBroken, "F7")
	app.As(policy.CSOfficer).Refused(dispatchAll, brought(posted("dunningID", second)), fault.RuleBroken, "F7")
	handed(app, second)

	// The payment is reversed: another version asks for all of it.
	accountant.Do(reversePayment, vars{"in": vars{"paymentID": p.Get("id").String(), "reason": "记错业户"}})
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_dunnings WHERE household_id = $1 AND state = 'DRAFT' AND revision = 3 AND amount = $2`, app.A.Household, owed); n != 1 {
		t.Errorf("after a reversal: %v", dunningsOf(app, app.A.Household))
	}
	// A credit note counts as a payment.
	accountant.Do(creditNotice, vars{"in": vars{"noticeID": februaryOf(app, app.A.Household), "reason": "面积更正"}})
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_dunnings WHERE household_id = $1 AND state = 'WITHDRAWN'`, app.A.Household); n != 1 {
		t.Errorf("after a credit note: %v", dunningsOf(app, app.A.Household))
	}
	sound(t, app)

	// Without the trigger what is paid is demanded still.
	other := app.As(policy.Accountant).Do(draftDunnings, vars{"in": vars{"estateID": app.A.ID, "again": true}}).Get("draftFeeDunnings.dunnings.0.id").String()
	app.Super(`ALTER TABLE fee_allocations DISABLE TRIGGER fee_dunnings_follow`)
	pays(app, app.A.OtherHousehold, owed, nil)
	if got := value[string](t, app, `SELECT state FROM fee_dunnings WHERE id = $1`, other); got != "DRAFT" {
		t.Errorf("something else withdraws it, so this proves nothing of the trigger: %s", got)
	}
}

// The database drafts, and nobody else; and people who come at once draft one.
func TestF6_TheDatabaseDrafts(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	for _, sql := range []string{
		`INSERT INTO fee_dunnings SELECT (d.*) FROM fee_dunnings d WHERE id = $1`, `UPDATE fee_dunnings SET amount = 1 WHERE id = $1`, `UPDATE fee_dunnings SET delivered_at = now() WHERE id = $1`,
		`INSERT INTO fee_dunning_lines SELECT (l.*) FROM fee_dunning_lines l WHERE dunning_id = $1`, `UPDATE fee_dunning_lines SET amount = 1 WHERE dunning_id = $1`,
	} {
		if err := asServed(app, sql, d); err == nil {
			t.Errorf("done: %s", sql)
		}
	}
}
