package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AskKeyLoanExtensionInput says which loan is to last until when, and why.
type AskKeyLoanExtensionInput struct {
	LoanID uuid.UUID
	Until  calendar.Day // the last day
	Reason string
}

// Check refuses an empty or endless reason.
func (in AskKeyLoanExtensionInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// AskKeyLoanExtensionPayload is the request, with its approval.
type AskKeyLoanExtensionPayload struct{ Request *ent.KeyLoanRequest }

// AskExtension asks the general manager that a loan may last longer: for what is still out of it (K2.2).
//
// Errors: NOT_FOUND; CONFLICT if nothing of the loan is out; INVALID_INPUT for a day on which it is due anyway, or more than a
// year away.
var AskExtension = act.Guarded(act.New("keys.askExtension", act.Needs(policy.KeyLoanRequest, policy.Create), act.Clauses("K2.2"), askExtension), extensionGuard)

func askExtension(tx *act.Tx, in AskKeyLoanExtensionInput) (*AskKeyLoanExtensionPayload, error) {
	loan, err := openLoan(tx, in.LoanID, "loanID", canExtend)
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(loan.EstateID)
	if err != nil {
		return nil, err
	}
	until, err := lastDay(cal, tx.Now, loan.DueAt, in.Until)
	if err != nil {
		return nil, err
	}
	lines, err := loan.QueryLines().Order(ent.Asc("set_id")).All(tx)
	if err != nil {
		return nil, err
	}
	var still []signedLine
	for _, l := range lines {
		if n := Outstanding(l); n > 0 {
			still = append(still, signedLine{l.SetID, l.Label, n})
		}
	}
	r, err := ask(tx, extension, tx.KeyLoanRequest.Create().SetEstateID(loan.EstateID).SetLoanID(loan.ID).SetBorrowerID(loan.BorrowerID).
		SetBorrowerName(loan.BorrowerName).SetNillableHouseholdID(loan.HouseholdID).SetPurpose(loan.Purpose).SetUntil(until), still, in.Reason)
	return &AskKeyLoanExtensionPayload{r}, err
}

// ExtendKeyLoanInput names the loan, and the approval.
type ExtendKeyLoanInput struct {
	LoanID     uuid.UUID
	ApprovalID uuid.UUID
}

// ExtendKeyLoanPayload is the loan with its new time.
type ExtendKeyLoanPayload struct{ Loan *ent.KeyLoan }

// Extend lets a loan last as long as the general manager approved; what is due moves with it (K2.2).
//
// Errors: NOT_FOUND; CONFLICT if nothing of the loan is out; RULE K2.2 if the approval is not given, not this loan's, used,
// withdrawn or expired.
var Extend = act.Guarded(act.New("keys.extendLoan", act.Needs(policy.KeyLoan, policy.Update), act.Clauses("K2.2"), extend), extensionGuard)

func extend(tx *act.Tx, in ExtendKeyLoanInput) (*ExtendKeyLoanPayload, error) {
	loan, err := openLoan(tx, in.LoanID, "loanID", canExtend)
	if err != nil {
		return nil, err
	}
	r, err := use(tx, extension, in.ApprovalID, loan.EstateID)
	if err != nil {
		return nil, err
	}
	switch {
	case *r.LoanID != loan.ID:
		return nil, notApproved("总经理批准延长的是另一笔借用。", "The general manager approved it for another loan.").At("approvalID")
	case !r.Until.After(loan.DueAt):
		return nil, fault.Rule("K2.2", "这笔借用的归还时间已不早于所批准的时间,无需再延长。", "The loan lasts as long already; nothing is to be extended.").At("approvalID")
	}
	if loan, err = loan.Update().SetDueAt(r.Until).SetApprovalID(in.ApprovalID).Save(tx); err != nil {
		return nil, err
	}
	return &ExtendKeyLoanPayload{loan}, dueBack.Move(tx, loan.ID, loan.DueAt)
}

var extensionGuard = act.Guard[*ent.KeyLoan]{
	Entity: ent.TypeKeyLoan,
	ID:     func(l *ent.KeyLoan) uuid.UUID { return l.ID },
	Load:   loans,
	Check:  canExtend,
}

// canExtend refuses a loan of which nothing is out.
func canExtend(_ *act.Tx, l *ent.KeyLoan) error {
	if l.State == keyloan.StateOpen {
		return nil
	}
	return fault.Clash("这笔借用已结束,不能延长。", "This loan has ended and is not extended.").By("K2.2")
}
