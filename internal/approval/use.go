package approval

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// Use takes a given approval for what it was given for, once. The chapter compares its subject and content with what it is
// about to do. field is where the input names the approval.
//
// Errors: NOT_FOUND; RULE by the kind's clause for one that is not given, is used, has expired, or is of another kind.
func (k *Kind) Use(tx *act.Tx, id uuid.UUID, field string) (*ent.Approval, error) {
	a, err := tx.Approval.Query().Where(approval.ID(id)).ForUpdate().Only(tx)
	if a, err = act.Find(a, err, field); err != nil {
		return nil, err
	}
	if refusal := k.usable(tx, a); refusal != nil {
		return nil, refusal.At(field)
	}
	return a.Update().SetState(approval.StateUsed).SetUsedAt(tx.Now).Save(tx)
}

// CanUse refuses what Use would, for a guard that has read the approval.
func (k *Kind) CanUse(tx *act.Tx, a *ent.Approval, field string) error {
	if refusal := k.usable(tx, a); refusal != nil {
		return refusal.At(field)
	}
	return nil
}

// usable says why the approval cannot be used, or nil.
func (k *Kind) usable(tx *act.Tx, a *ent.Approval) *fault.Error {
	switch {
	case a.Kind != k.Name:
		return fault.Rule(k.Clause, "这项审批批准的是另一件事,请就此事申请。", "This approval is for something else; ask for this.")
	case a.State == approval.StateExpired || open(a) && !tx.Now.Before(a.ExpiresAt):
		return lapsed(k.Clause)
	case a.State == approval.StateAsked:
		return fault.Rule(k.Clause, "尚未批准,请等候审批。", "It is not decided yet; wait for the decision.")
	case a.State == approval.StateUsed:
		return fault.Rule(k.Clause, "这项审批已使用过,请重新申请。", "This approval was used before; ask for another.")
	case a.State != approval.StateGiven:
		return fault.Rule(k.Clause, "没有获得批准,请重新申请。", "It was not given; ask again.")
	}
	return nil
}
