// Package oidc signs people in at an organisation's OpenID Connect provider: authorization code with PKCE. It tells who somebody is and what
// the provider claims of them; it knows no accounts.
package oidc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	upstream "github.com/coreos/go-oidc/v3/oidc"
	"github.com/jonboulle/clockwork"
	"golang.org/x/oauth2"
)

// Config says at which provider people sign in, and as which client of it.
type Config struct {
	Issuer       string // its URL, exactly as its tokens name it
	ClientID     string
	ClientSecret string   // empty: a public client, by PKCE alone
	Redirect     string   // our URL to which it sends browsers back
	SignedOut    string   // our URL to which it sends browsers after signing out
	Scopes       []string // beside openid
	Claims       []string // that mappings look at: asked of the userinfo endpoint, if the ID token lacks one
	Client       *http.Client
	Clock        clockwork.Clock
}

// patience is how long the provider may take to answer.
const patience = 10 * time.Second

// Provider is an OpenID Connect provider. It is asked for its keys and addresses when somebody first signs in, so that a server starts
// while it is away.
type Provider struct {
	cfg Config

	mu    sync.Mutex
	found *discovered
}

type discovered struct {
	*upstream.Provider
	verifier   *upstream.IDTokenVerifier
	oauth      oauth2.Config
	endSession string
	userInfo   bool
}

// New makes the provider. It does not ask it anything yet.
func New(cfg Config) *Provider {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: patience}
	}
	if cfg.Clock == nil {
		cfg.Clock = clockwork.NewRealClock()
	}
	return &Provider{cfg: cfg}
}

// Issuer is the provider's name in its tokens.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

// discover asks the provider for its addresses, once it answers.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// Keys are fetched later, when this request is over.
	ctx = upstream.ClientContext(context.WithoutCancel(ctx), p.cfg.Client)
	provider, err := upstream.NewProvider(ctx, p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	p.found = &discovered{
		Provider: provider, endSession: more.EndSession, userInfo: provider.UserInfoEndpoint() != "",
		verifier: provider.VerifierContext(ctx, &upstream.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Clock.Now}),
		oauth: oauth2.Config{
			ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: provider.Endpoint(), RedirectURL: p.cfg.Redirect,
			Scopes: append([]string{upstream.ScopeOpenID}, p.cfg.Scopes...),
		},
	}
	return p.found, nil
}

// Begin is where a browser goes to sign in. State comes back with it; nonce and PKCE verifier follow from the secret that it keeps, so that
// a code or a token that another browser was given is of no use in this one.
func (p *Provider) Begin(ctx context.Context, state, secret string) (string, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return d.oauth.AuthCodeURL(state, upstream.Nonce(derived(secret, "nonce")), oauth2.S256ChallengeOption(derived(secret, "verifier"))), nil
}

// SignOut is where a browser goes to end its session at the provider, too; "" if the provider has no such place or is away.
func (p *Provider) SignOut(ctx context.Context) string {
	d, err := p.discover(ctx)
	if err != nil || d.endSession == "" {
		return ""
	}
	u, err := url.Parse(d.endSession)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", p.cfg.ClientID)
	q.Set("post_logout_redirect_uri", p.cfg.SignedOut)
	u.RawQuery = q.Encode()
	return u.String()
}

// Person is who signed in, as the provider claims.
type Person struct {
	Subject string
	Email   string // not to tell people by: addresses are given to others
	Name    string
	Claims  map[string]any
}

// ErrRefused is what the provider said, or what is wrong with what it said.
var ErrRefused = errors.New("oidc: refused")

// Finish takes the provider's answer, and proves it: that it is this provider's, for this client, for the browser that keeps the secret, now.
//
// Errors: ErrRefused; others if the provider cannot be reached.
func (p *Provider) Finish(ctx context.Context, answer url.Values, secret string) (Person, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	switch iss := answer.Get("iss"); { // RFC 9207: the answer of another provider that this browser was led to
	case iss != "" && iss != p.cfg.Issuer:
		return Person{}, fmt.Errorf("%w: an answer of %q", ErrRefused, iss)
	case answer.Get("error") != "":
		return Person{}, fmt.Errorf("%w: %s %s", ErrRefused, answer.Get("error"), answer.Get("error_description"))
	case answer.Get("code") == "":
		return Person{}, fmt.Errorf("%w: no code", ErrRefused)
	}
	ctx = upstream.ClientContext(ctx, p.cfg.Client)
	token, err := d.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(derived(secret, "verifier")))
	if err != nil {
		if said, ok := errors.AsType[*oauth2.RetrieveError](err); ok && said.Response.StatusCode < http.StatusInternalServerError {
			return Person{}, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return Person{}, fmt.Errorf("oidc: %w", err)
	}
	id, err := p.verified(ctx, d, token, derived(secret, "nonce"))
	if err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return p.person(ctx, d, token, id)
}

// verified is the ID token, proven.
func (p *Provider) verified(ctx context.Context, d *discovered, token *oauth2.Token, nonce string) (*upstream.IDToken, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	var more struct {
		AuthorizedParty string `json:"azp"`
	}
	if err := id.Claims(&more); err != nil {
		return nil, err
	}
	switch {
	case id.Subject == "" || len(id.Subject) > 255:
		return nil, errors.New("no subject")
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return nil, errors.New("the token is of another sign-in")
	case more.AuthorizedParty != "" && more.AuthorizedParty != p.cfg.ClientID, len(id.Audience) > 1 && more.AuthorizedParty == "":
		return nil, errors.New("the token was made for another client")
	case id.IssuedAt.After(p.cfg.Clock.Now().Add(5 * time.Minute)):
		return nil, errors.New("the token is of the future")
	}
	if id.AccessTokenHash == "" {
		return id, nil
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		return nil, err
	}
	return id, nil
}

// person reads the claims; what the ID token does not say, the userinfo endpoint may.
func (p *Provider) person(ctx context.Context, d *discovered, token *oauth2.Token, id *upstream.IDToken) (Person, error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	lacks := func(name string) bool { _, ok := claims[name]; return !ok }
	if d.userInfo && slices.ContainsFunc(append([]string{"email", "name"}, p.cfg.Claims...), lacks) {
		info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Person{}, fmt.Errorf("oidc: userinfo: %w", err)
		}
		if info.Subject != id.Subject { // or it could be anybody's (OpenID Connect Core 5.3.2)
			return Person{}, fmt.Errorf("%w: userinfo of %q", ErrRefused, info.Subject)
		}
		more := map[string]any{}
		if err := info.Claims(&more); err != nil {
			return Person{}, fmt.Errorf("%w: userinfo: %w", ErrRefused, err)
		}
		for name, v := range more {
			if lacks(name) {
				claims[name] = v
			}
		}
	}
	who := Person{Subject: id.Subject, Claims: claims}
	who.Email, _ = claims["email"].(string)
	who.Name, _ = claims["name"].(string)
	return who, nil
}

// Has tells whether a claim is, or lists, the value.
func (w Person) Has(claim, value string) bool {
	switch v := w.Claims[claim].(type) {
	case string:
		return v == value
	case []any:
		return slices.Contains(v, any(value))
	}
	return false
}

// derived makes one secret of another, for one use.
func derived(secret, use string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(use))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
