package identity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const accounts = `query($first: Int, $after: Cursor, $where: AccountFilter) { accounts(first: $first, after: $after, where: $where) {
	totalCount edges { cursor node { id email name kind disabledAt grants { role estateID } } } pageInfo { hasNextPage endCursor } } }`

func TestAccountsAreListedWhereTheyAreManaged(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager)
	for i := range 7 {
		app.Member(fmt.Sprintf("clerk-%d@a.example", i), inEstate(app, policy.MailSorter, app.A.ID))
	}
	foreign := app.Foreign(policy.CSOfficer)

	var seen []string
	var after any
	for {
		page := pm.Do(accounts, vars{"first": 3, "after": after}).Get("accounts")
		for _, e := range page.Get("edges.#.node").Array() {
			seen = append(seen, e.Get("email").String())
			if e.Get("grants.#").Int() == 0 {
				t.Errorf("%s has no grants", e.Get("email"))
			}
		}
		if page.Get("totalCount").Int() != 8 {
			t.Fatalf("total %s, want 8", page.Get("totalCount"))
		}
		if !page.Get("pageInfo.hasNextPage").Bool() {
			break
		}
		after = page.Get("pageInfo.endCursor").String()
	}
	if len(seen) != 8 || strings.Contains(strings.Join(seen, " "), foreign.Email) {
		t.Errorf("the project manager of A sees %v", seen)
	}
	if n := pm.Do(accounts, vars{"where": vars{"emailPrefix": "CLERK-"}}).Get("accounts.edges.#").Int(); n != 7 {
		t.Errorf("%d by prefix, want 7", n)
	}
	if n := app.As(policy.GeneralManager).Do(accounts, vars{"where": vars{"estateID": app.B.ID, "kind": "STAFF", "enabledOnly": true}}).Get("accounts.edges.#").Int(); n != 1 {
		t.Errorf("%d in B, want 1", n)
	}
	pm.Refused(`query($id: ID!) { account(id: $id) { id } }`, vars{"id": foreign.Account}, fault.NotFound)
	pm.Refused(accounts, vars{"after": "nonsense"}, fault.InvalidInput)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Resident} {
		app.As(role).Refused(accounts, nil, fault.Forbidden)
		app.As(role).Refused(`query($id: ID!) { accountGrants(accountID: $id) { id } }`, vars{"id": pm.Account}, fault.Forbidden)
	}
}

// An e-mail address is contact data: an auditor sees its end only, and cannot find it out.
func TestAuditorSeesNoAddressInFull(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	resident, auditor := app.Resident(), app.As(policy.Auditor)
	page := auditor.Do(accounts, nil)
	if strings.Contains(page.Get("accounts.edges.#.node.email").Raw, "resident@") || strings.Contains(page.Get("accounts.edges.#.cursor").Raw, "@") {
		t.Errorf("an auditor sees %s", page.Raw)
	}
	if !strings.Contains(page.Raw, auditor.Email) {
		t.Error("an auditor does not see the own address")
	}
	auditor.Refused(accounts, vars{"where": vars{"emailPrefix": "resident"}}, fault.Forbidden)
	if email := app.As(policy.ProjectManager).Do(`query($id: ID!) { account(id: $id) { email } }`, vars{"id": resident.Account}).Get("account.email").String(); email != resident.Email {
		t.Errorf("a manager sees %q", email)
	}
}

