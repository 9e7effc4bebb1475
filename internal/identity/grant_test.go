package identity_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestGrantNamesWhatItsRoleNeeds(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	boss, to := app.As(policy.GeneralManager), app.As(policy.MailSorter).Account
	a, b := app.A, app.B
	cases := []struct {
		role                         policy.Role
		estate, department, resident any
		code                         fault.Code
		field                        string
	}{
		{policy.CSOfficer, a.ID, nil, nil, "", ""},
		{policy.ProjectManager, a.ID, nil, nil, "", ""},
		{policy.GeneralManager, nil, nil, nil, "", ""},
		{policy.Supervisor, a.ID, a.Department, nil, "", ""},
		{policy.Security, a.ID, a.SecurityDepartment, nil, "", ""},
		{policy.Engineering, b.ID, b.EngineeringDepartment, nil, "", ""},
		{policy.Resident, a.ID, nil, a.Household, "", ""},
		{"janitor", a.ID, nil, nil, fault.InvalidInput, "role"},
		{policy.CSOfficer, nil, nil, nil, fault.InvalidInput, "estateID"},
		{policy.ProjectManager, nil, nil, nil, fault.InvalidInput, "estateID"},
		{policy.GeneralManager, a.ID, nil, nil, fault.InvalidInput, "estateID"},
		{policy.Supervisor, a.ID, nil, nil, fault.InvalidInput, "departmentID"},
		{policy.CSOfficer, a.ID, a.Department, nil, fault.InvalidInput, "departmentID"},
		{policy.Resident, a.ID, nil, nil, fault.InvalidInput, "householdID"},
		{policy.CSOfficer, a.ID, nil, a.Household, fault.InvalidInput, "householdID"},
		{policy.Supervisor, a.ID, b.Department, nil, fault.NotFound, "departmentID"},
		{policy.Resident, a.ID, nil, b.Household, fault.NotFound, "householdID"},
		{policy.CSOfficer, uuid.New(), nil, nil, fault.NotFound, "estateID"},
		{policy.Auditor, b.ID, nil, nil, "", ""},
		{policy.Auditor, nil, nil, nil, "", ""},
	}
	for _, c := range cases {
		in := vars{"in": vars{"accountID": to, "role": c.role, "estateID": c.estate, "departmentID": c.department, "householdID": c.resident}}
		if c.code == "" {
			boss.Do(grantRole, in)
			boss.Refused(grantRole, in, fault.Conflict) // repeated
			continue
		}
		if r := boss.Refused(grantRole, in, c.code); r.Field != c.field {
			t.Errorf("%s: refused at %q, want %q", c.role, r.Field, c.field)
		}
	}
	for field, in := range map[string]vars{
		"from":  {"accountID": to, "role": "cs-officer", "estateID": a.ID, "from": "2026-03-01"},
		"until": {"accountID": to, "role": "cs-officer", "estateID": b.ID, "from": "2026-03-05", "until": "2026-03-04"},
	} {
		if r := boss.Refused(grantRole, vars{"in": in}, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	boss.Refused(grantRole, vars{"in": vars{"accountID": uuid.New(), "role": "cs-officer", "estateID": a.ID}}, fault.NotFound)
}

// What a project manager gives and takes is the own estate's, and never who audits it.
func TestProjectManagerGrantsInTheOwnEstateOnly(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, clerk := app.As(policy.ProjectManager), app.As(policy.CSOfficer).Account
	grant := func(role policy.Role, estate any) vars {
		return vars{"in": vars{"accountID": clerk, "role": role, "estateID": estate}}
	}
	pm.Do(grantRole, grant(policy.KeyCustodian, app.A.ID))
	pm.Refused(grantRole, grant(policy.KeyCustodian, app.B.ID), fault.NotFound)
	pm.Refused(grantRole, grant(policy.GeneralManager, nil), fault.Forbidden)
	pm.Refused(grantRole, grant(policy.Auditor, app.A.ID), fault.Forbidden)
	pm.Refused(grantRole, grant(policy.Auditor, nil), fault.Forbidden)
	pm.Refused(grantRole, vars{"in": vars{"accountID": app.Foreign(policy.CSOfficer).Account, "role": "cs-officer", "estateID": app.A.ID}}, fault.NotFound)
	pm.Refused(createAccount, vars{"in": vars{"email": "x@example.com", "name": "x"}}, fault.InvalidInput)
	for _, role := range []vars{{"role": "general-manager"}, {"role": "auditor", "estateID": app.A.ID}} {
		pm.Refused(createAccount, vars{"in": vars{"email": "x@example.com", "name": "x", "role": role}}, fault.Forbidden)
	}
	if r := pm.Refused(createAccount, vars{"in": vars{"email": "x@example.com", "name": "x", "role": vars{"role": "cs-officer", "estateID": app.B.ID}}}, fault.NotFound); r.Field != "role.estateID" {
		t.Errorf("refused at %q", r.Field)
	}

	audit := app.Member("auditor-of-a@example.com", inEstate(app, policy.Auditor, app.A.ID))
	id := pm.Do(`query($id: ID!) { accountGrants(accountID: $id) { id } }`, vars{"id": audit.Account}).Get("accountGrants.0.id").String()
	pm.Refused(revokeGrant, vars{"in": vars{"grantID": id}}, fault.Forbidden)
	pm.Refused(disable, vars{"in": vars{"accountID": audit.Account}}, fault.Forbidden)
	pm.Refused(resetPassword, vars{"in": vars{"accountID": audit.Account}}, fault.Forbidden)
	app.As(policy.GeneralManager).Do(revokeGrant, vars{"in": vars{"grantID": id, "reason": "审计结束"}})
	app.As(policy.GeneralManager).Refused(revokeGrant, vars{"in": vars{"grantID": id}}, fault.Conflict)

	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Resident, policy.Auditor} {
		app.As(role).Refused(grantRole, vars{"in": vars{"accountID": app.As(policy.Receptionist).Account, "role": "mail-sorter", "estateID": app.A.ID}}, fault.Forbidden)
	}
}

// Nobody raises themselves, by whatever act.
func TestNobodyRaisesThemselves(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, role := range policy.Roles {
		p := app.As(role)
		for _, in := range []vars{
			{"accountID": p.Account, "role": "general-manager"},
			{"accountID": p.Account, "role": "project-manager", "estateID": app.A.ID},
			{"accountID": p.Account, "role": "cs-officer", "estateID": app.B.ID},
		} {
			p.Refused(grantRole, vars{"in": in}, fault.Forbidden)
		}
		for _, document := range []string{resetPassword, enable, disable} {
			p.Refused(document, vars{"in": vars{"accountID": p.Account}}, fault.Forbidden)
		}
		if before, after := p.Do(viewer, nil).Get("viewer.grants.#").Int(), int64(1); before != after {
			t.Errorf("%s holds %d grants", role, before)
		}
	}
	// An auditor to be cannot take the bar away before it falls.
	boss := app.Member("boss@example.com", account.NewGrant{Role: string(policy.GeneralManager), From: app.GrantIn("", app.A).From})
	id := app.As(policy.GeneralManager).Do(grantRole, vars{"in": vars{"accountID": boss.Account, "role": "auditor", "from": "2026-04-01"}}).Get("grantRole.grant.id").String()
	boss.Refused(revokeGrant, vars{"in": vars{"grantID": id}}, fault.Forbidden)
}

// Somebody who manages one estate and works at the desk of another manages no accounts there, although
// the settings of row-level security name both.
func TestManagerOfOneEstateIsNoManagerOfTheOther(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.Member("two-hats@example.com", inEstate(app, policy.ProjectManager, app.A.ID), inEstate(app, policy.CSOfficer, app.B.ID))
	other := app.Foreign(policy.ProjectManager)
	both := app.Member("works-in-both@example.com", inEstate(app, policy.CSOfficer, app.A.ID), inEstate(app, policy.KeyCustodian, app.B.ID))

	p.Refused(resetPassword, vars{"in": vars{"accountID": other.Account}}, fault.NotFound)
	p.Refused(disable, vars{"in": vars{"accountID": other.Account}}, fault.NotFound)
	p.Refused(resetPassword, vars{"in": vars{"accountID": both.Account}}, fault.Forbidden) // would open the other estate's door
	p.Refused(disable, vars{"in": vars{"accountID": both.Account}}, fault.Forbidden)
	p.Refused(grantRole, vars{"in": vars{"accountID": both.Account, "role": "mail-sorter", "estateID": app.B.ID}}, fault.NotFound)
	for _, e := range p.Do(`{ accounts { edges { node { id grants { estateID } } } } }`, nil).Get("accounts.edges.#.node").Array() {
		if e.Get("id").String() == other.Account.String() {
			t.Error("sees accounts of the estate where nothing is managed")
		}
		for _, g := range e.Get("grants.#.estateID").Array() {
			if g.String() == app.B.ID.String() && e.Get("id").String() != p.Account.String() {
				t.Error("sees grants of the estate where nothing is managed")
			}
		}
	}
	id := app.Foreign(policy.ProjectManager).Do(`query($id: ID!) { accountGrants(accountID: $id) { id } }`, vars{"id": both.Account}).Get("accountGrants.0.id").String()
	p.Refused(revokeGrant, vars{"in": vars{"grantID": id}}, fault.NotFound)
}

func TestOneOfManyEqualGrantsIsGiven(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, in := app.As(policy.ProjectManager), vars{"in": vars{"accountID": app.As(policy.CSOfficer).Account, "role": "receptionist", "estateID": app.A.ID}}
	var wg sync.WaitGroup
	answers := make([]string, 20)
	for i := range answers {
		wg.Go(func() {
			r, err := pm.Try(grantRole, in)
			answers[i] = fmt.Sprint(r.Get("errors.0.extensions.code"), err)
		})
	}
	wg.Wait()
	given := 0
	for _, a := range answers {
		switch a {
		case "<nil>", " <nil>":
			given++
		case "CONFLICT <nil>":
		default:
			t.Errorf("answer %q", a)
		}
	}
	if given != 1 {
		t.Errorf("%d of 20 equal grants were given, want 1", given)
	}
}

// A grant begins on the day that it is where it is given: the estate's, or the portfolio's.
func TestGrantBeginsToday(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Super(`UPDATE estates SET time_zone = 'Pacific/Auckland' WHERE id = $1`, app.B.ID)
	app.Clock.Advance(15*time.Hour + time.Minute) // just after midnight in Shanghai: in UTC it is the day before still
	boss, to := app.As(policy.GeneralManager), app.As(policy.MailSorter).Account
	for _, estate := range []any{nil, app.A.ID, app.B.ID} {
		in := vars{"accountID": to, "role": "auditor", "estateID": estate}
		if day := boss.Do(grantRole, vars{"in": in}).Get("grantRole.grant.from").String(); day != "2026-03-03" {
			t.Errorf("a grant in %v begins on %s", estate, day)
		}
		in["from"] = "2026-03-02"
		boss.Refused(grantRole, vars{"in": in}, fault.InvalidInput)
	}
}

func TestGrantWorksFromItsFirstDayToItsLast(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, p := app.As(policy.ProjectManager), app.As(policy.MailSorter)
	cabinet := func(name string) vars { return vars{"in": vars{"estateID": app.A.ID, "name": name}} }
	g := pm.Do(grantRole, vars{"in": vars{"accountID": p.Account, "role": "key-custodian", "estateID": app.A.ID, "from": "2026-03-03", "until": "2026-03-03"}}).Get("grantRole.grant")
	p.Refused(createCabinet, cabinet("早"), fault.Forbidden)
	app.Clock.Advance(15 * 60 * 60 * 1e9) // midnight in Shanghai
	p.SignIn()
	p.Do(createCabinet, cabinet("中"))
	app.Clock.Advance(24 * 60 * 60 * 1e9)
	p.SignIn()
	p.Refused(createCabinet, cabinet("晚"), fault.Forbidden)

	pm.SignIn()
	e := app.As(policy.GeneralManager)
	e.SignIn()
	entry := e.Do(trail, vars{"where": vars{"action": "identity.grantRole", "estateID": app.A.ID}}).Get("auditTrail.edges.0.node")
	if entry.Get("subjectID").String() != g.Get("id").String() || entry.Get("actorID").String() != pm.Account.String() || entry.Get("changes.0.op").String() != "CREATE" {
		t.Errorf("on the estate's chain: %s", entry.Raw)
	}
}
