package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
)

// events answers one subscription as server-sent events, authorised as every request is.
func (e *endpoint) events(w http.ResponseWriter, r *http.Request) {
	p, refusal := readPost(w, r, e.BodyBytes)
	if refusal != nil {
		e.refuse(w, r, refusal.status, refusal.Error)
		return
	}
	s, gone, err := e.begin(r)
	if err != nil {
		e.refuse(w, r, 0, err)
		return
	}
	defer gone()
	signed, err := s.signIn(w, r)
	if err != nil {
		e.refuse(w, r.WithContext(signed), 0, err)
		return
	}
	ctx, stop := s.keep(signed)
	defer stop()
	// What ends the session ends the subscription, which says so; the connection is there until it has.
	ctx, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	unhook := context.AfterFunc(r.Context(), cut)
	defer unhook()
	body, err := json.Marshal(p) // as it was read: within its limit, and of the right type
	if err != nil {
		e.refuse(w, r, 0, err)
		return
	}
	r = r.WithContext(graphql.StartOperationTrace(ctx))
	r.Body = io.NopCloser(bytes.NewReader(body))
	out := newFlowing(w)
	defer out.end()
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass each event on
	transport.SSE{KeepAlivePingInterval: keepAlive}.Do(out, r, s)
}

// signIn finds out who is asking, in the turn of a request.
func (s *stream) signIn(w http.ResponseWriter, r *http.Request) (context.Context, error) {
	leave, err := s.requests.enter(r.Context())
	if err != nil {
		return r.Context(), err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), s.RequestTimeout)
	defer cancel()
	signed, err := s.authenticate(w, r.WithContext(ctx))
	return context.WithoutCancel(signed), err
}

// flowing is an answer without an end: each write has its time, and none comes after the end.
type flowing struct {
	http.ResponseWriter
	connection *http.ResponseController
	mu         sync.Mutex
	ended      bool
}

func newFlowing(w http.ResponseWriter) *flowing {
	f := &flowing{ResponseWriter: w, connection: http.NewResponseController(w)}
	_ = f.connection.SetReadDeadline(time.Time{}) // the body was read; what is listened for is the client's leaving
	return f
}

// Write implements io.Writer.
func (f *flowing) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return 0, http.ErrHandlerTimeout
	}
	_ = f.connection.SetWriteDeadline(time.Now().Add(stuck)) //nolint:forbidigo // the kernel's deadlines know no other clock
	return f.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (f *flowing) Flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		_ = f.connection.Flush()
	}
}

// end stops what would still be written.
func (f *flowing) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
}
