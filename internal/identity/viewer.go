package identity

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// Authenticator makes the viewer of a request from its bearer token: server.Authenticator.
type Authenticator struct {
	accounts *account.Service
	policy   *policy.Table
	clock    clockwork.Clock
	zone     *time.Location
}

// NewAuthenticator makes one; the zone is the portfolio's: by its day grants begin and end.
func NewAuthenticator(accounts *account.Service, table *policy.Table, clock clockwork.Clock, zone *time.Location) *Authenticator {
	return &Authenticator{accounts, table, clock, zone}
}

// Authenticate puts the viewer into the context. Errors: UNAUTHENTICATED.
func (a *Authenticator) Authenticate(ctx context.Context, bearer string) (context.Context, error) {
	id, err := a.accounts.Authenticate(ctx, bearer, calendar.DayOf(a.clock.Now().In(a.zone)))
	if err != nil {
		return ctx, err
	}
	return access.With(ctx, a.viewer(id)), nil
}

// Holding puts who holds a session or a token into the context, while it is alive. Errors: UNAUTHENTICATED.
func (a *Authenticator) Holding(ctx context.Context, account, holder uuid.UUID) (context.Context, error) {
	id, err := a.accounts.Holding(ctx, account, holder, calendar.DayOf(a.clock.Now().In(a.zone)))
	if err != nil {
		return ctx, err
	}
	return access.With(ctx, a.viewer(id)), nil
}

// Standing puts an account into the context, with what it may do now, for what it asked for and the program does while nobody is signed in.
// Errors: UNAUTHENTICATED for an account that is disabled.
func (a *Authenticator) Standing(ctx context.Context, who uuid.UUID) (context.Context, error) {
	var id *account.Identity
	err := act.From(ctx).DB.System(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = a.accounts.Standing(ctx, tx, who, calendar.DayOf(a.clock.Now().In(a.zone)))
		return err
	})
	if err != nil {
		return ctx, err
	}
	return access.With(ctx, a.viewer(id)), nil
}

// AccountKey tells accounts apart: the id of the viewer's, "" for nobody.
func AccountKey(ctx context.Context) string {
	if v := access.From(ctx); v != nil {
		return v.Account.String()
	}
	return ""
}

func (a *Authenticator) viewer(id *account.Identity) *access.Viewer {
	v := access.Viewer{
		Account: id.AccountID, Name: id.Name, Email: id.Email, Session: id.SessionID, Token: id.TokenID,
		MustChangePassword: id.TemporaryPassword, At: a.clock.Now().UTC(), Grants: make([]access.Grant, len(id.Grants)),
	}
	for i, g := range id.Grants {
		v.Grants[i] = access.Grant{
			ID: g.ID, Role: policy.Role(g.Role), Estate: g.Estate, Department: g.Department, WorksIn: g.WorksIn, Household: g.Household,
			From: g.From.UTC(), Until: civil(g.Until),
		}
	}
	for _, g := range id.Held { // those that a token narrowed away too
		if policy.Role(g.Role) == policy.Auditor {
			v.Audits = append(v.Audits, g.Estate)
		}
	}
	return access.New(a.policy, v)
}

// civil is a day as access keeps it; the zero time for no day.
func civil(d calendar.Day) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return d.UTC()
}

// Viewer is who is asking, as it sees itself.
type Viewer struct {
	AccountID          uuid.UUID
	Email, Name        string
	MustChangePassword bool
	Grants             []*Grant
}

// Me tells who is asking; nil if nobody is signed in.
func Me(ctx context.Context) (*Viewer, error) {
	v := access.From(ctx)
	if v == nil {
		return nil, nil
	}
	me := &Viewer{AccountID: v.Account, Email: v.Email, Name: v.Name, MustChangePassword: v.MustChangePassword, Grants: []*Grant{}}
	for _, g := range v.Grants {
		me.Grants = append(me.Grants, &Grant{
			ID: g.ID, AccountID: v.Account, Role: string(g.Role), EstateID: optional(g.Estate), DepartmentID: optional(g.Department),
			HouseholdID: optional(g.Household), From: calendar.DayOf(g.From), Until: lastDay(g.Until),
		})
	}
	return me, nil
}

func lastDay(t time.Time) *calendar.Day {
	if t.IsZero() {
		return nil
	}
	return new(calendar.DayOf(t))
}
