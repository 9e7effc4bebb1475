package identity_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/oidc"
	"github.com/steward-pm/steward/internal/oidc/oidctest"
	"github.com/steward-pm/steward/internal/program"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	connect    = `mutation($in: ConnectIdentityInput!) { connectIdentity(input: $in) { url } }`
	disconnect = `mutation($in: DisconnectIdentityInput!) { disconnectIdentity(input: $in) { issuer } }`
	identities = `{ externalIdentities { issuer connectedAt usedAt } }`
)

// organised is a program whose people sign in at a provider, too.
func organised(t *testing.T, mapping ...identity.Mapping) (*stewardtest.App, *oidctest.Provider) {
	t.Helper()
	var p *oidctest.Provider
	app := stewardtest.New(t, stewardtest.Options{SignOn: func(app *stewardtest.App) *program.SignOn {
		p = oidctest.New(t, app.Clock)
		return &program.SignOn{Name: "集团统一登录", Public: app.URL, Mapping: mapping, Provider: oidc.Config{
			Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Scopes: []string{"profile", "email"},
		}}
	}})
	return app, p
}

// surfer is a browser that follows where it is sent.
type surfer struct {
	t    *testing.T
	app  *stewardtest.App
	http *http.Client
}

func surf(t *testing.T, app *stewardtest.App) *surfer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &surfer{t: t, app: app, http: &http.Client{Jar: jar}}
	s.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == strings.TrimPrefix(app.URL, "http://") && !strings.HasPrefix(r.URL.Path, server.SignOnPath) {
			return http.ErrUseLastResponse // it is back
		}
		return nil
	}
	return s
}

// get goes to an address, and tells where it ended: the status, where it is sent on to, and the page.
func (s *surfer) get(address string) (status int, location, page string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(body)
}

// signOn signs in at the provider, and wants to be sent back.
func (s *surfer) signOn() {
	s.t.Helper()
	if status, location, page := s.get(s.app.URL + server.SignOnPath + "/begin"); status != http.StatusSeeOther || location != "/" {
		s.t.Fatalf("%d, sent to %q: %s", status, location, page)
	}
}

func (s *surfer) ask(document string, v vars) gjson.Result {
	s.t.Helper()
	body, err := json.Marshal(vars{"query": document, "variables": v})
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.app.URL+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return gjson.ParseBytes(text)
}

func (s *surfer) email() string { return s.ask(viewer, nil).Get("data.viewer.email").String() }

// connected is a browser whose person has connected the account with who the provider says.
func connected(t *testing.T, app *stewardtest.App, p *stewardtest.Person) *surfer {
	t.Helper()
	s := surf(t, app)
	s.ask(signIn, vars{"in": vars{"email": p.Email, "password": stewardtest.Password}})
	to := s.ask(connect, vars{"in": vars{"password": stewardtest.Password}}).Get("data.connectIdentity.url").String()
	if status, _, page := s.get(to); status != http.StatusSeeOther {
		t.Fatalf("%d: %s", status, page)
	}
	return s
}

