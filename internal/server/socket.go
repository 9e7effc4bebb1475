package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

const subprotocol = "graphql-transport-ws"

// Codes with which a socket is closed, as the protocol names them.
const (
	closedGoingAway    = 1001
	closedUnauthorized = 4401
	closedForbidden    = 4403
	closedTryLater     = 1013
)

// socket answers subscriptions over a WebSocket. Who is asking is said by the header Authorization, by the payload of connection_init
// ({"Authorization": "Bearer …"}), or by the cookie of a page of this origin.
func (e *endpoint) socket(w http.ResponseWriter, r *http.Request) {
	if !hasToken(r.Header, "Sec-WebSocket-Protocol", subprotocol) {
		e.refuse(w, r, http.StatusBadRequest, fault.New(fault.InvalidInput, "请使用子协议 graphql-transport-ws。", "Use the subprotocol graphql-transport-ws."))
		return
	}
	known, err := e.streams.unknown.take(request.From(r.Context()).Address.String())
	if err != nil {
		e.refuse(w, r, 0, err)
		return
	}
	known = sync.OnceFunc(known)
	defer known()
	s, gone, err := e.begin(r)
	if err != nil {
		e.refuse(w, r, 0, err)
		return
	}
	defer gone()
	ctx, cut := context.WithCancel(context.WithoutCancel(r.Context())) // of the connection
	defer cut()
	go func() {
		<-s.over.Done()
		s.silent(lastWords)
		cut()
	}()
	var stop func()
	defer func() {
		if stop != nil { // somebody signed in
			stop()
		}
	}()
	limit := e.BodyBytes
	transport.Websocket{
		Implementation: accepting{s}, PayloadReadLimit: &limit, InitTimeout: initTimeout, PingPongInterval: keepAlive,
		InitFunc: func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
			signed, err := s.whoAsks(ctx, r, payload)
			if err != nil {
				return s.refused(ctx, err)
			}
			known()
			giveBack, err := s.streams.sockets.take(s.parts.Account(signed))
			if err != nil {
				return s.refused(ctx, err)
			}
			// What ends the session ends the subscriptions, which say so; the connection is there until they have.
			kept, unkeep := s.keep(signed)
			open, shut := context.WithCancel(context.WithoutCancel(kept))
			unhook := context.AfterFunc(ctx, shut)
			stop = func() { unhook(); shut(); unkeep(); giveBack() }
			return open, nil, nil
		},
		ErrorFunc: func(ctx context.Context, err error) { e.parts.Log.DebugContext(ctx, "socket", "error", err) },
	}.Do(w, r.WithContext(ctx), s)
}

// silent waits until no subscription is left, so that why they end was said, but not for long.
func (s *stream) silent(most time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.busy.Wait()
	}()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// whoAsks finds out whose socket it is. A page of another origin has the browser send the cookie along: there it counts for nothing.
func (s *stream) whoAsks(ctx context.Context, r *http.Request, payload transport.InitPayload) (context.Context, error) {
	leave, err := s.requests.enter(ctx)
	if err != nil {
		return ctx, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, s.RequestTimeout)
	defer cancel()
	token, given, err := bearer(r)
	if err != nil {
		return ctx, err
	}
	if text := payload.Authorization(); !given && text != "" {
		scheme, rest, _ := strings.Cut(text, " ")
		if token = strings.TrimSpace(rest); !strings.EqualFold(scheme, "Bearer") || token == "" {
			return ctx, fault.New(fault.Unauthenticated, "Authorization 须为 Bearer 加令牌。", "Authorization must be Bearer and a token.")
		}
		given = true
	}
	if !given {
		c, err := r.Cookie(SessionCookie)
		if err != nil || c.Value == "" {
			return ctx, fault.SignedOut()
		}
		if err := s.sameOrigin(r); err != nil {
			return ctx, err
		}
		info := request.From(ctx)
		info.ByCookie = true
		token, ctx = c.Value, request.With(ctx, info)
	}
	signed, err := s.parts.Authenticator.Authenticate(ctx, token)
	return context.WithoutCancel(signed), err
}

// sameOrigin refuses the cookie to pages of other origins: a socket begins with a GET, which is otherwise admitted from anywhere.
func (s *Server) sameOrigin(r *http.Request) error {
	as := r.Clone(r.Context())
	as.Method = http.MethodPost
	if err := s.origin.Check(as); err != nil {
		return fault.Denied("来自其他网站的连接已被拒绝。", "A connection from another site's page is refused.").Because(err)
	}
	return nil
}

// refused tells why there is no connection: by the code and the reason with which it is closed.
func (s *stream) refused(ctx context.Context, err error) (context.Context, *transport.InitPayload, error) {
	g := s.presenter.present(ctx, err)
	code := closedForbidden
	switch g.Extensions["code"] {
	case fault.Unauthenticated:
		code = closedUnauthorized
	case fault.RateLimited:
		code = closedTryLater
	}
	reason := g.Message
	for len(reason) > 120 { // of 123 bytes
		reason = strings.ToValidUTF8(reason[:len(reason)-1], "")
	}
	return transport.AppendCloseReason(transport.WithWebsocketCloseCode(ctx, code), reason), nil, errors.New(g.Message)
}

// accepting accepts sockets that are closed with the reason for which the stream ended.
type accepting struct{ *stream }

// Accept implements transport.WebsocketImplementation. Whose page it is was looked at where the cookie counts.
func (a accepting) Accept(w http.ResponseWriter, r *http.Request, _ transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	conn, err := transport.CoderWebsocketImplementation{AcceptOptions: websocket.AcceptOptions{InsecureSkipVerify: true}}.
		Accept(w, r, transport.WebsocketAcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return nil, err
	}
	return &closing{conn, a.stream, sync.Mutex{}}, nil
}

// closing is a socket that says why it is closed. One writes at a time.
type closing struct {
	transport.WebsocketConn
	stream *stream
	mu     sync.Mutex
}

// WriteClose closes with the code for which the stream was ended, if it was.
func (c *closing) WriteClose(code int, message string) error {
	if cause := fault.From(context.Cause(c.stream.over)); cause != nil {
		switch cause.Code {
		case fault.Unauthenticated:
			code, message = closedUnauthorized, "Unauthorized"
		default:
			code, message = closedGoingAway, "Going away"
		}
	}
	return c.WebsocketConn.WriteClose(code, message)
}

// WriteJSON gives up a client that takes nothing any more.
func (c *closing) WriteJSON(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := time.AfterFunc(stuck, func() { _ = c.Close() })
	defer timer.Stop()
	return c.WebsocketConn.WriteJSON(v)
}

// SetReadLimit implements transport.WebsocketReadLimiter.
func (c *closing) SetReadLimit(limit int64) {
	if l, ok := c.WebsocketConn.(transport.WebsocketReadLimiter); ok {
		l.SetReadLimit(limit)
	}
}

// SetReadDeadline implements transport.WebsocketReadDeadliner.
func (c *closing) SetReadDeadline(t time.Time) error {
	if d, ok := c.WebsocketConn.(transport.WebsocketReadDeadliner); ok {
		return d.SetReadDeadline(t)
	}
	return nil
}
