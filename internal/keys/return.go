package keys

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReturnKeysInput says what comes back, and who brings it.
type ReturnKeysInput struct {
	LoanID     uuid.UUID
	Lines      []*ReturnLineInput // none: everything that is out
	ReturnedBy *string            // nil: the borrower
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
	return wording.Optional(wording.CheckName, "returnedBy", in.ReturnedBy)
}

// ReturnKeysPayload is the loan as it stands after.
type ReturnKeysPayload struct{ Loan *ent.KeyLoan }

// Return takes lent keys back, all or some, from whoever brings them (K2.1).
//
// Errors: NOT_FOUND; CONFLICT if the loan is closed or fewer keys of a line are out; RULE K2.3 if they are lost.
var Return = act.Guarded(act.New("keys.return", act.Needs(policy.KeyLoan, policy.Update), act.Clauses("K2.1"), takeBack), returnGuard)

func takeBack(tx *act.Tx, in ReturnKeysInput) (*ReturnKeysPayload, error) {
	loan, err := tx.KeyLoan.Query().Where(keyloan.ID(in.LoanID)).ForUpdate().Only(tx)
	if loan, err = act.Find(loan, err, "loanID"); err != nil {
		return nil, err
	}
	if err := canReturn(tx, loan); err != nil {
		return nil, err
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
	by := loan.BorrowerName
	if in.ReturnedBy != nil {
		by = wording.Tidy(*in.ReturnedBy)
	}
	slices.SortFunc(back, func(a, b returning) int { return cmp.Compare(a.line.SetID.String(), b.line.SetID.String()) })
	receipt := importing.NewID(ent.TypeKeyReturn)
	for _, r := range back {
		if err := returnLine(tx, r, to, by, receipt); err != nil {
			return nil, err
		}
	}
	loan, err = settle(tx, loan)
	return &ReturnKeysPayload{loan}, err
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
			if out := out(l); out > 0 {
				back = append(back, returning{l, out})
			}
		}
		return back, nil
	}
	for i, r := range in {
		at := slices.IndexFunc(lines, func(l *ent.KeyLoanLine) bool { return l.ID == r.LineID })
		if at < 0 {
			return nil, fault.Missing().At(fmt.Sprintf("lines.%d.lineID", i))
		}
		if out := out(lines[at]); r.Count > out {
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

// out is how many keys of the line are with the borrower.
func out(l *ent.KeyLoanLine) int { return l.Count - l.Returned - l.Lost }

// lostAlready refuses to take back what has left the borrower's account as lost (K2.3).
func lostAlready() *fault.Error {
	return fault.Rule("K2.3", "这些钥匙已报失,找到后请登记找回(recordKeyFound),不能按归还办理。",
		"These keys were reported lost; when they are found, record them found (recordKeyFound) instead of returned.")
}

// returnLine writes down what came back of a line, and moves the keys to where they were lent from.
func returnLine(tx *act.Tx, r returning, borrower *ent.KeyHolder, by string, receipt uuid.UUID) error {
	l := r.line
	if err := l.Update().SetReturned(l.Returned + r.count).Exec(tx); err != nil {
		return err
	}
	if err := tx.KeyReturn.Create().SetReceiptID(receipt).SetEstateID(l.EstateID).SetLineID(l.ID).SetCount(r.count).SetReturnedBy(by).
		SetReceivedByID(tx.Viewer.Account).SetReceivedByName(tx.Viewer.Name).SetReturnedAt(tx.Now).SetNillableHouseholdID(l.HouseholdID).Exec(tx); err != nil {
		return err
	}
	_, err := post(tx, entry{set: l.Edges.Set, from: borrower, to: l.Edges.From, count: r.count, reason: keymovement.ReasonReturned, loanLine: &l.ID})
	return err
}

// settle closes the loan when no key of it is out any more: as returned, or as lost if some were reported so.
func settle(tx *act.Tx, loan *ent.KeyLoan) (*ent.KeyLoan, error) {
	lines, err := loan.QueryLines().All(tx)
	if err != nil || slices.ContainsFunc(lines, func(l *ent.KeyLoanLine) bool { return out(l) > 0 }) {
		return loan, err
	}
	u := loan.Update()
	if slices.ContainsFunc(lines, func(l *ent.KeyLoanLine) bool { return l.Lost > 0 }) {
		u.SetState(keyloan.StateLost)
	} else {
		u.SetState(keyloan.StateReturned).SetReturnedAt(tx.Now)
	}
	if loan, err = u.Save(tx); err != nil {
		return nil, err
	}
	return loan, obligation.Meet(tx, dueBack, loan.ID)
}

var returnGuard = act.Guard[*ent.KeyLoan]{
	Entity: ent.TypeKeyLoan,
	ID:     func(l *ent.KeyLoan) uuid.UUID { return l.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyLoan, error) {
		return tx.KeyLoan.Query().Where(keyloan.IDIn(list...)).All(tx)
	},
	Check: canReturn,
}

// canReturn refuses a loan of which nothing is out.
func canReturn(_ *act.Tx, l *ent.KeyLoan) error {
	switch l.State {
	case keyloan.StateOpen:
		return nil
	case keyloan.StateLost:
		return lostAlready()
	}
	return fault.Clash("这笔借用已全部归还。", "All keys of this loan are back.").By("K2.1")
}