func TestPeopleConnectTheirAccountAndSignInAtTheirOrganisation(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	officer := app.As(policy.CSOfficer)
	p.Person(map[string]any{"sub": "4711", "email": officer.Email, "name": "王芳"})

	methods := app.Nobody().Do(`{ signInMethods { name url } }`, nil).Get("signInMethods")
	if methods.Get("#").Int() != 2 || methods.Get("1.url").String() != "/auth/oidc/begin" || methods.Get("0.url").Type != gjson.Null {
		t.Errorf("ways to sign in: %s", methods.Raw)
	}

	stranger := surf(t, app) // the address alone says nothing
	if status, _, page := stranger.get(app.URL + server.SignOnPath + "/begin"); status != http.StatusForbidden || !strings.Contains(page, "还没有账号") || stranger.email() != "" {
		t.Fatalf("by the e-mail address alone %d: %s", status, page)
	}
	refused := surf(t, app)
	refused.ask(signIn, vars{"in": vars{"email": officer.Email, "password": stewardtest.Password}})
	wrong := refused.ask(connect, vars{"in": vars{"password": "somebody else's guess"}})
	if e := wrong.Get("errors.0.extensions"); e.Get("code").String() != string(fault.InvalidInput) || e.Get("field").String() != "input.password" && e.Get("field").String() != "password" {
		t.Errorf("with a wrong password: %s", wrong.Raw)
	}

	connected(t, app, officer)
	if list := officer.Do(`{ inbox { edges { node { kind title } } } }`, nil).Get("inbox.edges").Raw; !strings.Contains(list, p.Issuer) {
		t.Errorf("its owner is not told: %s", list)
	}
	s := surf(t, app)
	s.signOn()
	if got := s.email(); got != officer.Email {
		t.Fatalf("signed in as %q", got)
	}
	if list := s.ask(identities, nil).Get("data.externalIdentities"); list.Get("#").Int() != 1 || list.Get("0.issuer").String() != p.Issuer || !list.Get("0.usedAt").Exists() {
		t.Errorf("identities: %s", list.Raw)
	}
	if e := entries(app, vars{"action": "identity.connect", "portfolio": true, "kind": "WRITE"}); len(e) != 1 || strings.Contains(e[0].Raw, "4711") {
		t.Errorf("the trail: %v", e)
	}

	p.Person(map[string]any{"sub": "4711", "email": "new-name@elsewhere.example"}) // the subject stays, whatever the address
	again := surf(t, app)
	again.signOn()
	if got := again.email(); got != officer.Email {
		t.Fatalf("with another address signed in as %q", got)
	}

	out := again.ask(`mutation { signOut { sessionID endSessionURL } }`, nil).Get("data.signOut.endSessionURL").String()
	if u, err := url.Parse(out); err != nil || !strings.HasPrefix(out, p.Issuer+"/end?") || u.Query().Get("post_logout_redirect_uri") != app.URL+"/" {
		t.Errorf("signed out there by %q", out)
	}
	if again.email() != "" {
		t.Error("still signed in")
	}
	if local := officer.Do(`mutation { signOut { endSessionURL } }`, nil).Get("signOut.endSessionURL"); local.Type != gjson.Null {
		t.Errorf("who signed in with a password signs out at %s", local.Raw)
	}

	s.ask(disconnect, vars{"in": vars{"issuer": p.Issuer}})
	if s.email() != "" {
		t.Error("the session that was opened so goes on")
	}
	if status, _, _ := surf(t, app).get(app.URL + server.SignOnPath + "/begin"); status != http.StatusForbidden {
		t.Errorf("after it was disconnected: %d", status)
	}
}

func TestOneIdentityIsOneAccount(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	p.Person(map[string]any{"sub": "4711"})
	connected(t, app, app.As(policy.CSOfficer))
	other := surf(t, app)
	other.ask(signIn, vars{"in": vars{"email": app.As(policy.Receptionist).Email, "password": stewardtest.Password}})
	to := other.ask(connect, vars{"in": vars{"password": stewardtest.Password}}).Get("data.connectIdentity.url").String()
	if status, _, page := other.get(to); status != http.StatusConflict {
		t.Errorf("the same person with a second account: %d %s", status, page)
	}
	p.Person(map[string]any{"sub": "4712"})
	s := surf(t, app)
	s.ask(signIn, vars{"in": vars{"email": app.As(policy.CSOfficer).Email, "password": stewardtest.Password}})
	to = s.ask(connect, vars{"in": vars{"password": stewardtest.Password}}).Get("data.connectIdentity.url").String()
	if status, _, page := s.get(to); status != http.StatusConflict {
		t.Errorf("a second person with the same account: %d %s", status, page)
	}
	app.Nobody().Refused(connect, vars{"in": vars{"password": "x"}}, fault.Unauthenticated)
}

// Whoever had the password may have connected themselves: with a password that is reset they come in no more.
func TestAResetDisconnects(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	officer := app.As(policy.CSOfficer)
	p.Person(map[string]any{"sub": "4711"})
	connected(t, app, officer)
	app.As(policy.GeneralManager).Do(resetPassword, vars{"in": vars{"accountID": officer.Account}})
	s := surf(t, app)
	if status, _, _ := s.get(app.URL + server.SignOnPath + "/begin"); status != http.StatusForbidden || s.email() != "" {
		t.Errorf("%d, signed in as %q", status, s.email())
	}
}

// Whoever lures somebody to the address gets nothing: it is the asking browser's.
func TestAnotherBrowserConnectsNothing(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	p.Person(map[string]any{"sub": "4711"})
	attacker, victim := surf(t, app), surf(t, app)
	attacker.ask(signIn, vars{"in": vars{"email": app.As(policy.CSOfficer).Email, "password": stewardtest.Password}})
	to := attacker.ask(connect, vars{"in": vars{"password": stewardtest.Password}}).Get("data.connectIdentity.url").String()
	if status, _, _ := victim.get(to); status != http.StatusBadRequest {
		t.Errorf("the victim's browser: %d", status)
	}
	victim.get(app.URL + server.SignOnPath + "/begin") // has a cookie of its own now
	if status, _, _ := victim.get(to); status == http.StatusSeeOther {
		t.Error("the victim is connected with the attacker's account")
	}
	if n := attacker.ask(identities, nil).Get("data.externalIdentities.#").Int(); n != 0 {
		t.Errorf("%d identities", n)
	}
}

