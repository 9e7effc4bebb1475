package server

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// health says that the process is alive, whatever its database does.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

// ready says whether requests are worth sending here. The reason of a no goes to the log only. What is lacking for some of them
// is named, and no reason to send none.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		plain(w, http.StatusServiceUnavailable, "shutting down")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.parts.Ready(ctx); err != nil {
		s.parts.Log.WarnContext(ctx, "not ready", "error", err)
		plain(w, http.StatusServiceUnavailable, "not ready")
		return
	}
	answer := "ready"
	for _, name := range slices.Sorted(maps.Keys(s.parts.Lacking)) {
		if err := s.parts.Lacking[name](ctx); err != nil {
			s.parts.Log.WarnContext(ctx, "not reached", "part", name, "error", err)
			answer += "; not reached: " + name
		}
	}
	plain(w, http.StatusOK, answer)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// nothing answers every address that is not served.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, 0, fault.Missing())
}

// rescue answers a panic outside of resolvers as an internal error. What was begun is cut off, so that
// a client never takes half an answer for a whole one.
func (s *Server) rescue(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			if rec, ok := w.(*recorder); ok && rec.status != 0 {
				_ = s.presenter.internal(r.Context(), recovered(r.Context(), p))
				panic(http.ErrAbortHandler)
			}
			s.refuse(w, r, 0, recovered(r.Context(), p))
		}()
		next.ServeHTTP(w, r)
	})
}
