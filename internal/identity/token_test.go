package identity_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func tokenFor(role policy.Role, estates ...uuid.UUID) vars {
	return vars{"in": vars{"name": "大屏", "role": role, "estateIDs": estates, "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}}
}

func TestTokenIsNarrowerThanItsOwner(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.Member("both@example.com", inEstate(app, policy.ProjectManager, app.A.ID), inEstate(app, policy.ProjectManager, app.B.ID), inEstate(app, policy.KeyCustodian, app.A.ID))
	made := p.Do(createToken, tokenFor(policy.KeyCustodian, app.A.ID)).Get("createApiToken")
	token := with(app, made.Get("secret").String())

	if g := token.Do(viewer, nil).Get("viewer.grants"); g.Get("#").Int() != 1 || g.Get("0.role").String() != "key-custodian" {
		t.Fatalf("the token holds %s", g.Raw)
	}
	estates := `{ estates { edges { node { id } } } }`
	if n := p.Do(estates, nil).Get("estates.edges.#").Int(); n != 2 {
		t.Errorf("the owner sees %d estates, want 2", n)
	}
	if n := token.Do(estates, nil).Get("estates.edges.#").Int(); n != 1 {
		t.Errorf("the token sees %d estates, want 1", n)
	}
	token.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "甲"}})
	token.Refused(createCabinet, vars{"in": vars{"estateID": app.B.ID, "name": "乙"}}, fault.NotFound)
	token.Refused(trail, nil, fault.Forbidden)

	app.Clock.Advance(32 * 24 * time.Hour)
	token.Refused(estates, nil, fault.Unauthenticated)
}

func TestTokenMakesNothingMoreOfItself(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, officer := app.As(policy.GeneralManager), app.As(policy.CSOfficer)
	token := with(app, manager.Do(createToken, tokenFor(policy.GeneralManager)).Get("createApiToken.secret").String())
	token.Do(`{ estates { edges { node { id } } } }`, nil)
	for document, v := range map[string]vars{
		createToken:   tokenFor(policy.GeneralManager),
		changePass:    {"in": vars{"currentPassword": stewardtest.Password, "newPassword": better}},
		createAccount: {"in": vars{"email": "mole@example.com", "name": "x", "role": vars{"role": "general-manager"}}},
		grantRole:     {"in": vars{"accountID": officer.Account, "role": "general-manager"}},
		resetPassword: {"in": vars{"accountID": officer.Account}},
		disable:       {"in": vars{"accountID": officer.Account}},
		enable:        {"in": vars{"accountID": officer.Account}},
		markRead:      {"in": vars{"all": true}},
		`mutation { revokeOtherSessions { count } }`:  nil,
		`mutation { signOut { sessionID } }`:          nil,
		`{ sessions { id } }`:                         nil,
		`{ apiTokens { id } }`:                        nil,
		`{ inbox { edges { node { id } } } }`:         nil,
		`{ unreadCount }`:                             nil,
		accounts:                                      nil,
		trail:                                         nil,
		`query($id: ID!) { account(id: $id) { id } }`: {"id": officer.Account},
		`query($id: ID!) { accountGrants(accountID: $id) { id } }`: {"id": officer.Account},
		`query($id: ID!) { apiTokens(accountID: $id) { id } }`:     {"id": officer.Account},
	} {
		token.Refused(document, v, fault.Forbidden)
	}
	if n := len(entries(app, vars{"action": "read.AuditTrail", "outcome": "REFUSED"})); n != 1 {
		t.Errorf("%d refused reads are on the trail", n)
	}
}

