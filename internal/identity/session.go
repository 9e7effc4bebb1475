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
)

// Session is one sign-in of the viewer.
type Session struct {
	ID                               uuid.UUID
	CreatedAt, ExpiresAt, LastSeenAt time.Time
	Address, UserAgent               string
	Current                          bool
}

// Sessions lists the viewer's own live sessions, the last used first: one statement.
func Sessions(ctx context.Context) (list []*Session, err error) {
	err = own(ctx, func(q account.Querier, me uuid.UUID) error {
		found, err := act.From(ctx).Accounts.ListSessions(ctx, q, me)
		list = make([]*Session, len(found))
		for i, s := range found {
			list[i] = &Session{
				ID: s.ID, CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, LastSeenAt: s.LastSeenAt,
				Address: s.Address, UserAgent: s.UserAgent, Current: s.ID == access.From(ctx).Session,
			}
		}
		return err
	})
	return list, err
}

// RevokeSessionInput names a session.
type RevokeSessionInput struct{ SessionID uuid.UUID }

// RevokeSessionPayload names the session that ended.
type RevokeSessionPayload struct{ SessionID uuid.UUID }

// RevokeSession ends one of the viewer's own sessions at once.
//
// Errors: NOT_FOUND.
var RevokeSession = act.New("identity.revokeSession", act.Own(), nil, func(tx *act.Tx, in RevokeSessionInput) (*RevokeSessionPayload, error) {
	return &RevokeSessionPayload{in.SessionID}, endSession(tx, in.SessionID)
})

func endSession(tx *act.Tx, id uuid.UUID) error {
	ended, err := tx.Runtime().Accounts.RevokeSession(tx, tx.Raw, id)
	if err != nil || !ended {
		return missingAt(err, "sessionID")
	}
	return tx.Note(audit.Portfolio, audit.Change{Type: "Session", ID: id, Op: audit.Delete})
}

// RevokeOtherSessionsPayload tells how many sessions ended.
type RevokeOtherSessionsPayload struct{ Count int }

// RevokeOtherSessions ends all of the viewer's sessions but the one that asks.
var RevokeOtherSessions = act.New("identity.revokeOtherSessions", act.Own(), nil, func(tx *act.Tx, _ Nothing) (*RevokeOtherSessionsPayload, error) {
	n, err := tx.Runtime().Accounts.RevokeSessions(tx, tx.Raw, tx.Viewer.Account, tx.Viewer.Session)
	if err != nil {
		return nil, err
	}
	return &RevokeOtherSessionsPayload{n}, noteCount(tx, "endedSessions", n)
})

// missingAt places a refusal of what was named (not there, not to be acted upon) at the field that named it.
func missingAt(err error, field string) error {
	if f := fault.From(err); f != nil && (f.Code == fault.NotFound || f.Code == fault.Forbidden) {
		return f.At(field)
	}
	return err
}
