package identity_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const better = "a much better passphrase"

func TestChangePasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Auditor, policy.Resident} {
		p := app.As(role)
		other := enter(t, app, p.Email, stewardtest.Password)
		for field, in := range map[string]vars{
			"currentPassword": {"currentPassword": "not the password", "newPassword": better},
			"newPassword":     {"currentPassword": stewardtest.Password, "newPassword": "short"},
		} {
			if r := p.Refused(changePass, vars{"in": in}, fault.InvalidInput); r.Field != field {
				t.Errorf("%s: refused at %q, want %q", role, r.Field, field)
			}
		}
		p.Do(changePass, vars{"in": vars{"currentPassword": stewardtest.Password, "newPassword": better}})
		p.Do(`{ unreadCount }`, nil)
		other.Refused(`{ unreadCount }`, nil, fault.Unauthenticated)
		app.Nobody().Refused(signIn, vars{"in": vars{"email": p.Email, "password": stewardtest.Password}}, fault.Unauthenticated)
		enter(t, app, p.Email, better)
	}
	for _, e := range entries(app, vars{"action": "identity.changePassword", "kind": "WRITE"}) {
		f := e.Get("changes.0.fields.0")
		if f.Get("name").String() != "password" || !f.Get("confidential").Bool() || f.Get("after").String() != "" {
			t.Errorf("trail: %s", e.Raw)
		}
	}
}

func TestTemporaryPasswordAllowsNothingButChangingIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	made := manager.Do(createAccount, vars{"in": vars{"email": "new@a.example", "name": "新人",
		"role": vars{"role": "project-manager", "estateID": app.A.ID}}}).Get("createAccount")
	temporary := made.Get("temporaryPassword").String()
	p := enter(t, app, "new@a.example", temporary)
	me := p.Do(viewer, nil).Get("viewer")
	if !me.Get("mustChangePassword").Bool() || me.Get("grants.0.role").String() != "project-manager" {
		t.Fatalf("viewer %s", me.Raw)
	}
	for document, v := range map[string]vars{
		`{ estates { edges { node { id } } } }`: nil,
		`{ unreadCount }`:                       nil,
		`{ sessions { id } }`:                   nil,
		createCabinet:                           {"in": vars{"estateID": app.A.ID, "name": "新柜"}},
		createToken:                             {"in": vars{"name": "x", "role": "project-manager", "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}},
		grantRole:                               {"in": vars{"accountID": manager.Account, "role": "cs-officer", "estateID": app.A.ID}},
	} {
		p.Refused(document, v, fault.Forbidden)
	}
	p.Do(changePass, vars{"in": vars{"currentPassword": temporary, "newPassword": better}})
	if p.Do(viewer, nil).Get("viewer.mustChangePassword").Bool() {
		t.Error("still to be changed")
	}
	p.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "新柜"}})

	token := with(app, p.Do(createToken, tokenFor(policy.ProjectManager)).Get("createApiToken.secret").String())
	token.Do(`{ estates { edges { node { id } } } }`, nil)
	again := manager.Do(resetPassword, vars{"in": vars{"accountID": made.Get("account.id").String(), "reason": "忘记了"}}).Get("resetPassword.temporaryPassword").String()
	p.Refused(`{ unreadCount }`, nil, fault.Unauthenticated)
	token.Refused(`{ estates { edges { node { id } } } }`, nil, fault.Unauthenticated)
	if e := entries(app, vars{"action": "identity.resetPassword", "kind": "WRITE"}); e[0].Get(`changes.0.fields.#(name=="endedTokens").after`).String() != "1" {
		t.Errorf("on the trail: %s", e[0].Raw)
	}
	p = enter(t, app, "new@a.example", again)
	p.Refused(`{ estates { edges { node { id } } } }`, nil, fault.Forbidden)
	p.Do(`mutation { signOut { sessionID } }`, nil)
}

// A password is proved on a connection beside the act's own: many changes at once must not wait for each
// other until none can go on.
func TestManyPasswordChangesDoNotStarveThePool(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.CSOfficer)
	var wg sync.WaitGroup
	answers := make([]string, 60)
	for i := range answers {
		wg.Go(func() {
			r, err := p.Try(changePass, vars{"in": vars{"currentPassword": stewardtest.Password, "newPassword": fmt.Sprintf("%s %d", better, i)}})
			answers[i] = fmt.Sprint(r.Get("data.changePassword.accountID").Exists(), r.Get("errors.0.extensions.code"), err)
		})
	}
	wg.Wait()
	done := 0
	for _, a := range answers {
		if a == "true  <nil>" {
			done++
		} else if a != "false INVALID_INPUT <nil>" && a != "false CONFLICT <nil>" && a != "false RATE_LIMITED <nil>" {
			t.Errorf("answer %q", a)
		}
	}
	if done != 1 {
		t.Errorf("%d of 60 changes from one old password went through, want 1", done)
	}
}

// What is no GraphQL (files, registers) stands behind no gate of root fields: the grants themselves count
// for nothing until the password is changed.
func TestTemporaryPasswordMakesGrantsCountForNothing(t *testing.T) {
	t.Parallel()
	table, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	v := access.Viewer{Account: uuid.New(), MustChangePassword: true, Grants: []access.Grant{{Role: policy.GeneralManager}}}
	for _, resource := range policy.Resources {
		for _, action := range policy.Actions {
			if scope := access.New(table, v).Scope(resource, action); !scope.Empty() {
				t.Errorf("%s %s reaches %+v", action, resource, scope)
			}
		}
	}
	if s := access.New(table, v).Settings(); s.EstateIDs != "" || s.Households != "" || s.Account != v.Account.String() {
		t.Errorf("row-level security is told %+v", s)
	}
}
