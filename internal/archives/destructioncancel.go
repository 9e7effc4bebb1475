package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CancelArchiveDestructionInput says which order is not carried out, and why.
type CancelArchiveDestructionInput struct {
	DestructionID uuid.UUID
	Reason        string
}

// Check refuses an empty or endless reason.
func (in CancelArchiveDestructionInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// CancelArchiveDestructionPayload is the order, cancelled.
type CancelArchiveDestructionPayload struct{ Destruction *ent.ArchiveDestruction }

// CancelDestruction cancels an order before it is carried out; its documents stay, and may be proposed again (A7).
//
// Errors: NOT_FOUND; RULE A7 or CONFLICT if it is over.
var CancelDestruction = act.Guarded(act.New("archives.cancelDestruction", act.Needs(policy.ArchiveDestruction, policy.Void), act.Clauses("A7"), cancelDestruction),
	destructionGuard(isRunning))

func cancelDestruction(tx *act.Tx, in CancelArchiveDestructionInput) (*CancelArchiveDestructionPayload, error) {
	d, err := lockDestruction(tx, in.DestructionID, isRunning)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	d, err = d.Update().SetState(archivedestruction.StateCancelled).SetCancelledByID(tx.Viewer.Account).SetCancelledByName(tx.Viewer.Name).
		SetCancelledAt(tx.Now).SetCancelReason(reason).Save(tx)
	if err != nil {
		return nil, err
	}
	return &CancelArchiveDestructionPayload{d}, destructionConsent.Retract(tx, *d.ApprovalID, reason)
}
