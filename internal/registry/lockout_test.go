package registry_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

var update = mutation("updateStaff", "staff { id }")

// clerk is somebody at the desk of estate A who holds a further role, which is not A's manager's to take.
func clerk(app *stewardtest.App, email string, role policy.Role, e stewardtest.Estate) *stewardtest.Person {
	return app.Member(email, app.GrantIn(policy.CSOfficer, app.A), app.GrantIn(role, e))
}

func hiring(app *stewardtest.App, account any) vars {
	return vars{"in": vars{"estateID": app.A.ID, "departmentID": app.A.Department, "name": "员工", "accountID": account}}
}

func rolesHeld(p *stewardtest.Person) int {
	return int(p.Do(`{ viewer { grants { id } } }`, nil).Get("viewer.grants.#").Int())
}

// A manager names the auditor as staff and ends the employment: refused at each step.
func TestNoManagerEndsAnAudit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, boss := app.As(policy.ProjectManager), app.As(policy.GeneralManager)
	for _, p := range []*stewardtest.Person{
		clerk(app, "audits-a@example", policy.Auditor, app.A), clerk(app, "audits@example", policy.Auditor, stewardtest.Estate{}),
		clerk(app, "audits-b@example", policy.Auditor, app.B), clerk(app, "boss@example", policy.GeneralManager, stewardtest.Estate{}),
	} {
		if r := pm.Refused(hire, hiring(app, p.Account), fault.Forbidden); r.Field != "accountID" {
			t.Errorf("hired %s: refused at %q", p.Email, r.Field)
		}
		staff := pm.Do(mutation("hireStaff", "staff { id version }"), hiring(app, nil)).Get("hireStaff.staff")
		link := vars{"in": vars{"id": staff.Get("id").String(), "expectedVersion": staff.Get("version").Int(), "accountID": p.Account}}
		if r := pm.Refused(update, link, fault.Forbidden); r.Field != "accountID" {
			t.Errorf("linked %s: refused at %q", p.Email, r.Field)
		}
		boss.Do(update, link)
		in := vars{"in": vars{"staffID": staff.Get("id").String()}}
		if r := pm.Refused(endEmployment, in, fault.Forbidden); r.Field != "staffID" {
			t.Errorf("%s: refused at %q", p.Email, r.Field)
		}
		if pm.Do(`query($id: ID!) { can(checks: [{action: "registry.endEmployment", id: $id}]) { allowed } }`, vars{"id": staff.Get("id").String()}).Get("can.0.allowed").Bool() {
			t.Errorf("can says that a manager may end %s", p.Email)
		}
		if n := rolesHeld(p); n != 2 {
			t.Errorf("%s holds %d roles", p.Email, n)
		}
		if left := boss.Do(endEmployment, in).Get("endEmployment"); left.Get("endedGrants").Int() != 2 || left.Get("otherGrants").Int() != 0 {
			t.Errorf("the general manager ended %s", left.Raw)
		}
		p.Refused(`{ unreadCount }`, nil, fault.Unauthenticated)
	}
}

// With the guards of the acts off the attack runs through; the database leaves the audit alone all the same.
func TestTheDatabaseKeepsTheAudit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, p := app.As(policy.ProjectManager), clerk(app, "audits-a@example", policy.Auditor, app.A)
	app.SQL(`DO $$ BEGIN EXECUTE replace(pg_get_functiondef('identity.standing(uuid, date)'::regprocedure), '''auditor'', ''general-manager''', '''nobody'''); END $$`)
	id := pm.Do(hire, hiring(app, p.Account)).Get("hireStaff.staff.id").String()
	left := pm.Do(endEmployment, vars{"in": vars{"staffID": id}}).Get("endEmployment")
	if left.Get("endedGrants").Int() != 1 || left.Get("otherGrants").Int() != 1 || left.Get("endedSessions").Int() != 0 {
		t.Errorf("ended %s", left.Raw)
	}
	if roles := p.Do(`{ viewer { grants { role } } }`, nil).Get("viewer.grants.#.role").Raw; roles != `["auditor"]` {
		t.Errorf("left of the roles: %s", roles)
	}
}

