package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/steward-pm/steward/internal/server"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "pool_idle"}, func() float64 { return 7 }))
	s := open(t, func(_ *server.Config, p *server.Parts) { p.Metrics = registry })
	s.ask("query Hello{hello}", nil)
	s.ask("{refused}", nil)
	for i := range 300 {
		s.ask(fmt.Sprintf("query Q%d{__typename}", i), nil)
	}
	s.server.ObserveAct("keys.lend", "ok")
	got := s.send("GET", "/metrics", "").body
	for _, want := range []string{
		`steward_requests_total{operation="Hello",route="/graphql",status="200"} 1`,
		`steward_requests_total{operation="anonymous query",route="/graphql",status="200"} 1`,
		`steward_requests_total{operation="other",route="/graphql",status="200"} 101`,
		`steward_refusals_total{code="RULE"} 1`,
		`steward_acts_total{act="keys.lend",outcome="ok"} 1`,
		`steward_request_seconds_count{operation="Hello",route="/graphql"} 1`,
		`steward_requests_in_flight 1`,
		`steward_gate_busy{gate="requests"} 0`,
		`pool_idle 7`,
		`go_goroutines`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(got, `steward_requests_total{operation="Q`); n != 199 {
		t.Errorf("%d names of clients became series", n)
	}
}

func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	s := open(t, withShelf(newShelf()))
	s.ask(`mutation SignIn($t:String!){signIn(token:$t)}`, map[string]any{"t": "secret-variable"},
		"Authorization", "Bearer good", "X-Request-Id", "req-1", "Cookie", "steward_session=secret-cookie")
	s.ask(`{hello}`, nil, "Authorization", "Bearer secret-token")
	s.ask(`mutation{signIn(token:"secret-literal") secretField}`, nil)
	s.send("GET", "/graphql?query=%7Bhello%7D&variables=%7B%22phone%22%3A%22secret-phone%22%7D", "")
	s.send("POST", "/files?estate=HJ&name=secret-name", "secret-content", "Content-Type", "application/pdf", "Authorization", "Bearer good")
	s.send("GET", "/secret-path", "")
	s.send("POST", "/graphql", `{"query": secret-body`, "Content-Type", "application/json")
	log := s.log.String()
	if strings.Contains(log, "secret") {
		t.Fatal(log)
	}
	for _, want := range []string{`"request_id":"req-1"`, `"operation":"SignIn"`, `"kind":"mutation"`, `"route":"POST /files"`, `"codes":["UNAUTHENTICATED"]`, `"status":401`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in the log: %s", want, log)
		}
	}
}

func TestTracingIsOffWithoutEndpoint(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	stop, err := server.Tracing(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTracesReachTheCollector(t *testing.T) {
	bodies := make(chan []byte, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies <- b
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
	stop, err := server.Tracing(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	open(t).ask("query Traced($secret:Int){units(first:$secret){totalCount}}", map[string]any{"secret": 1})
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := string(<-bodies); !strings.Contains(got, "query Traced") || strings.Contains(got, "secret") {
		t.Fatalf("%q", got)
	}
}
