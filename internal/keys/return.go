package keys

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReturnKeysInput says what comes back, and who brings it.
type ReturnKeysInput struct {
	late.Given
	LoanID     uuid.UUID
	Lines      []*ReturnLineInput // none: everything that is out
	ReturnedBy *string            // by name; nil: the borrower, or
	StaffID    *uuid.UUID         // the member of staff
	Signature  *signature.Input   // of who brings them
}

// ReturnLineInput is so many keys of a line.
type ReturnLineInput struct {
	LineID uuid.UUID
	Count  int
}

// Check refuses what cannot come back whatever the loan says.
func (in ReturnKeysInput) Check() error {
	seen := map[uuid.UUID]bool{}
	for i, l := range in.Lines {
		if err := checkCount(fmt.Sprintf("lines.%d.count", i), l.Count, "K2.1"); err != nil {
			return err
		}
		if seen[l.LineID] {
			return fault.Invalid(fmt.Sprintf("lines.%d.lineID", i), "同一行请只填一次。", "Give each line once.")
		}
		seen[l.LineID] = true
	}
	if err := in.Given.Check(); err != nil {
		return err
	}
	if in.ReturnedBy != nil && in.StaffID != nil {
		return fault.Invalid("returnedBy", "归还人是员工的,请只选择员工,不要填写姓名。", "Of a member of staff give the id alone, and no name.").By("K2.1")
	}
	return wording.Optional(wording.CheckName, "returnedBy", in.ReturnedBy)
}

// Prepare proves the signature of who brings the keys: the borrower's own, or another's, who is attested.
func (in ReturnKeysInput) Prepare(ctx context.Context) error {
	loan, err := act.From(ctx).DB.Ent.KeyLoan.Query().Where(keyloan.ID(in.LoanID)).WithBorrower().Only(ctx)
	if loan, err = act.Find(loan, err, "loanID"); err != nil {
		return err
	}
	b := loan.Edges.Borrower
	who := signature.Who{Staff: b.StaffID, Resident: b.ResidentID}
	switch {
	case in.StaffID != nil:
		who = signature.Who{Staff: in.StaffID, Field: "staffID"}
	case in.ReturnedBy != nil:
		who = signature.Who{Name: wording.Tidy(*in.ReturnedBy), Field: "returnedBy"}
	case b.StaffID == nil && b.ResidentID == nil:
		who.Name = b.Name
	}
	return in.Signature.Prove(ctx, who, "signature")
}

// ReturnKeysPayload is the loan as it stands after.
type ReturnKeysPayload struct{ Loan *ent.KeyLoan }

// Return takes lent keys back, all or some, from whoever brings them and signs (K2.1).
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; CONFLICT if the loan is closed or fewer keys of a line are out;
// RULE K2.1 if who brings the keys is who takes them, K2.3 if they are lost.
var Return = act.Guarded(act.New("keys.return", act.Needs(policy.KeyLoan, policy.Update), act.Clauses("K2.1"), takeBack), returnGuard)

func takeBack(tx *act.Tx, in ReturnKeysInput) (*ReturnKeysPayload, error) {
	loan, err := openLoan(tx, in.LoanID, "loanID", canReturn)
	if err != nil {
		return nil, err
	}
	at, why, err := late.When(tx, in.Given, "K2.1")
	if err != nil {
		return nil, err
	}
	if at.Before(loan.LentAt) {
		return nil, fault.Invalid("occurredAt", "归还时间不能早于借出时间。", "Keys do not come back before they were lent.").By("K2.1")
	}
	lines, err := loan.QueryLines().WithSet().WithFrom().All(tx)
	if err != nil {
		return nil, err
	}
	back, err := whatReturns(in.Lines, lines)
	if err != nil {
		return nil, err
	}
	to, err := loan.QueryBorrower().Only(tx)
	if err != nil {
		return nil, err
	}
	by, err := in.by(tx, loan)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(back, func(a, b returning) int { return cmp.Compare(a.line.SetID.String(), b.line.SetID.String()) })
	rec := receipt{importing.NewID(ent.TypeKeyReturn), to, by, at, why}
	for _, r := range back {
		if err := rec.take(tx, r); err != nil {
			return nil, err
		}
	}
	if err := rec.sign(tx, loan, back, in.Signature); err != nil { // K2.1: both sign
		return nil, err
	}
	loan, err = settle(tx, loan, at)
	return &ReturnKeysPayload{loan}, err
}

// by is the name of who brings the keys.
func (in ReturnKeysInput) by(tx *act.Tx, loan *ent.KeyLoan) (string, error) {
	switch {
	case in.StaffID != nil:
		s, err := tx.Staff.Query().Where(staff.ID(*in.StaffID), staff.EstateID(loan.EstateID)).Only(tx)
		if s, err = act.Find(s, err, "staffID"); err != nil {
			return "", err
		}
		return s.Name, nil
	case in.ReturnedBy != nil:
		return wording.Tidy(*in.ReturnedBy), nil
	}
	return loan.BorrowerName, nil
}

// receipt is what comes back at once, and is signed for as one.
type receipt struct {
	id       uuid.UUID
	borrower *ent.KeyHolder
	by       string // who brings it
	at       time.Time
	late     string // why it is recorded late; empty if it is not
}

// returning is so many keys of a line.
type returning struct {
	line  *ent.KeyLoanLine
	count int
}