// A manager takes on staff, and nobody else's.
func TestWhoseAccountIsHired(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager)
	pm.Refused(hire, hiring(app, app.Resident().Account), fault.InvalidInput)
	pm.Refused(hire, hiring(app, app.Foreign(policy.CSOfficer).Account), fault.NotFound)

	// Who moved to the other estate is seen here still, and is that manager's now.
	was := app.GrantIn(policy.CSOfficer, app.A)
	was.Until = was.From.AddDays(30)
	moved := app.Member("moved@example", was, app.GrantIn(policy.KeyCustodian, app.B))
	if r := pm.Refused(hire, hiring(app, moved.Account), fault.Forbidden); r.Field != "accountID" {
		t.Errorf("refused at %q", r.Field)
	}
	// Somebody who manages A and works at B's desk does not make B's people A's.
	two := app.Member("two-hats@example", app.GrantIn(policy.ProjectManager, app.A), app.GrantIn(policy.CSOfficer, app.B))
	two.Refused(hire, hiring(app, moved.Account), fault.Forbidden)
	// Once the general manager gave a role here the person is hired; leaving ends that role and nothing of B's.
	app.As(policy.GeneralManager).Do(`mutation($in: GrantRoleInput!) { grantRole(input: $in) { grant { id } } }`, vars{"in": vars{"accountID": moved.Account, "role": "mail-sorter", "estateID": app.A.ID}})
	id := pm.Do(hire, hiring(app, moved.Account)).Get("hireStaff.staff.id").String()
	left := pm.Do(endEmployment, vars{"in": vars{"staffID": id}}).Get("endEmployment")
	if left.Get("endedGrants").Int() != 1 || left.Get("otherGrants").Int() != 1 || left.Get("endedSessions").Int() != 0 {
		t.Errorf("ended %s", left.Raw)
	}
	if roles := moved.Do(`{ viewer { grants { role } } }`, nil).Get("viewer.grants.#.role").Raw; roles != `["key-custodian"]` {
		t.Errorf("left of the roles: %s", roles)
	}

	// Somebody of the past, who works nowhere now, is taken on again.
	pm.Do(hire, hiring(app, app.Member("again@example", was).Account))
}

// Nobody ends their own account, nor hands that to a token.
func TestEndingAnAccountIsForPersonsAndOthers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, p := range []*stewardtest.Person{app.As(policy.ProjectManager), app.As(policy.GeneralManager)} {
		id := p.Do(hire, hiring(app, p.Account)).Get("hireStaff.staff.id").String()
		if r := p.Refused(endEmployment, vars{"in": vars{"staffID": id}}, fault.Forbidden); r.Field != "staffID" {
			t.Errorf("%s: refused at %q", p.Email, r.Field)
		}
		made := p.Do(`mutation($in: CreateAPITokenInput!) { createApiToken(input: $in) { secret } }`,
			vars{"in": vars{"name": "x", "role": rolesOf(p), "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}})
		token := app.Nobody()
		token.Token = made.Get("createApiToken.secret").String()
		token.Do(`{ estates { edges { node { id } } } }`, nil)
		token.Refused(hire, hiring(app, app.As(policy.CSOfficer).Account), fault.Forbidden)
		token.Refused(update, vars{"in": vars{"id": app.A.Staff, "expectedVersion": 1, "accountID": app.As(policy.CSOfficer).Account}}, fault.Forbidden)
		token.Refused(endEmployment, vars{"in": vars{"staffID": app.A.Staff}}, fault.Forbidden)
	}
	if n := len(app.IDs(`SELECT id FROM staffs WHERE employed_until IS NOT NULL`)); n != 0 {
		t.Errorf("%d left", n)
	}
}

func rolesOf(p *stewardtest.Person) string {
	return p.Do(`{ viewer { grants { role } } }`, nil).Get("viewer.grants.0.role").String()
}

func TestEmploymentBeginsOnADayThatCanBeMeant(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager)
	on := func(day string) vars {
		return vars{"in": with(hiring(app, nil)["in"].(vars), vars{"employedFrom": day})}
	}
	for _, day := range []string{"1800-01-01", "1949-12-31", "2027-03-03", "2999-12-31"} {
		if r := pm.Refused(hire, on(day), fault.InvalidInput); r.Field != "employedFrom" {
			t.Errorf("%s: refused at %q", day, r.Field)
		}
	}
	pm.Do(hire, on("1950-01-01"))
	later := pm.Do(hire, on("2027-03-02")).Get("hireStaff.staff.id").String()
	for _, day := range []any{nil, "1800-01-01", "2999-12-31"} { // not before the first day, nor after today
		if r := pm.Refused(endEmployment, vars{"in": vars{"staffID": uuid.MustParse(later), "lastDay": day}}, fault.InvalidInput); r.Field != "lastDay" {
			t.Errorf("%v: refused at %q", day, r.Field)
		}
	}
}
