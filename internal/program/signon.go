package program

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/oidc"
	"github.com/steward-pm/steward/internal/server"
)

// SignOnSettings say where an organisation's people sign in, beside passwords.
type SignOnSettings struct {
	PublicURL    string   `name:"public-url" help:"Where people reach this server; needed for OpenID Connect." env:"STEWARD_PUBLIC_URL" placeholder:"URL"`
	Issuer       string   `name:"oidc-issuer" help:"OpenID Connect provider at which people sign in, too." env:"STEWARD_OIDC_ISSUER" placeholder:"URL"`
	ClientID     string   `name:"oidc-client-id" help:"This server's client at the provider." env:"STEWARD_OIDC_CLIENT_ID" placeholder:"ID"`
	ClientSecret string   `name:"oidc-client-secret" help:"Its secret; without one by PKCE alone." env:"STEWARD_OIDC_CLIENT_SECRET" placeholder:"SECRET"`
	Name         string   `name:"oidc-name" help:"What people call it." default:"统一登录" env:"STEWARD_OIDC_NAME"`
	Scopes       []string `name:"oidc-scopes" help:"Scopes beside openid." default:"profile,email" env:"STEWARD_OIDC_SCOPES"`
	Grants       string   `name:"oidc-grants" help:"JSON list of which claims give which roles: [{claim, value, role, estate, department}]." env:"STEWARD_OIDC_GRANTS" placeholder:"FILE"`
}

// SignOn is an organisation's sign-in.
type SignOn struct {
	Name     string
	Provider oidc.Config // Redirect, SignedOut, Clock and Claims are filled in
	Mapping  []identity.Mapping
	Public   string // where people reach the server
}

// signOn reads the settings; nil if there is no provider. The error names the setting that cannot be.
func (s SignOnSettings) signOn() (*SignOn, error) {
	if s.Issuer == "" {
		return nil, nil
	}
	for _, one := range []struct{ flag, value string }{{"--oidc-issuer", s.Issuer}, {"--public-url", s.PublicURL}} {
		u, err := url.Parse(one.value)
		if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
			return nil, fmt.Errorf("%s must be an https:// address without query, not %q", one.flag, one.value)
		}
	}
	if s.ClientID == "" {
		return nil, fmt.Errorf("--oidc-issuer needs --oidc-client-id")
	}
	out := &SignOn{Name: s.Name, Public: s.PublicURL, Provider: oidc.Config{Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret, Scopes: s.Scopes}}
	if s.Grants == "" {
		return out, nil
	}
	f, err := os.Open(s.Grants)
	if err != nil {
		return nil, fmt.Errorf("--oidc-grants: %w", err)
	}
	defer func() { _ = f.Close() }()
	if out.Mapping, err = identity.ReadMappings(f); err != nil {
		return nil, fmt.Errorf("--oidc-grants: %w", err)
	}
	return out, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// wire makes the sign-in of an app.
func (s *SignOn) wire(p Parts) *identity.SignOn {
	cfg := s.Provider
	base := strings.TrimSuffix(s.Public, "/")
	cfg.Redirect, cfg.SignedOut = base+server.SignOnPath+"/callback", base+"/"
	cfg.Claims = identity.ClaimsOf(s.Mapping)
	cfg.Clock = p.Clock
	return identity.NewSignOn(s.Name, oidc.New(cfg), s.Mapping, p.Policy)
}
