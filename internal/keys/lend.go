package keys

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// LendKeysInput says who borrows what, what for, and until when.
type LendKeysInput struct {
	late.Given
	Borrower   BorrowerInput
	Purpose    string
	Lines      []LendLineInput
	FromID     *uuid.UUID       // nil: the front desk
	Until      *calendar.Day    // the last day; nil: today, or as approved
	ApprovalID *uuid.UUID       // the general manager's, for more than today
	Signature  *signature.Input // the borrower's
}

// Check refuses what cannot be lent whatever the ledger says.
func (in LendKeysInput) Check() error {
	if err := checkLoan(in.Purpose, in.Lines); err != nil {
		return err
	}
	return in.Given.Check()
}

// Prepare proves the borrower's signature.
func (in LendKeysInput) Prepare(ctx context.Context) error {
	who, err := in.Borrower.who(ctx)
	if err != nil {
		return err
	}
	return in.Signature.Prove(ctx, who, "signature")
}

// LendKeysPayload is the loan.
type LendKeysPayload struct{ Loan *ent.KeyLoan }

// Lend hands keys to a borrower until the end of the estate's day, or as long as the general manager approved; the
// borrower signs, and who lends as the handler (K2.1, K2.2).
//
// Errors: NOT_FOUND for a set, borrower, holder or approval that is not there; INVALID_INPUT for a wrong password;
// FORBIDDEN K1.2 from a cabinet for whom may not issue from it; RULE K2.1 if the borrower is the handler, K2.2 if it is
// for longer than approved, K3.1 for a set that is not in use; CONFLICT if fewer keys are left than asked for.
var Lend = act.Guarded(act.New("keys.lend", act.Needs(policy.KeyLoan, policy.Create), act.Clauses("K2.1", "K2.2", "K1.2", "K3.1"), lend), lendGuard)

func lend(tx *act.Tx, in LendKeysInput) (*LendKeysPayload, error) {
	at, why, err := late.When(tx, in.Given, "K2.1")
	if err != nil {
		return nil, err
	}
	sets, err := setsOf(tx, in.Lines)
	if err != nil {
		return nil, err
	}
	estate := sets[0].set.EstateID
	from, err := lender(tx, estate, in.FromID)
	if err != nil {
		return nil, err
	}
	to, err := borrower(tx, estate, in.Borrower)
	if err != nil {
		return nil, err
	}
	until, approved, err := term(tx, in, at, sets, to) // K2.2: back the same day, unless approved
	if err != nil {
		return nil, err
	}
	loan, err := tx.KeyLoan.Create().SetEstateID(estate).SetBorrowerID(to.ID).SetBorrowerName(to.Name).SetNillableHouseholdID(to.HouseholdID).
		SetPurpose(wording.Tidy(in.Purpose)).SetLentByID(tx.Viewer.Account).SetLentByName(tx.Viewer.Name).SetLentAt(at).SetLateReason(why).
		SetDueAt(until).SetNillableApprovalID(approved).Save(tx)
	if err != nil {
		return nil, err
	}
	for _, l := range sets {
		if err := lendLine(tx, loan, l, from, to); err != nil {
			return nil, err
		}
	}
	if err := signLoan(tx, loan, sets, in.Signature); err != nil { // K2.1: both sign
		return nil, err
	}
	return &LendKeysPayload{loan}, expect(tx, loan)
}

// term is until when the keys are lent: the end of the day, or what the general manager approved (K2.2).
func term(tx *act.Tx, in LendKeysInput, at time.Time, sets []setLine, to *ent.KeyHolder) (until time.Time, approved *uuid.UUID, err error) {
	cal, err := tx.Calendar(to.EstateID)
	if err != nil {
		return until, nil, err
	}
	until, today := due(cal, at), cal.Today(at)
	switch {
	case in.Until != nil && in.Until.Before(today):
		return until, nil, fault.Invalid("until", "归还日期不能早于借出日期。", "Keys do not come back before the day they are lent.").By("K2.2")
	case in.ApprovalID != nil:
		until, err = approvedTerm(tx, in, cal, at, sets, to)
		return until, in.ApprovalID, err
	case in.Until != nil && in.Until.After(today):
		return until, nil, fault.Rule("K2.2", "借用超过一天须总经理签字同意,请先提出申请(askKeyLoan)。",
			"More than one day needs the general manager's signed approval; ask for it first (askKeyLoan).").At("approvalID")
	}
	return until, nil, nil
}
