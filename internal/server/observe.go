package server

import (
	"context"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/steward-pm/steward/internal/server/request"
)

// observe traces, measures and logs each request. What people typed (addresses with their parameters,
// bodies, variables, headers) is in none of it: only the route, the operation's name and the codes.
func (s *Server) observe(next http.Handler) http.Handler {
	tracer := otel.Tracer("github.com/steward-pm/steward/internal/server")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, methodOf(r), trace.WithSpanKind(trace.SpanKindServer))
		rec, began := &recorder{ResponseWriter: w}, s.parts.Clock.Now()
		r = r.WithContext(ctx)
		s.metrics.inFlight.Inc()
		defer func() {
			s.metrics.inFlight.Dec()
			took := s.parts.Clock.Since(began)
			o := outcome{
				method: methodOf(r), route: routeOf(r), status: rec.status, bytes: rec.bytes, seconds: took.Seconds(),
			}
			x := note(ctx)
			x.mu.Lock()
			o.kind, o.operation, o.fields, o.codes, o.stays = x.kind, x.name, x.fields, x.codes, x.stream
			x.mu.Unlock()
			s.metrics.observe(o)
			o.trace(span)
			o.log(ctx, s.parts.Log)
		}()
		next.ServeHTTP(rec, r)
	})
}

// outcome is what became of one request.
type outcome struct {
	method, route   string
	kind, operation string
	fields          []string // of the root that were asked for
	codes           []string
	status          int
	bytes           int64
	seconds         float64
	stays           bool // a stream, which ends when the client goes
}

func (o outcome) log(ctx context.Context, log *slog.Logger) {
	level := slog.LevelInfo
	switch {
	case o.route == "GET /healthz" || o.route == "GET /readyz" || o.route == "GET /metrics":
		level = slog.LevelDebug // asked every few seconds
	case o.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	}
	info := request.From(ctx)
	attrs := []slog.Attr{
		slog.String("request_id", info.ID), slog.String("method", o.method), slog.String("route", o.route),
		slog.Int("status", o.status), slog.Int64("bytes", o.bytes), slog.Float64("seconds", o.seconds),
		slog.String("address", info.Address.String()),
	}
	if o.kind != "" {
		attrs = append(attrs, slog.String("kind", o.kind), slog.String("operation", cut(o.operation, 64)))
	}
	if len(o.codes) > 0 {
		attrs = append(attrs, slog.Any("codes", o.codes))
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}

func (o outcome) trace(span trace.Span) {
	name := o.route
	if o.kind != "" {
		name = o.kind + " " + cut(o.operation, 64)
	}
	span.SetName(name)
	span.SetAttributes(
		attribute.String("http.request.method", o.method), attribute.String("http.route", o.route),
		attribute.Int("http.response.status_code", o.status), attribute.StringSlice("steward.codes", o.codes),
	)
	if o.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// methodOf is the method, or "other": strangers may send any word.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// routeOf is the pattern that answered: few, whatever strangers ask for.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "other"
	}
	return r.Pattern
}

// recorder remembers the status and the size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
