package streams_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Sockets on which nothing is subscribed to are counted, too: one account does not take all places.
func TestIdleSocketsHaveLimits(t *testing.T) {
	t.Parallel()
	app := running(t, stewardtest.Options{Server: func(c *server.Config) { c.Streams, c.AccountStreams = 20, 5 }})
	resident, officer := app.Resident(), app.As(policy.CSOfficer)
	as := func(p *stewardtest.Person) vars { return vars{"Authorization": "Bearer " + p.Token} }
	var open []*websocket.Conn
	for range 10 {
		conn, err := resident.Dial(as(resident), nil)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	if _, err := resident.Dial(as(resident), nil); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
		t.Errorf("the eleventh: %v", err)
	}
	if _, err := officer.Dial(as(officer), nil); err != nil {
		t.Errorf("another's: %v", err)
	}
	open[0].CloseNow()
	for range 50 { // its place is free again
		time.Sleep(100 * time.Millisecond)
		if _, err := resident.Dial(as(resident), nil); err == nil {
			return
		}
	}
	t.Error("the place of a socket that is gone is not given back")
}

// Sockets that do not say whose they are take no places from those who do.
func TestSilentSocketsHaveLimits(t *testing.T) {
	t.Parallel()
	app := running(t, stewardtest.Options{Server: func(c *server.Config) { c.Streams = 60 }}) // three of one address
	dial := func() error {
		conn, resp, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(app.URL, "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		if err == nil {
			t.Cleanup(func() { _ = conn.CloseNow() })
		}
		return err
	}
	for n := range 3 {
		if err := dial(); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if err := dial(); err == nil {
		t.Error("a fourth is taken, too")
	}
	for range 30 { // who said nothing for ten seconds is gone
		if time.Sleep(500 * time.Millisecond); dial() == nil {
			return
		}
	}
	t.Error("their places are not given back")
}

// What asks for no stream at all is refused, takes no place, and breaks nothing.
func TestSubscriptionsToNothing(t *testing.T) {
	t.Parallel()
	app := running(t)
	p := app.As(policy.CSOfficer)
	for range 4 { // more often than an account has places
		for _, document := range []string{
			`subscription { __typename }`, `subscription { inbox @skip(if: true) { id } }`, `subscription { inbox @include(if: false) { id } }`, `subscription { ...F } fragment F on Subscription { __typename }`,
		} {
			over, _ := p.Subscribe(document, nil).Ends()
			s, status := p.Listen(document, nil)
			events, _ := s.Ends()
			if over != string(fault.InvalidInput) || events != string(fault.InvalidInput) || status != http.StatusOK {
				t.Errorf("%s: %q over a socket, %q and %d as events", document, over, events, status)
			}
		}
	}
	if !p.Subscribe(dashboard, vars{"e": app.A.ID}).Next().Get("data").Exists() {
		t.Error("no place is left")
	}
}

// A socket is no way around the limit of what is done at once: each subscription is checked in the turn of a request.
func TestSubscriptionsWaitTheirTurn(t *testing.T) {
	t.Parallel()
	app := running(t, stewardtest.Options{Server: func(c *server.Config) { c.Concurrent, c.Queue = 1, 0 }})
	p, other := app.As(policy.CSOfficer), app.As(policy.KeyCustodian)
	conn, err := p.Dial(vars{"Authorization": "Bearer " + p.Token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	super, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = super.Close(context.Background()) }()
	if _, err := super.Exec(t.Context(), `BEGIN; LOCK TABLE estates`); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = other.Try(`{ estates { edges { node { id } } } }`, nil) // takes the only place, and waits
	}()
	for range 100 {
		if time.Sleep(50 * time.Millisecond); len(app.IDs(`SELECT gen_random_uuid() FROM pg_locks l WHERE NOT l.granted`)) > 0 {
			break
		}
	}
	if code, _ := p.On(conn, inbox, nil).Ends(); code != string(fault.RateLimited) {
		t.Errorf("it is answered %q", code)
	}
	if _, err := super.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	<-done
}

// How long somebody listened is no time of an answer.
func TestStreamsAreNoSlowAnswers(t *testing.T) {
	t.Parallel()
	app := running(t)
	p := app.As(policy.CSOfficer)
	s := p.Subscribe(dashboard, vars{"e": app.A.ID})
	s.Next()
	events, _ := p.Listen(dashboard, vars{"e": app.A.ID})
	events.Next()
	app.Clock.Advance(59 * time.Second)
	p.Do(`mutation { signOut { sessionID } }`, nil) // ends both
	s.Ends()
	events.Ends()
	for range 50 {
		r, err := app.Nobody().Request(http.MethodGet, "/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, body, err := app.Nobody().Send(r)
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		if !strings.Contains(text, `status="101"`) {
			time.Sleep(50 * time.Millisecond) // it is counted when it is over
			continue
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "steward_request_seconds_sum") && strings.Contains(line, "graphql") && !strings.HasSuffix(strings.TrimSpace(line), " 0") {
				t.Errorf("it is told as %s", line)
			}
		}
		return
	}
	t.Error("no stream is counted")
}
