package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/server/request"
)

// SignInInput is an e-mail address and its password.
type SignInInput struct{ Email, Password string }

// SignInPayload is a session just opened.
type SignInPayload struct {
	Token     string
	ExpiresAt time.Time
}

const signInAction = "identity.signIn"

// SignIn opens a session and hands it to the browser as a cookie too. It is no act: nobody is signed
// in yet. The session and its entry on the portfolio's chain commit together.
//
// Errors: UNAUTHENTICATED, the same for an unknown account and a wrong password; RATE_LIMITED.
func SignIn(ctx context.Context, in SignInInput) (*SignInPayload, error) {
	rt, info := act.From(ctx), request.From(ctx)
	c := account.Credentials{Email: in.Email, Password: in.Password, Address: address(ctx), UserAgent: info.UserAgent}
	proof, err := rt.Accounts.Prove(ctx, c)
	if err != nil {
		return nil, failed(ctx, in.Email, err)
	}
	var session account.SignedIn
	ctx = access.With(ctx, access.New(nil, access.Viewer{Account: proof.Account})) // sees itself, and nothing else
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		if session, err = rt.Accounts.OpenSession(ctx, tx, proof, c); err != nil {
			return err
		}
		return signedIn(ctx, tx, session)
	})
	if err != nil {
		return nil, err
	}
	server.SetSessionCookie(ctx, session.Token, session.ExpiresAt.Sub(act.From(ctx).Clock.Now()))
	return &SignInPayload{Token: session.Token, ExpiresAt: session.ExpiresAt}, nil
}

// signedIn puts the sign-in on the portfolio's chain.
func signedIn(ctx context.Context, tx pgx.Tx, session account.SignedIn) error {
	rt := act.From(ctx)
	a, err := rt.Accounts.Find(ctx, tx, session.AccountID)
	if err != nil {
		return err
	}
	e := rt.Entry(ctx, signInAction)
	e.Actor.Name, e.SubjectType, e.Subject = a.Name, "Session", session.ID
	r := audit.NewRecorder(tx)
	if err := r.Add(ctx, audit.Portfolio, audit.Change{Type: "Session", ID: session.ID, Op: audit.Create}); err != nil {
		return err
	}
	_, err = r.Append(ctx, e)
	return err
}

// failed puts a sign-in that failed on the portfolio's read chain. The address is a digest there: people
// type passwords into the wrong box. Attempts that back-off turned away are not recorded, or a stranger
// could make the trail as long as they please.
func failed(ctx context.Context, email string, err error) error {
	if !fault.Is(err, fault.Unauthenticated) {
		return err
	}
	rt := act.From(ctx)
	mac := hmac.New(sha256.New, rt.Secret)
	mac.Write([]byte("sign-in\x00" + strings.ToLower(strings.TrimSpace(email))))
	e := rt.Entry(access.With(ctx, nil), signInAction)
	e.Actor.Address = address(ctx)
	e.Outcome, e.SubjectType, e.Reason = audit.Refused, "Session", string(fault.Unauthenticated)+" "+hex.EncodeToString(mac.Sum(nil)[:16])
	if broken := rt.AppendRead(ctx, e); broken != nil {
		return broken
	}
	return err
}

func address(ctx context.Context) string {
	if a := request.From(ctx).Address; a.IsValid() {
		return a.String()
	}
	return ""
}

// SignOutPayload names the session that ended.
type SignOutPayload struct {
	SessionID     uuid.UUID
	EndSessionURL *string // where the browser goes to sign out of the organisation, too, if it signed in there
}

// Nothing is the input of acts that need none.
type Nothing struct{}

var signOut = act.New("identity.signOut", act.Own().FirstOfAll(), nil, func(tx *act.Tx, _ Nothing) (*SignOutPayload, error) {
	out := &SignOutPayload{SessionID: tx.Viewer.Session}
	issuer, err := tx.Runtime().Accounts.SessionIssuer(tx, tx.Raw, tx.Viewer.Session)
	if err != nil {
		return nil, err
	}
	if s := signOnFrom(tx); s != nil && issuer == s.provider.Issuer() {
		if url := s.provider.SignOut(tx); url != "" {
			out.EndSessionURL = &url
		}
	}
	return out, endSession(tx, tx.Viewer.Session)
})

// SignOut ends the session that asks, and takes the cookie from the browser.
func SignOut(ctx context.Context) (*SignOutPayload, error) {
	out, err := signOut.Do(ctx, Nothing{})
	if err == nil {
		server.ClearSessionCookie(ctx)
	}
	return out, err
}
