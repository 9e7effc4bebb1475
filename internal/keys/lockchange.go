package keys

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
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

// toChange is the obligation that a lock is changed (K3.1).
var toChange = obligation.Declare(obligation.Kind{Name: "keys.lockChange", Clause: "K3.1", TitleZH: "换锁:", TitleEN: "Change the lock: "})

// changing is the leader's approval of a change that somebody else asks for: it retires all keys of a set, those that were
// stolen, too, and clears what made it due for scrapping (K3.1).
var changing = approval.Declare(approval.Kind{
	Name: "keys.lockChange", Clause: "K3.1", Resource: policy.KeyLockChange, Lapses: 30 * 24 * time.Hour, Decided: changeDecided,
})

// changeDecided makes the change due that was approved, and ends the order that was not. What a leader demanded meanwhile
// does not rest on the approval any more.
func changeDecided(tx *act.Tx, a *ent.Approval) error {
	c, err := tx.KeyLockChange.Query().Where(keylockchange.ID(a.SubjectID)).WithSet().ForUpdate().Only(tx)
	if err != nil || c.State != keylockchange.StateOrdered || c.LeaderID != nil {
		return err
	}
	note := a.WithdrawReason
	switch a.State {
	case entapproval.StateGiven:
		return changeDue(tx, c, c.Edges.Set)
	case entapproval.StateDeclined:
		note = a.DecisionNote
	}
	_, err = noChange(tx, c, note)
	return err
}

// OrderLockChangeInput says of which set the lock is changed, and why.
type OrderLockChangeInput struct {
	SetID  uuid.UUID
	Reason string
	LossID *uuid.UUID // nil: no loss asks for it
}

// Check refuses an empty or endless reason.
func (in OrderLockChangeInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// OrderLockChangePayload is the order, which awaits the leader's approval unless a leader gave it.
type OrderLockChangePayload struct{ LockChange *ent.KeyLockChange }

// OrderLockChange orders that a lock is changed, within two working days (K3.1). The order of who leads stands at once; who
// does not asks the leader by it.
//
// Errors: NOT_FOUND; CONFLICT K3.1 if it is ordered already, or the loss is of other keys; RULE K3.1 for a set whose lock was changed three times.
var OrderLockChange = act.Guarded(act.New("keys.orderLockChange", act.Needs(policy.KeyLockChange, policy.Create).SessionOnly(), act.Clauses("K3.1"), orderLockChange), changeOrderGuard)

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

// openLockChange writes the order down. It stands at once if who orders it leads, and else once a leader has approved it.
func openLockChange(tx *act.Tx, set *ent.KeySet, loss *uuid.UUID, reason string) (*ent.KeyLockChange, error) {
	b := tx.KeyLockChange.Create().SetEstateID(set.EstateID).SetSetID(set.ID).SetNillableLossID(loss).SetReason(reason).
		SetOrderedByID(tx.Viewer.Account).SetOrderedByName(tx.Viewer.Name).SetOrderedAt(tx.Now)
	byLeader := leads(tx, set.RowScope())
	if byLeader {
		b.SetLeaderID(tx.Viewer.Account).SetLeaderName(tx.Viewer.Name).SetDemandedAt(tx.Now)
	}
	c, err := b.Save(tx)
	if err != nil {
		return nil, err
	}
	if byLeader {
		return c, changeDue(tx, c, set)
	}
	a, err := changing.Ask(tx, approval.Question{
		Estate: set.EstateID, Subject: c.ID, Reason: reason, TitleZH: "换锁:" + set.Label, TitleEN: "Change the lock: " + set.Label,
		Content: map[string]any{"lockChange": c.ID, "set": set.ID, "label": set.Label, "generation": set.Generation, "lockChanges": set.LockChanges, "reason": reason},
	})
	if err != nil {
		return nil, err
	}
	return c.Update().SetApprovalID(a.ID).Save(tx)
}

// leads tells whether the viewer is a leader where the row is: who may approve a lock change may demand one.
func leads(tx *act.Tx, row access.Row) bool {
	return tx.Viewer.Barred(tx.Viewer.Scope(policy.KeyLockChange, policy.Approve)).Covers(row)
}

// changeDue makes the change due, now that it stands.
func changeDue(tx *act.Tx, c *ent.KeyLockChange, set *ent.KeySet) error {
	today, err := tx.Today(c.EstateID)
	if err != nil {
		return err
	}
	return toChange.Open(tx, obligation.Due{About: set.Label, Estate: c.EstateID, Subject: c.ID, Term: obligation.Term{From: today, Days: changeWithin}})
}

func idOfSet(s *ent.KeySet) uuid.UUID { return s.ID }

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
