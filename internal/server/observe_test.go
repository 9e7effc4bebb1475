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
	s.ask("{a:hello ...F} fragment F on Query{b:hello}", nil)
	s.ask("{hello unit{id}}", nil)
	for i := range 3 {
		s.ask(fmt.Sprintf("query Q%d{pair{id}}", i), nil)
		s.ask(fmt.Sprintf("query Q%d{nope%d}", i, i), nil)
		s.send(fmt.Sprintf("METHOD%d", i), "/graphql", "")
		s.send("GET", fmt.Sprintf("/stranger%d", i), "")
	}
	s.server.ObserveAct("keys.lend", "ok")
	got := s.send("GET", "/metrics", "").body
	for _, want := range []string{
		`steward_requests_total{operation="hello",route="/graphql",status="200"} 2`,
		`steward_requests_total{operation="refused",route="/graphql",status="200"} 1`,
		`steward_requests_total{operation="several",route="/graphql",status="200"} 1`,
		`steward_requests_total{operation="pair",route="/graphql",status="200"} 3`,
		`steward_requests_total{operation="",route="/",status="404"} 3`,
		`steward_refusals_total{code="RULE"} 1`,
		`steward_acts_total{act="keys.lend",outcome="ok"} 1`,
		`steward_request_seconds_count{operation="hello",route="/graphql"} 2`,
		`steward_requests_in_flight 1`,
		`steward_gate_busy{gate="requests"} 0`,
		`pool_idle 7`,
		`go_goroutines`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, typed := range []string{"Hello", "Q0", "Q1", "nope", "METHOD", "stranger"} {
		if strings.Contains(got, typed) {
			t.Errorf("what a client typed became a series: %s", typed)
		}
	}
	if strings.Contains(s.log.String(), "METHOD") {
		t.Error("the log repeats methods that there are not")
	}
}

func TestMetricsAreNotForStrangers(t *testing.T) {
	t.Parallel()
	local, secret := open(t), open(t, func(c *server.Config, _ *server.Parts) { c.MetricsToken = "watch" })
	local.want(local.send("GET", "/metrics", ""), 200, "")
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		local.want(local.send("GET", "/metrics", "", header, "1.2.3.4"), 403, "FORBIDDEN")
	}
	proxied := open(t, trustLoopback)
	proxied.want(proxied.send("GET", "/metrics", "", "X-Forwarded-For", "127.0.0.1"), 403, "FORBIDDEN")
	far := httptest.NewRequest(http.MethodGet, "/metrics", nil) // from 192.0.2.1
	answer := httptest.NewRecorder()
	local.server.Handler().ServeHTTP(answer, far)
	if answer.Code != 403 || strings.Contains(answer.Body.String(), "steward_requests_total") {
		t.Errorf("another machine: %d", answer.Code)
	}
	secret.want(secret.send("GET", "/metrics", ""), 401, "UNAUTHENTICATED")
	secret.want(secret.send("GET", "/metrics", "", "Authorization", "Bearer good"), 401, "UNAUTHENTICATED")
	secret.want(secret.send("GET", "/metrics", "", "Authorization", "Bearer watch", "X-Forwarded-For", "1.2.3.4"), 200, "")
}

func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	s := open(t, withShelf(newShelf()), trustLoopback)
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
