package keys_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const lendKeys = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan {
	id state dueAt lentAt borrowerName lentByName purpose lines { id count returned set { id label } } } } }`

const returnKeys = `mutation($in: ReturnKeysInput!) { returnKeys(input: $in) { loan {
	id state returnedAt lines { id count returned returns { count returnedBy receivedByName } } } } }`

func loanOf(borrower vars, set uuid.UUID, count int) vars {
	return vars{"in": vars{"borrower": borrower, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": set, "count": count}}}}
}

// balance is how many keys of a set a holder has, as the custodian sees it.
func balance(app *stewardtest.App, set, holder uuid.UUID) int {
	r := app.As(policy.KeyCustodian).Do(`query($s: ID!, $h: ID!) { keyBalances(where: {setID: $s, holderID: $h}) { edges { node { count } } } }`,
		vars{"s": set, "h": holder})
	return int(r.Get("keyBalances.edges.0.node.count").Int())
}

func TestK2_1_KeysAreLentAndComeBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	staff := vars{"staffID": app.A.Staff}

	loan := officer.Do(lendKeys, loanOf(staff, set, 2)).Get("lendKeys.loan")
	if got := loan.Get("dueAt").Time(); !got.Equal(time.Date(2026, 3, 3, 0, 0, 0, 0, stewardtest.Start.Location())) {
		t.Errorf("due at %s, want the end of the estate's day", got)
	}
	if loan.Get("lentByName").String() == "" || loan.Get("borrowerName").String() == "" {
		t.Errorf("the register lacks a signature: %s", loan.Raw)
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk-2 {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk-2)
	}

	t.Run("some come back, brought by another", func(t *testing.T) {
		line := loan.Get("lines.0.id").String()
		back := officer.Do(returnKeys, vars{"in": vars{"loanID": loan.Get("id").String(), "signature": vars{}, "returnedBy": "王师傅",
			"lines": []vars{{"lineID": line, "count": 1}}}}).Get("returnKeys.loan")
		if back.Get("state").String() != "OPEN" || back.Get("lines.0.returned").Int() != 1 || back.Get("lines.0.returns.0.returnedBy").String() != "王师傅" {
			t.Errorf("after one key: %s", back.Raw)
		}
		officer.Refused(returnKeys, vars{"in": vars{"loanID": loan.Get("id").String(), "signature": vars{}, "lines": []vars{{"lineID": line, "count": 2}}}}, fault.Conflict, "K2.1")
		for _, name := range []string{" ", "王\u202e师傅", strings.Repeat("王", 101)} {
			if r := officer.Refused(returnKeys, vars{"in": vars{"loanID": loan.Get("id").String(), "signature": vars{}, "returnedBy": name}}, fault.InvalidInput); r.Field != "returnedBy" {
				t.Errorf("%q brings keys: refused at %q", name, r.Field)
			}
		}
	})
	t.Run("the rest closes the loan", func(t *testing.T) {
		back := officer.Do(returnKeys, vars{"in": vars{"loanID": loan.Get("id").String(), "signature": vars{}}}).Get("returnKeys.loan")
		if back.Get("state").String() != "RETURNED" || !back.Get("returnedAt").Exists() {
			t.Errorf("after all: %s", back.Raw)
		}
		officer.Refused(returnKeys, vars{"in": vars{"loanID": loan.Get("id").String(), "signature": vars{}}}, fault.Conflict, "K2.1")
		if got := balance(app, set, app.A.Desk); got != app.A.AtDesk {
			t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk)
		}
	})
	t.Run("the return met the obligation", func(t *testing.T) {
		o := officer.Do(`query($s: ID!) { obligations(where: {subjectID: $s}) { edges { node { kind clause state } } } }`, vars{"s": loan.Get("id").String()})
		if n := o.Get("obligations.edges.0.node"); n.Get("state").String() != "MET" || n.Get("clause").String() != "K2.2" {
			t.Errorf("obligation: %s", o.Raw)
		}
	})
}

func TestK2_1_BorrowersOfAllKinds(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	for i, borrower := range []vars{{"staffID": app.A.Staff}, {"residentID": app.A.Resident}, {"externalPersonID": app.A.External}} {
		first := officer.Do(lendKeys, loanOf(borrower, app.A.Sets[i], 1)).Get("lendKeys.loan")
		second := officer.Do(lendKeys, loanOf(borrower, app.A.Sets[i], 1)).Get("lendKeys.loan") // finds the account that the first one opened
		if first.Get("borrowerName").String() != second.Get("borrowerName").String() || first.Get("borrowerName").String() == "" {
			t.Errorf("borrowers %v: %s and %s", borrower, first.Raw, second.Raw)
		}
	}
	t.Run("a resident sees the own loans and of what keys, the neighbour does not", func(t *testing.T) {
		const mine = `{ keyLoans { edges { node { id borrowerName lines { label count returned } } } } }`
		loans := app.Resident().In(t).Do(mine, nil).Get("keyLoans.edges.#.node").Array()
		if len(loans) != 2 {
			t.Fatalf("the resident sees %d loans, want 2", len(loans))
		}
		for _, l := range loans {
			if got := l.Get("lines.0.label").String(); got != "1栋1单元102 户门" || l.Get("lines.0.count").Int() != 1 {
				t.Errorf("the resident sees the line %s", l.Get("lines").Raw)
			}
		}
		if n := len(app.Resident().Do(`{ keySets { edges { node { id } } } }`, nil).Get("keySets.edges").Array()); n != 0 {
			t.Errorf("the resident sees %d key sets", n)
		}
		if n := len(app.Neighbour().Do(mine, nil).Get("keyLoans.edges").Array()); n != 0 {
			t.Errorf("the neighbour sees %d loans", n)
		}
	})
}

func TestK2_1_LendingIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	staff, set := vars{"staffID": app.A.Staff}, app.A.Sets[0]
	ok := loanOf(staff, set, 1)
	for _, role := range []policy.Role{policy.Archivist, policy.MailSorter, policy.Accountant, policy.Security, policy.Supervisor, policy.Auditor} {
		app.As(role).Refused(lendKeys, ok, fault.Forbidden)
	}
	app.Resident().Refused(lendKeys, ok, fault.Forbidden)
	app.Nobody().Refused(lendKeys, ok, fault.Unauthenticated)
	app.Foreign(policy.CSOfficer).Refused(lendKeys, ok, fault.NotFound)

	officer := app.As(policy.CSOfficer)
	for name, c := range map[string]struct {
		in    vars
		code  fault.Code
		field string
	}{
		"no purpose":         {vars{"borrower": staff, "signature": vars{}, "purpose": " ", "lines": []vars{{"setID": set, "count": 1}}}, fault.InvalidInput, "purpose"},
		"a purpose too long": {vars{"borrower": staff, "signature": vars{}, "purpose": strings.Repeat("抄", 201), "lines": []vars{{"setID": set, "count": 1}}}, fault.InvalidInput, "purpose"},
		"an unseen purpose":  {vars{"borrower": staff, "signature": vars{}, "purpose": "抄\u202e表", "lines": []vars{{"setID": set, "count": 1}}}, fault.InvalidInput, "purpose"},
		"no lines":           {vars{"borrower": staff, "signature": vars{}, "purpose": "x", "lines": []vars{}}, fault.InvalidInput, "lines"},
		"no keys":            {vars{"borrower": staff, "signature": vars{}, "purpose": "x", "lines": []vars{{"setID": set, "count": 0}}}, fault.InvalidInput, "lines.0.count"},
		"twice the same set": {vars{"borrower": staff, "signature": vars{}, "purpose": "x", "lines": []vars{{"setID": set, "count": 1}, {"setID": set, "count": 1}}}, fault.InvalidInput, "lines.1.setID"},
		"too many":           {loanOf(staff, set, app.A.AtDesk+1)["in"].(vars), fault.Conflict, "lines.0.count"},
		"a foreign set":      {loanOf(staff, app.B.Sets[0], 1)["in"].(vars), fault.NotFound, "lines.0.setID"},
		"a foreign borrower": {loanOf(vars{"staffID": app.B.Staff}, set, 1)["in"].(vars), fault.NotFound, "borrower.staffID"},
	} {
		if r := officer.In(t).Refused(lendKeys, vars{"in": c.in}, c.code); r.Field != c.field {
			t.Errorf("%s: field %q, want %q", name, r.Field, c.field)
		}
	}
	if got := balance(app, set, app.A.Desk); got != app.A.AtDesk {
		t.Errorf("refusals moved keys: %d at the desk, want %d", got, app.A.AtDesk)
	}
}

func TestK1_2_OnlyCustodianAndManagersIssueFromTheCabinet(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
	in["in"].(vars)["fromID"] = app.A.Cabinet
	app.As(policy.CSOfficer).Refused(lendKeys, in, fault.Forbidden, "K1.2")
	app.As(policy.KeyCustodian).Do(lendKeys, in)
	app.As(policy.ProjectManager).Do(lendKeys, in)

	const moveKeys = `mutation($in: MoveKeysInput!) { moveKeys(input: $in) { movement { count from { name } to { name } } } }`
	move := vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "toID": app.A.Desk}}
	app.As(policy.CSOfficer).Refused(moveKeys, move, fault.Forbidden)
	app.Foreign(policy.KeyCustodian).Refused(moveKeys, move, fault.NotFound)
	before := balance(app, app.A.Sets[0], app.A.Desk)
	app.As(policy.KeyCustodian).Do(moveKeys, move)
	if got := balance(app, app.A.Sets[0], app.A.Desk); got != before+1 {
		t.Errorf("%d keys at the desk, want %d", got, before+1)
	}
	same := vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Desk, "toID": app.A.Desk}}
	app.As(policy.KeyCustodian).Refused(moveKeys, same, fault.InvalidInput)
}

func TestK4_1_HandedOverOnlyToTheHouseholdOfTheUnit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const handOver = `mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { reason to { kind household { id } } } } }`
	in := func(household uuid.UUID) vars {
		return vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "householdID": household, "signature": vars{"name": "代办人"}}}
	}
	custodian := app.As(policy.KeyCustodian)
	custodian.Refused(handOver, in(app.A.OtherHousehold), fault.RuleBroken, "K4.1")
	custodian.Refused(handOver, in(app.B.Household), fault.NotFound)
	app.As(policy.CSOfficer).Refused(handOver, in(app.A.Household), fault.Forbidden)
	if got := custodian.Do(handOver, in(app.A.Household)).Get("handOverKeys.movement.to.household.id").String(); got != app.A.Household.String() {
		t.Errorf("handed over to %s", got)
	}
}

// Of fifty people who borrow the last key at once, one gets it.
func TestK2_1_TheLastKeyGoesToOne(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[2]
	officer.Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, set, app.A.AtDesk-1))

	var got, conflicts atomic.Int32
	var wg sync.WaitGroup
	answers := make([]gjson.Result, 50)
	for i := range answers {
		wg.Go(func() {
			answers[i], _ = officer.Try(lendKeys, loanOf(vars{"externalPersonID": app.A.External}, set, 1))
			switch {
			case answers[i].Get("data.lendKeys.loan.id").Exists():
				got.Add(1)
			case answers[i].Get("errors.0.extensions.code").String() == string(fault.Conflict):
				conflicts.Add(1)
			}
		})
	}
	wg.Wait()
	if got.Load() != 1 || conflicts.Load() != 49 {
		t.Errorf("%d got the last key and %d were told CONFLICT, want 1 and 49: %v", got.Load(), conflicts.Load(), answers)
	}
	if n := balance(app, set, app.A.Desk); n != 0 {
		t.Errorf("%d keys left", n)
	}
}

func TestCanLendAndReturn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	loan := officer.Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], app.A.AtDesk)).Get("lendKeys.loan.id").String()
	const can = `query($c: [CanInput!]!) { can(checks: $c) { action allowed code clause message } }`
	ask := func(action string, id any) vars { return vars{"action": action, "id": id} }
	r := officer.Do(can, vars{"c": []vars{
		ask("keys.lend", app.A.Sets[0]), ask("keys.lend", app.A.Sets[1]), ask("keys.lend", app.B.Sets[0]), ask("keys.return", loan),
	}}).Get("can").Array()
	for i, want := range []string{"CONFLICT K2.1", " ", "NOT_FOUND ", " "} {
		if got := fmt.Sprintf("%s %s", r[i].Get("code").String(), r[i].Get("clause").String()); got != want || r[i].Get("allowed").Bool() != (want == " ") {
			t.Errorf("question %d: %s, want %q", i, r[i].Raw, want)
		}
	}
	if got := app.As(policy.Archivist).Do(can, vars{"c": []vars{ask("keys.lend", app.A.Sets[1])}}).Get("can.0.code").String(); got != "FORBIDDEN" {
		t.Errorf("an archivist is told %q", got)
	}
	officer.Refused(can, vars{"c": []vars{ask("keys.lend", loan)}}, fault.InvalidInput)
	officer.Refused(can, vars{"c": []vars{ask("keys.dance", loan)}}, fault.InvalidInput)
	if got := officer.Do(`query($id: ID!) { allowedActions(id: $id) }`, vars{"id": loan}).Get("allowedActions").Raw; got != `["keys.askExtension","keys.extendLoan","keys.return","keys.voidLoan"]` {
		t.Errorf("allowed actions %s", got)
	}
}
