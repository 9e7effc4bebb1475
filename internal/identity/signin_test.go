package identity_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestSignInOpensASessionThatIsOnTheTrail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	p := enter(t, app, "PROJECT-manager@a.example ", stewardtest.Password)
	me := p.Do(viewer, nil).Get("viewer")
	if me.Get("accountID").String() != manager.Account.String() || me.Get("grants.0.role").String() != "project-manager" ||
		me.Get("grants.0.estateID").String() != app.A.ID.String() || me.Get("mustChangePassword").Bool() {
		t.Fatalf("viewer is %s", me.Raw)
	}
	e := entries(app, vars{"action": "identity.signIn", "portfolio": true, "kind": "WRITE"})
	if len(e) != 1 || e[0].Get("actorID").String() != manager.Account.String() || e[0].Get("actorName").String() != manager.Email || e[0].Get("subjectType").String() != "Session" {
		t.Fatalf("trail: %v", e)
	}
}

func TestSignInFailsAlikeForUnknownAccountAndWrongPassword(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	known := app.As(policy.CSOfficer)
	try := func(email, password string) string {
		e := app.Nobody().Ask(signIn, vars{"in": vars{"email": email, "password": password}})
		if got := e.Get("errors.0.extensions.code").String(); got != string(fault.Unauthenticated) {
			t.Fatalf("%s: %s", email, e.Raw)
		}
		return e.Raw
	}
	wrong, unknown := try(known.Email, "not the password at all"), try("nobody-knows@elsewhere.example", "not the password at all")
	if wrong != unknown {
		t.Errorf("a stranger can tell who has an account:\n%s\n%s", wrong, unknown)
	}
	failed := entries(app, vars{"action": "identity.signIn", "kind": "READ"})
	if len(failed) != 2 {
		t.Fatalf("%d failures on the trail, want 2", len(failed))
	}
	for _, e := range failed {
		if e.Get("outcome").String() != "REFUSED" || !strings.HasPrefix(e.Get("reason").String(), "UNAUTHENTICATED ") {
			t.Errorf("entry %s", e.Raw)
		}
		if strings.Contains(e.Raw, "password at all") || strings.Contains(e.Raw, "@") {
			t.Errorf("the trail holds what was typed: %s", e.Raw)
		}
	}
}

func TestSignInBacksOffAndIsNeverALock(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	in := vars{"in": vars{"email": officer.Email, "password": "wrong, wrong, wrong"}}
	limited := false
	for range 20 {
		if app.Nobody().Ask(signIn, in).Get("errors.0.extensions.code").String() == string(fault.RateLimited) {
			limited = true
			break
		}
	}
	if !limited {
		t.Fatal("twenty wrong passwords were all looked at")
	}
	refused := len(entries(app, vars{"action": "identity.signIn", "kind": "READ"}))
	app.Nobody().Ask(signIn, in)
	if now := len(entries(app, vars{"action": "identity.signIn", "kind": "READ"})); now != refused {
		t.Error("attempts that back-off turned away make the trail longer")
	}
	app.Clock.Advance(time.Hour)
	enter(t, app, officer.Email, stewardtest.Password)
}

func TestDisabledAccountDoesNotSignIn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	app.As(policy.ProjectManager).Do(disable, vars{"in": vars{"accountID": officer.Account}})
	officer.Refused(`{ estates { edges { node { id } } } }`, nil, fault.Unauthenticated)
	app.Nobody().Refused(signIn, vars{"in": vars{"email": officer.Email, "password": stewardtest.Password}}, fault.Unauthenticated)
	app.As(policy.ProjectManager).Do(enable, vars{"in": vars{"accountID": officer.Account}})
	enter(t, app, officer.Email, stewardtest.Password)
	officer.Refused(`{ estates { edges { node { id } } } }`, nil, fault.Unauthenticated) // the old session stays ended
}

func TestNobodyIsToldToSignIn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	if me := app.Nobody().Do(viewer, nil).Get("viewer"); me.Type != gjson.Null {
		t.Errorf("nobody is %s", me.Raw)
	}
	for _, document := range []string{
		`{ estates { edges { node { id } } } }`, `{ sessions { id } }`, `{ apiTokens { id } }`, `{ inbox { edges { node { id } } } }`, `{ unreadCount }`,
		`{ accounts { edges { node { id } } } }`, `{ auditTrail { edges { node { id } } } }`, `{ viewer { name } ... on Query { unreadCount } }`,
		`mutation { signOut { sessionID } }`, `mutation { revokeOtherSessions { count } }`,
	} {
		app.Nobody().Refused(document, nil, fault.Unauthenticated)
	}
}

// browser is a client with a cookie jar of one.
type browser struct {
	t      *testing.T
	url    string
	cookie *http.Cookie
}

func (b *browser) post(site, document string, v vars) (*http.Response, gjson.Result) {
	b.t.Helper()
	body, err := json.Marshal(vars{"query": document, "variables": v})
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, b.url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", site)
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if b.cookie = c; c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp, gjson.ParseBytes(text)
}

func TestBrowserSignsInByCookieAndOtherSitesDoNot(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	in := vars{"in": vars{"email": officer.Email, "password": stewardtest.Password}}
	b := &browser{t: t, url: app.URL}

	_, answer := b.post("cross-site", signIn, in)
	if answer.Get("errors.0.extensions.code").String() != string(fault.Forbidden) || b.cookie != nil {
		t.Fatalf("another site's page signed the browser in: %s", answer.Raw)
	}
	_, answer = b.post("same-origin", signIn, in)
	if answer.Get("errors").Exists() || b.cookie == nil {
		t.Fatalf("no cookie: %s", answer.Raw)
	}
	if c := b.cookie; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
		t.Errorf("cookie %s", c.Raw)
	}
	b.cookie.Raw = ""
	if _, answer = b.post("same-origin", viewer, nil); answer.Get("data.viewer.accountID").String() != officer.Account.String() {
		t.Fatalf("viewer by cookie: %s", answer.Raw)
	}
	if _, answer = b.post("cross-site", `mutation { signOut { sessionID } }`, nil); answer.Get("errors.0.extensions.code").String() != string(fault.Forbidden) {
		t.Fatalf("another site's page wrote with the cookie: %s", answer.Raw)
	}
	session := b.cookie.Value
	if _, answer = b.post("same-origin", `mutation { signOut { sessionID } }`, nil); answer.Get("errors").Exists() || b.cookie != nil {
		t.Fatalf("sign out: %s, cookie %v", answer.Raw, b.cookie)
	}
	with(app, session).Refused(`{ unreadCount }`, nil, fault.Unauthenticated)
}
