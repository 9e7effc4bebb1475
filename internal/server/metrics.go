package server

import (
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxOperations bounds the label operation: clients choose the names, and each is a series for ever.
const maxOperations = 200

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	acts     *prometheus.CounterVec
	inFlight prometheus.Gauge

	mu    sync.Mutex
	names map[string]bool
}

func newMetrics(registry *prometheus.Registry, requests, transfers *gate) (*metrics, error) {
	m := &metrics{
		registry: registry,
		names:    map[string]bool{},
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
	for name, g := range map[string]*gate{"requests": requests, "transfers": transfers} {
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
	m.seconds.WithLabelValues(o.route, operation).Observe(o.seconds)
	for _, code := range o.codes {
		m.refusals.WithLabelValues(code).Inc()
	}
}

// label is the operation's name while there are few of them, then "other".
func (m *metrics) label(o outcome) string {
	if o.kind == "" {
		return ""
	}
	if o.operation == "" {
		return "anonymous " + o.kind
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[o.operation] {
		return o.operation
	}
	if len(m.names) >= maxOperations || len(o.operation) > 64 || slices.Contains(o.codes, "INVALID_INPUT") {
		return "other"
	}
	m.names[o.operation] = true
	return o.operation
}

// ObserveAct counts an act; outcome is "ok" or the code of its refusal.
func (s *Server) ObserveAct(act, outcome string) { s.metrics.acts.WithLabelValues(act, outcome).Inc() }
