package identity_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const createEstate = `mutation($in: CreateEstateInput!) { createEstate(input: $in) { estate { id } } }`

// Who moved to the other estate is that manager's: the former one sees the name on old records, no more.
func TestFormerEstateHasNoPower(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	was, is := app.As(policy.ProjectManager), app.Foreign(policy.ProjectManager)
	moved := app.Member("moved@example.com", inEstate(app, policy.CSOfficer, app.A.ID), inEstate(app, policy.CSOfficer, app.B.ID))
	in := vars{"in": vars{"accountID": moved.Account}}
	both := func(p *stewardtest.Person, code fault.Code) {
		t.Helper()
		for _, document := range []string{resetPassword, disable, enable} {
			if r := p.Refused(document, in, code); r.Field != "accountID" {
				t.Errorf("%s: refused at %q", p.Email, r.Field)
			}
		}
	}
	both(was, fault.Forbidden)
	both(is, fault.Forbidden)
	id := was.Do(`query($id: ID!) { accountGrants(accountID: $id) { id } }`, vars{"id": moved.Account}).Get("accountGrants.0.id").String()
	was.Do(revokeGrant, vars{"in": vars{"grantID": id}})
	both(was, fault.Forbidden)
	was.Do(`query($id: ID!) { account(id: $id) { name } }`, vars{"id": moved.Account})
	is.Do(disable, in)
	both(was, fault.Forbidden)
	is.Do(enable, in)
	is.Do(resetPassword, in)
}

// Whom the general manager stopped stays stopped, whatever the estate's manager does.
func TestGeneralManagersDisablingIsUndoneByNoManager(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, boss, p := app.As(policy.ProjectManager), app.As(policy.GeneralManager), app.As(policy.CSOfficer)
	in := vars{"in": vars{"accountID": p.Account}}
	boss.Do(disable, in)
	pm.Refused(enable, in, fault.Forbidden)
	pm.Do(resetPassword, in)
	pm.Refused(enable, in, fault.Forbidden)
	boss.Do(enable, in)
	pm.Do(disable, in)
	pm.Do(enable, in)
}

// The rulebook, "Who may do what": an auditor's grant blocks every write in its estates, and none in others.
func TestWhoManagesAllAndAuditsOneWritesInTheOthers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.Member("manages-and-audits@example.com", app.GrantIn(policy.GeneralManager, stewardtest.Estate{}), inEstate(app, policy.Auditor, app.A.ID))
	here, there := app.As(policy.CSOfficer), app.Foreign(policy.CSOfficer)
	both := app.Member("works-in-both@example.com", inEstate(app, policy.CSOfficer, app.A.ID), inEstate(app, policy.CSOfficer, app.B.ID))
	audits := app.Member("audits-b@example.com", inEstate(app, policy.CSOfficer, app.B.ID), inEstate(app, policy.Auditor, app.B.ID))
	before := app.Fingerprint(app.A.ID)

	area := func(e stewardtest.Estate) vars {
		return vars{"in": vars{"id": e.Area, "expectedVersion": 1, "name": "新名"}}
	}
	const rename = `mutation($in: UpdateAreaInput!) { updateArea(input: $in) { area { id } } }`
	p.Refused(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "甲"}}, fault.NotFound)
	p.Refused(rename, area(app.A), fault.NotFound)
	p.Do(createCabinet, vars{"in": vars{"estateID": app.B.ID, "name": "乙"}})
	p.Do(rename, area(app.B))
	p.Do(createEstate, vars{"in": vars{"code": "C", "name": "丙小区"}})
	if n := p.Do(`{ estates { edges { node { id } } } }`, nil).Get("estates.edges.#").Int(); n != 3 {
		t.Errorf("reads %d estates, want 3", n)
	}
	if n := p.Do(`query($id: ID!) { allowedActions(id: $id) }`, vars{"id": app.A.Staff}).Get("allowedActions.#").Int(); n != 0 {
		t.Errorf("%d acts are allowed upon a row of the audited estate", n)
	}

	// Accounts: a manager's of all other estates, and no general manager's.
	account := func(who *stewardtest.Person) vars { return vars{"in": vars{"accountID": who.Account}} }
	role := func(who *stewardtest.Person, role policy.Role, estate any) vars {
		return vars{"in": vars{"accountID": who.Account, "role": role, "estateID": estate}}
	}
	p.Refused(disable, account(here), fault.NotFound)
	p.Refused(disable, account(both), fault.Forbidden)
	p.Refused(resetPassword, account(audits), fault.Forbidden)
	p.Refused(grantRole, role(there, policy.KeyCustodian, app.A.ID), fault.NotFound)
	p.Refused(grantRole, role(there, policy.GeneralManager, nil), fault.Forbidden)
	p.Refused(createAccount, vars{"in": vars{"email": "x@example.com", "name": "x"}}, fault.InvalidInput)
	p.Refused(createAccount, vars{"in": vars{"email": "x@example.com", "name": "x", "role": vars{"role": "cs-officer", "estateID": app.A.ID}}}, fault.NotFound)
	for _, who := range []*stewardtest.Person{here, both} {
		for _, g := range app.IDs(`SELECT id FROM identity.grants WHERE account_id = $1 AND estate_id = $2`, who.Account, app.A.ID) {
			p.Refused(revokeGrant, vars{"in": vars{"grantID": g}}, fault.NotFound)
		}
	}
	p.Do(grantRole, role(there, policy.KeyCustodian, app.B.ID))
	p.Do(disable, account(there))
	p.Do(createAccount, vars{"in": vars{"email": "x@example.com", "name": "x", "role": vars{"role": "cs-officer", "estateID": app.B.ID}}})
	if app.Fingerprint(app.A.ID) != before {
		t.Error("the audited estate was changed")
	}
}