func TestClaimsGiveAndTakeRoles(t *testing.T) {
	t.Parallel()
	desk := identity.Mapping{Claim: "groups", Value: "desk-a", Role: string(policy.CSOfficer), Estate: "A"}
	keys := identity.Mapping{Claim: "groups", Value: "keys-a", Role: string(policy.KeyCustodian), Estate: "A"}
	gone := identity.Mapping{Claim: "groups", Value: "desk-a", Role: string(policy.CSOfficer), Estate: "an estate that was renamed"}
	app, p := organised(t, desk, keys, gone)
	roles := func(groups ...string) string {
		t.Helper()
		p.Person(map[string]any{"sub": "4711", "email": "li.na@group.example", "name": "李娜", "groups": groups})
		s := surf(t, app)
		s.signOn()
		list := s.ask(viewer, nil).Get("data.viewer.grants.#.role").Array()
		names := make([]string, len(list))
		for i, r := range list {
			names[i] = r.String()
		}
		return strings.Join(names, " ")
	}
	if got := roles("desk-a", "others"); got != "cs-officer" {
		t.Fatalf("of the desk: %q", got)
	}
	if got := roles("desk-a"); got != "cs-officer" {
		t.Errorf("again: %q", got)
	}
	if got := roles("keys-a"); got != "key-custodian" {
		t.Errorf("moved to the keys: %q", got)
	}
	id := app.IDs(`SELECT id FROM identity.accounts WHERE email = 'li.na@group.example'`)
	if len(id) != 1 {
		t.Fatalf("%d accounts", len(id))
	}
	app.As(policy.ProjectManager).Do(grantRole, vars{"in": vars{"accountID": id[0], "role": "receptionist", "estateID": app.A.ID}})
	if got := roles(); got != "receptionist" {
		t.Errorf("of no group: %q; what a person gave is a person's to take", got)
	}
	app.As(policy.ProjectManager).Do(disable, vars{"in": vars{"accountID": id[0]}})
	if status, _, page := surf(t, app).get(app.URL + server.SignOnPath + "/begin"); status != http.StatusUnauthorized || !strings.Contains(page, "停用") {
		t.Errorf("disabled: %d %s", status, page)
	}

	p.Person(map[string]any{"sub": "666", "email": app.As(policy.ProjectManager).Email, "name": "x", "groups": []string{"desk-a"}})
	s := surf(t, app)
	if status, _, page := s.get(app.URL + server.SignOnPath + "/begin"); status != http.StatusConflict || s.email() != "" {
		t.Errorf("with the address of somebody's account: %d %s", status, page)
	}
	p.Person(map[string]any{"sub": "667", "groups": []string{"desk-a"}})
	if status, _, page := s.get(app.URL + server.SignOnPath + "/begin"); status != http.StatusForbidden {
		t.Errorf("without a name: %d %s", status, page)
	}
}

func TestADisabledAccountsSessionsEndAtOnce(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	officer := app.As(policy.CSOfficer)
	p.Person(map[string]any{"sub": "4711"})
	s := connected(t, app, officer)
	s.signOn()
	app.As(policy.ProjectManager).Do(disable, vars{"in": vars{"accountID": officer.Account}})
	if got := s.ask(`{ unreadCount }`, nil).Get("errors.0.extensions.code").String(); got != string(fault.Unauthenticated) {
		t.Errorf("the session: %q", got)
	}
	if status, _, _ := s.get(app.URL + server.SignOnPath + "/begin"); status != http.StatusUnauthorized {
		t.Errorf("signing in: %d", status)
	}
}

