package server

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	acts     *prometheus.CounterVec
	inFlight prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry, gates map[string]*gate) (*metrics, error) {
	m := &metrics{
		registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "steward_requests_total", Help: "Requests answered.",
		}, []string{"route", "operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "steward_request_seconds", Help: "Time from request to answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
		}, []string{"route", "operation"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "steward_refusals_total", Help: "Answers that held an error, by its code.",
		}, []string{"code"}),
		acts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "steward_acts_total", Help: "Acts done or refused; the outcome is ok or a code.",
		}, []string{"act", "outcome"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "steward_requests_in_flight", Help: "Requests being answered now.",
		}),
	}
	all := []prometheus.Collector{m.requests, m.seconds, m.refusals, m.acts, m.inFlight}
	for name, g := range gates {
		labels := prometheus.Labels{"gate": name}
		all = append(all,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "steward_gate_busy", Help: "Places taken in the gate.", ConstLabels: labels,
			}, func() float64 { return float64(len(g.slots)) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "steward_gate_waiting", Help: "Requests that wait for a place.", ConstLabels: labels,
			}, func() float64 { return float64(len(g.queue)) }))
	}
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	for _, c := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		// The caller's registry may have them already.
		_ = registry.Register(c)
	}
	return m, nil
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) observe(o outcome) {
	operation := m.label(o)
	m.requests.WithLabelValues(o.route, operation, strconv.Itoa(o.status)).Inc()
	if !o.stays { // which would say how long people listened
		m.seconds.WithLabelValues(o.route, operation).Observe(o.seconds)
	}
	for _, code := range o.codes {
		m.refusals.WithLabelValues(code).Inc()
	}
}

// label names the root field that was asked for, which the schema knows. Names of operations are the
// clients' own: each would be a series for ever.
func (m *metrics) label(o outcome) string {
	switch {
	case o.kind == "":
		return ""
	case len(o.fields) == 1:
		return o.fields[0]
	}
	return "several"
}

// forwarded tells whether somebody says to have passed the request on.
func forwarded(r *http.Request) bool {
	return slices.ContainsFunc([]string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via"},
		func(name string) bool { return r.Header.Get(name) != "" })
}

// watchers admits to the metrics who has the token or, if none is set, who asks from this machine and
// for nobody else: a proxy on this machine says for whom it asks.
func (s *Server) watchers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.MetricsToken == "" {
			if request.From(r.Context()).Address.IsLoopback() && !forwarded(r) {
				next.ServeHTTP(w, r)
				return
			}
			s.refuse(w, r, 0, fault.Denied("/metrics 只供本机读取;其他机器请设置 --metrics-token,并以 Bearer 令牌读取。",
				"/metrics is for this machine: for others set --metrics-token, and read it with that as bearer token."))
			return
		}
		token, _, err := bearer(r)
		if err == nil && subtle.ConstantTimeCompare([]byte(token), []byte(s.cfg.MetricsToken)) == 1 {
			next.ServeHTTP(w, r)
			return
		}
		s.refuse(w, r, 0, fault.New(fault.Unauthenticated, "请以 --metrics-token 的令牌作为 Bearer 令牌读取 /metrics。",
			"Read /metrics with the token of --metrics-token as bearer token."))
	})
}

// ObserveAct counts an act; outcome is "ok" or the code of its refusal.
func (s *Server) ObserveAct(act, outcome string) { s.metrics.acts.WithLabelValues(act, outcome).Inc() }
