package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
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

// APITokens lists the viewer's own tokens, ended ones too, the newest first: one statement.
func APITokens(ctx context.Context) (list []*APIToken, err error) {
	err = own(ctx, func(q account.Querier, me uuid.UUID) error {
		found, err := act.From(ctx).Accounts.ListTokens(ctx, q, me)
		list = make([]*APIToken, len(found))
		for i, t := range found {
			list[i] = tokenOf(t)
		}
		return err
	})
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
// Errors: INVALID_INPUT at name, role, estateIDs or expiresAt; FORBIDDEN for auditors.
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

// RevokeAPIToken ends one of the viewer's own tokens at once. An auditor changes nothing but the own
// session, password and inbox, and so has it ended by having the account disabled.
//
// Errors: NOT_FOUND; FORBIDDEN for auditors.
var RevokeAPIToken = act.New("identity.revokeAPIToken", act.Own().NotAuditors(), nil, func(tx *act.Tx, in RevokeAPITokenInput) (*RevokeAPITokenPayload, error) {
	if err := confine(tx, tx.Raw, access.Scope{}); err != nil { // row-level security shows a portfolio's viewer all tokens
		return nil, err
	}
	if err := tx.Runtime().Accounts.RevokeToken(tx, tx.Raw, in.TokenID); err != nil {
		return nil, missingAt(err, "tokenID")
	}
	return &RevokeAPITokenPayload{in.TokenID}, tx.Note(audit.Portfolio, audit.Change{Type: "APIToken", ID: in.TokenID, Op: audit.Delete})
})
