package identity_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Whoever asks for the same again and again, refused or with nothing to change, does not lengthen the trail.
func TestNobodyLengthensTheTrail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	nosy := app.As(policy.Receptionist)
	for range 12 {
		nosy.Refused(accounts, nil, fault.Forbidden)
	}
	if e := entries(app, vars{"action": "read.Account", "outcome": "REFUSED"}); len(e) != 2 || e[0].Get("reason").String() != "FORBIDDEN ×10" {
		t.Errorf("12 refused reads: %v", e)
	}

	for _, role := range []policy.Role{policy.CSOfficer, policy.Auditor} {
		p := app.As(role)
		count := func(action string) int { return len(entries(app, vars{"action": action, "actorID": p.Account})) }
		post(t, app, p, 2)
		one := p.Do(inbox, nil).Get("inbox.edges.0.node.id").String()
		enter(t, app, p.Email, stewardtest.Password)
		gone := enter(t, app, p.Email, stewardtest.Password).Do(`{ sessions { id current } }`, nil).Get("sessions.#(current==true).id").String()
		for range 3 {
			p.Do(markRead, vars{"in": vars{"messageIDs": []string{one}}})
			p.Do(revokeSession, vars{"in": vars{"sessionID": gone}})
		}
		for range 3 {
			p.Do(markRead, vars{"in": vars{"all": true}})
			p.Do(`mutation { revokeOtherSessions { count } }`, nil)
		}
		for action, want := range map[string]int{"identity.markRead": 2, "identity.revokeSession": 1, "identity.revokeOtherSessions": 1} {
			if n := count(action); n != want {
				t.Errorf("%s, %s: %d entries, want %d", role, action, n, want)
			}
		}
	}

	p := app.As(policy.CSOfficer)
	in := vars{"in": vars{"tokenID": p.Do(createToken, tokenFor(policy.CSOfficer)).Get("createApiToken.token.id").String()}}
	for range 3 {
		p.Do(revoke, in)
	}
	if n := len(entries(app, vars{"action": "identity.revokeAPIToken"})); n != 1 {
		t.Errorf("a token that ended once has %d entries", n)
	}
}

func TestAnAccountHasTwentyLiveTokens(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.CSOfficer)
	var wg sync.WaitGroup
	made := make([]string, 24) // at once
	for i := range made {
		wg.Go(func() {
			r, err := p.Try(createToken, tokenFor(policy.CSOfficer))
			if made[i] = r.Get("data.createApiToken.token.id").String(); err != nil || made[i] == "" && r.Get("errors.0.extensions.code").String() != "CONFLICT" {
				t.Errorf("token %d: %s, %v", i, r.Raw, err)
			}
		})
	}
	wg.Wait()
	if n := len(app.IDs(`SELECT id FROM identity.tokens WHERE account_id = $1`, p.Account)); n != 20 {
		t.Errorf("%d tokens were made, want 20", n)
	}
	id := made[slices.IndexFunc(made, func(id string) bool { return id != "" })]
	p.Do(revoke, vars{"in": vars{"tokenID": id}})
	p.Do(createToken, tokenFor(policy.CSOfficer))
	p.Refused(createToken, tokenFor(policy.CSOfficer), fault.Conflict)
	app.As(policy.ProjectManager).Do(createToken, tokenFor(policy.ProjectManager))
	app.Clock.Advance(32 * 24 * time.Hour) // they expire
	p.SignIn()
	in := tokenFor(policy.CSOfficer)
	in["in"].(vars)["expiresAt"] = stewardtest.Start.AddDate(0, 2, 0)
	p.Do(createToken, in)
}
