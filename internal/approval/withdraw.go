package approval

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// WithdrawApprovalInput takes a question back, and says why.
type WithdrawApprovalInput struct {
	ApprovalID uuid.UUID
	Reason     string
}

// Check refuses an empty or endless reason.
func (in WithdrawApprovalInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 2000) }

// WithdrawApprovalPayload is the approval, withdrawn.
type WithdrawApprovalPayload struct{ Approval *ent.Approval }

// Withdraw takes back what waits, or what was given and is not used: by who asked, or a manager.
//
// Errors: NOT_FOUND; FORBIDDEN for others; RULE once it has expired; CONFLICT if it was declined, withdrawn or used.
var Withdraw = act.Guarded(act.New("approval.withdraw", act.Needs(policy.Approval, policy.Update), nil, withdraw),
	act.Guard[*ent.Approval]{Entity: ent.TypeApproval, ID: idOf, Load: load, Check: canWithdraw})

func withdraw(tx *act.Tx, in WithdrawApprovalInput) (*WithdrawApprovalPayload, error) {
	a, err := lock(tx, in.ApprovalID, canWithdraw)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	if k := kinds[a.Kind]; k == nil || !k.Kept {
		tx.Because(reason)
	}
	a, err = withdrawn(tx, a, reason)
	return &WithdrawApprovalPayload{a}, err
}

// Retract takes back, in the act of a chapter, what that act makes pointless; what is over stays as it is.
func (k *Kind) Retract(tx *act.Tx, id uuid.UUID, reason string) error {
	a, err := tx.Approval.Query().Where(approval.ID(id), approval.Kind(k.Name)).ForUpdate().Only(tx)
	if err != nil || !open(a) {
		return err
	}
	_, err = withdrawn(tx, a, reason)
	return err
}

// withdrawn records that it was taken back, by the viewer.
func withdrawn(tx *act.Tx, a *ent.Approval, reason string) (*ent.Approval, error) {
	a, err := a.Update().SetState(approval.StateWithdrawn).SetWithdrawnByID(tx.Viewer.Account).SetWithdrawnByName(tx.Viewer.Name).
		SetWithdrawnAt(tx.Now).SetWithdrawReason(reason).Save(tx)
	if err != nil {
		return nil, err
	}
	return a, ended(tx, a, a.WithdrawnByName, reason)
}

// ended closes what was neither declined nor used: nothing is due any more, and who asked and the chapter are told.
func ended(tx *act.Tx, a *ent.Approval, by, note string) error {
	if err := toDecide.Cancel(tx, a.ID); err != nil {
		return err
	}
	if err := tellAsker(tx, a, by, note); err != nil {
		return err
	}
	if k := kinds[a.Kind]; k != nil {
		return k.told(tx, a)
	}
	return nil
}

// canWithdraw refuses others than who asked and managers, and what is over.
func canWithdraw(tx *act.Tx, a *ent.Approval) error {
	switch {
	case !tx.Viewer.Scope(policy.Approval, policy.Update).Covers(a.RowScope()):
		return fault.Denied("只有申请人或经理可以撤回。", "Who asked, or a manager, withdraws this.").By(a.Clause)
	case a.State == approval.StateExpired || open(a) && !tx.Now.Before(a.ExpiresAt):
		return lapsed(a.Clause)
	case !open(a):
		return fault.Clash("这项审批已办结,不能撤回。", "This is over, and cannot be withdrawn.").By(a.Clause)
	}
	return nil
}

// open tells whether anything may still become of it.
func open(a *ent.Approval) bool {
	return a.State == approval.StateAsked || a.State == approval.StateGiven
}
