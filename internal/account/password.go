package account

import (
	"context"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/fault"
)

// ChangePassword is what the holder of an account says to choose another password.
type ChangePassword struct {
	Account uuid.UUID
	Current string
	New     string
	Keep    uuid.UUID // the session that stays; all others end
	Address string    // for the back-off
}

// ChangePassword changes the own password. The current one is proved on the pool and counted like a
// sign-in; the change runs on q.
//
// Errors: INVALID_INPUT at currentPassword or newPassword; RATE_LIMITED; CONFLICT when the password was
// changed at the same time.
func (s *Service) ChangePassword(ctx context.Context, q Querier, in ChangePassword) (err error) {
	defer fault.Wrap(&err, "change password(%s)", in.Account)
	a, err := s.Find(ctx, q, in.Account)
	if err != nil {
		return err
	}
	if err := at("newPassword", checkPassword(in.New, a.Email)); err != nil {
		return err
	}
	proof, err := s.verify(ctx, in.Account, in.Current, in.Address)
	if err != nil {
		return wrongCurrent(err)
	}
	if normalPassword(in.New) == normalPassword(in.Current) {
		return fault.Invalid("newPassword", "新密码不能与当前密码相同。", "The new password is the current one. Choose another.")
	}
	hash, err := s.newHash(ctx, in.New)
	if err != nil {
		return err
	}
	var changed bool
	err = q.QueryRow(ctx, `SELECT identity.password_change($1, $2, $3, $4, $5)`,
		in.Account, proof.hash, hash, null(in.Keep), s.now()).Scan(&changed)
	if err == nil && !changed {
		err = fault.Clash("密码刚刚已被修改,请重新登录。", "The password was changed a moment ago. Sign in again.")
	}
	return err
}

func wrongCurrent(err error) error {
	if fault.Is(err, fault.InvalidInput) {
		return at("currentPassword", err)
	}
	return err
}

// ResetPassword gives an account a random password, which lives for Config.TemporaryLives and has to be
// changed after the first sign-in; all its sessions and tokens end, and the latter are counted. Errors: NOT_FOUND;
// FORBIDDEN for what identity.administers refuses, such as grants outside the viewer's estates, into which the
// password would open the door.
func (s *Service) ResetPassword(ctx context.Context, q Querier, account uuid.UUID) (temporary string, tokens int, err error) {
	defer fault.Wrap(&err, "reset password(%s)", account)
	temporary = randomPassword()
	hash, err := s.newHash(ctx, temporary)
	if err != nil {
		return "", 0, err
	}
	now := s.now()
	var may string
	var ended *int
	err = q.QueryRow(ctx, `SELECT may, tokens FROM identity.password_reset($1, $2, $3, $4, $5)`,
		account, hash, now.Add(s.cfg.TemporaryLives), now, s.Today()).Scan(&may, &ended)
	if err != nil {
		return "", 0, err
	}
	if ended == nil {
		return "", 0, verdict(may)
	}
	return temporary, *ended, nil
}
