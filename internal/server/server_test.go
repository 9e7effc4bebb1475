package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/server/request"
)

// site is a running server over the test schema.
type site struct {
	*testing.T
	server         *server.Server
	schema         *testSchema
	url            string
	log            *logBuffer
	ready, lacking error
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type viewerKey struct{}

// door knows one token.
type door struct{}

func (door) Authenticate(ctx context.Context, token string) (context.Context, error) {
	if token != "good" {
		return nil, fault.SignedOut()
	}
	return context.WithValue(ctx, viewerKey{}, "ann"), nil
}

// resolvers of the fields that tests look at.
var answers = map[string]resolver{
	"who": func(ctx context.Context, _ map[string]any) (any, error) {
		info, _ := json.Marshal(request.From(ctx))
		who, _ := ctx.Value(viewerKey{}).(string)
		return who + " " + string(info), nil
	},
	"refused": func(context.Context, map[string]any) (any, error) {
		return nil, fault.Rule("K2.2", "须先批准。", "Ask for approval first.").At("input.until").With("newer", 3)
	},
	"broken": func(context.Context, map[string]any) (any, error) {
		return nil, &url.Error{Op: "secret", URL: "detail", Err: io.ErrUnexpectedEOF}
	},
	"panics": func(context.Context, map[string]any) (any, error) { panic("secret panic") },
	"waits": func(ctx context.Context, _ map[string]any) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	},
	"rename": func(_ context.Context, args map[string]any) (any, error) { return "renamed", nil },
	"signIn": func(ctx context.Context, args map[string]any) (any, error) {
		server.SetSessionCookie(ctx, args["token"].(string), time.Hour)
		return "in", nil
	},
	"signOut": func(ctx context.Context, _ map[string]any) (any, error) {
		server.ClearSessionCookie(ctx)
		return "out", nil
	},
}

func open(t *testing.T, edit ...func(*server.Config, *server.Parts)) *site {
	t.Helper()
	s := &site{T: t, schema: newTestSchema(answers), log: &logBuffer{}}
	cfg := server.Defaults()
	parts := server.Parts{
		Schema: s.schema, Authenticator: door{},
		Ready:   func(context.Context) error { return s.ready },
		Lacking: map[string]func(context.Context) error{"files": func(context.Context) error { return s.lacking }},
		Log:     slog.New(slog.NewJSONHandler(s.log, nil)),
	}
	for _, e := range edit {
		e(&cfg, &parts)
	}
	var err error
	if s.server, err = server.New(cfg, parts); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.server.Handler())
	t.Cleanup(h.Close)
	s.url = h.URL
	return s
}

// answer is a response, decoded.
type answer struct {
	status int
	header http.Header
	body   string
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Locations  []any
		Extensions map[string]any
	}
}

// code is that of the first error.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	c, _ := a.Errors[0].Extensions["code"].(string)
	return c
}

// send sends a request; head is name, value, name, value …
func (s *site) send(method, path, body string, head ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(b)}
	_ = json.Unmarshal(b, &a) // pages are no JSON
	return a
}

// ask posts a query with variables.
func (s *site) ask(query string, vars map[string]any, head ...string) answer {
	s.Helper()
	body, _ := json.Marshal(map[string]any{"query": query, "variables": vars})
	return s.send("POST", "/graphql", string(body), append([]string{"Content-Type", "application/json"}, head...)...)
}

// want fails unless the answer has the status and the code.
func (s *site) want(a answer, status int, code string) {
	s.Helper()
	if a.status != status || a.code() != code {
		s.Fatalf("got %d %q, want %d %q: %s", a.status, a.code(), status, code, a.body)
	}
}
