package streams_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	inbox     = `subscription { inbox { id kind title } }`
	dashboard = `subscription($e: ID!) { dashboard(estateID: $e) { at estateID keys { keysOut keysOverdue } vacancy { vacancies } due { chapter open pastDue breached } } }`
	lendKeys  = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id } } }`
)

// post tells an account something.
func post(t *testing.T, app *stewardtest.App, to uuid.UUID, title string) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		return app.Runtime.Accounts.Post(ctx, tx, account.Message{AccountID: to, Kind: "keys.test", TitleZH: title, TitleEN: title})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func lend(app *stewardtest.App, p *stewardtest.Person) {
	p.Do(lendKeys, vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": app.A.Sets[0], "count": 1}}}})
}

// running is a program that listens, as a server does.
func running(t *testing.T, o ...stewardtest.Options) *stewardtest.App {
	t.Helper()
	app := stewardtest.New(t, o...)
	app.Listen()
	return app
}

// What is told to somebody comes to them alone, over a socket and as events, each once.
func TestMessagesComeAsTheyAreTold(t *testing.T) {
	t.Parallel()
	app := running(t)
	officer, custodian := app.As(policy.CSOfficer), app.As(policy.KeyCustodian)
	post(t, app, officer.Account, "before")
	socket := officer.Subscribe(inbox, nil)
	events, status := officer.Listen(inbox, nil)
	others, _ := custodian.Listen(inbox, nil)
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	time.Sleep(200 * time.Millisecond) // both are subscribed
	for _, title := range []string{"one", "two"} {
		post(t, app, officer.Account, title)
		for _, s := range []*stewardtest.Stream{socket, events} {
			if got := s.Next().Get("data.inbox.title").String(); got != title {
				t.Errorf("%q came, want %q", got, title)
			}
		}
	}
	post(t, app, custodian.Account, "other")
	if got := others.Next().Get("data.inbox.title").String(); got != "other" {
		t.Errorf("the custodian was told %q", got)
	}
	socket.Silent(300 * time.Millisecond)
	events.Silent(0)
}

// The figures come at once, and again when an act changed one; a foreign estate is not there.
func TestFiguresOfAnEstateComeWhenTheyChange(t *testing.T) {
	t.Parallel()
	app := running(t)
	officer := app.As(policy.CSOfficer)
	s := officer.Subscribe(dashboard, vars{"e": app.A.ID})
	before := s.Next().Get("data.dashboard")
	if !before.Get("keys.keysOut").Exists() || before.Get("estateID").String() != app.A.ID.String() {
		t.Fatalf("first: %s", before.Raw)
	}
	lend(app, app.As(policy.KeyCustodian))
	after := s.Next().Get("data.dashboard")
	if got, want := after.Get("keys.keysOut").Int(), before.Get("keys.keysOut").Int()+1; got != want {
		t.Errorf("%d keys are out, want %d", got, want)
	}
	officer.Do(`mutation { markRead(input: {all: true}) { count } }`, nil) // changes nothing that is counted
	s.Silent(1500 * time.Millisecond)
	for _, p := range []*stewardtest.Person{app.Foreign(policy.CSOfficer), app.Foreign(policy.ProjectManager), app.Resident()} {
		if code, _ := p.Subscribe(dashboard, vars{"e": app.A.ID}).Ends(); code != string(fault.NotFound) {
			t.Errorf("%s is answered %q", p.Email, code)
		}
	}
	if code, _ := app.As(policy.GeneralManager).Subscribe(dashboard, vars{"e": uuid.New()}).Ends(); code != string(fault.NotFound) {
		t.Errorf("no estate is answered %q", code)
	}
}

// What ends who is asking ends what they listen to, within seconds and by itself.
func TestStreamsEndWithWhoAsks(t *testing.T) {
	t.Parallel()
	app := running(t)
	boss := app.As(policy.GeneralManager)
	for name, c := range map[string]struct {
		end  func(p *stewardtest.Person)
		code fault.Code
	}{
		"signed out": {func(p *stewardtest.Person) { p.Do(`mutation { signOut { sessionID } }`, nil) }, fault.Unauthenticated},
		"revoked from elsewhere": {func(p *stewardtest.Person) {
			p.SignIn()
			p.Do(`mutation { revokeOtherSessions { count } }`, nil)
		}, fault.Unauthenticated},
		"the account disabled": {func(p *stewardtest.Person) {
			boss.Do(`mutation($in: AccountInput!) { disableAccount(input: $in) { account { id } } }`, vars{"in": vars{"accountID": p.Account}})
		}, fault.Unauthenticated},
		"the password reset": {func(p *stewardtest.Person) {
			boss.Do(`mutation($in: AccountInput!) { resetPassword(input: $in) { temporaryPassword } }`, vars{"in": vars{"accountID": p.Account}})
		}, fault.Unauthenticated},
		"the grant withdrawn": {func(p *stewardtest.Person) {
			grant := boss.Do(`query($a: ID!) { accountGrants(accountID: $a) { id } }`, vars{"a": p.Account}).Get("accountGrants.0.id").String()
			boss.Do(`mutation($in: RevokeGrantInput!) { revokeGrant(input: $in) { grant { id } } }`, vars{"in": vars{"grantID": grant}})
		}, fault.NotFound},
	} {
		p := app.Member(strings.ReplaceAll(name, " ", "-")+"@a.example", app.GrantIn(policy.CSOfficer, app.A))
		socket := p.Subscribe(dashboard, vars{"e": app.A.ID})
		events, _ := p.Listen(dashboard, vars{"e": app.A.ID})
		socket.Next()
		events.Next()
		began := time.Now()
		c.end(p)
		code, status := socket.Ends()
		again, _ := events.Ends()
		if code != string(c.code) || again != string(c.code) || c.code == fault.Unauthenticated && status != 4401 {
			t.Errorf("%s: the socket ends with %q and %d, the events with %q", name, code, status, again)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

// Without the announcement it is found out within a minute, and when a session is over by the time alone.
func TestStreamsEndThoughNothingIsAnnounced(t *testing.T) {
	t.Parallel()
	app := running(t)
	app.Super(`ALTER TABLE identity.sessions DISABLE TRIGGER announces`)
	app.Super(`ALTER TABLE identity.accounts DISABLE TRIGGER announces`)
	p := app.As(policy.CSOfficer)
	s := p.Subscribe(inbox, nil)
	time.Sleep(200 * time.Millisecond)
	app.Super(`UPDATE identity.accounts SET disabled_at = now() WHERE id = '` + p.Account.String() + `'`)
	s.Silent(time.Second)
	app.Clock.Advance(61 * time.Second)
	if code, status := s.Ends(); code != string(fault.Unauthenticated) || status != 4401 {
		t.Errorf("it ended with %q, %d", code, status)
	}
	custodian := app.As(policy.KeyCustodian)
	custodian.SignIn()
	idle := custodian.Subscribe(inbox, nil)
	time.Sleep(200 * time.Millisecond)
	app.Clock.Advance(13 * time.Hour) // listening is no use of a session
	if code, _ := idle.Ends(); code != string(fault.Unauthenticated) {
		t.Errorf("a session that was not used ended with %q", code)
	}
}

// A server that lost the connection on which it listens has everybody look until it has another.
func TestStreamsGoOnWhenTheListenerIsLost(t *testing.T) {
	t.Parallel()
	app := running(t)
	p := app.As(policy.CSOfficer)
	s := p.Subscribe(inbox, nil)
	time.Sleep(300 * time.Millisecond)
	kill := func() {
		t.Helper()
		if n := len(app.IDs(`WITH here AS MATERIALIZED (SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()) SELECT gen_random_uuid() FROM here WHERE pg_terminate_backend(pid)`)); n != 1 {
			t.Errorf("%d connections listen", n)
		}
	}
	kill()
	post(t, app, p.Account, "meanwhile")
	if got := s.Next().Get("data.inbox.title").String(); got != "meanwhile" {
		t.Errorf("%q came", got)
	}
	time.Sleep(5 * time.Second) // it listens again
	post(t, app, p.Account, "after")
	if got := s.Next().Get("data.inbox.title").String(); got != "after" {
		t.Errorf("%q came", got)
	}
	kill()
}

// A page of another site has the browser send the cookie along: it gets no socket.
func TestACookieOpensNoSocketForAForeignPage(t *testing.T) {
	t.Parallel()
	app := running(t)
	p := app.As(policy.CSOfficer)
	cookie := func(origin, site string) http.Header {
		h := http.Header{"Cookie": {server.SessionCookie + "=" + p.Token}}
		if origin != "" {
			h.Set("Origin", origin)
		}
		if site != "" {
			h.Set("Sec-Fetch-Site", site)
		}
		return h
	}
	for name, h := range map[string]http.Header{
		"another origin": cookie("https://evil.example", ""), "cross-site": cookie("https://evil.example", "cross-site"), "a sibling": cookie("https://other.example.com", "same-site"),
		"no origin": cookie("null", "cross-site"),
	} {
		if _, err := p.Dial(nil, h); websocket.CloseStatus(err) != 4403 {
			t.Errorf("%s: %v", name, err)
		}
	}
	conn, err := p.Dial(nil, cookie(app.URL, "same-origin"))
	if err != nil {
		t.Fatalf("the own page: %v", err)
	}
	conn.CloseNow()
	if _, err := p.Dial(nil, nil); websocket.CloseStatus(err) != 4401 {
		t.Errorf("nobody: %v", err)
	}
	if _, err := p.Dial(vars{"Authorization": "Bearer stws_" + strings.Repeat("x", 43)}, nil); websocket.CloseStatus(err) != 4401 {
		t.Errorf("a token that is none: %v", err)
	}
}

// Limits: ten subscriptions of an account, nothing but subscriptions, what a token may not see, what costs too much.
func TestStreamsHaveLimits(t *testing.T) {
	t.Parallel()
	app := running(t)
	p := app.As(policy.CSOfficer)
	var open []*stewardtest.Stream
	for range 10 {
		s := p.Subscribe(dashboard, vars{"e": app.A.ID})
		s.Next()
		open = append(open, s)
	}
	if code, _ := p.Subscribe(dashboard, vars{"e": app.A.ID}).Ends(); code != string(fault.RateLimited) {
		t.Errorf("the eleventh is answered %q", code)
	}
	open[0].Socket.CloseNow()
	for range 50 { // its place is free again
		if time.Sleep(100 * time.Millisecond); p.Subscribe(dashboard, vars{"e": app.A.ID}).Next().Get("data").Exists() {
			open[0] = nil
			break
		}
	}
	if open[0] != nil {
		t.Error("the place of a socket that is gone is not given back")
	}
	q := app.As(policy.KeyCustodian)
	for name, c := range map[string]struct {
		document string
		code     fault.Code
	}{
		"a query":          {`{ unreadCount }`, fault.InvalidInput},
		"a mutation":       {`mutation { markRead(input: {all: true}) { count } }`, fault.InvalidInput},
		"no field":         {`subscription { nothing }`, fault.InvalidInput},
		"two fields":       {`subscription { inbox { id } dashboard(estateID: "` + app.A.ID.String() + `") { at } }`, fault.InvalidInput},
		"what is not read": {`subscription {`, fault.InvalidInput},
	} {
		code, _ := q.Subscribe(c.document, nil).Ends()
		s, _ := q.Listen(c.document, nil)
		again, _ := s.Ends()
		if code != string(c.code) || again != string(c.code) {
			t.Errorf("%s: %q over a socket, %q as events", name, code, again)
		}
	}
	if code := q.Ask(inbox, nil).Get("errors.0.extensions.code").String(); code != string(fault.InvalidInput) {
		t.Errorf("a subscription by POST is answered %q", code)
	}
	if _, status := app.Nobody().Listen(inbox, nil); status == http.StatusOK {
		s, _ := app.Nobody().Listen(inbox, nil)
		if code, _ := s.Ends(); code != string(fault.Unauthenticated) {
			t.Errorf("nobody is answered %q", code)
		}
	}
	token := q.Do(`mutation($in: CreateAPITokenInput!) { createApiToken(input: $in) { secret } }`, vars{"in": vars{"name": "大屏", "role": "key-custodian", "expiresAt": app.Clock.Now().AddDate(0, 1, 0)}}).Get("createApiToken.secret").String()
	robot := *q
	robot.Token = token
	if !robot.Subscribe(dashboard, vars{"e": app.A.ID}).Next().Get("data.dashboard.keys").Exists() {
		t.Error("a dashboard's token sees no figures")
	}
	if code, _ := robot.Subscribe(inbox, nil).Ends(); code != string(fault.Forbidden) {
		t.Errorf("a token's inbox is answered %q", code)
	}
}

// A server that stops tells its streams, and waits for none of them.
func TestAServerThatStopsEndsItsStreams(t *testing.T) {
	t.Parallel()
	app := running(t, stewardtest.Options{Server: func(c *server.Config) { c.Listen = "127.0.0.1:0" }})
	p := app.As(policy.CSOfficer)
	ctx, stop := context.WithCancel(t.Context())
	if err := app.Server.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Server.Serve(app.App.Context(ctx)) }()
	app.URL = "http://" + app.Server.Addr().String()
	socket := p.Subscribe(dashboard, vars{"e": app.A.ID})
	events, _ := p.Listen(dashboard, vars{"e": app.A.ID})
	socket.Next()
	events.Next()
	began := time.Now()
	stop()
	if code, _ := socket.Ends(); code != string(fault.RateLimited) {
		t.Errorf("the socket was told %q", code)
	}
	if code, _ := events.Ends(); code != string(fault.RateLimited) {
		t.Errorf("the events were told %q", code)
	}
	if err := <-done; err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("stopped with %v after %s", err, time.Since(began))
	}
}

// What was opened leaves nothing behind. It runs alone, before the others.
func TestStreamsLeaveNothingBehind(t *testing.T) {
	app := running(t)
	p := app.As(policy.CSOfficer)
	p.Do(`{ unreadCount }`, nil)
	time.Sleep(500 * time.Millisecond)
	before := app.Runtime.Streams.Waiting()
	there := goleak.IgnoreCurrent()
	for range 5 {
		s := p.Subscribe(dashboard, vars{"e": app.A.ID})
		s.Next()
		s.Socket.Close(websocket.StatusNormalClosure, "")
		gone := p.Subscribe(inbox, nil)
		time.Sleep(50 * time.Millisecond)
		gone.Socket.CloseNow()
	}
	http.DefaultClient.CloseIdleConnections()
	pools := []goleak.Option{there, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")}
	var err error
	for range 100 { // a socket's last words take their time
		if err = goleak.Find(pools...); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Error(err)
	}
	if n := app.Runtime.Streams.Waiting(); n != before {
		t.Errorf("%d wait, %d did before", n, before)
	}
}
