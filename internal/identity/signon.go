package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/oidc"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/policy"
)

// SignOn signs people in at their organisation's provider: server.SignOn. Somebody is told by issuer and subject, and never by an e-mail
// address: whoever has an account connects it themselves, with its password.
type SignOn struct {
	Name     string // what the organisation calls it, on the button
	provider *oidc.Provider
	mapping  []Mapping
	table    *policy.Table
}

// NewSignOn makes it; the mapping says which claims give which roles.
func NewSignOn(name string, provider *oidc.Provider, mapping []Mapping, table *policy.Table) *SignOn {
	return &SignOn{Name: name, provider: provider, mapping: mapping, table: table}
}

type signOnKey struct{}

// WithSignOn puts the provider into the context of operations; nil: there is none.
func WithSignOn(ctx context.Context, s *SignOn) context.Context {
	return context.WithValue(ctx, signOnKey{}, s)
}

// signOnFrom is the provider; nil if there is none.
func signOnFrom(ctx context.Context) *SignOn {
	s, _ := ctx.Value(signOnKey{}).(*SignOn)
	return s
}

// Begin is where the browser goes, and what it keeps. Errors: RATE_LIMITED while the provider is away.
func (s *SignOn) Begin(ctx context.Context) (location, keep string, lasts time.Duration, err error) {
	return s.begin(ctx, act.From(ctx).DB.Pool, uuid.Nil)
}

func (s *SignOn) begin(ctx context.Context, q account.Querier, connect uuid.UUID) (location, keep string, lasts time.Duration, err error) {
	state := rand.Text()
	keep = rand.Text()
	if location, err = s.provider.Begin(ctx, state, keep); err != nil {
		return "", "", 0, away(err)
	}
	return location, keep, account.SignOnLives, act.From(ctx).Accounts.BeginSignOn(ctx, q, state, keep, connect)
}

func away(err error) error {
	return fault.Busy(5*time.Second, "统一登录服务暂时无法访问,请稍后再试,或用密码登录。",
		"Your organisation's sign-in cannot be reached now. Try again later, or sign in with your password.").Because(err)
}

// Finish opens a session for who comes back, or connects the account of who went there for that.
//
// Errors: INVALID_INPUT for a sign-in that is over; UNAUTHENTICATED for what the provider did not prove, and a disabled account; FORBIDDEN
// for who has no account here.
func (s *SignOn) Finish(ctx context.Context, answer url.Values, kept string) error {
	rt := act.From(ctx)
	connect, err := rt.Accounts.TakeSignOn(ctx, answer.Get("state"), kept)
	if err != nil {
		return err
	}
	person, err := s.provider.Finish(ctx, answer, kept)
	switch {
	case errors.Is(err, oidc.ErrRefused):
		rt.Log.WarnContext(ctx, "a sign-in was not proven", "error", err)
		return failed(ctx, s.provider.Issuer(), fault.New(fault.Unauthenticated, "统一登录没有证明您的身份,请重新登录。",
			"Your organisation's sign-in did not prove who you are. Start again."))
	case err != nil:
		return away(err)
	}
	who := account.External{Issuer: s.provider.Issuer(), Subject: person.Subject}
	if connect != uuid.Nil {
		return s.connect(ctx, connect, who)
	}
	if err := s.known(ctx, who, person); err != nil {
		return err
	}
	return open(ctx, who)
}

// connect makes the account of who is signed in here the person's there.
func (s *SignOn) connect(ctx context.Context, id uuid.UUID, who account.External) error {
	if v := access.From(ctx); v == nil || v.Account != id {
		return fault.Denied("请用发起连接的账号登录后再连接。", "Sign in with the account that you connect, and start again.")
	}
	_, err := connectAct.Do(ctx, connectInput{who})
	return err
}

// known finds the person's account, or makes it if the claims give it a role, and has its grants follow them.
func (s *SignOn) known(ctx context.Context, who account.External, person oidc.Person) error {
	id, disabled, err := act.From(ctx).Accounts.FindExternal(ctx, who)
	if err != nil {
		return err
	}
	roles := s.roles(person)
	switch {
	case disabled:
		return failed(ctx, who.Issuer+"\x00"+who.Subject, fault.New(fault.Unauthenticated, "该账号已停用,请联系经理。", "This account is disabled. Ask your manager."))
	case id == uuid.Nil && len(roles) == 0:
		return fault.Denied("您在本系统还没有账号。已有账号的,请先用密码登录,再连接统一登录;没有的,请联系经理。",
			"You have no account here. If you have one with a password, sign in with it and connect your organisation's sign-in; else ask your manager.")
	case len(s.mapping) == 0:
		return nil
	}
	ctx = access.With(ctx, access.System(s.table, "sign-on"))
	_, err = followAct.Do(ctx, followInput{Who: who, Account: id, Email: person.Email, Name: person.Name, Roles: roles})
	return err
}

// open opens the session, which is on the trail as any other.
func open(ctx context.Context, who account.External) error {
	rt := act.From(ctx)
	id, _, err := rt.Accounts.FindExternal(ctx, who)
	if err != nil {
		return err
	}
	var session account.SignedIn
	ctx = access.With(ctx, access.New(nil, access.Viewer{Account: id})) // sees itself, and nothing else
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		if session, err = rt.Accounts.OpenExternalSession(ctx, tx, who, address(ctx), request.From(ctx).UserAgent); err != nil {
			return err
		}
		return signedIn(ctx, tx, session)
	})
	if err != nil {
		return err
	}
	server.SetSessionCookie(ctx, session.Token, session.ExpiresAt.Sub(rt.Clock.Now()))
	return nil
}