// Tokens that another made, for another, for another sign-in, too old, unsigned: none opens a session.
func TestTokensThatProveNothing(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	person := map[string]any{"sub": "4711"}
	p.Person(person)
	connected(t, app, app.As(policy.CSOfficer))
	set := func(name string, v any) func() { return func() { p.Spoil(func(c map[string]any) { c[name] = v }) } }
	seconds := func(d time.Duration) int64 { return app.Clock.Now().Add(d).Unix() }
	other := oidctest.NewKey(t)
	for name, spoil := range map[string]func(){
		"issuer":           set("iss", "https://elsewhere.example"),
		"audience":         set("aud", "another client"),
		"audiences":        set("aud", []string{oidctest.ClientID, "another client"}),
		"party":            set("azp", "another client"),
		"nonce":            set("nonce", "of another sign-in"),
		"no nonce":         func() { p.Spoil(func(c map[string]any) { delete(c, "nonce") }) },
		"expired":          set("exp", seconds(-time.Minute)),
		"no end":           func() { p.Spoil(func(c map[string]any) { delete(c, "exp") }) },
		"not yet":          set("nbf", seconds(time.Hour)),
		"of the future":    set("iat", seconds(time.Hour)),
		"no subject":       set("sub", ""),
		"endless subject":  set("sub", strings.Repeat("x", 256)),
		"another key":      func() { p.SignAs(func(b []byte) (string, error) { return oidctest.Signed(other, b) }) },
		"unsigned":         func() { p.SignAs(unsigned) },
		"no token":         func() { p.SignAs(func([]byte) (string, error) { return "", nil }) },
		"userinfo":         func() { p.UserInfo(map[string]any{"sub": "another"}) },
		"another's answer": func() { p.Answer(url.Values{"iss": {"https://elsewhere.example"}}) },
		"refused there":    func() { p.Answer(url.Values{"error": {"access_denied"}}) },
	} {
		p.Person(person)
		p.UserInfo(map[string]any{"sub": "4711"})
		spoil()
		s := surf(t, app)
		if status, _, page := s.get(app.URL + server.SignOnPath + "/begin"); status != http.StatusUnauthorized || s.email() != "" {
			t.Errorf("%s: %d %s", name, status, page)
		}
	}
	failures := entries(app, vars{"action": "identity.signIn", "kind": "READ"})
	if len(failures) == 0 || !strings.HasPrefix(failures[0].Get("reason").String(), "UNAUTHENTICATED ") {
		t.Errorf("the trail: %v", failures)
	}
	p.Person(person)
	p.UserInfo(map[string]any{"sub": "4711"})
	surf(t, app).signOn() // or the test proves nothing
}

