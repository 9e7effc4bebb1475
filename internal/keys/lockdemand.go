package keys

import (
	"slices"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
)

// changeLockFor has the lock changed that the leader's answer to a loss demands (K2.3): by a new order, or by the one that
// stands. A set at its end is scrapped instead; and a lock that was changed since the loss opens to none of the lost keys.
func changeLockFor(tx *act.Tx, loss *ent.KeyLoss) error {
	set, err := lockSet(tx, loss.SetID, "lossID")
	if err != nil || canChange(tx, set) != nil {
		return err
	}
	lost, err := loss.QueryMovements().Where(keymovement.ReasonEQ(keymovement.ReasonLost)).All(tx)
	if err != nil || ofOldLock(lost, set) {
		return err
	}
	c, err := tx.KeyLockChange.Query().Where(keylockchange.SetID(set.ID), keylockchange.StateEQ(keylockchange.StateOrdered)).WithApproval().ForUpdate().Only(tx)
	switch {
	case ent.IsNotFound(err):
		_, err = openLockChange(tx, set, &loss.ID, loss.Finding)
		return err
	case err != nil:
		return err
	}
	return demand(tx, c, set, loss)
}

// ofOldLock tells whether keys moved whose lock was changed since.
func ofOldLock(moved []*ent.KeyMovement, set *ent.KeySet) bool {
	return slices.ContainsFunc(moved, func(m *ent.KeyMovement) bool { return m.Generation < set.Generation })
}

// demand has an order that stands, or waits to be approved, rest on the viewer, who leads, and the loss: only a leader
// cancels it then (K2.3). What it rests on already stays.
func demand(tx *act.Tx, c *ent.KeyLockChange, set *ent.KeySet, loss *ent.KeyLoss) error {
	u := c.Update()
	if c.LossID == nil {
		u.SetLossID(loss.ID)
	}
	if c.LeaderID == nil {
		u.SetLeaderID(tx.Viewer.Account).SetLeaderName(tx.Viewer.Name).SetDemandedAt(tx.Now)
	}
	if err := u.Exec(tx); err != nil {
		return err
	}
	a := c.Edges.Approval
	if c.LeaderID != nil || a == nil {
		return nil
	}
	if err := changing.Retract(tx, a.ID, loss.Finding); err != nil || a.State != approval.StateAsked {
		return err
	}
	return changeDue(tx, c, set)
}
