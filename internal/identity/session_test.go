package identity_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const revokeSession = `mutation($in: RevokeSessionInput!) { revokeSession(input: $in) { sessionID } }`

func TestSessionsAreListedAndEndAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Auditor, policy.Resident} {
		p := app.As(role)
		second := enter(t, app, p.Email, stewardtest.Password)
		third := enter(t, app, p.Email, stewardtest.Password)
		list := p.Do(`{ sessions { id current createdAt expiresAt lastSeenAt address userAgent } }`, nil).Get("sessions")
		if n := list.Get("#").Int(); n != 3 {
			t.Fatalf("%s: %d sessions, want 3: %s", role, n, list.Raw)
		}
		if n := list.Get("#(current==true)#.id|#").Int(); n != 1 {
			t.Errorf("%s: %d sessions ask, want 1", role, n)
		}
		id := second.Do(`{ sessions { id current } }`, nil).Get("sessions.#(current==true).id").String()
		in := vars{"in": vars{"sessionID": id}}
		app.Foreign(policy.CSOfficer).Refused(revokeSession, in, fault.NotFound)
		app.As(policy.GeneralManager).Refused(revokeSession, in, fault.NotFound)
		p.Do(revokeSession, in)
		second.Refused(`{ unreadCount }`, nil, fault.Unauthenticated)
		p.Do(revokeSession, in) // ending an ended session is no error

		if n := p.Do(`mutation { revokeOtherSessions { count } }`, nil).Get("revokeOtherSessions.count").Int(); n != 1 {
			t.Errorf("%s: %d other sessions ended, want 1", role, n)
		}
		third.Refused(`{ unreadCount }`, nil, fault.Unauthenticated)
		p.Do(`{ unreadCount }`, nil)
	}
}