// A former estate gives itself no power again, nor takes the present one's away, by a role for later.
func TestFormerEstateGrantsNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	was, is, boss := app.As(policy.ProjectManager), app.Foreign(policy.ProjectManager), app.As(policy.GeneralManager)
	moved := app.Member("moved@example.com", inEstate(app, policy.CSOfficer, app.A.ID), inEstate(app, policy.CSOfficer, app.B.ID))
	id := was.Do(`query($id: ID!) { accountGrants(accountID: $id) { id } }`, vars{"id": moved.Account}).Get("accountGrants.0.id").String()
	was.Do(revokeGrant, vars{"in": vars{"grantID": id}})
	grant := func(from, until any) vars {
		return vars{"in": vars{"accountID": moved.Account, "role": policy.MailSorter, "estateID": app.A.ID, "from": from, "until": until}}
	}
	for _, from := range []any{nil, "2027-03-01", "2999-12-31"} {
		if r := was.Refused(grantRole, grant(from, nil), fault.Forbidden); r.Field != "accountID" {
			t.Errorf("from %v: refused at %q", from, r.Field)
		}
	}
	is.Do(disable, vars{"in": vars{"accountID": moved.Account}})
	is.Do(enable, vars{"in": vars{"accountID": moved.Account}})

	for field, in := range map[string]vars{"from": grant("2027-03-03", nil), "until": grant("2027-03-02", "2056-03-03")} {
		if r := boss.Refused(grantRole, in, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	boss.Refused(grantRole, grant("2999-12-31", nil), fault.InvalidInput)
	boss.Refused(grantRole, grant(nil, "2999-12-31"), fault.InvalidInput)
	boss.Do(grantRole, grant("2027-03-02", "2056-03-02"))
	was.Do(grantRole, grant(nil, "2026-03-02")) // one of its own again

	// Whom nobody employs any more, the manager takes on again.
	left := app.Member("left@example.com", inEstate(app, policy.CSOfficer, app.A.ID))
	id = was.Do(`query($id: ID!) { accountGrants(accountID: $id) { id } }`, vars{"id": left.Account}).Get("accountGrants.0.id").String()
	was.Do(revokeGrant, vars{"in": vars{"grantID": id}})
	was.Do(grantRole, vars{"in": vars{"accountID": left.Account, "role": policy.CSOfficer, "estateID": app.A.ID}})
}
