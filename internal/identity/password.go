package identity

import (
	"context"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
)

// ChangePasswordInput is the password that is, and the one that shall be.
type ChangePasswordInput struct {
	CurrentPassword string `json:"-"` // a credential: not part of what an idempotency key remembers
	NewPassword     string
}

// ChangePasswordPayload names the account.
type ChangePasswordPayload struct{ AccountID uuid.UUID }

var changePassword = act.New("identity.changePassword", act.Own().FirstOfAll(), nil, func(tx *act.Tx, in ChangePasswordInput) (*ChangePasswordPayload, error) {
	me := tx.Viewer.Account
	err := tx.Runtime().Accounts.ChangePassword(tx, tx.Raw, account.ChangePassword{
		Account: me, Current: in.CurrentPassword, New: in.NewPassword, Keep: tx.Viewer.Session, Address: address(tx),
	})
	if err != nil {
		return nil, err
	}
	return &ChangePasswordPayload{me}, tx.Note(audit.Portfolio, credentialChange(me))
})

// credentialChange says that a password changed, and nothing of it.
func credentialChange(account uuid.UUID) audit.Change {
	return audit.Change{Type: "Account", ID: account, Op: audit.Update, Fields: []audit.Field{{Name: "password", Confidential: true}}}
}

// changing lets one password be changed at a time: the proof of the current one needs a connection of
// its own beside the act's, and as many changes at once as the pool has connections would wait for
// each other.
var changing = make(chan struct{}, 1)

// ChangePassword changes the viewer's own password; all other sessions end.
//
// Errors: INVALID_INPUT at currentPassword or newPassword; RATE_LIMITED; CONFLICT.
func ChangePassword(ctx context.Context, in ChangePasswordInput) (*ChangePasswordPayload, error) {
	select {
	case changing <- struct{}{}:
		defer func() { <-changing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return changePassword.Do(ctx, in)
}