func TestTokenIsForARoleThatIsHeld(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.CSOfficer)
	for field, in := range map[string]vars{
		"role":        tokenFor(policy.GeneralManager),
		"estateIDs.1": tokenFor(policy.CSOfficer, app.A.ID, app.B.ID),
		"expiresAt":   {"in": vars{"name": "x", "role": "cs-officer", "expiresAt": stewardtest.Start.AddDate(2, 0, 0)}},
		"name":        {"in": vars{"name": "", "role": "cs-officer", "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}},
	} {
		if r := p.Refused(createToken, in, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	app.As(policy.Auditor).Refused(createToken, tokenFor(policy.Auditor), fault.Forbidden)
}

func TestTokenSecretIsShownOnceAndTheTokenEndsAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.CSOfficer)
	keyed := p.With("Idempotency-Key", "make-the-token")
	first := keyed.Do(createToken, tokenFor(policy.CSOfficer)).Get("createApiToken")
	again := keyed.Do(createToken, tokenFor(policy.CSOfficer)).Get("createApiToken")
	if again.Get("token.id").String() != first.Get("token.id").String() || again.Get("secret").String() != "" {
		t.Errorf("repeated: %s, first %s", again.Raw, first.Get("token").Raw)
	}
	token, in := with(app, first.Get("secret").String()), vars{"in": vars{"tokenID": first.Get("token.id").String()}}
	token.Do(`{ estates { edges { node { id } } } }`, nil)
	app.Foreign(policy.ProjectManager).Refused(revoke, in, fault.NotFound)
	app.As(policy.MailSorter).Refused(revoke, in, fault.NotFound)
	app.As(policy.Auditor).Refused(revoke, in, fault.Forbidden)
	p.Do(revoke, in)
	token.Refused(`{ estates { edges { node { id } } } }`, nil, fault.Unauthenticated)
	list := p.Do(`{ apiTokens { id name revokedAt lastUsedAt } }`, nil).Get("apiTokens")
	if list.Get("#").Int() != 1 || !list.Get("0.revokedAt").Exists() {
		t.Errorf("list %s", list.Raw)
	}
}

// A token that got about is ended by who manages its owner's account.
func TestManagersEndTheTokensOfTheirOwn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const of = `query($id: ID!) { apiTokens(accountID: $id) { id name revokedAt } }`
	pm, boss := app.As(policy.ProjectManager), app.As(policy.GeneralManager)
	for _, c := range []struct {
		owner   *stewardtest.Person
		manager fault.Code // what the project manager of A is told; empty: done
	}{
		{app.As(policy.CSOfficer), ""},
		{app.Foreign(policy.CSOfficer), fault.NotFound},
		{app.Member("works-in-both@example.com", inEstate(app, policy.CSOfficer, app.A.ID), inEstate(app, policy.CSOfficer, app.B.ID)), fault.Forbidden},
		{app.Member("boss@example.com", inEstate(app, policy.CSOfficer, app.A.ID), inEstate(app, policy.GeneralManager, uuid.Nil)), fault.Forbidden},
	} {
		made := c.owner.Do(createToken, tokenFor(policy.CSOfficer)).Get("createApiToken")
		id, in := vars{"id": c.owner.Account}, vars{"in": vars{"tokenID": made.Get("token.id").String()}}
		token := with(app, made.Get("secret").String())
		token.Do(viewer, nil)
		by := pm
		if c.manager != "" {
			if r := pm.Refused(revoke, in, c.manager); r.Field != "tokenID" {
				t.Errorf("%s: refused at %q", c.owner.Email, r.Field)
			}
			if r := pm.Refused(of, id, c.manager); r.Field != "accountID" {
				t.Errorf("%s: the list is refused at %q", c.owner.Email, r.Field)
			}
			token.Do(`{ estates { edges { node { id } } } }`, nil)
			by = boss
		}
		if list := by.Do(of, id).Get("apiTokens"); list.Get("0.id").String() != made.Get("token.id").String() || list.Get("0.revokedAt").Exists() && list.Get("0.revokedAt").String() != "" {
			t.Errorf("%s lists %s", by.Email, list.Raw)
		}
		by.Do(revoke, in)
		token.Refused(`{ estates { edges { node { id } } } }`, nil, fault.Unauthenticated)
	}
	if e := pm.Do(trail, vars{"where": vars{"action": "identity.revokeAPIToken", "kind": "WRITE"}}).Get("auditTrail.edges.#.node"); e.Get("0.changes.0.op").String() != "DELETE" {
		t.Errorf("on the estate's chain: %s", e.Raw)
	}
	app.As(policy.Receptionist).Refused(of, vars{"id": pm.Account}, fault.Forbidden)
}

// The bar of an auditor holds whatever else is granted, and whatever a token narrows away.
func TestAuditorIsBarredWhateverElseIsHeld(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	everything := func(p *stewardtest.Person) {
		t.Helper()
		for document, v := range map[string]vars{
			createCabinet: {"in": vars{"estateID": app.A.ID, "name": "甲"}},
			createAccount: {"in": vars{"email": "x@example.com", "name": "x", "role": vars{"role": "cs-officer", "estateID": app.A.ID}}},
			grantRole:     {"in": vars{"accountID": app.As(policy.CSOfficer).Account, "role": "mail-sorter", "estateID": app.A.ID}},
			disable:       {"in": vars{"accountID": app.As(policy.CSOfficer).Account}},
			resetPassword: {"in": vars{"accountID": app.As(policy.CSOfficer).Account}},
		} {
			p.Refused(document, v, fault.Forbidden)
		}
	}
	everything(app.Member("general@example.com", account.NewGrant{Role: string(policy.GeneralManager), From: app.GrantIn("", app.A).From},
		account.NewGrant{Role: string(policy.Auditor), From: app.GrantIn("", app.A).From}))

	// The bar comes after the token was made: nobody makes one under it.
	late := app.Member("late@example.com", inEstate(app, policy.ProjectManager, app.A.ID))
	token := with(app, late.Do(createToken, tokenFor(policy.ProjectManager)).Get("createApiToken.secret").String())
	token.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "之前"}})
	app.As(policy.GeneralManager).Do(grantRole, vars{"in": vars{"accountID": late.Account, "role": "auditor", "estateID": app.A.ID}})
	token.Refused(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "之后"}}, fault.Forbidden)
	everything(late)
	late.Refused(createToken, tokenFor(policy.ProjectManager), fault.Forbidden)

	// Who audits one estate and manages another is barred in the first only.
	split := app.Member("split@example.com", inEstate(app, policy.ProjectManager, app.A.ID), inEstate(app, policy.ProjectManager, app.B.ID), inEstate(app, policy.Auditor, app.B.ID))
	split.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "可以"}})
	split.Refused(createCabinet, vars{"in": vars{"estateID": app.B.ID, "name": "不可"}}, fault.NotFound)
	split.Refused(grantRole, vars{"in": vars{"accountID": app.Foreign(policy.CSOfficer).Account, "role": "mail-sorter", "estateID": app.B.ID}}, fault.NotFound)
}
