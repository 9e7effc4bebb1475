package account

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// External is somebody as an OpenID Connect issuer knows them. The subject is theirs for ever; an e-mail address is not.
type External struct{ Issuer, Subject string }

// Connection is an issuer at which an account's owner signs in, as the owner sees it.
type Connection struct {
	Issuer      string
	ConnectedAt time.Time
	UsedAt      *time.Time
}

// SignOnLives is how long somebody may take at the issuer.
const SignOnLives = 10 * time.Minute

// BeginSignOn notes that a browser leaves for the issuer: digests of the state that comes back with it, and of what it keeps.
// Connect is who connects their account, and is the viewer; Nil: somebody signs in.
func (s *Service) BeginSignOn(ctx context.Context, q Querier, state, kept string, connect uuid.UUID) (err error) {
	defer fault.Wrap(&err, "begin a sign-on")
	now := s.now()
	_, err = q.Exec(ctx, `SELECT identity.sign_on_begin($1, $2, $3, $4, $5)`, secretHash(state), secretHash(kept), null(connect), now, now.Add(SignOnLives))
	return err
}

// TakeSignOn takes a sign-on that is back, once, and tells who connects their account. Errors: INVALID_INPUT for one that is over, was
// taken, or began in another browser.
func (s *Service) TakeSignOn(ctx context.Context, state, kept string) (connect uuid.UUID, err error) {
	defer fault.Wrap(&err, "take a sign-on")
	var id uuid.NullUUID
	err = s.db.QueryRow(ctx, `SELECT account FROM identity.sign_on_take($1, $2, $3)`, secretHash(state), secretHash(kept), s.now()).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, fault.Invalid("state", "本次登录已过期或已使用,请重新登录。", "This sign-in has expired, was used, or began in another browser. Start again.")
	}
	return id.UUID, err
}

// FindExternal tells whose account somebody has; Nil if they have none.
func (s *Service) FindExternal(ctx context.Context, who External) (id uuid.UUID, disabled bool, err error) {
	defer fault.Wrap(&err, "find by issuer")
	err = s.db.QueryRow(ctx, `SELECT account, disabled FROM identity.external_find($1, $2)`, who.Issuer, who.Subject).Scan(&id, &disabled)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, false, nil
	}
	return id, disabled, err
}

// Connect makes the account the person's at the issuer; again is no error. Errors: CONFLICT for a person who has another account here,
// and an account that is another person's there.
func (s *Service) Connect(ctx context.Context, q Querier, who External, id uuid.UUID) (err error) {
	defer fault.Wrap(&err, "connect(%s)", id)
	var said string
	if err := q.QueryRow(ctx, `SELECT identity.external_connect($1, $2, $3, $4)`, who.Issuer, who.Subject, id, s.now()).Scan(&said); err != nil {
		return err
	}
	switch said {
	case "other":
		return fault.Clash("该统一登录身份已连接到另一个账号。", "This identity is connected to another account.")
	case "already":
		return fault.Clash("您的账号已连接到另一个统一登录身份,请先断开。", "Your account is connected to another identity there. Disconnect it first.")
	}
	return nil
}

// Disconnect ends that the viewer signs in at the issuer, and the sessions opened so. Errors: NOT_FOUND.
func (s *Service) Disconnect(ctx context.Context, q Querier, issuer string) (err error) {
	defer fault.Wrap(&err, "disconnect")
	var gone bool
	if err := q.QueryRow(ctx, `SELECT identity.external_disconnect($1, $2)`, issuer, s.now()).Scan(&gone); err != nil {
		return err
	}
	if !gone {
		return fault.Missing()
	}
	return nil
}

// Connections lists the issuers at which the viewer signs in.
func (s *Service) Connections(ctx context.Context, q Querier, id uuid.UUID) (_ []Connection, err error) {
	defer fault.Wrap(&err, "connections(%s)", id)
	rows, err := q.Query(ctx, `SELECT issuer, connected_at, used_at FROM identity.external_identities WHERE account_id = $1 ORDER BY issuer`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Connection])
}

// OpenExternalSession opens a session for somebody whom the issuer has vouched for. It ends after half a day: until then Steward does not
// hear that the issuer's account ended. Errors: UNAUTHENTICATED for a disabled account, and who was disconnected meanwhile.
func (s *Service) OpenExternalSession(ctx context.Context, q Querier, who External, address, userAgent string) (_ SignedIn, err error) {
	defer fault.Wrap(&err, "open session")
	now := s.now()
	token, hash := newSecret(sessionPrefix)
	in := SignedIn{Token: token, ID: ids.New(ids.Session), ExpiresAt: now.Add(min(s.cfg.SessionMax, s.cfg.SessionIdle))}
	var id *uuid.UUID
	err = q.QueryRow(ctx, `SELECT identity.external_session($1, $2, $3, $4, $5, $6, $7, $8)`,
		who.Issuer, who.Subject, in.ID, hash, now, in.ExpiresAt, clean(address, 64), clean(userAgent, 256)).Scan(&id)
	if err != nil {
		return SignedIn{}, err
	}
	if id == nil {
		return SignedIn{}, fault.SignedOut()
	}
	in.AccountID = *id
	return in, nil
}

// SessionIssuer tells where the viewer's session was signed in; "" for here.
func (s *Service) SessionIssuer(ctx context.Context, q Querier, session uuid.UUID) (issuer string, err error) {
	defer fault.Wrap(&err, "session's issuer")
	err = q.QueryRow(ctx, `SELECT coalesce((SELECT issuer FROM identity.sessions WHERE id = $1), '')`, session).Scan(&issuer)
	return issuer, err
}

// ExternalGrants lists the grants in force that an issuer's claims gave. The viewer is the system.
func (s *Service) ExternalGrants(ctx context.Context, q Querier, id uuid.UUID, issuer string) (_ []Grant, err error) {
	defer fault.Wrap(&err, "external grants(%s)", id)
	rows, err := q.Query(ctx, `SELECT `+grantColumns+` FROM identity.grants g WHERE account_id = $1 AND revoked_at IS NULL
		AND EXISTS (SELECT FROM identity.external_grants x WHERE x.grant_id = g.id AND x.issuer = $2) ORDER BY created_at, id`, id, issuer)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanGrant)
}

// MarkExternal notes that a grant follows the issuer's claims. The viewer is the system.
func (s *Service) MarkExternal(ctx context.Context, q Querier, grant uuid.UUID, issuer string) (err error) {
	defer fault.Wrap(&err, "mark grant(%s)", grant)
	_, err = q.Exec(ctx, `INSERT INTO identity.external_grants VALUES ($1, $2)`, grant, issuer)
	return err
}
