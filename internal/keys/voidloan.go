package keys

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keyloanline"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyLoanInput names a loan that was recorded by mistake, and says why.
type VoidKeyLoanInput struct{ void.Input }

// VoidKeyLoanPayload is the loan, voided.
type VoidKeyLoanPayload struct{ Loan *ent.KeyLoan }

// VoidLoan counters a loan that was recorded by mistake: its keys go back by counter-entries, and nothing is due any
// more (K2.1). A return or a loss is voided first.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither lent them just now nor leads; CONFLICT if it was voided, or something of it
// came back or was reported lost.
var VoidLoan = act.Guarded(act.New("keys.voidLoan", act.Needs(policy.KeyLoan, policy.Void).SessionOnly(), act.Clauses("K2.1"), voidLoan), voidLoanGuard)

func voidLoan(tx *act.Tx, in VoidKeyLoanInput) (*VoidKeyLoanPayload, error) {
	loan, err := tx.KeyLoan.Query().Where(keyloan.ID(in.ID)).WithBorrower(func(q *ent.KeyHolderQuery) { q.WithStaff() }).ForUpdate().Only(tx)
	if loan, err = act.Find(loan, err, "id"); err != nil {
		return nil, err
	}
	if loan.Edges.Lines, err = loan.QueryLines().Order(ent.Asc(keyloanline.FieldSetID)).All(tx); err != nil {
		return nil, err
	}
	if err := canVoidLoan(tx, loan); err != nil {
		return nil, err
	}
	if err := giveBack(tx, loan.Edges.Lines, in.Reason); err != nil {
		return nil, err
	}
	if loan, err = void.Mark(tx, loan.Update().SetState(keyloan.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if err := dueBack.Cancel(tx, loan.ID); err != nil {
		return nil, err
	}
	return &VoidKeyLoanPayload{loan}, void.Tell(tx, void.Notice{
		Clause: "K2.1", Estate: loan.EstateID, Subject: loan.ID, WhatZH: loan.BorrowerName + " 的借用", WhatEN: "loan of " + loan.BorrowerName, Why: in.Reason,
	})
}

// giveBack counters what was lent of the lines, which are then void.
func giveBack(tx *act.Tx, lines []*ent.KeyLoanLine, reason string) error {
	list := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		list[i] = l.ID
	}
	lent, err := tx.KeyMovement.Query().Where(keymovement.LoanLineIDIn(list...), keymovement.ReasonEQ(keymovement.ReasonLent)).
		Order(ent.Asc(keymovement.FieldSetID)).All(tx)
	if err != nil {
		return err
	}
	for _, m := range lent {
		if _, err := counter(tx, m, reason); err != nil {
			return err
		}
	}
	for _, l := range lines {
		if err := l.Update().SetVoided(true).Exec(tx); err != nil {
			return err
		}
	}
	return nil
}

var voidLoanGuard = act.Guard[*ent.KeyLoan]{
	Entity: ent.TypeKeyLoan,
	ID:     func(l *ent.KeyLoan) uuid.UUID { return l.ID },
	Load:   loans,
	Check:  canVoidLoan,
}

// canVoidLoan refuses a loan of which something came back, or was reported lost.
func canVoidLoan(tx *act.Tx, l *ent.KeyLoan) error {
	if err := void.Refuse(l.VoidedAt); err != nil {
		return err
	}
	if slices.ContainsFunc(l.Edges.Lines, func(l *ent.KeyLoanLine) bool { return l.Returned+l.Lost > 0 }) {
		return notUntouched()
	}
	if s := l.Edges.Borrower.Edges.Staff; s != nil && s.AccountID != nil && *s.AccountID == tx.Viewer.Account {
		return fault.Denied("不能作废自己的借用,请由他人办理。", "Nobody voids the own loan; somebody else does.").By("K2.1")
	}
	return mayVoid(tx, policy.KeyLoan, l.RowScope(), void.Recorded{Clause: "K2.1", By: l.LentByID, At: l.CreatedAt})
}

func notUntouched() *fault.Error {
	return fault.Clash("这笔借用已有归还或报失,请先作废归还或报失。",
		"Some keys of this loan came back or were reported lost; void the return or the loss first.").By("K2.1")
}
