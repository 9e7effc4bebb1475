package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CancelLockChangeInput says which order is cancelled, and why.
type CancelLockChangeInput struct {
	LockChangeID uuid.UUID
	Reason       string
}

// Check refuses an empty or endless reason.
func (in CancelLockChangeInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// CancelLockChangePayload is the order as it stands after.
type CancelLockChangePayload struct{ LockChange *ent.KeyLockChange }

// CancelLockChange withdraws an order that was not carried out; one that a leader demands, only a leader (K3.1). A lock
// that was changed stays changed: another change is ordered.
//
// Errors: NOT_FOUND; FORBIDDEN K3.1 for whom does not lead; CONFLICT K3.1 if it was cancelled; RULE K3.1 if it was done.
var CancelLockChange = act.Guarded(act.New("keys.cancelLockChange", act.Needs(policy.KeyLockChange, policy.Create).SessionOnly(), act.Clauses("K3.1"), cancelLockChange), cancelGuard)

func cancelLockChange(tx *act.Tx, in CancelLockChangeInput) (*CancelLockChangePayload, error) {
	c, err := lockChange(tx, in.LockChangeID)
	if err != nil {
		return nil, err
	}
	if err := canCancel(tx, c); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	c, err = cancelChange(tx, c, reason)
	return &CancelLockChangePayload{c}, err
}

// cancelChange cancels an order, and what is asked about it.
func cancelChange(tx *act.Tx, c *ent.KeyLockChange, reason string) (*ent.KeyLockChange, error) {
	c, err := noChange(tx, c, reason)
	if err != nil || c.ApprovalID == nil {
		return c, err
	}
	return c, changing.Retract(tx, *c.ApprovalID, reason)
}

// noChange ends an order without a change: nothing is due any more.
func noChange(tx *act.Tx, c *ent.KeyLockChange, reason string) (*ent.KeyLockChange, error) {
	c, err := c.Update().SetState(keylockchange.StateCancelled).SetNote(reason).Save(tx)
	if err != nil {
		return nil, err
	}
	return c, toChange.Cancel(tx, c.ID)
}

// lockChange finds an order, with its approval, and locks it.
func lockChange(tx *act.Tx, id uuid.UUID) (*ent.KeyLockChange, error) {
	c, err := tx.KeyLockChange.Query().Where(keylockchange.ID(id)).WithApproval().ForUpdate().Only(tx)
	return act.Find(c, err, "lockChangeID")
}

var cancelGuard = act.Guard[*ent.KeyLockChange]{
	Entity: ent.TypeKeyLockChange,
	ID:     func(c *ent.KeyLockChange) uuid.UUID { return c.ID },
	Load:   lockChanges,
	Check:  canCancel,
}

func lockChanges(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyLockChange, error) {
	return tx.KeyLockChange.Query().Where(keylockchange.IDIn(list...)).WithApproval().All(tx)
}

// canCancel refuses what has ended, and what a leader demands to others.
func canCancel(tx *act.Tx, c *ent.KeyLockChange) error {
	if err := isOrdered(tx, c); err != nil {
		return err
	}
	if c.LeaderID != nil && !leads(tx, c.RowScope()) {
		return fault.Denied("这次换锁是 %[1]s 要求的,请由主管或经理取消。",
			"%[1]s demands this change; a supervisor or a manager cancels it.", c.LeaderName).By("K3.1").At("lockChangeID")
	}
	return nil
}

// isOrdered refuses an order that has ended. What was done with a lock is not undone by a record.
func isOrdered(_ *act.Tx, c *ent.KeyLockChange) error {
	switch c.State {
	case keylockchange.StateDone:
		return fault.Rule("K3.1", "锁已换好,不能取消或重复登记;如有差错,请另行申请换锁。",
			"The lock was changed; that is neither cancelled nor recorded again. If it went wrong, order another change.").At("lockChangeID")
	case keylockchange.StateCancelled:
		return fault.Clash("这次换锁已取消,请重新申请。", "This change was cancelled; order another.").By("K3.1").At("lockChangeID")
	}
	return nil
}
