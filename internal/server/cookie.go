package server

import (
	"context"
	"net/http"
	"time"
)

// SessionCookie is the cookie that carries a browser's session.
const SessionCookie = "steward_session"

// SetSessionCookie lets a resolver hand the session to a browser; it is sent with the answer.
func SetSessionCookie(ctx context.Context, token string, expires time.Time) {
	note(ctx).setCookie(&http.Cookie{Value: token, Expires: expires})
}

// ClearSessionCookie lets a resolver take the session from a browser.
func ClearSessionCookie(ctx context.Context) {
	note(ctx).setCookie(&http.Cookie{MaxAge: -1})
}

func (x *exchange) setCookie(c *http.Cookie) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.Name, c.Path, c.HttpOnly, c.SameSite, c.Secure = SessionCookie, "/", true, http.SameSiteLaxMode, x.secure
	x.cookie = c
}