func unsigned(payload []byte) (string, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"none"}`)) + "." + b64(payload) + ".", nil
}

// A way back is gone once: not again, not by another browser, not late.
func TestAnAnswerCountsOnceAndInItsBrowser(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	p.Person(map[string]any{"sub": "4711"})
	connected(t, app, app.As(policy.CSOfficer))
	var answer string
	hold := func(s *surfer) {
		t.Helper()
		follow := s.http.CheckRedirect
		s.http.CheckRedirect = func(r *http.Request, via []*http.Request) error {
			if strings.HasSuffix(r.URL.Path, "/callback") {
				answer = r.URL.String()
				return http.ErrUseLastResponse
			}
			return follow(r, via)
		}
		s.get(app.URL + server.SignOnPath + "/begin")
		s.http.CheckRedirect = follow
	}
	mine, thief := surf(t, app), surf(t, app)
	hold(mine)
	if status, _, _ := thief.get(answer); status == http.StatusSeeOther {
		t.Error("in a browser that began nothing")
	}
	stolen := answer
	hold(thief) // has a cookie of its own now
	if status, _, _ := thief.get(stolen); status == http.StatusSeeOther || thief.email() != "" {
		t.Error("in a browser that began another")
	}
	if status, location, page := mine.get(stolen); status != http.StatusSeeOther || location != "/" {
		t.Fatalf("in its browser: %d %s", status, page)
	}
	cookies := mine.http.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(app.URL, "http://"), Path: server.SignOnPath})
	for _, c := range cookies {
		if c.Name == server.SignOnCookie {
			t.Error("the browser keeps what it was given")
		}
	}
	if status, _, _ := mine.get(stolen); status == http.StatusSeeOther {
		t.Error("again")
	}
	late := surf(t, app)
	hold(late)
	app.Clock.Advance(10 * time.Minute)
	if status, _, page := late.get(answer); status == http.StatusSeeOther || !strings.Contains(page, "过期") {
		t.Errorf("late: %d %s", status, page)
	}
}

func TestSignOnReturnsToPagesOfItsOwn(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	p.Person(map[string]any{"sub": "4711"})
	connected(t, app, app.As(policy.CSOfficer))
	for wanted, sent := range map[string]string{
		"/registers/x.html?y=1": "/registers/x.html?y=1", "": "/", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/", "evil": "/", "/\t/evil.example": "/",
		"javascript:alert(1)": "/",
	} {
		if _, location, page := surf(t, app).get(app.URL + server.SignOnPath + "/begin?return=" + url.QueryEscape(wanted)); location != sent {
			t.Errorf("%q: sent to %q %s", wanted, location, page)
		}
	}
	s := surf(t, app)
	s.signOn()
	app.Clock.Advance(13 * time.Hour) // an ended session is no obstacle
	s.signOn()
	p.Away(true)
	app2, p2 := organised(t)
	p2.Away(true)
	if status, _, page := surf(t, app2).get(app2.URL + server.SignOnPath + "/begin"); status != http.StatusServiceUnavailable || !strings.Contains(page, "无法访问") {
		t.Errorf("while the provider is away: %d %s", status, page)
	}
	p2.Person(map[string]any{"sub": "1"})
	if status, _, page := surf(t, app2).get(app2.URL + server.SignOnPath + "/begin"); status != http.StatusForbidden {
		t.Errorf("when it is back: %d %s", status, page)
	}
	alone := stewardtest.New(t)
	if status, _, _ := surf(t, alone).get(alone.URL + server.SignOnPath + "/begin"); status != http.StatusNotFound {
		t.Errorf("without a provider: %d", status)
	}
	manager := alone.As(policy.ProjectManager)
	manager.Refused(connect, vars{"in": vars{"password": stewardtest.Password}}, fault.Conflict)
	manager.Refused(disconnect, vars{"in": vars{"issuer": "https://nowhere.example"}}, fault.NotFound)
}

// A provider that others wrote understands us, and we it.
func TestSignOnAtARealProvider(t *testing.T) {
	t.Parallel()
	var issuer string
	app := stewardtest.New(t, stewardtest.Options{SignOn: func(app *stewardtest.App) *program.SignOn {
		issuer = oidctest.Real(t, app.URL+server.SignOnPath+"/callback")
		app.Clock.Advance(time.Since(app.Clock.Now())) // the provider's time is that of the machine
		return &program.SignOn{Name: "op", Public: app.URL, Provider: oidc.Config{
			Issuer: issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret,
			Scopes: []string{"profile", "email"},
		}, Mapping: []identity.Mapping{{Claim: "email", Value: "test-user@zitadel.ch", Role: string(policy.GeneralManager)}}}
	}})
	s := surf(t, app)
	status, _, page := s.get(app.URL + server.SignOnPath + "/begin")
	_, form, found := strings.Cut(page, `name="id" value="`)
	if status != http.StatusOK || !found {
		t.Fatalf("the provider's form: %d %s", status, page)
	}
	id, _, _ := strings.Cut(form, `"`)
	form = url.Values{"id": {id}, "username": {oidctest.User}, "password": {oidctest.Password}}.Encode()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, strings.TrimSuffix(issuer, "/")+"/login/username", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("back from the provider: %d %s", resp.StatusCode, body)
	}
	me := s.ask(viewer, nil).Get("data.viewer")
	if me.Get("email").String() != "test-user@zitadel.ch" || me.Get("grants.0.role").String() != "general-manager" {
		t.Fatalf("signed in as %s", me.Raw)
	}
	if out := s.ask(`mutation { signOut { endSessionURL } }`, nil).Get("data.signOut.endSessionURL").String(); !strings.Contains(out, "/end_session?") {
		t.Errorf("signed out at %q", out)
	}
}

// Who signed in at the organisation listens as everybody does, and hears no more once the account is disabled here.
func TestAStreamOfWhoSignedInElsewhereEndsWithTheAccount(t *testing.T) {
	t.Parallel()
	app, p := organised(t)
	app.Listen()
	officer := app.As(policy.CSOfficer)
	p.Person(map[string]any{"sub": "4712", "email": officer.Email, "name": "王芳"})
	connected(t, app, officer)
	browser := surf(t, app)
	browser.signOn()
	address, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	var cookies []string
	for _, c := range browser.http.Jar.Cookies(address) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	conn, err := officer.Dial(nil, http.Header{"Cookie": {strings.Join(cookies, "; ")}, "Origin": {app.URL}, "Sec-Fetch-Site": {"same-origin"}})
	if err != nil {
		t.Fatal(err)
	}
	s := officer.On(conn, `subscription { inbox { id } }`, nil)
	s.Silent(300 * time.Millisecond)
	app.As(policy.GeneralManager).Do(`mutation($in: AccountInput!) { disableAccount(input: $in) { account { id } } }`, vars{"in": vars{"accountID": officer.Account}})
	if code, status := s.Ends(); code != string(fault.Unauthenticated) || status != 4401 {
		t.Errorf("it ended with %q, %d", code, status)
	}
}
