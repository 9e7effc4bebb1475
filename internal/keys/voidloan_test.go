package keys_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	voidKeyLoan   = `mutation($in: VoidKeyLoanInput!) { voidKeyLoan(input: $in) { loan { id state voidedAt voidReason voidedByName overdue lines { outstanding } } } }`
	voidKeyReturn = `mutation($in: VoidKeyReturnInput!) { voidKeyReturn(input: $in) { keyReturn { id voidedAt voidReason } loan { id state returnedAt lines { returned outstanding } } } }`
)

// mistaken voids what was recorded of another room.
func mistaken(id string) vars { return voidOf(id, "登记错了房号") }

func backOf(loan string) vars { return vars{"in": vars{"loanID": loan, "signature": vars{}}} }

// returnsOf are the returns of a loan, the first first.
func returnsOf(app *stewardtest.App, loan string) (list []string) {
	for _, id := range app.IDs(`SELECT r.id FROM key_returns r JOIN key_loan_lines l ON l.id = r.line_id WHERE l.loan_id = $1 ORDER BY r.id`, loan) {
		list = append(list, id.String())
	}
	return list
}

// movementsOf are the entries of a line, the first first.
func movementsOf(app *stewardtest.App, line string) []gjson.Result {
	return app.As(policy.KeyCustodian).Do(`query($l: ID!) { keyMovements(where: {loanLineID: $l}, orderBy: {field: CREATED_AT, direction: ASC}) { edges { node {
		reason count note reverses { id } from { kind } to { kind } } } } }`, vars{"l": line}).Get("keyMovements.edges.#.node").Array()
}

func TestK2_1_ALoanIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loan, line := lendTo(app, vars{"externalPersonID": app.A.External}, set, 2)

	for _, role := range []policy.Role{policy.Archivist, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(voidKeyLoan, mistaken(loan), fault.Forbidden)
	}
	app.Foreign(policy.ProjectManager).Refused(voidKeyLoan, mistaken(loan), fault.NotFound)
	if r := officer.Refused(voidKeyLoan, with(mistaken(loan), "reason", " "), fault.InvalidInput); r.Field != "reason" {
		t.Errorf("without a reason: refused at %q", r.Field)
	}
	after := officer.Do(voidKeyLoan, mistaken(loan)).Get("voidKeyLoan.loan")
	if after.Get("state").String() != "VOIDED" || after.Get("voidReason").String() != "登记错了房号" || after.Get("voidedByName").String() == "" ||
		after.Get("voidedAt").Type == gjson.Null || after.Get("lines.0.outstanding").Int() != 0 || after.Get("overdue").Bool() {
		t.Errorf("voided: %s", after.Raw)
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk)
	}
	if m := movementsOf(app, line); len(m) != 2 || m[1].Get("reason").String() != "VOIDED" || m[1].Get("to.kind").String() != "DESK" || m[1].Get("note").String() != "登记错了房号" {
		t.Errorf("the entries: %v", m)
	}
	if o := loanDue(app, loan).Get("obligations.edges.0.node"); o.Get("state").String() != "CANCELLED" {
		t.Errorf("what is due: %s", o.Raw)
	}
	officer.Refused(voidKeyLoan, mistaken(loan), fault.Conflict)
	officer.Refused(returnKeys, backOf(loan), fault.Conflict)
	officer.Refused(reportLoss, lossOfLine(line, 1), fault.Conflict)
	officer.Refused(askExtension, extensionOf(loan, "2026-03-05"), fault.Conflict)
	if n := len(overdue(app)); n != 0 {
		t.Errorf("%d loans are overdue", n)
	}
}

