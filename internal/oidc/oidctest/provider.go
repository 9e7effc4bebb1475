// Package oidctest gives a test OpenID Connect providers: one that says whatever the test wants, and a real one.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jonboulle/clockwork"
)

// The client that both providers know.
const (
	ClientID     = "web"
	ClientSecret = "secret"
)

// Provider signs in, without asking, whoever Claims says. It hands a code out once, and a token for it once.
type Provider struct {
	Issuer string

	mu     sync.Mutex
	claims map[string]any               // of who signs in
	spoil  func(map[string]any)         // changes an ID token's claims before it is signed
	sign   func([]byte) (string, error) // nil: with the provider's key
	info   map[string]any               // of the userinfo endpoint; nil: it adds nothing
	answer url.Values                   // beside code and state
	codes  map[string]grant
	away   bool

	key   *rsa.PrivateKey
	clock clockwork.Clock
}

type grant struct{ nonce, challenge string }

// New starts a provider whose time is the clock's.
func New(t testing.TB, clock clockwork.Clock) *Provider {
	t.Helper()
	p := &Provider{codes: map[string]grant{}, clock: clock, key: NewKey(t)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		if p.info == nil {
			reply(w, map[string]any{"sub": p.claims["sub"]})
			return
		}
		reply(w, p.info)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.away {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p.Issuer = srv.URL
	return p
}

// NewKey makes a key to sign with.
func NewKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Person says who signs in from now on, and that all is in order.
func (p *Provider) Person(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims, p.spoil, p.sign, p.info, p.answer, p.away = claims, nil, nil, nil, nil, false
}

// Away says whether the provider answers at all.
func (p *Provider) Away(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

// Spoil changes the claims of the ID tokens to come.
func (p *Provider) Spoil(f func(map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = f
}

// SignAs has the ID tokens to come signed otherwise.
func (p *Provider) SignAs(f func([]byte) (string, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sign = f
}

// UserInfo is what the userinfo endpoint says from now on.
func (p *Provider) UserInfo(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info = claims
}

// Answer is sent back with the browser, beside the code.
func (p *Provider) Answer(more url.Values) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = more
}

func (p *Provider) configuration(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/keys",
		"userinfo_endpoint": p.Issuer + "/userinfo", "end_session_endpoint": p.Issuer + "/end", "id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "code_challenge_methods_supported": []string{"S256"},
	})
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
		http.Error(w, "not a request of ours", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.codes[code] = grant{q.Get("nonce"), q.Get("code_challenge")}
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	maps.Copy(back, p.answer)
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	g, ok := p.codes[r.FormValue("code")]
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	delete(p.codes, r.FormValue("code"))
	if !ok || id != ClientID || secret != ClientSecret || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := p.clock.Now()
	claims := map[string]any{"iss": p.Issuer, "aud": ClientID, "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(), "nonce": g.nonce}
	maps.Copy(claims, p.claims)
	if p.spoil != nil {
		p.spoil(claims)
	}
	payload, _ := json.Marshal(claims)
	sign := p.sign
	if sign == nil {
		sign = func(b []byte) (string, error) { return Signed(p.key, b) }
	}
	raw, err := sign(payload)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300, "id_token": raw})
}

// Signed is a token of the payload, signed as the provider's keys say.
func Signed(key *rsa.PrivateKey, payload []byte) (string, error) {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		return "", err
	}
	signed, err := s.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
