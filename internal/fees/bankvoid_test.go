package fees_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	voidStatement = `mutation($in: VoidFeeBankStatementInput!) { voidFeeBankStatement(input: $in) { statement { id voided lines } ignored } }`
	matchAgain    = `mutation($in: MatchFeeBankLinesInput!) { matchFeeBankLines(input: $in) { lines proposed changed } }`
)

func TestF5_AStatementImportedByMistakeIsVoidedAsAWhole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant, manager := app.As(policy.Accountant), app.As(policy.ProjectManager)
	const lines = "2026-03-01,V1,100.00,,张三,物业费1栋1单元101,\n2026-03-01,V2,50,,李四,货款,\n"
	imported := bankStatement(t, app, lines).Get("statement.id").String()
	in := stewardtest.Void(imported, "导错账户")
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(voidStatement, in, fault.Forbidden)
	}
	if r := app.Foreign(policy.Accountant).Refused(voidStatement, in, fault.NotFound); r.Field != "id" {
		t.Errorf("not found at %q", r.Field)
	}
	accountant.Refused(voidStatement, stewardtest.Void(imported, " "), fault.InvalidInput)

	// What is booked keeps its statement, until it is reversed.
	v1, v2 := bankLineOf(app, "V1").Get("id").String(), bankLineOf(app, "V2").Get("id").String()
	payment := accountant.Do(confirmLines, confirmingLines(vars{"lineID": v1})).Get("confirmFeeBankLines.lines.0.payment.id").String()
	accountant.Refused(voidStatement, in, fault.Conflict, "F5")
	accountant.Do(reversePayment, reversing(payment, "导错账户"))
	accountant.Do(ignoreLines, vars{"in": vars{"lineIDs": []string{v2}, "reason": "货款"}})

	out := accountant.Do(voidStatement, in).Get("voidFeeBankStatement")
	if !out.Get("statement.voided").Bool() || out.Get("ignored").Int() != 1 {
		t.Errorf("voided: %s", out.Raw)
	}
	accountant.Refused(voidStatement, in, fault.Conflict, "F5")
	if n := value[int](t, app, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND kind = 'void' AND title_zh LIKE '已作废:银行对账单%'`, manager.Account); n != 1 {
		t.Errorf("the manager has %d messages", n)
	}
	line := func(id string) gjson.Result {
		return accountant.Do(bankLines, vars{"where": vars{"id": id}}).Get("feeBankLines.edges.0.node")
	}
	if a, b := line(v1), line(v2); a.Get("state").String() != "IGNORED" || a.Get("reason").String() != "导错账户" || b.Get("reason").String() != "货款" {
		t.Errorf("its lines: %s %s", a.Raw, b.Raw)
	}
	for _, id := range []string{v1, v2} {
		accountant.Refused(restoreLines, vars{"in": vars{"lineIDs": []string{id}}}, fault.Conflict, "F5")
	}

	// Its file is imported again, and booked once.
	again := bankStatement(t, app, lines)
	if again.Get("repeated").Bool() || again.Get("taken").Int() != 2 || again.Get("statement.id").String() == imported {
		t.Errorf("again: %s", again.Raw)
	}
	accountant.Do(confirmLines, confirmingLines(vars{"lineID": bankLineOf(app, "V1").Get("id").String()}))
	if got := refusedBy(asServed(app, `SELECT fee_bank_void($1, $2, now(), $1, 'x', 'x')`, app.A.ID, again.Get("statement.id").String())); got != "fee_bank_statements_booked" {
		t.Errorf("refused by %q", got)
	}
	sound(t, app)
}

func TestF5_LinesAreMatchedAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	bankStatement(t, app, "2026-03-01,M1,50,,新名字,转账,\n2026-03-01,M2,109.33,,新名字,转账,\n2026-03-01,M3,109.33,,新名字,转账,\n")
	ignored := bankLineOf(app, "M3").Get("id").String()
	accountant.Do(ignoreLines, vars{"in": vars{"lineIDs": []string{ignored}, "reason": "重复"}})
	in := vars{"in": vars{"estateID": app.A.ID}}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(matchAgain, in, fault.Forbidden)
	}
	app.Foreign(policy.Accountant).Refused(matchAgain, in, fault.NotFound)
	app.SQL(`UPDATE fee_bank_lines SET state = 'IGNORED', reason = 'x', decided_at = now(), decided_by_id = estate_id, decided_by_name = 'x' WHERE transaction_id LIKE 'SEED%'`)
	if r := accountant.Do(matchAgain, in).Get("matchFeeBankLines"); r.Get("lines").Int() != 2 || r.Get("proposed").Int() != 0 || r.Get("changed").Int() != 0 {
		t.Errorf("nothing is new: %s", r.Raw)
	}
	app.Super(`UPDATE fee_notices SET household_name = '新名字' WHERE household_id = '` + app.A.OtherHousehold.String() + `'`)
	if r := accountant.Do(matchAgain, in).Get("matchFeeBankLines"); r.Get("proposed").Int() != 1 || r.Get("changed").Int() != 1 {
		t.Errorf("renamed: %s", r.Raw)
	}
	if l := bankLineOf(app, "M2"); l.Get("match").String() != "AMOUNT_AND_NAME" || l.Get("proposedHouseholdID").String() != app.A.OtherHousehold.String() {
		t.Errorf("it seems to be of %s", l.Raw)
	}
	if got := onTrail(t, app, bankLineOf(app, "M2").Get("id").String(), "match"); got != "NOTHING AMOUNT_AND_NAME" && got != "AMOUNT_AND_NAME" {
		t.Errorf("on the trail: %s", got)
	}
	if bankLineOf(app, "M3").Get("proposedHouseholdID").String() != "" {
		t.Error("what was ignored is looked at again")
	}
	if got := refusedBy(asServed(app, `UPDATE fee_bank_lines SET proposed_household_id = $2, match = 'UNIT', matched = 'x' WHERE id = $1`, ignored, app.A.Household)); got != "fee_bank_lines_way" {
		t.Errorf("refused by %q", got)
	}
}

func TestF5_TheLeadersHearOfWhatIsBookedForAnother(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant, manager := app.As(policy.Accountant), app.As(policy.ProjectManager)
	bankStatement(t, app, "2026-03-01,O1,100.00,,张三,物业费1栋1单元103,\n2026-03-01,O2,50,,李四,货款,\n2026-03-01,O3,70,,张三,1栋1单元103,\n")
	line := func(n string) string { return bankLineOf(app, n).Get("id").String() }
	accountant.Do(confirmLines, confirmingLines(vars{"lineID": line("O3")}, vars{"lineID": line("O2"), "householdID": app.A.Household}))
	if n := told(t, app, manager, "fees.bankOtherwise"); n != 0 {
		t.Errorf("%d messages of what is as it seems", n)
	}
	accountant.Do(confirmLines, confirmingLines(vars{"lineID": line("O1"), "householdID": app.A.Household}))
	if n := told(t, app, manager, "fees.bankOtherwise"); n != 1 {
		t.Errorf("the manager has %d messages", n)
	}
}

// A statement is as it was imported, whoever writes it.
func TestF5_NoLineComesToAStatementLater(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const line = `INSERT INTO fee_bank_lines (id, created_at, estate_id, statement_id, "row", paid_on, amount, payer, memo, transaction_id)
		SELECT new_id(x'0916'::int), created_at, estate_id, id, 9, from_on, 5, '', '', 'LATER' FROM fee_bank_statements WHERE estate_id = $1`
	if got := refusedBy(asServed(app, line, app.A.ID)); got != "fee_bank_lines_way" {
		t.Errorf("refused by %q", got)
	}
	app.Super(`ALTER TABLE fee_bank_lines DISABLE TRIGGER fee_bank_line_comes`) // the mutant
	if err := asServed(app, line, app.A.ID); err != nil {
		t.Errorf("something else refuses it, so this proves nothing of the trigger: %v", err)
	}
}

// Of one who voids a statement and others who confirm its lines, either the one or the others are heard.
func TestF5_AStatementIsVoidedOrBooked(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	for i := range 4 {
		s := bankStatement(t, app, fmt.Sprintf("2026-03-01,R%[1]d,10.00,,张三,1栋1单元101,\n2026-03-01,S%[1]d,20.00,,张三,1栋1单元101,\n", i)).Get("statement.id").String()
		var wg sync.WaitGroup
		for _, n := range []string{"R", "S"} {
			line := bankLineOf(app, fmt.Sprint(n, i)).Get("id").String()
			wg.Go(func() { _, _ = accountant.Try(confirmLines, confirmingLines(vars{"lineID": line})) })
		}
		wg.Go(func() { _, _ = accountant.Try(voidStatement, stewardtest.Void(s, "导错")) })
		wg.Wait()
		got := value[string](t, app, `SELECT string_agg(DISTINCT l.state, ' ' ORDER BY l.state) || ' ' || bool_or(s.sha256 LIKE 'void %') FROM fee_bank_lines l JOIN fee_bank_statements s ON s.id = l.statement_id WHERE s.id = $1`, s)
		if got != "CONFIRMED false" && got != "IGNORED true" {
			t.Errorf("its lines are %s", got)
		}
	}
	sound(t, app)
}
