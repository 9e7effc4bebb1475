package account

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/wording"
)

// maxTokenLife is the longest an API token may live.
const maxTokenLife = 365 * 24 * time.Hour

// maxTokens is how many live API tokens an account has at most.
const maxTokens = 20

// NewToken is what an API token is made from.
type NewToken struct {
	Account   uuid.UUID // the owner, who must be the viewer
	Name      string
	Role      string
	Estates   []uuid.UUID // none: wherever the owner holds the role
	ExpiresAt time.Time   // at most a year ahead
}

// Token is an API token for a dashboard. It can do what its owner may do at that time, as far as role
// and estates allow.
type Token struct {
	ID         uuid.UUID
	AccountID  uuid.UUID
	Name       string
	Role       string
	Estates    []uuid.UUID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time // to the minute
	RevokedAt  *time.Time
}

// CreateToken makes an API token of the viewer's own and returns its secret, which is shown only once.
// Errors: INVALID_INPUT at name, role or expiresAt; CONFLICT when the account has 20 live ones.
func (s *Service) CreateToken(ctx context.Context, q Querier, in NewToken) (_ Token, secret string, err error) {
	defer fault.Wrap(&err, "create token(%s)", in.Account)
	now := s.now()
	if err := s.checkToken(in, now); err != nil {
		return Token{}, "", err
	}
	secret, hash := newSecret(tokenPrefix)
	t := Token{
		ID: ids.New(ids.APIToken), AccountID: in.Account, Name: wording.Tidy(in.Name), Role: in.Role, Estates: in.Estates,
		CreatedAt: now, ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	var estates any // NULL, not the empty set
	if len(in.Estates) > 0 {
		estates = in.Estates
	}
	// Under the account's lock, or tokens made at once would not count each other.
	if _, err = q.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('account ' || $1::text, 0))`, t.AccountID); err != nil {
		return Token{}, "", err
	}
	tag, err := q.Exec(ctx, `INSERT INTO identity.tokens (id, account_id, name, token_hash, role, estates, created_at, expires_at)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8
		 WHERE (SELECT count(*) FROM identity.tokens WHERE account_id = $2 AND revoked_at IS NULL AND expires_at > $7) < $9`,
		t.ID, t.AccountID, t.Name, hash, t.Role, estates, t.CreatedAt, t.ExpiresAt, maxTokens)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.Clash("有效的 API 令牌已有 %[1]d 个,请先撤销一个不用的。", "There are %[1]d live API tokens already. Revoke one that is not needed.", maxTokens)
	}
	if err != nil {
		return Token{}, "", err
	}
	return t, secret, nil
}

func (s *Service) checkToken(in NewToken, now time.Time) error {
	switch {
	case !s.knowsRole(in.Role):
		return unknownRole(in.Role)
	case !in.ExpiresAt.After(now) || in.ExpiresAt.After(now.Add(maxTokenLife)):
		return fault.Invalid("expiresAt", "有效期必须在今后一年之内。", "The expiry must lie within the next year.")
	}
	return wording.CheckName("name", in.Name)
}

// ListTokens lists an account's tokens, ended ones too, the newest first. Errors: for another's account NOT_FOUND,
// and FORBIDDEN for what identity.administers refuses.
func (s *Service) ListTokens(ctx context.Context, q Querier, account uuid.UUID) (_ []Token, err error) {
	defer fault.Wrap(&err, "list tokens(%s)", account)
	var may string
	if err := q.QueryRow(ctx, `SELECT identity.administers($1, $2)`, account, s.Today()).Scan(&may); err != nil {
		return nil, err
	}
	if may != "own" && may != "ok" {
		return nil, verdict(may)
	}
	rows, err := q.Query(ctx, `SELECT * FROM identity.tokens_of($1, $2)`, account, s.Today())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Token])
}

// RevokeToken ends a token at once, the viewer's own or one of an account that the viewer may administer, and
// tells whose it was. Ending an ended one is no error, and uuid.Nil. Errors: NOT_FOUND; FORBIDDEN for what identity.administers
// refuses.
func (s *Service) RevokeToken(ctx context.Context, q Querier, id uuid.UUID) (_ uuid.UUID, err error) {
	defer fault.Wrap(&err, "revoke token(%s)", id)
	var may string
	var owner uuid.NullUUID
	err = q.QueryRow(ctx, `SELECT may, account_id FROM identity.token_revoke($1, $2, $3)`, id, s.now(), s.Today()).Scan(&may, &owner)
	if err != nil {
		return uuid.Nil, err
	}
	return owner.UUID, verdict(may)
}
