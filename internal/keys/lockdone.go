package keys

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RecordLockChangeInput says that a lock was changed, how many keys of the old one came back, and with how many the new one came.
type RecordLockChangeInput struct {
	LockChangeID uuid.UUID
	OldCount     int
	Missing      []*MissingOldKeysInput // with whom the others were; none: with the only one who had any
	NewCount     int
	CabinetID    *uuid.UUID // where the new keys are put; nil: the estate's first cabinet
	Note         *string
	EngineerID   uuid.UUID // who changed it
	Signature    *signature.Input
}

// Check refuses impossible counts and endless notes.
func (in RecordLockChangeInput) Check() error {
	if in.OldCount < 0 || in.OldCount > 1000 {
		return fault.Invalid("oldCount", "收回的旧钥匙应在 0 到 1000 把之间。", "Between none and 1000 keys of the old lock came back.").By("K3.1")
	}
	for i, m := range in.Missing {
		if err := checkCount(fmt.Sprintf("missing.%d.count", i), m.Count, "K3.1"); err != nil {
			return err
		}
	}
	if err := checkCount("newCount", in.NewCount, "K3.1"); err != nil {
		return err
	}
	return wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 500) }, "note", in.Note)
}

// Prepare proves the signature of who changed the lock.
func (in RecordLockChangeInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Staff: &in.EngineerID, Field: "engineerID"}, "signature")
}

// lockChanging is how a lock change is signed: by engineering, which did it, and by who records it.
var lockChanging = signature.Declare(signature.Ceremony{
	Kind: "keys.lockChange", Clause: "K3.1", Capacities: []string{"engineering", "recorder"}, Distinct: [][2]string{{"engineering", "recorder"}},
	Of: map[string]department.Kind{"engineering": department.KindEngineering},
})

// RecordLockChangePayload is the lock change, and the set as it stands after.
type RecordLockChangePayload struct {
	LockChange *ent.KeyLockChange
	Set        *ent.KeySet
}

// RecordLockChange counts the keys of the old lock and retires them wherever they are, and opens the set's next generation
// with the keys of the new one (K3.1). Old keys that did not come back are lost first, and the leader is told (K2.3). At the
// third change the set is due for scrapping.
//
// Errors: NOT_FOUND; INVALID_INPUT for a signature that is none, at oldCount for more keys than there were, at missing if it
// does not say with whom the others were; RULE K3.1 if engineering and the recorder are one person, if no leader demands or
// approved it, or if it was done; CONFLICT K3.1 while keys of the set are lent, or if the order was cancelled.
var RecordLockChange = act.Guarded(act.New("keys.recordLockChange", act.Needs(policy.KeyLockChange, policy.Update), act.Clauses("K3.1", "K2.3", "K1.3"), recordLockChange), changedGuard)

func recordLockChange(tx *act.Tx, in RecordLockChangeInput) (*RecordLockChangePayload, error) {
	c, err := lockChange(tx, in.LockChangeID)
	if err != nil {
		return nil, err
	}
	set, err := lockSet(tx, c.SetID, "lockChangeID")
	if err != nil {
		return nil, err
	}
	cabinet, err := cabinetOf(tx, c.EstateID, in.CabinetID, "cabinetID", "K1.2")
	if err != nil {
		return nil, err
	}
	if err := knowHolders(tx, c.EstateID, in.Missing); err != nil {
		return nil, err
	}
	if err := canRecordChange(tx, c); err != nil {
		return nil, err
	}
	if c.LeaderID == nil {
		if _, err := changing.Use(tx, *c.ApprovalID, "lockChangeID"); err != nil {
			return nil, err
		}
	}
	if err := loseMissing(tx, c, set, in); err != nil {
		return nil, err
	}
	if err := gather(tx, set, entry{reason: keymovement.ReasonRetired, order: orders{lockChange: &c.ID}, note: c.Reason}, notLent); err != nil {
		return nil, err
	}
	if c, err = renew(tx, c, set, in, cabinet); err != nil {
		return nil, err
	}
	if set, err = tx.KeySet.Get(tx, set.ID); err != nil {
		return nil, err
	}
	if err := endOrders(tx, set, c.Reason); err != nil {
		return nil, err
	}
	return &RecordLockChangePayload{c, set}, toChange.Meet(tx, c.ID)
}

// renew ends the order, by which the database opens the next generation and judges the set, puts the new keys into the
// cabinet, and has it signed.
func renew(tx *act.Tx, c *ent.KeyLockChange, set *ent.KeySet, in RecordLockChangeInput, cabinet *ent.KeyHolder) (*ent.KeyLockChange, error) {
	u := c.Update().SetState(keylockchange.StateDone).SetOldCount(in.OldCount).SetNewCount(in.NewCount).
		SetDoneByID(tx.Viewer.Account).SetDoneByName(tx.Viewer.Name).SetDoneAt(tx.Now)
	if in.Note != nil {
		u.SetNote(wording.Tidy(*in.Note))
	}
	c, err := u.Save(tx)
	if err != nil {
		return nil, err
	}
	source, err := office(tx, c.EstateID, keyholder.KindSource)
	if err != nil {
		return nil, err
	}
	if _, err := post(tx, entry{set: set, from: source, to: cabinet, count: in.NewCount, reason: keymovement.ReasonReplaced, order: orders{lockChange: &c.ID}}); err != nil {
		return nil, err
	}
	return c, lockChanging.SignBoth(tx, signature.Signing{
		Estate: c.EstateID, Subject: c.ID, By: in.Signature, Field: "signature",
		Content: map[string]any{"set": set.ID, "label": set.Label, "generation": c.Generation, "newCount": c.NewCount, "oldCount": c.OldCount, "retiredCount": c.RetiredCount, "doneAt": c.DoneAt},
	})
}

// notLent refuses a borrower's keys.
func notLent(h *ent.KeyHolder) error {
	if borrowed(h) {
		return stillLent().At("lockChangeID")
	}
	return nil
}

var changedGuard = act.Guard[*ent.KeyLockChange]{
	Entity: ent.TypeKeyLockChange,
	ID:     func(c *ent.KeyLockChange) uuid.UUID { return c.ID },
	Load:   lockChanges,
	Check:  canRecordChange,
}

// recordedByAnother refuses whoever demanded a change to record it, and is what the database says.
var recordedByAnother = fault.Rule("K3.1", "要求换锁的人不能自己登记换锁结果,请由钥匙管理员登记。",
	"Who demanded that the lock is changed does not record that it was; the custodian does.").At("lockChangeID")

func init() { act.Explain("key_lock_changes_by_another", recordedByAnother) }

// canRecordChange refuses an order that has ended, and one that neither a leader demands nor has approved.
func canRecordChange(tx *act.Tx, c *ent.KeyLockChange) error {
	if err := isOrdered(tx, c); err != nil {
		return err
	}
	if c.LeaderID != nil {
		if *c.LeaderID == tx.Viewer.Account {
			return recordedByAnother
		}
		return nil
	}
	if a := c.Edges.Approval; a == nil || a.State != approval.StateGiven {
		return restsOnNobody().At("lockChangeID")
	}
	return nil
}
