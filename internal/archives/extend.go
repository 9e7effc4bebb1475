package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// ExtendArchiveLoanInput says which loan lasts until when, and by which request that was given.
type ExtendArchiveLoanInput struct {
	LoanID    uuid.UUID
	RequestID uuid.UUID     // the borrower's new one for what is out, or the loan's own while it lasts
	Until     *calendar.Day // the last day; nil: as long as it was approved
}

// ExtendArchiveLoanPayload is the loan with its new time.
type ExtendArchiveLoanPayload struct{ Loan *ent.ArchiveLoan }

// Extend lets a loan last as long as was approved anew, by another request to borrow of the same borrower for all that is out; what is
// due moves with it (A5).
//
// Errors: NOT_FOUND; CONFLICT if nothing of the loan is out; INVALID_INPUT for a day on which it is due anyway; RULE A5 for a request that was not
// given, is another's, or does not name all that is out.
var Extend = act.Guarded(act.New("archives.extendLoan", act.Needs(policy.ArchiveLoan, policy.Update), act.Clauses("A5"), extend), loanGuard(isOut))

func extend(tx *act.Tx, in ExtendArchiveLoanInput) (*ExtendArchiveLoanPayload, error) {
	r, err := requested(tx, in.RequestID, "requestID") // before the loan, as by who withdraws it
	if err != nil {
		return nil, err
	}
	l, err := lockLoan(tx, in.LoanID, "loanID", isOut)
	if err != nil {
		return nil, err
	}
	if r.EstateID != l.EstateID {
		return nil, fault.Missing().At("requestID")
	}
	if err := canLend(tx, r); err != nil {
		return nil, err
	}
	due, err := dueOf(tx, r, in.Until, tx.Now)
	if err != nil {
		return nil, err
	}
	if !due.After(l.DueAt) {
		return nil, fault.Invalid("until", "归还日期应晚于现应归还日。", "Give a day after the one that it is due on.").By("A5")
	}
	if l, err = l.Update().SetRequestID(r.ID).SetDueAt(due).Save(tx); err != nil {
		return nil, err
	}
	return &ExtendArchiveLoanPayload{l}, dueBack.Move(tx, l.ID, due)
}