func TestK2_1_AReturnIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loan, line := lendTo(app, vars{"externalPersonID": app.A.External}, set, 2)
	officer.Do(returnKeys, with(backOf(loan), "lines", []vars{{"lineID": line, "count": 1}}))
	officer.Do(returnKeys, backOf(loan))
	returns := returnsOf(app, loan)

	officer.Refused(voidKeyLoan, mistaken(loan), fault.Conflict, "K2.1") // something came back
	for _, role := range []policy.Role{policy.Archivist, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(voidKeyReturn, mistaken(returns[1]), fault.Forbidden)
	}
	app.Foreign(policy.ProjectManager).Refused(voidKeyReturn, mistaken(returns[1]), fault.NotFound)
	if r := officer.Refused(voidKeyReturn, with(mistaken(returns[1]), "reason", ""), fault.InvalidInput); r.Field != "reason" {
		t.Errorf("without a reason: refused at %q", r.Field)
	}
	after := officer.Do(voidKeyReturn, mistaken(returns[1])).Get("voidKeyReturn")
	if l := after.Get("loan"); l.Get("state").String() != "OPEN" || l.Get("returnedAt").Type != gjson.Null || l.Get("lines.0.returned").Int() != 1 || l.Get("lines.0.outstanding").Int() != 1 ||
		after.Get("keyReturn.voidedAt").Type == gjson.Null {
		t.Errorf("voided: %s", after.Raw)
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk-1 {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk-1)
	}
	if o := loanDue(app, loan).Get("obligations.edges.#.node.state"); o.Raw != `["MET","OPEN"]` && o.Raw != `["OPEN","MET"]` {
		t.Errorf("what is due: %s", o.Raw)
	}
	officer.Refused(voidKeyReturn, mistaken(returns[1]), fault.Conflict)
	officer.Do(voidKeyReturn, mistaken(returns[0]))
	officer.Do(voidKeyLoan, mistaken(loan)) // nothing came back, after all
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk)
	}

	t.Run("keys that went on do not go back", func(t *testing.T) {
		loan, _ := lendTo(app, vars{"externalPersonID": app.A.External}, app.A.Sets[1], app.A.AtDesk)
		officer.Do(returnKeys, backOf(loan))
		next, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[1], app.A.AtDesk)
		officer.In(t).Refused(voidKeyReturn, mistaken(returnsOf(app, loan)[0]), fault.Conflict)
		officer.Do(voidKeyLoan, mistaken(next))
		officer.In(t).Do(voidKeyReturn, mistaken(returnsOf(app, loan)[0]))
	})
	t.Run("a loan that ended in a loss opens again", func(t *testing.T) {
		loan, line := lendTo(app, vars{"externalPersonID": app.A.External}, app.A.Sets[2], 2)
		officer.Do(reportLoss, lossOfLine(line, 1))
		officer.In(t).Refused(voidKeyLoan, mistaken(loan), fault.Conflict, "K2.1")
		officer.Do(returnKeys, backOf(loan))
		l := officer.In(t).Do(voidKeyReturn, mistaken(returnsOf(app, loan)[0])).Get("voidKeyReturn.loan")
		if l.Get("state").String() != "OPEN" || l.Get("lines.0.outstanding").Int() != 1 {
			t.Errorf("reopened: %s", l.Raw)
		}
		if s := officer.In(t).Do(returnKeys, backOf(loan)).Get("returnKeys.loan.state").String(); s != "LOST" {
			t.Errorf("returned again it is %s", s)
		}
	})
	t.Run("the register tells what stands", func(t *testing.T) {
		text := register(t, app.As(policy.KeyCustodian), "keys-loans")
		if n := strings.Count(text, "已作废"); n != 2 {
			t.Errorf("the register tells of %d voided loans, want 2:\n%s", n, text)
		}
	})
}

// Of voids and returns of one loan at once, one is done.
func TestK2_1_ALoanIsReturnedOrVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loan, _ := lendTo(app, vars{"externalPersonID": app.A.External}, set, 2)
	var done, refused atomic.Int32
	race := func(document string, in vars, times int, wg *sync.WaitGroup) {
		for range times {
			wg.Go(func() {
				switch answer, _ := officer.Try(document, in); answer.Get("errors.0.extensions.code").String() {
				case "":
					done.Add(1)
				case string(fault.Conflict):
					refused.Add(1)
				}
			})
		}
	}
	var wg sync.WaitGroup
	race(voidKeyLoan, mistaken(loan), 4, &wg)
	race(returnKeys, backOf(loan), 4, &wg)
	wg.Wait()
	if done.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d done, %d refused, want 1 and 7", done.Load(), refused.Load())
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk)
	}

	loan, _ = lendTo(app, vars{"externalPersonID": app.A.External}, set, 2)
	officer.Do(returnKeys, backOf(loan))
	done.Store(0)
	refused.Store(0)
	race(voidKeyReturn, mistaken(returnsOf(app, loan)[0]), 6, &wg)
	wg.Wait()
	if done.Load() != 1 || refused.Load() != 5 {
		t.Errorf("%d voided the return, %d were refused, want 1 and 5", done.Load(), refused.Load())
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk-2 {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk-2)
	}
}

// The database keeps a loan that was used from being voided, whoever writes.
func TestK2_1_TheDatabaseKeepsWhatCameBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	loan, line := lendTo(app, vars{"externalPersonID": app.A.External}, app.A.Sets[0], 2)
	app.As(policy.CSOfficer).Do(returnKeys, with(backOf(loan), "lines", []vars{{"lineID": line, "count": 1}}))
	voided := `UPDATE key_loans SET state = 'VOIDED', voided_at = now(), void_reason = 'x', voided_by_name = 'x', voided_by_id = '` + uuid.NewString() + `' WHERE id = '` + loan + `'`
	if got := byHand(t, app, voided); got != "key_loans_untouched" {
		t.Errorf("a loan of which a key came back is voided: %q", got)
	}
	if got := byHand(t, app, `UPDATE key_loan_lines SET voided = true WHERE id = '`+line+`'`); got != "key_loan_lines_voided" {
		t.Errorf("its line is voided: %q", got)
	}
}
