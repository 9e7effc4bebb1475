package server_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/server"
)

func TestWhoIsAsking(t *testing.T) {
	t.Parallel()
	s := open(t)
	const cookie = "steward_session="
	tests := []struct {
		name   string
		head   []string
		query  string
		status int
		code   string
		viewer string
	}{
		{"nobody", nil, "{who}", 200, "", ""},
		{"bearer", []string{"Authorization", "Bearer good"}, "{who}", 200, "", "ann"},
		{"bad bearer", []string{"Authorization", "Bearer bad"}, "{who}", 401, "UNAUTHENTICATED", ""},
		{"another scheme", []string{"Authorization", "Basic good"}, "{who}", 401, "UNAUTHENTICATED", ""},
		{"empty bearer", []string{"Authorization", "Bearer "}, "{who}", 401, "UNAUTHENTICATED", ""},
		{"cookie", []string{"Cookie", cookie + "good"}, "{who}", 200, "", "ann"},
		{"bad cookie", []string{"Cookie", cookie + "bad"}, "{who}", 401, "UNAUTHENTICATED", ""},
		{"bearer before cookie", []string{"Cookie", cookie + "bad", "Authorization", "Bearer good"}, "{who}", 200, "", "ann"},
		{"cookie of the same origin", []string{"Cookie", cookie + "good", "Sec-Fetch-Site", "same-origin"}, "mutation{signOut}", 200, "", ""},
		{"cookie of another site", []string{"Cookie", cookie + "good", "Sec-Fetch-Site", "cross-site"}, "mutation{signOut}", 403, "FORBIDDEN", ""},
		{"cookie of another origin", []string{"Cookie", cookie + "good", "Origin", "https://evil.example"}, "mutation{signOut}", 403, "FORBIDDEN", ""},
		{"signing in from another site", []string{"Sec-Fetch-Site", "cross-site"}, `mutation{signIn(token:"x")}`, 403, "FORBIDDEN", ""},
		{"bearer from another site", []string{"Authorization", "Bearer good", "Sec-Fetch-Site", "cross-site"}, "{who}", 200, "", "ann"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := s.schema.executed.Load()
			a := s.ask(tt.query, nil, tt.head...)
			s.want(a, tt.status, tt.code)
			who, _ := a.Data["who"].(string)
			if !strings.HasPrefix(who, tt.viewer) {
				t.Fatal(a.body)
			}
			if tt.code != "" && s.schema.executed.Load() != before {
				t.Fatal("executed")
			}
			if tt.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Fatal("no WWW-Authenticate")
			}
		})
	}
	if got := s.ask("{who}", nil, "Cookie", cookie+"bad").header.Get("Set-Cookie"); !strings.Contains(got, "Max-Age=0") {
		t.Fatalf("an ended session stays in the browser: %q", got)
	}
	trusting := open(t, func(c *server.Config, _ *server.Parts) { c.TrustedOrigins = []string{"https://app.example"} })
	trusting.want(trusting.ask("mutation{signOut}", nil, "Cookie", cookie+"good", "Origin", "https://app.example"), 200, "")
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	s := open(t)
	got := s.ask(`mutation{signIn(token:"abc")}`, nil).header.Get("Set-Cookie")
	for _, want := range []string{"steward_session=abc", "Path=/", "Max-Age=", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %s", got, want)
		}
	}
	if strings.Contains(got, "Secure") {
		t.Errorf("%q is Secure over plain HTTP: no browser would send it back", got)
	}
	if got := s.ask("mutation{signOut}", nil).header.Get("Set-Cookie"); !strings.Contains(got, "Max-Age=0") {
		t.Errorf("not cleared: %q", got)
	}
	proxied := open(t, trustLoopback)
	if got := proxied.ask(`mutation{signIn(token:"abc")}`, nil, "X-Forwarded-Proto", "https").header.Get("Set-Cookie"); !strings.Contains(got, "Secure") {
		t.Errorf("not Secure behind TLS: %q", got)
	}
}

func trustLoopback(c *server.Config, _ *server.Parts) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
}

func TestRequestInfo(t *testing.T) {
	t.Parallel()
	direct, proxied := open(t), open(t, trustLoopback)
	tests := []struct {
		name string
		site *site
		head []string
		want string
	}{
		{"the peer", direct, nil, `"Address":"127.0.0.1"`},
		{"a claim of a stranger", direct, []string{"X-Forwarded-For", "1.2.3.4"}, `"Address":"127.0.0.1"`},
		{"a proxy", proxied, []string{"X-Forwarded-For", "1.2.3.4"}, `"Address":"1.2.3.4"`},
		{"a claim through proxies", proxied, []string{"X-Forwarded-For", "9.9.9.9, 1.2.3.4, 10.0.0.1"}, `"Address":"1.2.3.4"`},
		{"nonsense through a proxy", proxied, []string{"X-Forwarded-For", "unknown"}, `"Address":"127.0.0.1"`},
		{"request id", proxied, []string{"X-Request-Id", "abc-1"}, `"ID":"abc-1"`},
		{"bytes that are no text", direct, []string{"User-Agent", "a\xffb"}, `"UserAgent":"ab"`},
		{"language", direct, []string{"Accept-Language", "en"}, `"Language":"en"`},
		{"Chinese of Taiwan", direct, []string{"Accept-Language", "zh-TW"}, `"Language":"zh"`},
		{"no language", direct, nil, `"Language":"zh"`},
		{"idempotency key", direct, []string{"Idempotency-Key", "k1"}, `"IdempotencyKey":"k1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, _ := tt.site.ask("{who}", nil, tt.head...).Data["who"].(string)
			if !strings.Contains(who, tt.want) {
				t.Fatalf("%s lacks %s", who, tt.want)
			}
		})
	}
	if id := proxied.ask("{who}", nil, "X-Request-Id", "not sane").header.Get("X-Request-Id"); len(id) != 36 {
		t.Fatalf("id %q", id)
	}
	if id := proxied.ask("{who}", nil, "X-Request-Id", "abc-1").header.Get("X-Request-Id"); id != "abc-1" {
		t.Fatalf("id %q", id)
	}
	if id := direct.ask("{who}", nil, "X-Request-Id", "abc-1").header.Get("X-Request-Id"); len(id) != 36 {
		t.Fatalf("a stranger chose the id %q", id)
	}
	direct.want(direct.ask("{who}", nil, "Idempotency-Key", strings.Repeat("k", 201)), 400, "INVALID_INPUT")
}

func TestUnknownProxyIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	direct, proxied := open(t), open(t, trustLoopback)
	for range 3 {
		direct.ask("{hello}", nil, "X-Forwarded-For", "1.2.3.4")
		proxied.ask("{hello}", nil, "X-Forwarded-For", "1.2.3.4")
	}
	if n := strings.Count(direct.log.String(), "--trusted-proxies"); n != 1 {
		t.Errorf("warned %d times", n)
	}
	if strings.Contains(proxied.log.String(), "--trusted-proxies") {
		t.Error("warned of a proxy that is trusted")
	}
}
