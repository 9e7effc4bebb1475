package archives_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	advance       = `mutation($in: AdvanceRenovationInput!) { advanceRenovation(input: $in) { renovation { state } } }`
	payDeposit    = `mutation($in: PayRenovationDepositInput!) { payRenovationDeposit(input: $in) { renovation { deposit currency paidAt settledAt } } }`
	returnDeposit = `mutation($in: ReturnRenovationDepositInput!) { returnRenovationDeposit(input: $in) { renovation { deposit deducted returned deductionReason settledAt } } }`
	voidDeposit   = `mutation($in: VoidRenovationDepositInput!) { voidRenovationDeposit(input: $in) { renovation { deposit returned paidAt settledAt } } }`
	renovationOf  = `query($id: ID!) { node(id: $id) { ... on Renovation { state deposit deducted returned steps { step amount note doneByName } } } }`
)

func to(id, state string) vars {
	return vars{"in": vars{"id": id, "to": state, "note": "合格"}}
}

func paid(id string, amount int) vars {
	return vars{"in": vars{"id": id, "amount": amount, "currency": "CNY", "note": "收据 0042"}}
}

// back is what is given back and kept of a deposit.
func back(id string, returned int, kept ...int) vars {
	in := vars{"id": id, "returned": returned}
	if len(kept) > 0 {
		in["deducted"], in["reason"] = kept[0], "损坏公共墙面"
	}
	return vars{"in": in}
}

func applied(p *stewardtest.Person, app *stewardtest.App) string {
	return made(p, applyRenovation, records(app)["renovation"].in)
}

func steps(r gjson.Result) string {
	var list []string
	for _, s := range r.Get("steps.#.step").Array() {
		list = append(list, s.String())
	}
	return strings.Join(list, " ")
}

// From the application to the end, with a deposit of which something is kept: each state follows the one before, and who did what
// stays on record.
func TestA1_4_ARenovationAndItsDeposit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := applied(officer, app)
	for _, early := range []string{"UNDER_WAY", "INSPECTED", "CLOSED"} {
		officer.Refused(advance, to(id, early), fault.Conflict, "A1.4")
	}
	for _, never := range []string{"APPLIED", "VOIDED"} {
		officer.Refused(advance, to(id, never), fault.InvalidInput, "A1.4")
	}
	officer.Refused(returnDeposit, back(id, 0), fault.Conflict, "A1.4") // none is held
	officer.Do(payDeposit, paid(id, 300000))
	officer.Refused(payDeposit, paid(id, 300000), fault.Conflict, "A1.4")
	officer.Do(advance, to(id, "APPROVED"))
	officer.Refused(advance, to(id, "APPROVED"), fault.Conflict, "A1.4")
	officer.Do(advance, to(id, "UNDER_WAY"))
	officer.Refused(returnDeposit, back(id, 300000), fault.RuleBroken, "A1.4")
	if f := officer.Refused(advance, vars{"in": vars{"id": id, "to": "INSPECTED"}}, fault.InvalidInput, "A1.4"); f.Field != "note" {
		t.Errorf("refused at %q", f.Field)
	}
	officer.Do(advance, to(id, "INSPECTED"))
	officer.Refused(advance, to(id, "CLOSED"), fault.RuleBroken, "A1.4") // the deposit is held
	officer.Refused(voidRenovation, stewardtest.Void(id, "录错"), fault.RuleBroken, "A1.4")
	for _, wrong := range []vars{back(id, 300001), back(id, 300000, 1), back(id, 250000), back(id, 250000, 49999)} {
		if f := officer.Refused(returnDeposit, wrong, fault.RuleBroken, "A1.4"); f.Field != "returned" {
			t.Errorf("refused at %q", f.Field)
		}
	}
	for field, wrong := range map[string]vars{
		"returned": back(id, -1), "deducted": back(id, 300000, 0),
		"reason": {"in": vars{"id": id, "returned": 250000, "deducted": 50000, "reason": " "}},
	} {
		if f := officer.Refused(returnDeposit, wrong, fault.InvalidInput); f.Field != field {
			t.Errorf("refused at %q, not %q", f.Field, field)
		}
	}
	if r := officer.Do(returnDeposit, back(id, 250000, 50000)).Get("returnRenovationDeposit.renovation"); r.Get("returned").Int() != 250000 || r.Get("deducted").Int() != 50000 || r.Get("deductionReason").String() == "" {
		t.Errorf("given back: %s", r.Raw)
	}
	officer.Refused(returnDeposit, back(id, 300000), fault.Conflict, "A1.4")
	officer.Do(advance, to(id, "CLOSED"))
	officer.Refused(advance, to(id, "CLOSED"), fault.Conflict, "A1.4")
	app.As(policy.Supervisor).Refused(voidDeposit, stewardtest.Void(id, "录错"), fault.Conflict, "A1.4")
	r := app.Resident().Do(renovationOf, vars{"id": id}).Get("node")
	if got := steps(r); got != "APPLIED DEPOSIT_PAID APPROVED UNDER_WAY INSPECTED DEPOSIT_RETURNED CLOSED" {
		t.Errorf("on record are %s", got)
	}
	if r.Get("steps.1.amount").Int() != 300000 || r.Get("steps.1.doneByName").String() == "" || r.Get("steps.4.note").String() != "合格" {
		t.Errorf("the steps are %s", r.Get("steps").Raw)
	}
	if got := field(t, app.As(policy.Archivist), id, "state"); got != "INBOX" {
		t.Errorf("its document is %s", got)
	}
}

// What was recorded of a deposit by mistake is countered by who leads, and recorded anew.
func TestA1_4_ADepositRecordedByMistake(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	id := applied(officer, app)
	supervisor.Refused(voidDeposit, stewardtest.Void(id, "多录一个零"), fault.Conflict, "A1.4")
	officer.Do(payDeposit, paid(id, 3000000))
	officer.Refused(voidDeposit, stewardtest.Void(id, "多录一个零"), fault.Forbidden, "A1.4")
	supervisor.Do(voidDeposit, stewardtest.Void(id, "多录一个零"))
	officer.Do(payDeposit, paid(id, 300000))
	officer.Do(returnDeposit, back(id, 300000)) // the works do not take place after all
	officer.Do(advance, to(id, "APPROVED"))
	officer.Refused(advance, to(id, "UNDER_WAY"), fault.RuleBroken, "A1.4")
	supervisor.Do(voidDeposit, stewardtest.Void(id, "未退"))
	officer.Do(advance, to(id, "UNDER_WAY"))
	r := officer.Do(renovationOf, vars{"id": id}).Get("node")
	if got := steps(r); got != "APPLIED DEPOSIT_PAID DEPOSIT_VOIDED DEPOSIT_PAID DEPOSIT_RETURNED APPROVED DEPOSIT_VOIDED UNDER_WAY" || r.Get("deposit").Int() != 300000 || r.Get("returned").Int() != 0 {
		t.Errorf("on record is %s", r.Raw)
	}
}

func TestA1_4_OneOfManyPaysAndIsPaidBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := applied(officer, app)
	stewardtest.Race(t, officer, payDeposit, paid(id, 100))
	stewardtest.Race(t, officer, advance, to(id, "APPROVED"))
	stewardtest.Race(t, officer, returnDeposit, back(id, 60, 40))
	if r := officer.Do(renovationOf, vars{"id": id}).Get("node"); len(r.Get("steps").Array()) != 4 {
		t.Errorf("on record is %s", r.Raw)
	}
	for field, in := range map[string]vars{"amount": paid(id, 0), "currency": {"in": vars{"id": id, "amount": 1, "currency": "yuan"}}} {
		if f := officer.Refused(payDeposit, in, fault.InvalidInput, "A1.4"); f.Field != field {
			t.Errorf("refused at %q", f.Field)
		}
	}
	for _, p := range []*stewardtest.Person{app.As(policy.Archivist), app.As(policy.Accountant), app.As(policy.Auditor), app.Resident()} {
		p.Refused(payDeposit, paid(id, 1), fault.Forbidden)
		p.Refused(returnDeposit, back(id, 1), fault.Forbidden)
		p.Refused(advance, to(id, "UNDER_WAY"), fault.Forbidden)
		p.Refused(voidDeposit, stewardtest.Void(id, "x"), fault.Forbidden)
	}
	for document, in := range map[string]vars{payDeposit: paid(id, 1), returnDeposit: back(id, 1), advance: to(id, "UNDER_WAY"), voidDeposit: stewardtest.Void(id, "x")} {
		if f := app.Foreign(policy.ProjectManager).Refused(document, in, fault.NotFound); f.Field != "id" {
			t.Errorf("refused at %q", f.Field)
		}
	}
}

// Whoever writes it, the database holds a deposit to what was paid, and works to their order.
func TestA1_4_TheDatabaseHoldsADeposit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := applied(officer, app)
	officer.Do(payDeposit, paid(id, 100))
	for what, sql := range map[string]string{
		"more than was paid":       `UPDATE renovations SET returned = 101, settled_at = now() WHERE id = $1`,
		"more, with what was kept": `UPDATE renovations SET returned = 60, deducted = 41, deduction_reason = 'x', settled_at = now() WHERE id = $1`,
		"less, and nothing said":   `UPDATE renovations SET returned = 60, settled_at = now() WHERE id = $1`,
		"something without reason": `UPDATE renovations SET returned = 60, deducted = 40, settled_at = now() WHERE id = $1`,
		"another amount":           `UPDATE renovations SET deposit = 200 WHERE id = $1`,
		"a leap":                   `UPDATE renovations SET state = 'INSPECTED' WHERE id = $1`,
		"a step by nobody":         `UPDATE renovations SET state = 'APPROVED' WHERE id = $1`,
		"money back to nobody":     `UPDATE renovations SET returned = 100, settled_at = now() WHERE id = $1`,
		"a void that keeps money":  `UPDATE renovations SET state = 'VOIDED', voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`,
	} {
		if err := app.TrySQL(sql, id); err == nil {
			t.Errorf("the database takes %s", what)
		}
	}
}