// whatReturns matches the input with what is out.
func whatReturns(in []*ReturnLineInput, lines []*ent.KeyLoanLine) (back []returning, err error) {
	if len(in) == 0 {
		for _, l := range lines {
			if n := Outstanding(l); n > 0 {
				back = append(back, returning{l, n})
			}
		}
		return back, nil
	}
	for i, r := range in {
		at := slices.IndexFunc(lines, func(l *ent.KeyLoanLine) bool { return l.ID == r.LineID })
		if at < 0 {
			return nil, fault.Missing().At(fmt.Sprintf("lines.%d.lineID", i))
		}
		if out := Outstanding(lines[at]); r.Count > out {
			if r.Count <= out+lines[at].Lost {
				return nil, lostAlready().At(fmt.Sprintf("lines.%d.count", i))
			}
			return nil, fault.Clash("这一行只有 %[1]d 把未还。", "Only %[1]d keys of this line are out.", out).
				By("K2.1").At(fmt.Sprintf("lines.%d.count", i))
		}
		back = append(back, returning{lines[at], r.Count})
	}
	return back, nil
}

// lostAlready refuses to take back what has left the borrower's account as lost (K2.3).
func lostAlready() *fault.Error {
	return fault.Rule("K2.3", "这些钥匙已报失,找到后请登记找回(recordKeyFound),不能按归还办理。",
		"These keys were reported lost; when they are found, record them found (recordKeyFound) instead of returned.")
}

// take writes down what came back of a line, and moves the keys to where they were lent from.
func (rec receipt) take(tx *act.Tx, r returning) error {
	l := r.line
	if err := l.Update().SetReturned(l.Returned + r.count).Exec(tx); err != nil {
		return err
	}
	if err := tx.KeyReturn.Create().SetReceiptID(rec.id).SetEstateID(l.EstateID).SetLineID(l.ID).SetCount(r.count).SetReturnedBy(rec.by).
		SetReceivedByID(tx.Viewer.Account).SetReceivedByName(tx.Viewer.Name).SetReturnedAt(rec.at).SetLateReason(rec.late).
		SetNillableHouseholdID(l.HouseholdID).Exec(tx); err != nil {
		return err
	}
	_, err := post(tx, entry{set: l.Edges.Set, from: rec.borrower, to: l.Edges.From, count: r.count, reason: keymovement.ReasonReturned, loanLine: &l.ID,
		at: rec.at, lateReason: rec.late})
	return err
}

// signedReturn is what who brings keys and who takes them sign.
type signedReturn struct {
	LoanID     uuid.UUID    `json:"loanID"`
	ReturnedBy string       `json:"returnedBy"`
	Lines      []signedLine `json:"lines"`
	ReturnedAt time.Time    `json:"returnedAt"`
}

func (rec receipt) sign(tx *act.Tx, loan *ent.KeyLoan, back []returning, by *signature.Input) error {
	lines := make([]signedLine, len(back))
	for i, r := range back {
		lines[i] = signedLine{r.line.SetID, r.line.Label, r.count}
	}
	return returnCeremony.SignBoth(tx, signature.Signing{
		Estate: loan.EstateID, Subject: rec.id, Household: loan.HouseholdID, By: by, Field: "signature",
		Content: signedReturn{loan.ID, rec.by, lines, rec.at.UTC()},
	})
}

// settle closes the loan when no key of it is out any more: as returned when the last one came back, or as lost if some
// were reported so. What was due is met by what happened at the time given, and before.
func settle(tx *act.Tx, loan *ent.KeyLoan, at time.Time) (*ent.KeyLoan, error) {
	lines, err := loan.QueryLines().WithReturns().All(tx)
	if err != nil || slices.ContainsFunc(lines, func(l *ent.KeyLoanLine) bool { return Outstanding(l) > 0 }) {
		return loan, err
	}
	u, lost := loan.Update(), false
	for _, l := range lines {
		lost = lost || l.Lost > 0
		for _, r := range standing(l.Edges.Returns) {
			if r.ReturnedAt.After(at) { // what was recorded late does not come last
				at = r.ReturnedAt
			}
		}
	}
	if lost {
		u.SetState(keyloan.StateLost)
	} else {
		u.SetState(keyloan.StateReturned).SetReturnedAt(at)
	}
	if loan, err = u.Save(tx); err != nil {
		return nil, err
	}
	return loan, dueBack.MeetAt(tx, loan.ID, at)
}

// standing are the returns that were not voided.
func standing(all []*ent.KeyReturn) (list []*ent.KeyReturn) {
	for _, r := range all {
		if r.VoidedAt == nil {
			list = append(list, r)
		}
	}
	return list
}

var returnGuard = act.Guard[*ent.KeyLoan]{
	Entity: ent.TypeKeyLoan,
	ID:     func(l *ent.KeyLoan) uuid.UUID { return l.ID },
	Load:   loans,
	Check:  canReturn,
}

// canReturn refuses a loan of which nothing is out.
func canReturn(_ *act.Tx, l *ent.KeyLoan) error {
	switch l.State {
	case keyloan.StateOpen:
		return nil
	case keyloan.StateLost:
		return lostAlready()
	case keyloan.StateVoided:
		return void.Refuse(l.VoidedAt)
	}
	return fault.Clash("这笔借用已全部归还。", "All keys of this loan are back.").By("K2.1")
}
