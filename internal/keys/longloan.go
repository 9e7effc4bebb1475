package keys

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloanrequest"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// approvalLasts is how long the general manager's approval can be waited for, and then used; never beyond the loan.
const approvalLasts = 14 * 24 * time.Hour

// K2.2: the general manager alone approves, by policy.
var (
	longLoan  = approval.Declare(approval.Kind{Name: "keys.longLoan", Clause: "K2.2", Resource: policy.KeyLoanRequest, Lapses: approvalLasts})
	extension = approval.Declare(approval.Kind{Name: "keys.extension", Clause: "K2.2", Resource: policy.KeyLoanRequest, Lapses: approvalLasts})
)

// AskKeyLoanInput says who is to borrow what, what for, until when, and why for so long.
type AskKeyLoanInput struct {
	Borrower BorrowerInput
	Purpose  string
	Lines    []LendLineInput
	Until    calendar.Day // the last day
	Reason   string
}

// Check refuses what cannot be lent whatever the ledger says, and an empty reason.
func (in AskKeyLoanInput) Check() error {
	if err := checkLoan(in.Purpose, in.Lines); err != nil {
		return err
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// AskKeyLoanPayload is the request, with its approval.
type AskKeyLoanPayload struct{ Request *ent.KeyLoanRequest }

// AskLoan asks the general manager for a loan of more than a day (K2.2).
//
// Errors: NOT_FOUND for a set or borrower that is not there; INVALID_INPUT for a day that needs no approval, or is more
// than a year away; RULE K3.1 for a set that is not in use.
var AskLoan = act.New("keys.askLoan", act.Needs(policy.KeyLoanRequest, policy.Create), act.Clauses("K2.2"), askLoan)

func askLoan(tx *act.Tx, in AskKeyLoanInput) (*AskKeyLoanPayload, error) {
	sets, err := setsOf(tx, in.Lines)
	if err != nil {
		return nil, err
	}
	estate := sets[0].set.EstateID
	to, err := borrower(tx, estate, in.Borrower)
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	until, err := lastDay(cal, tx.Now, due(cal, tx.Now), in.Until)
	if err != nil {
		return nil, err
	}
	r, err := ask(tx, longLoan, tx.KeyLoanRequest.Create().SetEstateID(estate).SetBorrowerID(to.ID).SetBorrowerName(to.Name).
		SetNillableHouseholdID(to.HouseholdID).SetPurpose(wording.Tidy(in.Purpose)).SetUntil(until), signedLines(sets), in.Reason)
	return &AskKeyLoanPayload{r}, err
}

// askedLoan is what the general manager is asked, and signs.
type askedLoan struct {
	LoanID   *uuid.UUID   `json:"loanID,omitempty"` // to be extended
	Borrower string       `json:"borrower"`
	Purpose  string       `json:"purpose"`
	Lines    []signedLine `json:"lines"`
	Until    time.Time    `json:"until"`
}

// ask writes the request and its lines down, and asks.
func ask(tx *act.Tx, kind *approval.Kind, c *ent.KeyLoanRequestCreate, lines []signedLine, reason string) (*ent.KeyLoanRequest, error) {
	r, err := c.Save(tx)
	if err != nil {
		return nil, err
	}
	rows := make([]*ent.KeyLoanRequestLineCreate, len(lines))
	for i, l := range lines {
		rows[i] = tx.KeyLoanRequestLine.Create().SetEstateID(r.EstateID).SetRequestID(r.ID).SetSetID(l.SetID).SetLabel(l.Label).SetCount(l.Count).
			SetNillableHouseholdID(r.HouseholdID)
	}
	if err := tx.KeyLoanRequestLine.CreateBulk(rows...).Exec(tx); err != nil {
		return nil, err
	}
	q := approval.Question{
		Estate: r.EstateID, Subject: r.ID, TitleZH: "长期借用钥匙:" + r.BorrowerName, TitleEN: "Keys for more than a day: " + r.BorrowerName,
		Reason: wording.Tidy(reason), Content: askedLoan{r.LoanID, r.BorrowerName, r.Purpose, lines, r.Until}, Until: &r.Until,
	}
	if kind == extension {
		q.TitleZH, q.TitleEN = "延长借用钥匙:"+r.BorrowerName, "Keys for longer: "+r.BorrowerName
	}
	a, err := kind.Ask(tx, q)
	if err != nil {
		return nil, err
	}
	return r.Update().SetApprovalID(a.ID).Save(tx)
}

// use finds what was asked for by its approval, which is used by this.
//
// Errors: NOT_FOUND; RULE K2.2 if it was not given, or is used, withdrawn or expired.
func use(tx *act.Tx, kind *approval.Kind, id, estate uuid.UUID) (*ent.KeyLoanRequest, error) {
	a, err := kind.Use(tx, id, "approvalID")
	if err != nil {
		return nil, err
	}
	r, err := tx.KeyLoanRequest.Query().Where(keyloanrequest.ApprovalID(a.ID), keyloanrequest.EstateID(estate)).WithLines().WithApproval().Only(tx)
	return act.Find(r, err, "approvalID")
}

// approvedTerm is until when the keys are lent: as asked for, or earlier; to nobody else, and no more of them (K2.2).
func approvedTerm(tx *act.Tx, in LendKeysInput, cal *calendar.Calendar, at time.Time, sets []setLine, to *ent.KeyHolder) (time.Time, error) {
	r, err := use(tx, longLoan, *in.ApprovalID, to.EstateID)
	if err != nil {
		return time.Time{}, err
	}
	if given := r.Edges.Approval.DecidedAt; given == nil || given.After(at) { // a loan recorded late
		return r.Until, fault.Rule("K2.2", "借出时总经理尚未批准。", "The general manager had not approved it yet when the keys were lent.").At("occurredAt")
	}
	if r.BorrowerID != to.ID {
		return r.Until, notApproved("总经理批准的借用人是 %[1]s。", "The general manager approved it for %[1]s.", r.BorrowerName).At("borrower")
	}
	if wording.Tidy(in.Purpose) != r.Purpose {
		return r.Until, notApproved("总经理批准的用途是:%[1]s。", "The general manager approved it for: %[1]s.", r.Purpose).At("purpose")
	}
	for _, l := range sets {
		at := slices.IndexFunc(r.Edges.Lines, func(a *ent.KeyLoanRequestLine) bool { return a.SetID == l.set.ID })
		if at < 0 {
			return r.Until, notApproved("总经理的批准不含 %[1]s。", "The general manager's approval does not name %[1]s.", l.set.Label).At(l.field("setID"))
		}
		if most := r.Edges.Lines[at].Count; l.count > most {
			return r.Until, notApproved("总经理批准的是 %[1]d 把。", "The general manager approved %[1]d keys.", most).At(l.field("count"))
		}
	}
	if in.Until == nil {
		return r.Until, nil
	}
	until := cal.EndOfDay(*in.Until)
	if until.After(r.Until) {
		return until, notApproved("总经理批准借用至 %[1]s。", "The general manager approved it until %[1]s.", cal.Today(r.Until.Add(-1)).String()).At("until")
	}
	return until, nil
}

// notApproved refuses what goes beyond the approval.
func notApproved(zh, en string, args ...any) *fault.Error {
	return fault.Rule("K2.2", zh+"请按批准办理,或重新申请。", en+" Keep to it, or ask again.", args...)
}