func TestAccountIsMadeWithItsRole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager)
	in := vars{"in": vars{"email": "Wang@A.example", "name": "王五", "locale": "en", "role": vars{"role": "supervisor", "estateID": app.A.ID, "departmentID": app.A.Department}}}
	keyed := pm.With("Idempotency-Key", "wang")
	made, again := keyed.Do(createAccount, in).Get("createAccount"), keyed.Do(createAccount, in).Get("createAccount")
	if made.Get("account.grants.0.role").String() != "supervisor" || made.Get("temporaryPassword").String() == "" {
		t.Fatalf("made %s", made.Raw)
	}
	if again.Get("account.id").String() != made.Get("account.id").String() || again.Get("temporaryPassword").String() != "" {
		t.Errorf("repeated %s", again.Raw)
	}
	pm.Refused(createAccount, vars{"in": vars{"email": "wang@a.EXAMPLE", "name": "王六", "role": vars{"role": "cs-officer", "estateID": app.A.ID}}}, fault.Conflict)
	app.As(policy.GeneralManager).Do(createAccount, vars{"in": vars{"email": "free@example.com", "name": "自由"}})

	// Of an address of the other estate no more is told than of one's own; and whoever tries addresses is on the trail.
	asked := func(email string) string {
		r := pm.Refused(createAccount, vars{"in": vars{"email": email, "name": "探", "role": vars{"role": "cs-officer", "estateID": app.A.ID}}}, fault.Conflict)
		return r.Message + r.Extensions.Raw
	}
	if here, there := asked("wang@a.example"), asked(app.Foreign(policy.CSOfficer).Email); here != there {
		t.Errorf("of the own estate's address: %s, of another's: %s", here, there)
	}
	if e := entries(app, vars{"action": "identity.createAccount", "outcome": "REFUSED", "estateID": app.A.ID}); len(e) == 0 || e[0].Get("reason").String() != "CONFLICT" {
		t.Errorf("on the trail: %v", e)
	}
	for field, change := range map[string]vars{
		"email": {"email": "no address"}, "name": {"name": " "}, "locale": {"locale": "fr"},
		"role.departmentID": {"role": vars{"role": "supervisor", "estateID": app.A.ID}},
	} {
		in := vars{"email": "li@a.example", "name": "李四", "role": vars{"role": "cs-officer", "estateID": app.A.ID}}
		for k, v := range change {
			in[k] = v
		}
		if r := pm.Refused(createAccount, vars{"in": in}, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	for _, e := range entries(app, vars{"action": "identity.createAccount"}) {
		if strings.Contains(strings.ToLower(e.Raw), "wang@") {
			t.Errorf("the trail holds the address: %s", e.Raw)
		}
	}
}

func TestDisablingIsOnTheChainOfTheEstateToo(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, clerk := app.As(policy.ProjectManager), app.As(policy.CSOfficer)
	in := vars{"in": vars{"accountID": clerk.Account, "reason": "离职"}}
	if at := pm.Do(disable, in).Get("disableAccount.account.disabledAt").String(); at == "" {
		t.Error("not disabled")
	}
	pm.Refused(disable, in, fault.Conflict)
	app.Foreign(policy.ProjectManager).Refused(enable, in, fault.NotFound)
	e := pm.Do(trail, vars{"where": vars{"action": "identity.disableAccount"}}).Get("auditTrail.edges.#.node")
	if e.Get("#").Int() != 1 || e.Get("0.reason").String() != "离职" || e.Get("0.estateID").String() != app.A.ID.String() ||
		e.Get(`0.changes.0.fields.#(name=="disabled").after`).String() != "true" {
		t.Errorf("the estate's chain: %s", e.Raw)
	}
}

// What nobody sees makes one person look like another; names are measured in characters.
func TestNamesAndAddressesHoldNothingUnseen(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	boss := app.As(policy.GeneralManager)
	for _, unseen := range []string{"\u202e", "\u200b", "\ufffd"} {
		for field, in := range map[string]vars{
			"email": {"email": "li" + unseen + "@a.example", "name": "李四"},
			"name":  {"email": "li@a.example", "name": "李" + unseen + "四"},
		} {
			if r := boss.Refused(createAccount, vars{"in": in}, fault.InvalidInput); r.Field != field {
				t.Errorf("%+q: refused at %q, want %q", unseen, r.Field, field)
			}
		}
		token := tokenFor(policy.GeneralManager)
		token["in"].(vars)["name"] = "屏" + unseen
		boss.Refused(createToken, token, fault.InvalidInput)
	}
	long := strings.Repeat("李", 100)
	id := boss.Do(createAccount, vars{"in": vars{"email": "li@a.example", "name": " " + long + " "}}).Get("createAccount.account.id").String()
	if name := boss.Do(`query($id: ID!) { account(id: $id) { name } }`, vars{"id": id}).Get("account.name").String(); name != long {
		t.Errorf("stored as %q", name)
	}
}
