package registry_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

var (
	endEmployment = mutation("endEmployment", `staff { id employedUntil } obligations { id accountID } endedGrants endedSessions endedTokens otherGrants`)
	hire          = mutation("hireStaff", "staff { id }")
)

// employ hires the person into estate A's customer service.
func employ(app *stewardtest.App, p *stewardtest.Person) string {
	in := vars{"estateID": app.A.ID, "departmentID": app.A.Department, "name": "员工" + p.Email, "accountID": p.Account, "employedFrom": "2025-01-01"}
	return app.As(policy.ProjectManager).Do(hire, vars{"in": in}).Get("hireStaff.staff.id").String()
}

const whoAmI = `{ viewer { accountID } }`

func TestStaffWhoLeaveAreLockedOutAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, leaver, heir := app.As(policy.ProjectManager), app.As(policy.CSOfficer), app.Member("heir@a.example", app.GrantIn(policy.CSOfficer, app.A))
	id, colleague := employ(app, leaver), employ(app, heir)
	leaver.Do(giveNotice, vars{"in": vars{"householdID": app.A.Household, "unitID": app.A.Units[3]}}) // an open matter in their name

	in := vars{"staffID": id}
	app.As(policy.Supervisor).Refused(endEmployment, vars{"in": in}, fault.Forbidden)
	app.Foreign(policy.ProjectManager).Refused(endEmployment, vars{"in": in}, fault.NotFound)
	if r := manager.Refused(endEmployment, vars{"in": in}, fault.Conflict); r.Field != "reassignTo" || r.Extensions.Get("open").Int() != 1 {
		t.Errorf("without an heir: %+v", r)
	}
	manager.Refused(endEmployment, vars{"in": with(in, vars{"reassignTo": id})}, fault.NotFound) // to themselves
	manager.Refused(endEmployment, vars{"in": with(in, vars{"reassignTo": app.B.Staff})}, fault.NotFound)
	manager.Refused(endEmployment, vars{"in": with(in, vars{"reassignTo": app.A.Staff})}, fault.InvalidInput)           // has no account
	manager.Refused(endEmployment, vars{"in": vars{"staffID": app.A.Staff, "reassignTo": app.B.Staff}}, fault.NotFound) // though nothing is open
	manager.Refused(endEmployment, vars{"in": with(in, vars{"reassignTo": colleague, "lastDay": "2026-03-03"})}, fault.InvalidInput)
	manager.Refused(endEmployment, vars{"in": with(in, vars{"reassignTo": colleague, "lastDay": "2024-12-31"})}, fault.InvalidInput)
	leaver.Do(whoAmI, nil)

	left := manager.Do(endEmployment, vars{"in": with(in, vars{"reassignTo": colleague})}).Get("endEmployment")
	if left.Get("staff.employedUntil").String() != "2026-03-02" || left.Get("endedGrants").Int() != 1 || left.Get("endedSessions").Int() < 1 ||
		left.Get("obligations.#").Int() != 1 || left.Get("obligations.0.accountID").String() != heir.Account.String() {
		t.Errorf("left: %s", left.Raw)
	}
	if v := leaver.Ask(whoAmI, nil); v.Get("data.viewer").IsObject() {
		t.Errorf("the session lives on: %s", v.Raw)
	}
	manager.Refused(endEmployment, vars{"in": in}, fault.Conflict)
	if n := len(app.IDs(`SELECT subject_id FROM audit.entries WHERE action = 'registry.endEmployment' AND outcome = 'done' AND subject_id = $1`, id)); n != 1 {
		t.Errorf("%d entries on the audit trail", n)
	}
}

func TestK2_3_NobodyLeavesWithKeysOut(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, officer := app.As(policy.ProjectManager), app.As(policy.CSOfficer)
	lend := mutation("lendKeys", "loan { id }")
	loan := officer.Do(lend, vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": app.A.Sets[0], "count": 2}}}}).Get("lendKeys.loan.id").String()
	in := vars{"in": vars{"staffID": app.A.Staff}}
	if r := manager.Refused(endEmployment, in, fault.RuleBroken, "K2.3"); r.Extensions.Get("keysOut").String() != "2" {
		t.Errorf("with keys out: %+v", r)
	}
	can := manager.Do(`query($id: ID!) { can(checks: [{action: "registry.endEmployment", id: $id}]) { allowed clause } allowedActions(id: $id) }`, vars{"id": app.A.Staff})
	if can.Get("can.0.allowed").Bool() || can.Get("can.0.clause").String() != "K2.3" || can.Get("allowedActions.#").Int() != 0 {
		t.Errorf("can: %s", can.Raw)
	}
	officer.Do(mutation("returnKeys", "loan { id }"), vars{"in": vars{"loanID": loan, "signature": vars{}}})
	manager.Do(endEmployment, in)
	officer.Refused(lend, vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": app.A.Sets[0], "count": 1}}}}, fault.Conflict)
}

func TestWhoWorksElsewhereTooKeepsThat(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	both := app.Member("both@example", app.GrantIn(policy.CSOfficer, app.A), app.GrantIn(policy.CSOfficer, app.B))
	id := employ(app, both)
	in := vars{"estateID": app.B.ID, "departmentID": app.B.Department, "name": "两处", "accountID": both.Account}
	app.Foreign(policy.ProjectManager).Do(hire, vars{"in": in})
	for _, who := range []*stewardtest.Person{
		// a manager of A who is at the desk in B: managing A gives no say over grants in B
		app.Member("manager@example", app.GrantIn(policy.ProjectManager, app.A), app.GrantIn(policy.CSOfficer, app.B)),
	} {
		left := who.Do(endEmployment, vars{"in": vars{"staffID": id}}).Get("endEmployment")
		if left.Get("endedGrants").Int() != 1 || left.Get("otherGrants").Int() != 1 {
			t.Errorf("%s ended %s", who.Email, left.Raw)
		}
	}
	if got := both.Do(`{ estates { edges { node { code } } } }`, nil).Get("estates.edges.#.node.code").Raw; got != `["B"]` {
		t.Errorf("sees %s", got)
	}
}

func TestALoanAndALeaveDoNotCross(t *testing.T) {
	t.Parallel()
	for range 3 {
		app := stewardtest.New(t)
		officer, manager := app.As(policy.CSOfficer), app.As(policy.ProjectManager)
		done := make(chan bool)
		go func() {
			_, _ = officer.Try(mutation("lendKeys", "loan { id }"), vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{},
				"lines": []vars{{"setID": app.A.Sets[0], "count": 1}}}})
			close(done)
		}()
		left, err := manager.Try(endEmployment, vars{"in": vars{"staffID": app.A.Staff}})
		<-done
		if err != nil {
			t.Fatal(err)
		}
		out := len(app.IDs(`SELECT b.id FROM key_balances b JOIN key_holders h ON h.id = b.holder_id WHERE h.staff_id = $1 AND b.count > 0`, app.A.Staff))
		if gone := left.Get("data.endEmployment").IsObject(); gone == (out > 0) {
			t.Errorf("gone %v with %d sets out: %s", gone, out, left.Raw)
		}
	}
}
