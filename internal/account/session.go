package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// Bearer tokens begin with what they are, so that a leaked one is recognised.
const (
	sessionPrefix = "stws_"
	tokenPrefix   = "stwt_"
)

// newSecret makes a bearer token of 256 random bits and the hash that is stored of it. The token has
// no structure to guess, so a plain hash suffices.
func newSecret(prefix string) (token string, hash []byte) {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails
	token = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return token, secretHash(token)
}

func secretHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// SignedIn is a session just opened. Token is shown here and never again.
type SignedIn struct {
	Token     string
	ID        uuid.UUID
	AccountID uuid.UUID
	ExpiresAt time.Time // absolute; unused for Config.SessionIdle it ends earlier
}

// SignIn checks the credentials and opens a session, on the pool. To audit the sign-in in the
// session's transaction use Prove, and then OpenSession with that transaction. Errors: those of Prove.
func (s *Service) SignIn(ctx context.Context, c Credentials) (SignedIn, error) {
	proof, err := s.Prove(ctx, c)
	if err != nil {
		return SignedIn{}, err
	}
	return s.OpenSession(ctx, s.db, proof, c)
}

// OpenSession opens a session for who proved the password. Errors: UNAUTHENTICATED when the password
// was changed or the account disabled since the proof.
func (s *Service) OpenSession(ctx context.Context, q Querier, proof Proof, c Credentials) (_ SignedIn, err error) {
	defer fault.Wrap(&err, "open session")
	now := s.now()
	token, hash := newSecret(sessionPrefix)
	in := SignedIn{Token: token, ID: ids.New(ids.Session), AccountID: proof.Account, ExpiresAt: now.Add(s.cfg.SessionMax)}
	var opened *bool
	err = q.QueryRow(ctx, `SELECT identity.session_open($1, $2, $3, $4, $5, $6, $7, $8)`,
		proof.Account, proof.hash, in.ID, hash, now, in.ExpiresAt, clean(c.Address, 64), clean(c.UserAgent, 256)).Scan(&opened)
	if err != nil {
		return SignedIn{}, err
	}
	if opened == nil {
		return SignedIn{}, fault.SignedOut()
	}
	return in, nil
}

// Session is one sign-in of an account, as its owner sees it.
type Session struct {
	ID         uuid.UUID
	AccountID  uuid.UUID
	CreatedAt  time.Time
	ExpiresAt  time.Time // the earlier of the absolute end and the idle limit
	LastSeenAt time.Time // to the minute
	Address    string
	UserAgent  string
}

// ListSessions lists the viewer's own live sessions, the last used first.
func (s *Service) ListSessions(ctx context.Context, q Querier, account uuid.UUID) (_ []Session, err error) {
	defer fault.Wrap(&err, "list sessions(%s)", account)
	rows, err := q.Query(ctx, `
		SELECT id, account_id, created_at, least(expires_at, last_seen_at + $3), last_seen_at, address, user_agent
		FROM identity.sessions
		WHERE account_id = $1 AND revoked_at IS NULL AND least(expires_at, last_seen_at + $3) > $2
		ORDER BY last_seen_at DESC, id DESC LIMIT 200`, account, s.now(), s.cfg.SessionIdle)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Session])
}

// RevokeSession ends one of the viewer's own sessions; signing out is that too. Ending an ended session
// is no error: it tells whether it ended just now. Errors: NOT_FOUND.
func (s *Service) RevokeSession(ctx context.Context, q Querier, id uuid.UUID) (ended bool, err error) {
	defer fault.Wrap(&err, "revoke session(%s)", id)
	var found bool
	err = q.QueryRow(ctx, `WITH ended AS (UPDATE identity.sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING 1)
		SELECT EXISTS (SELECT FROM identity.sessions WHERE id = $1), EXISTS (SELECT FROM ended)`, id, s.now()).Scan(&found, &ended)
	if err == nil && !found {
		err = fault.Missing()
	}
	return ended, err
}

// RevokeSessions ends all of the viewer's own sessions but keep (uuid.Nil: none is kept), and tells how many.
func (s *Service) RevokeSessions(ctx context.Context, q Querier, account, keep uuid.UUID) (_ int, err error) {
	defer fault.Wrap(&err, "revoke sessions(%s)", account)
	now := s.now()
	tag, err := q.Exec(ctx, `UPDATE identity.sessions SET revoked_at = $3
		WHERE account_id = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > $3`, account, keep, now)
	return int(tag.RowsAffected()), err
}
