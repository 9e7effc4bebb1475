package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// APIToken is a bearer token for a dashboard: one role of its owner's, in some estates, until a time.
type APIToken struct {
	ID         uuid.UUID
	Name, Role string
	EstateIDs  []uuid.UUID // none: wherever the owner holds the role
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

func tokenOf(t account.Token) *APIToken {
	return &APIToken{
		ID: t.ID, Name: t.Name, Role: t.Role, EstateIDs: t.Estates, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
		LastUsedAt: t.LastUsedAt, RevokedAt: t.RevokedAt,
	}
}

// APITokens lists the viewer's own tokens (nil), or those of an account that the viewer administers, ended ones
// too, the newest first: two statements.
//
// Errors: FORBIDDEN; NOT_FOUND.
func APITokens(ctx context.Context, of *uuid.UUID) (list []*APIToken, err error) {
	tokens := func(q account.Querier, id uuid.UUID) error {
		found, err := act.From(ctx).Accounts.ListTokens(ctx, q, id)
		list = make([]*APIToken, len(found))
		for i, t := range found {
			list[i] = tokenOf(t)
		}
		return missingAt(err, "accountID")
	}
	if of == nil {
		err = own(ctx, tokens)
	} else {
		err = read(ctx, policy.Account, func(q pgx.Tx) error { return tokens(q, *of) })
	}
	return list, err
}

// CreateAPITokenInput says what a token may do, and until when.
type CreateAPITokenInput struct {
	Name, Role string
	EstateIDs  []uuid.UUID
	ExpiresAt  time.Time
}

// Check refuses endless lists.
func (in CreateAPITokenInput) Check() error {
	if len(in.EstateIDs) > 1000 {
		return fault.Invalid("estateIDs", "小区过多;不填表示全部。", "Too many estates; give none for all of them.")
	}
	return nil
}

// CreateAPITokenPayload is the token, with its secret the first time.
type CreateAPITokenPayload struct {
	Token  *APIToken
	Secret string `replay:"-"`
}

// CreateAPIToken makes a token for a role that the viewer holds, in estates where the viewer holds it.
//
// Errors: INVALID_INPUT at name, role, estateIDs or expiresAt; FORBIDDEN for auditors; CONFLICT at 20 live tokens.
var CreateAPIToken = act.New("identity.createAPIToken", act.Own().NotAuditors(), nil, func(tx *act.Tx, in CreateAPITokenInput) (*CreateAPITokenPayload, error) {
	if err := holds(tx.Viewer, in); err != nil {
		return nil, err
	}
	t, secret, err := tx.Runtime().Accounts.CreateToken(tx, tx.Raw, account.NewToken{
		Account: tx.Viewer.Account, Name: in.Name, Role: in.Role, Estates: in.EstateIDs, ExpiresAt: in.ExpiresAt,
	})
	if err != nil {
		return nil, err
	}
	c, err := change("APIToken", t.ID, audit.Create, "name", t.Name, "role", t.Role, "estates", t.Estates, "expires_at", t.ExpiresAt)
	if err != nil {
		return nil, err
	}
	return &CreateAPITokenPayload{tokenOf(t), secret}, tx.Note(audit.Portfolio, c)
})

// holds refuses a token for what the viewer does not hold. It would be good for nothing, but only until
// somebody grants the role.
func holds(v *access.Viewer, in CreateAPITokenInput) error {
	var places []uuid.UUID
	for _, g := range v.Grants {
		if string(g.Role) == in.Role {
			places = append(places, g.Estate)
		}
	}
	if len(places) == 0 {
		return fault.Invalid("role", "您没有这个角色,不能为它创建令牌。", "You do not hold this role, so a token cannot have it.")
	}
	for i, e := range in.EstateIDs {
		if !slices.Contains(places, e) && !slices.Contains(places, uuid.Nil) {
			return fault.Invalid(fmt.Sprintf("estateIDs.%d", i), "您在该小区没有这个角色。", "You do not hold the role in this estate.")
		}
	}
	return nil
}

// RevokeAPITokenInput names a token.
type RevokeAPITokenInput struct{ TokenID uuid.UUID }

// RevokeAPITokenPayload names the token that ended.
type RevokeAPITokenPayload struct{ TokenID uuid.UUID }

// RevokeAPIToken ends a token at once: one of the viewer's own, or one of an account that the viewer may
// disable. An auditor changes nothing but the own session, password and inbox, and so has it ended by the general
// manager.
//
// Errors: NOT_FOUND; FORBIDDEN for auditors, and where DisableAccount is.
var RevokeAPIToken = act.New("identity.revokeAPIToken", act.Own().NotAuditors(), nil, func(tx *act.Tx, in RevokeAPITokenInput) (*RevokeAPITokenPayload, error) {
	if err := confine(tx, tx.Raw, tx.Viewer.Scope(policy.Account, policy.Update)); err != nil { // there is no auditor here
		return nil, err
	}
	accounts := tx.Runtime().Accounts
	owner, err := accounts.RevokeToken(tx, tx.Raw, in.TokenID)
	if err != nil {
		return nil, missingAt(err, "tokenID")
	}
	if owner == uuid.Nil {
		return &RevokeAPITokenPayload{in.TokenID}, nil // it had ended before
	}
	var grants []account.Grant // whose chains tell it: the own tokens are told on the portfolio's
	if owner != tx.Viewer.Account {
		if grants, err = accounts.ListGrants(tx, tx.Raw, account.GrantFilter{Accounts: []uuid.UUID{owner}}); err != nil {
			return nil, err
		}
	}
	return &RevokeAPITokenPayload{in.TokenID}, noteAccount(tx, grants, audit.Change{Type: "APIToken", ID: in.TokenID, Op: audit.Delete})
})
