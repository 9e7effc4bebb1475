package server

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// SessionCookie is the cookie that carries a browser's session.
const SessionCookie = "steward_session"

// SetSessionCookie lets a resolver hand the session to a browser; it is sent with the answer.
func SetSessionCookie(ctx context.Context, token string, lasts time.Duration) {
	note(ctx).setCookie(&http.Cookie{Name: SessionCookie, Path: "/", Value: token, MaxAge: int(lasts.Seconds())})
}

// ClearSessionCookie lets a resolver take the session from a browser.
func ClearSessionCookie(ctx context.Context) {
	note(ctx).setCookie(&http.Cookie{Name: SessionCookie, Path: "/", MaxAge: -1})
}

// setCookie keeps a cookie for the answer; the last one of a name counts. It lasts for so long, and not until a time, since clocks of front desks
// are not always right.
func (x *exchange) setCookie(c *http.Cookie) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.HttpOnly, c.SameSite, c.Secure = true, http.SameSiteLaxMode, x.secure
	x.cookies = append(slices.DeleteFunc(x.cookies, func(o *http.Cookie) bool { return o.Name == c.Name }), c)
}
