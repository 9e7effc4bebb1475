package approval

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// batch is how many approvals one run closes.
const batch = 500

// Expire closes what was not decided, or given and not used, in time, and returns how many. Each is an act of its own, so
// that one that fails does not keep the others; several servers may run it at once.
func Expire(ctx context.Context, rt *act.Runtime) (n int, err error) {
	defer fault.Wrap(&err, "expire approvals")
	ctx = act.With(ctx, rt)
	list, err := rt.DB.Ent.Approval.Query().
		Where(approval.StateIn(approval.StateAsked, approval.StateGiven), approval.ExpiresAtLTE(rt.Clock.Now())).
		Order(approval.ByExpiresAt(), approval.ByID()).Limit(batch).IDs(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, id := range list {
		switch _, err := expire.Do(ctx, expireInput{id}); {
		case err == nil:
			n++
		case !fault.Is(err, fault.Conflict): // else it was closed meanwhile
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}

// expireInput is one approval.
type expireInput struct{ ID uuid.UUID }

// expire is the program's own act, though policy would let managers do it.
var expire = act.New("approval.expire", act.Needs(policy.Approval, policy.Update), nil, expireOne)

func expireOne(tx *act.Tx, in expireInput) (*ent.Approval, error) {
	a, err := tx.Approval.Query().Where(approval.ID(in.ID)).ForUpdate().Only(tx)
	if err != nil {
		return nil, err
	}
	if !open(a) || tx.Now.Before(a.ExpiresAt) {
		return nil, fault.Clash("这项审批已办结或尚未过期。", "This approval is over, or has not expired.")
	}
	if a, err = a.Update().SetState(approval.StateExpired).Save(tx); err != nil {
		return nil, err
	}
	return a, ended(tx, a, "", "")
}
