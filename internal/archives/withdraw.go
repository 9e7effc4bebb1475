package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/archiveloan"
	"github.com/steward-pm/steward/ent/archivepermit"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// WithdrawArchiveRequestInput takes a request back, and says why.
type WithdrawArchiveRequestInput struct {
	RequestID uuid.UUID
	Reason    string
}

// Check refuses an empty or endless reason.
func (in WithdrawArchiveRequestInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// WithdrawArchiveRequestPayload is the request, withdrawn.
type WithdrawArchiveRequestPayload struct{ Request *ent.ArchiveRequest }

// WithdrawRequest takes a request back, by who asked or a manager; what was given who gave it withdraws, too: all its permits end at once,
// and paper that is lent by it is due now (A5).
//
// Errors: NOT_FOUND; FORBIDDEN A5 for others who may read it; RULE A5 if it was declined or withdrawn, or its time is over.
var WithdrawRequest = act.Guarded(act.New("archives.withdrawRequest", act.Needs(policy.ArchiveRequest, policy.Update), act.Clauses("A5"), withdrawRequest),
	requestGuard(canTakeBack))

func withdrawRequest(tx *act.Tx, in WithdrawArchiveRequestInput) (*WithdrawArchiveRequestPayload, error) {
	reason := wording.Tidy(in.Reason) // on the request alone, with which it goes
	// The approval is locked before the request, as by who decides: of a withdrawal and a decision at once, one is done.
	a, err := tx.Approval.Query().Where(entapproval.SubjectID(in.RequestID), entapproval.Kind(showing.Name)).ForUpdate().Only(tx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, err
	}
	r, err := requested(tx, in.RequestID, "requestID")
	if err != nil {
		return nil, err
	}
	if err := canTakeBack(tx, r); fault.Is(err, fault.NotFound) {
		return nil, fault.Missing().At("requestID")
	} else if err != nil {
		return nil, err
	}
	switch {
	case r.State == archiverequest.StateGiven:
		err = endGiven(tx, r, reason)
	case a != nil:
		err = showing.Retract(tx, a.ID, reason)
	case len(r.Edges.Named) > 0:
		err = fault.Clash("申请的状态已变,请重新提交。", "The request is no longer as it was; do it again.").By("A5") // it was named meanwhile
	default:
		err = answer(tx, r, archiverequest.StateWithdrawn, "", reason, uuid.Nil)
	}
	if err != nil {
		return nil, err
	}
	r, err = tx.ArchiveRequest.Get(tx, r.ID)
	return &WithdrawArchiveRequestPayload{r}, err
}

// canTakeBack refuses others than who asked, who gave it and managers, and what is over.
func canTakeBack(tx *act.Tx, r *ent.ArchiveRequest) error {
	given := r.State == archiverequest.StateGiven
	if !tx.Viewer.Scope(policy.ArchiveRequest, policy.Update).Covers(r.RowScope()) {
		gave, err := gaveIt(tx, &r.ID)
		if err != nil {
			return err
		}
		switch {
		case given && gave:
		case !tx.Viewer.Scope(policy.ArchiveRequest, policy.Read).Covers(r.RowScope()):
			return fault.Missing() // as if it were not there
		default:
			return fault.Denied("只有申请人、批准人或经理可以撤回。", "Who asked, who gave it, or a manager, withdraws this.").By("A5")
		}
	}
	if r.State == archiverequest.StateWaiting || given && tx.Now.Before(r.ValidUntil) {
		return nil
	}
	return waits(tx, r)
}

// endGiven ends what came of a request that was given.
func endGiven(tx *act.Tx, r *ent.ArchiveRequest, reason string) error {
	permits, err := tx.ArchivePermit.Query().Where(archivepermit.RequestID(r.ID), archivepermit.EndedAtIsNil()).Order(ent.Asc(archivepermit.FieldID)).ForUpdate().All(tx)
	if err != nil {
		return err
	}
	for _, p := range permits {
		if err := p.Update().SetEndedAt(tx.Now).SetEndReason(reason).Exec(tx); err != nil {
			return err
		}
	}
	loans, err := tx.ArchiveLoan.Query().Where(archiveloan.RequestID(r.ID), archiveloan.StateEQ(archiveloan.StateOpen), archiveloan.DueAtGT(tx.Now)).ForUpdate().All(tx)
	if err != nil {
		return err
	}
	for _, l := range loans {
		if err := l.Update().SetDueAt(tx.Now).Exec(tx); err != nil {
			return err
		}
		if err := dueBack.Move(tx, l.ID, tx.Now); err != nil {
			return err
		}
	}
	return answer(tx, r, archiverequest.StateWithdrawn, r.AnsweredByName, reason, uuid.Nil)
}
