package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
)

// SignInMethod is a way to sign in.
type SignInMethod struct {
	Name string  // what it is called
	URL  *string // where a browser goes to sign in; nil: signIn, with a password
}

// SignInMethods lists the ways to sign in; anybody may ask.
func SignInMethods(ctx context.Context) []*SignInMethod {
	list := []*SignInMethod{{Name: "密码 Password"}}
	if s := signOnFrom(ctx); s != nil {
		list = append(list, &SignInMethod{Name: s.Name, URL: new(server.SignOnPath + "/begin")})
	}
	return list
}

// ExternalIdentity is an issuer at which the viewer signs in.
type ExternalIdentity struct {
	Issuer      string
	ConnectedAt time.Time
	UsedAt      *time.Time
}

// ExternalIdentities lists where the viewer signs in, beside the password: one statement.
func ExternalIdentities(ctx context.Context) (list []*ExternalIdentity, err error) {
	err = own(ctx, func(q account.Querier, me uuid.UUID) error {
		found, err := act.From(ctx).Accounts.Connections(ctx, q, me)
		list = make([]*ExternalIdentity, len(found))
		for i, c := range found {
			list[i] = &ExternalIdentity{c.Issuer, c.ConnectedAt, c.UsedAt}
		}
		return err
	})
	return list, err
}

// ConnectIdentityInput is the viewer's own password: who finds a session open must not make the account theirs.
type ConnectIdentityInput struct{ Password string }

// ConnectIdentityPayload is where the browser goes to say who the viewer is there.
type ConnectIdentityPayload struct{ URL string }

// ConnectIdentity begins to connect the viewer's account: the browser that asks goes to the provider, and is connected once it is back. It
// is no act, since nothing has changed yet.
//
// Errors: UNAUTHENTICATED; FORBIDDEN for an API token; INVALID_INPUT at password; CONFLICT if there is no such provider; RATE_LIMITED.
func ConnectIdentity(ctx context.Context, in ConnectIdentityInput) (*ConnectIdentityPayload, error) {
	s, v := signOnFrom(ctx), access.From(ctx)
	switch {
	case v == nil:
		return nil, fault.SignedOut()
	case v.Token != uuid.Nil:
		return nil, fault.Denied("API 令牌不能连接统一登录,请登录后再连接。", "An API token connects nothing. Sign in.")
	case s == nil:
		return nil, fault.Clash("本系统没有设置统一登录。", "No organisation's sign-in is set up here.")
	}
	rt := act.From(ctx)
	if err := rt.Accounts.VerifyPassword(ctx, v.Account, in.Password, address(ctx)); err != nil {
		if f := fault.From(err); f != nil && f.Code == fault.InvalidInput {
			err = f.At("password")
		}
		return nil, err
	}
	var location string
	err := own(ctx, func(q account.Querier, me uuid.UUID) error {
		to, keep, lasts, err := s.begin(ctx, q, me)
		location = to
		if err == nil {
			server.SetSignOnCookie(ctx, keep+".", lasts)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &ConnectIdentityPayload{location}, nil
}

type connectInput struct{ Who account.External }

// connectAct binds the subject that the provider has proven to the viewer's account.
var connectAct = act.New("identity.connect", act.Own(), nil, func(tx *act.Tx, in connectInput) (Nothing, error) {
	if err := tx.Runtime().Accounts.Connect(tx, tx.Raw, in.Who, tx.Viewer.Account); err != nil {
		return Nothing{}, err
	}
	if err := tellOwner(tx, "本账号已连接统一登录 "+in.Who.Issuer, "This account signs in at "+in.Who.Issuer+" now, too"); err != nil {
		return Nothing{}, err
	}
	return Nothing{}, noteIdentity(tx, tx.Viewer.Account, nil, in.Who.Issuer)
})

// DisconnectIdentityInput names an issuer.
type DisconnectIdentityInput struct{ Issuer string }

// DisconnectIdentityPayload names the issuer.
type DisconnectIdentityPayload struct{ Issuer string }

// DisconnectIdentity ends that the viewer signs in at the issuer, and the sessions that were opened so.
//
// Errors: NOT_FOUND.
var DisconnectIdentity = act.New("identity.disconnect", act.Own(), nil, func(tx *act.Tx, in DisconnectIdentityInput) (*DisconnectIdentityPayload, error) {
	if err := tx.Runtime().Accounts.Disconnect(tx, tx.Raw, in.Issuer); err != nil {
		return nil, missingAt(err, "issuer")
	}
	return &DisconnectIdentityPayload{in.Issuer}, noteIdentity(tx, tx.Viewer.Account, in.Issuer, nil)
})

func noteIdentity(tx *act.Tx, id uuid.UUID, before, after any) error {
	f, err := audit.Plain("issuer", before, after)
	if err != nil {
		return err
	}
	return tx.Note(audit.Portfolio, audit.Change{Type: "Account", ID: id, Op: audit.Update, Fields: []audit.Field{f}})
}
