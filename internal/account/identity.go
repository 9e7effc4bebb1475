package account

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// Identity is who holds a bearer token, and what they may count on today.
type Identity struct {
	AccountID uuid.UUID
	Email     string
	Name      string
	Kind      Kind
	Locale    string
	SessionID uuid.UUID // one of these two is set
	TokenID   uuid.UUID
	ExpiresAt time.Time

	// TemporaryPassword: somebody else set the password; it has to be changed before anything else.
	TemporaryPassword bool

	// Grants are valid today: for a session all of the account's, for an API token its owner's, narrowed
	// to the token's role and estates.
	Grants []Held
	// Held are all grants of the account that are valid today. A grant that takes rights away (auditor)
	// has to be looked for here: a token for another role must not shake it off.
	Held []Held
}

// Held is a grant in force.
type Held struct {
	ID         uuid.UUID    `json:"id"`
	Role       string       `json:"role"`
	Estate     uuid.UUID    `json:"estate"`     // Nil: the whole portfolio
	Department uuid.UUID    `json:"department"` // Nil: none
	WorksIn    uuid.UUID    `json:"worksIn"`    // the department that the account is employed in there; Nil: none
	Household  uuid.UUID    `json:"household"`  // Nil: none; set for residents
	From       calendar.Day `json:"from"`
	Until      calendar.Day `json:"until"` // the last day; zero: open
}

// secretLength bounds what is looked up: the longest bearer token there is.
const secretLength = len(sessionPrefix) + 43

// touchEvery is how often a session's last use is written.
const touchEvery = time.Minute

// Authenticate tells who holds the bearer token, in one statement on the pool. Grants are judged by
// today, the date in the portfolio's time zone.
//
// Errors: UNAUTHENTICATED for a token that is unknown, expired or revoked, and for a disabled account.
func (s *Service) Authenticate(ctx context.Context, bearer string, today calendar.Day) (_ *Identity, err error) {
	defer fault.Wrap(&err, "authenticate")
	if len(bearer) != secretLength || !(strings.HasPrefix(bearer, sessionPrefix) || strings.HasPrefix(bearer, tokenPrefix)) {
		return nil, fault.SignedOut()
	}
	return identified(s.db.QueryRow(ctx, `SELECT `+identity+` FROM identity.authenticate($1, $2, $3, $4, $5)`,
		secretHash(bearer), s.now(), today, s.cfg.SessionIdle, touchEvery))
}

// Holding tells who holds a session or an API token, as Authenticate does, by its id: who was given something that only its holder may
// use. It is no use of the session: it ends as it would have.
//
// Errors: UNAUTHENTICATED for one that is expired, revoked or not the account's, and for a disabled account.
func (s *Service) Holding(ctx context.Context, account, holder uuid.UUID, today calendar.Day) (_ *Identity, err error) {
	defer fault.Wrap(&err, "holding(%s)", holder)
	return identified(s.db.QueryRow(ctx, `SELECT `+identity+` FROM identity.holding($1, $2, $3, $4, $5)`,
		account, holder, s.now(), today, s.cfg.SessionIdle))
}

// Standing tells what an account may count on today, for the program, which does what the account asked for while nobody is signed in: q is the
// system's.
//
// Errors: UNAUTHENTICATED for an account that is disabled, or not there.
func (s *Service) Standing(ctx context.Context, q Querier, account uuid.UUID, today calendar.Day) (_ *Identity, err error) {
	defer fault.Wrap(&err, "standing(%s)", account)
	id := Identity{AccountID: account}
	var held []byte
	err = q.QueryRow(ctx, `SELECT email, name, kind, locale, temporary, held FROM identity.standing_of($1, $2)`, account, today).
		Scan(&id.Email, &id.Name, &id.Kind, &id.Locale, &id.TemporaryPassword, &held)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.SignedOut()
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(held, &id.Held); err != nil {
		return nil, err
	}
	id.Grants = id.Held
	return &id, nil
}

const identity = `account_id, email, name, kind, locale, coalesce(temporary, false), session_id, token_id, token_role, token_estates, expires_at, held`

func identified(row pgx.Row) (*Identity, error) {
	var id Identity
	var session, token uuid.NullUUID
	var role *string
	var estates []uuid.UUID
	var held []byte
	err := row.Scan(&id.AccountID, &id.Email, &id.Name, &id.Kind, &id.Locale, &id.TemporaryPassword,
		&session, &token, &role, &estates, &id.ExpiresAt, &held)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.SignedOut()
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(held, &id.Held); err != nil {
		return nil, err
	}
	id.SessionID, id.TokenID, id.Grants = session.UUID, token.UUID, id.Held
	if token.Valid {
		id.Grants = narrow(id.Held, *role, estates)
	}
	return &id, nil
}

// narrow is what a token for a role and estates (none: all) leaves of its owner's grants. It never
// widens: a grant for the portfolio becomes one for each of the token's estates.
func narrow(held []Held, role string, estates []uuid.UUID) []Held {
	var left []Held
	for _, g := range held {
		switch {
		case g.Role != role:
		case len(estates) == 0 || slices.Contains(estates, g.Estate):
			left = append(left, g)
		case g.Estate == uuid.Nil:
			for _, e := range estates {
				g.Estate = e
				left = append(left, g)
			}
		}
	}
	return left
}
