package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	changeWithin = 2 // working days until an ordered lock change is done
	mostChanges  = 3 // at the third the set is due for scrapping (K3.1)
)

// OrderLockChangeInput says of which set the lock is changed, and why.
type OrderLockChangeInput struct {
	SetID  uuid.UUID
	Reason string
	LossID *uuid.UUID // nil: no loss asks for it
}

// Check refuses an empty or endless reason.
func (in OrderLockChangeInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// OrderLockChangePayload is the order.
type OrderLockChangePayload struct{ LockChange *ent.KeyLockChange }

// OrderLockChange orders that a lock is changed, within two working days (K3.1).
//
// Errors: NOT_FOUND; CONFLICT K3.1 if it is ordered already, or the loss is of other keys; RULE K3.1 for a set whose lock was changed three times.
var OrderLockChange = act.Guarded(act.New("keys.orderLockChange", act.Needs(policy.KeyLockChange, policy.Create), act.Clauses("K3.1"), orderLockChange), changeGuard)

func orderLockChange(tx *act.Tx, in OrderLockChangeInput) (*OrderLockChangePayload, error) {
	set, err := lockSet(tx, in.SetID, "setID")
	if err != nil {
		return nil, err
	}
	if err := canChange(tx, set); err != nil {
		return nil, err
	}
	if in.LossID != nil {
		if err := asksFor(tx, set, *in.LossID); err != nil {
			return nil, err
		}
	}
	c, err := openLockChange(tx, set, in.LossID, wording.Tidy(in.Reason))
	return &OrderLockChangePayload{c}, err
}

// asksFor refuses a loss that was none, or of other keys. Errors: NOT_FOUND.
func asksFor(tx *act.Tx, set *ent.KeySet, id uuid.UUID) error {
	loss, err := tx.KeyLoss.Get(tx, id)
	if loss, err = act.Find(loss, err, "lossID"); err != nil {
		return err
	}
	if err := void.Refuse(loss.VoidedAt); err != nil {
		return err
	}
	if loss.SetID != set.ID {
		return fault.Clash("这次遗失的是另一套钥匙。", "Keys of another set were lost then.").By("K3.1").At("lossID")
	}
	return nil
}

// lockSet finds a key set and locks it: what is ordered for it follows one another, and its movements.
func lockSet(tx *act.Tx, id uuid.UUID, field string) (*ent.KeySet, error) {
	s, err := tx.KeySet.Query().Where(keyset.ID(id)).ForUpdate().Only(tx)
	return act.Find(s, err, field)
}

// openLockChange writes the order down, and makes it due.
func openLockChange(tx *act.Tx, set *ent.KeySet, loss *uuid.UUID, reason string) (*ent.KeyLockChange, error) {
	c, err := tx.KeyLockChange.Create().SetEstateID(set.EstateID).SetSetID(set.ID).SetNillableLossID(loss).SetReason(reason).
		SetOrderedByID(tx.Viewer.Account).SetOrderedByName(tx.Viewer.Name).SetOrderedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(set.EstateID)
	if err != nil {
		return nil, err
	}
	return c, obligation.Open(tx, obligation.Due{
		Kind: "keys.lockChange", Clause: "K3.1", TitleZH: "换锁:" + set.Label, TitleEN: "Change the lock: " + set.Label,
		Estate: set.EstateID, Subject: c.ID, At: cal.EndOfDay(cal.AddWorkingDays(cal.Today(tx.Now), changeWithin)),
	})
}

// changeLockFor orders the lock change that the answer to a loss asks for (K2.3), unless it is ordered already, or the
// set is scrapped instead.
func changeLockFor(tx *act.Tx, loss *ent.KeyLoss) error {
	set, err := lockSet(tx, loss.SetID, "lossID")
	if err != nil || canChange(tx, set) != nil {
		return err
	}
	ordered, err := tx.KeyLockChange.Query().Where(keylockchange.SetID(set.ID), keylockchange.StateEQ(keylockchange.StateOrdered)).Exist(tx)
	if err != nil || ordered {
		return err
	}
	_, err = openLockChange(tx, set, &loss.ID, loss.Finding)
	return err
}

var changeGuard = act.Guard[*ent.KeySet]{
	Entity: ent.TypeKeySet,
	ID:     func(s *ent.KeySet) uuid.UUID { return s.ID },
	Load:   sets,
	Check:  canChange,
}

func sets(tx *act.Tx, list []uuid.UUID) ([]*ent.KeySet, error) {
	return tx.KeySet.Query().Where(keyset.IDIn(list...)).All(tx)
}

// canChange refuses a set that is at its end: it is scrapped, and its successor's keys are accepted (K3.1).
func canChange(_ *act.Tx, s *ent.KeySet) error {
	if s.Condition == keyset.ConditionScrapped || s.LockChanges >= mostChanges {
		return atItsEnd().At("setID")
	}
	return nil
}

// CancelLockChangeInput says which order is cancelled, and why.
type CancelLockChangeInput struct {
	LockChangeID uuid.UUID
	Reason       string
}

// Check refuses an empty or endless reason.
func (in CancelLockChangeInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// CancelLockChangePayload is the order as it stands after.
type CancelLockChangePayload struct{ LockChange *ent.KeyLockChange }

// CancelLockChange withdraws an order that was not carried out; one that a loss asked for, only a leader (K3.1). A lock
// that was changed stays changed: another change is ordered.
//
// Errors: NOT_FOUND; FORBIDDEN K2.3 for whom does not lead; CONFLICT K3.1 if it was cancelled; RULE K3.1 if it was done.
var CancelLockChange = act.Guarded(act.New("keys.cancelLockChange", act.Needs(policy.KeyLockChange, policy.Create), act.Clauses("K3.1"), cancelLockChange), cancelGuard)

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
	c, err = c.Update().SetState(keylockchange.StateCancelled).SetNote(reason).Save(tx)
	if err != nil {
		return nil, err
	}
	return &CancelLockChangePayload{c}, obligation.Cancel(tx, "keys.lockChange", c.ID)
}

// lockChange finds an order and locks it.
func lockChange(tx *act.Tx, id uuid.UUID) (*ent.KeyLockChange, error) {
	c, err := tx.KeyLockChange.Query().Where(keylockchange.ID(id)).ForUpdate().Only(tx)
	return act.Find(c, err, "lockChangeID")
}

var cancelGuard = act.Guard[*ent.KeyLockChange]{
	Entity: ent.TypeKeyLockChange,
	ID:     func(c *ent.KeyLockChange) uuid.UUID { return c.ID },
	Load:   lockChanges,
	Check:  canCancel,
}

func lockChanges(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyLockChange, error) {
	return tx.KeyLockChange.Query().Where(keylockchange.IDIn(list...)).All(tx)
}

// canCancel refuses what has ended, and the order of a leader to others.
func canCancel(tx *act.Tx, c *ent.KeyLockChange) error {
	if err := isOrdered(tx, c); err != nil {
		return err
	}
	if c.LossID != nil && !tx.Viewer.Scope(policy.KeyLockChange, policy.Approve).Covers(c.RowScope()) {
		return fault.Denied("这次换锁是主管答复遗失时要求的,请由主管或经理取消。",
			"The leader asked for this change when a loss was answered; a supervisor or a manager cancels it.").By("K2.3").At("lockChangeID")
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
