package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

const maxHeaderValue = 200

var languages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// identify puts request.Info into the context and the headers that every answer has on the answer.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := request.Info{
			ID:        newRequestID(),
			Language:  preferred(r.Header.Get("Accept-Language")),
			UserAgent: cut(r.UserAgent(), maxHeaderValue),
			Secure:    r.TLS != nil,
		}
		s.locate(r, &info)
		h := w.Header()
		h.Set("X-Request-Id", info.ID)
		h.Set("Content-Language", info.Language.String())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		key := r.Header.Get("Idempotency-Key")
		info.IdempotencyKey = key
		ctx := withExchange(request.With(r.Context(), info), &exchange{secure: info.Secure || s.cfg.SecureCookies})
		r = r.WithContext(ctx)
		if key != "" && !sane(key) {
			s.refuse(w, r, 0, fault.Invalid("Idempotency-Key",
				"Idempotency-Key 须为 1 到 200 个可见 ASCII 字符。", "Idempotency-Key must be 1 to 200 visible ASCII characters."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// locate finds the client's address: the last one that a trusted proxy reports and that is no trusted
// proxy itself. What comes from elsewhere in X-Forwarded-For could be anybody's claim, and so could its
// X-Request-Id, under which the audit trail is searched.
func (s *Server) locate(r *http.Request, info *request.Info) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return
	}
	info.Address = peer.Addr().Unmap()
	if !s.trusts(info.Address) {
		if r.Header.Get("X-Forwarded-For") != "" {
			s.warnOfProxy(info.Address)
		}
		return
	}
	if id := r.Header.Get("X-Request-Id"); sane(id) {
		info.ID = id
	}
	if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		info.Secure = true
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return
		}
		info.Address = addr.Unmap()
		if !s.trusts(info.Address) {
			return
		}
	}
}

// warnOfProxy says once that there may be a proxy which the settings do not know.
func (s *Server) warnOfProxy(peer netip.Addr) {
	s.proxyWarning.Do(func() {
		s.parts.Log.Warn("X-Forwarded-For of an untrusted peer is ignored; if the peer is your proxy, name it with --trusted-proxies (STEWARD_TRUSTED_PROXIES)",
			"peer", peer.String())
	})
}

func (s *Server) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// preferred is Chinese unless the client would rather read English.
func preferred(accept string) language.Tag {
	_, i := language.MatchStrings(languages, cut(accept, maxHeaderValue))
	if i == 1 {
		return language.English
	}
	return language.Chinese
}

func newRequestID() string {
	if id, err := uuid.NewV7(); err == nil {
		return id.String()
	}
	return randomID()
}

// sane tells whether s is short and of visible ASCII.
func sane(s string) bool {
	return s != "" && len(s) <= maxHeaderValue && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// cut keeps the first n bytes, without what is no UTF-8: logs and the database cannot hold it.
func cut(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }
