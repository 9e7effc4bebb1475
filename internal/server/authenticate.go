package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

// crossOrigin refuses writes that a browser makes for a page of another origin.
func crossOrigin(trusted []string) (*http.CrossOriginProtection, error) {
	c := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := c.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin: %w", err)
		}
	}
	return c, nil
}

// admit is what every route to the data passes: the gate, the time-out, and who is asking.
func (s *Server) admit(g *gate, timeout time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if timeout > s.cfg.RequestTimeout {
			allowTime(w, timeout)
		}
		leave, err := g.enter(r.Context())
		if err != nil {
			s.refuse(w, r, 0, err)
			return
		}
		defer leave()
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		ctx, err = s.authenticate(w, r.WithContext(ctx))
		if err != nil {
			s.refuse(w, r.WithContext(ctx), 0, err)
			return
		}
		next(w, r.WithContext(ctx))
	}
}

// allowTime lets a transfer take longer than the connection's own time-outs, which are for the rest.
// The network keeps real time, whatever clock the rules are handed.
func allowTime(w http.ResponseWriter, timeout time.Duration) {
	rc, end := http.NewResponseController(w), time.Now().Add(timeout+5*time.Second)
	_ = rc.SetReadDeadline(end) // not on recorders, which need none
	_ = rc.SetWriteDeadline(end)
}

// authenticate finds the token and asks whose it is. The returned context is never nil.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (context.Context, error) {
	ctx := r.Context()
	token, byHeader, err := bearer(r)
	if err != nil {
		return ctx, err
	}
	if link := r.URL.Query().Get("link"); link != "" && r.PathValue("id") != "" && s.parts.Links != nil {
		if c, err := r.Cookie(SessionCookie); err == nil && !byHeader {
			token = c.Value
		}
		return s.parts.Links.Follow(ctx, Link{ID: r.PathValue("id"), Text: link, Bearer: token})
	}
	if !byHeader {
		// A header is sent by programs that mean it; cookies are sent by browsers for any page, and
		// a page must not sign a browser in either.
		if err := s.origin.Check(r); err != nil {
			return ctx, fault.Denied("来自其他网站的写请求已被拒绝。", "A write from another site's page is refused.").Because(err)
		}
		c, err := r.Cookie(SessionCookie)
		if err != nil || c.Value == "" {
			return ctx, nil
		}
		token = c.Value
	}
	if !byHeader {
		info := request.From(ctx)
		info.ByCookie = true
		ctx = request.With(ctx, info)
	}
	signed, err := s.parts.Authenticator.Authenticate(ctx, token)
	if err != nil {
		if !byHeader && fault.Is(err, fault.Unauthenticated) {
			// An ended session would otherwise stand in the way of signing in again.
			ClearSessionCookie(ctx)
			note(ctx).writeCookie(w)
		}
		return ctx, err
	}
	return signed, nil
}

// bearer reads the header Authorization; given tells whether there was one.
func bearer(r *http.Request) (token string, given bool, err error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", false, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", true, fault.New(fault.Unauthenticated,
			"Authorization 头须为 Bearer 加令牌。", "The header Authorization must be Bearer and a token.")
	}
	return token, true, nil
}
