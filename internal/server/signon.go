package server

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

// SignOn signs people in at their organisation's provider.
type SignOn interface {
	// Begin is where the browser goes, and what it keeps until it is back.
	Begin(ctx context.Context) (location, keep string, lasts time.Duration, err error)
	// Finish takes what the provider sent the browser back with, and sets the session's cookie.
	Finish(ctx context.Context, answer url.Values, kept string) error
}

// SignOnCookie is what a browser keeps while it is at the provider.
const (
	SignOnCookie = "steward_sign_on"
	SignOnPath   = "/auth/oidc"
)

// SetSignOnCookie lets a resolver hand the browser what it keeps until it is back.
func SetSignOnCookie(ctx context.Context, keep string, lasts time.Duration) {
	note(ctx).setCookie(&http.Cookie{Name: SignOnCookie, Path: SignOnPath, Value: keep, MaxAge: int(lasts.Seconds())})
}

// beginSignOn sends the browser to the provider. A page of another site may do that, too: whoever comes back comes as themselves.
func (s *Server) beginSignOn(w http.ResponseWriter, r *http.Request) {
	location, keep, lasts, err := s.parts.SignOn.Begin(r.Context())
	if err != nil {
		s.explain(w, r, err)
		return
	}
	back := r.URL.Query().Get("return")
	if !local(back) {
		back = "/"
	}
	SetSignOnCookie(r.Context(), keep+"."+url.QueryEscape(back), lasts)
	s.redirect(w, r, location)
}

// finishSignOn takes the browser back, and sends it to where it came from.
func (s *Server) finishSignOn(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(SignOnCookie)
	if err != nil {
		s.explain(w, r, fault.Invalid("state", "本次登录已过期或已使用,请重新登录。", "This sign-in has expired, was used, or began in another browser. Start again."))
		return
	}
	keep, back, _ := strings.Cut(c.Value, ".")
	note(r.Context()).setCookie(&http.Cookie{Name: SignOnCookie, Path: SignOnPath, MaxAge: -1})
	if err := s.parts.SignOn.Finish(r.Context(), r.URL.Query(), keep); err != nil {
		s.explain(w, r, err)
		return
	}
	if back, err = url.QueryUnescape(back); err != nil || !local(back) {
		back = "/"
	}
	s.redirect(w, r, back)
}

// visitor is what both pass: the gate, the time-out, and who is signed in, if anybody is. An ended session is no obstacle to a new one.
func (s *Server) visitor(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		leave, err := s.requests.enter(r.Context())
		if err != nil {
			s.explain(w, r, err)
			return
		}
		defer leave()
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.RequestTimeout)
		defer cancel()
		ctx, err = s.authenticate(w, r.WithContext(ctx))
		if err != nil && !fault.Is(err, fault.Unauthenticated) {
			s.explain(w, r.WithContext(ctx), err)
			return
		}
		next(w, r.WithContext(ctx))
	}
}

// local tells whether an address is one of this server's pages: a path, which no browser takes for another host.
func local(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && strings.HasPrefix(address, "/") &&
		!strings.HasPrefix(address, "//") && !strings.ContainsAny(address, "\\\t\r\n")
}

func (s *Server) redirect(w http.ResponseWriter, r *http.Request, location string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", location)
	note(r.Context()).writeCookie(w)
	w.WriteHeader(http.StatusSeeOther)
}

var sorry = template.Must(template.New("").Parse(`<!doctype html><html lang="{{.Language}}"><meta charset="utf-8"><title>Steward</title>
<body style="font:1rem/1.6 sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem"><p>{{.Message}}</p><p><a href="/">Steward</a></p>`))

// explain tells a person, who sees a page, why they are not signed in.
func (s *Server) explain(w http.ResponseWriter, r *http.Request, err error) {
	g := s.presenter.present(r.Context(), err)
	code, _ := g.Extensions["code"].(fault.Code)
	var page strings.Builder
	if err := sorry.Execute(&page, map[string]string{"Message": g.Message, "Language": request.From(r.Context()).Language.String()}); err != nil {
		panic(err) // the template is ours
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cache-Control", "no-store")
	note(r.Context()).writeCookie(w)
	w.WriteHeader(statusOf(code))
	_, _ = w.Write([]byte(page.String()))
}
