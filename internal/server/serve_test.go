package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/internal/server"
)

// held is a resolver that says when it was entered and answers when it is let go.
type held struct{ entered, release chan struct{} }

func newHeld() held { return held{make(chan struct{}, 100), make(chan struct{})} }

func (h held) resolve(ctx context.Context, _ map[string]any) (any, error) {
	h.entered <- struct{}{}
	select {
	case <-h.release:
		return "done", nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestOverloadIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h, clock := newHeld(), clockwork.NewFakeClock()
	s := open(t, func(c *server.Config, p *server.Parts) {
		c.Concurrent, c.Queue, c.QueueWait = 2, 1, 2*time.Second
		p.Schema, p.Clock = newTestSchema(map[string]resolver{"hello": h.resolve}), clock
	})
	var wg sync.WaitGroup
	ask := func() chan answer {
		out := make(chan answer, 1)
		wg.Go(func() { out <- s.ask("{hello}", nil) })
		return out
	}
	first, second := ask(), ask()
	<-h.entered
	<-h.entered
	third := ask() // waits in the queue
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	fourth := s.ask("{hello}", nil)
	s.want(fourth, 503, "RATE_LIMITED")
	if fourth.header.Get("Retry-After") != "2" {
		t.Fatal(fourth.header)
	}
	s.want(s.send("GET", "/healthz", ""), 200, "")
	clock.Advance(2 * time.Second)
	s.want(<-third, 503, "RATE_LIMITED")
	fifth := ask() // gets the place of one that ends
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	close(h.release)
	for _, out := range []chan answer{first, second, fifth} {
		s.want(<-out, 200, "")
	}
	wg.Wait()
}

// serving runs Serve on a port of its own.
func serving(t *testing.T, h held, edit func(*server.Config, *server.Parts)) (url string, stop func(), done chan error) {
	t.Helper()
	cfg := server.Defaults()
	cfg.Listen = "127.0.0.1:0"
	parts := server.Parts{
		Schema: newTestSchema(map[string]resolver{"hello": h.resolve}), Authenticator: door{}, Log: slog.New(slog.DiscardHandler),
	}
	edit(&cfg, &parts)
	s, err := server.New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done = make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	return "http://" + s.Addr().String(), cancel, done
}

func get(t *testing.T, url string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// What was begun is answered, nothing new is accepted, and then Serve returns.
func TestShutdownFinishesWhatWasBegun(t *testing.T) {
	t.Parallel()
	h := newHeld()
	url, stop, done := serving(t, h, func(*server.Config, *server.Parts) {})
	if status, err := get(t, url+"/readyz"); status != 200 {
		t.Fatal(status, err)
	}
	status := make(chan int, 1)
	go func() {
		code, _ := get(t, url+"/graphql?query=%7Bhello%7D")
		status <- code
	}()
	<-h.entered
	stop()
	for { // until the port is closed
		if _, err := get(t, url+"/healthz"); err != nil {
			break
		}
	}
	select {
	case err := <-done:
		t.Fatalf("returned with a request in flight: %v", err)
	default:
	}
	close(h.release)
	if got := <-status; got != 200 {
		t.Fatalf("the request in flight got %d", got)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestReadyzTurnsBeforeThePortCloses(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	url, stop, done := serving(t, newHeld(), func(c *server.Config, p *server.Parts) { c.ShutdownDelay, p.Clock = time.Second, clock })
	stop()
	for {
		status, err := get(t, url+"/readyz")
		if err != nil {
			t.Fatal(err)
		}
		if status == 503 {
			break
		}
	}
	if status, err := get(t, url+"/healthz"); status != 200 {
		t.Fatal(status, err)
	}
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestShutdownHasAnEnd(t *testing.T) {
	t.Parallel()
	h := newHeld()
	url, stop, done := serving(t, h, func(c *server.Config, _ *server.Parts) { c.ShutdownTimeout = 50 * time.Millisecond })
	failed := make(chan error, 1)
	go func() {
		_, err := get(t, url+"/graphql?query=%7Bhello%7D")
		failed <- err
	}()
	<-h.entered
	stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "50ms") {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Fatal("answered after the end")
	}
}

// A mutation that is declared slow outlives the time-out of others, and ends when its client goes.
func TestSlowMutationsMayTakeLonger(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	left := make(chan error, 1)
	s := open(t, func(c *server.Config, p *server.Parts) {
		c.RequestTimeout, c.TransferTimeout, p.Slow = 20*time.Millisecond, time.Hour, []string{"rename"}
		p.Schema = newTestSchema(map[string]resolver{
			"waits": answers["waits"],
			"rename": func(ctx context.Context, args map[string]any) (any, error) {
				if args["input"].(map[string]any)["code"] == "left" {
					ended <- struct{}{}
					<-ctx.Done()
					left <- ctx.Err()
					return nil, ctx.Err()
				}
				select {
				case <-ended:
					return "renamed", ctx.Err()
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			},
			"signOut": answers["waits"],
		})
	})
	slow := make(chan answer, 1)
	go func() { slow <- s.ask(`mutation{...F} fragment F on Mutation{done:rename(input:{code:"a"})}`, nil) }()
	s.want(s.ask("{waits}", nil), 200, "RATE_LIMITED")
	s.want(s.ask("mutation{signOut}", nil), 200, "RATE_LIMITED")
	ended <- struct{}{}
	s.want(<-slow, 200, "")

	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/graphql", strings.NewReader(`{"query":"mutation{rename(input:{code:\"left\"})}"}`))
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		gone <- err
	}()
	<-ended
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the client went: %v", err)
	}
	if <-gone == nil {
		t.Error("answered after the client went")
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := server.Defaults()
	cfg.Listen = l.Addr().String()
	s, err := server.New(cfg, server.Parts{Schema: newTestSchema(nil), Authenticator: door{}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Serve(t.Context())
	if want := "cannot listen on " + cfg.Listen + ": another program has the port; choose one with --listen"; err == nil || err.Error() != want {
		t.Fatal(err)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := open(t)
	if a := s.send("GET", "/readyz", ""); a.status != 200 || a.body != "ready\n" {
		t.Errorf("%d %q", a.status, a.body)
	}
	s.lacking = errors.New("secret bucket is away")
	if a := s.send("GET", "/readyz", ""); a.status != 200 || a.body != "ready; not reached: files\n" || !strings.Contains(s.log.String(), "secret bucket") {
		t.Errorf("without files: %d %q", a.status, a.body)
	}
	s.ready = errors.New("secret database is away")
	a := s.send("GET", "/readyz", "")
	s.want(a, 503, "")
	if strings.Contains(a.body, "secret") || !strings.Contains(s.log.String(), "secret database") {
		t.Fatal(a.body)
	}
	s.want(s.send("GET", "/healthz", ""), 200, "")
	s.want(s.send("GET", "/nothing", ""), 404, "NOT_FOUND")
}
