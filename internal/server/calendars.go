package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// calendar is GET /duty/calendars/{token}.ics. A calendar program asks for it as nobody in particular, again and again: it passes the gate of requests and
// brings no viewer. The address is a secret, so that no cache keeps it and no page learns it.
func (s *Server) calendar(w http.ResponseWriter, r *http.Request) {
	leave, err := s.requests.enter(r.Context())
	if err != nil {
		s.refuse(w, r, 0, err)
		return
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.RequestTimeout)
	defer cancel()
	token, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	if !ok {
		s.refuse(w, r, 0, fault.Missing())
		return
	}
	text, err := s.parts.Calendars.Calendar(ctx, token)
	if err != nil {
		s.refuse(w, r, 0, err)
		return
	}
	attach(w.Header(), "duty.ics", "text/calendar; charset=utf-8")
	_, _ = w.Write(text)
}
