package archives

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiveloan"
	"github.com/steward-pm/steward/ent/archivereturn"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidArchiveLoanInput names a loan that was recorded by mistake, and says why.
type VoidArchiveLoanInput struct{ void.Input }

// VoidArchiveLoanPayload is the loan, voided.
type VoidArchiveLoanPayload struct{ Loan *ent.ArchiveLoan }

// VoidLoan voids a loan that was recorded by mistake: the documents are in their place, and nothing is due any more (A5). A return is
// voided first.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither lent it just now nor leads, and for the borrower; CONFLICT if it was voided, or something came back.
var VoidLoan = act.Guarded(act.New("archives.voidLoan", act.Needs(policy.ArchiveLoan, policy.Void).SessionOnly(), act.Clauses("A5"), voidLoan), loanGuard(canVoidLoan))

func voidLoan(tx *act.Tx, in VoidArchiveLoanInput) (*VoidArchiveLoanPayload, error) {
	l, err := lockLoan(tx, in.ID, "id", canVoidLoan)
	if err != nil {
		return nil, err
	}
	for _, line := range l.Edges.Lines {
		if err := line.Update().SetOpen(false).Exec(tx); err != nil {
			return nil, err
		}
	}
	if l, err = void.Mark(tx, l.Update().SetState(archiveloan.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if err := dueBack.Cancel(tx, l.ID); err != nil {
		return nil, err
	}
	return &VoidArchiveLoanPayload{l}, tellLoanVoided(tx, l, l.Code+" 借阅", "loan "+l.Code, in.Reason)
}

// canVoidLoan refuses a loan of which something came back, and the borrower.
func canVoidLoan(tx *act.Tx, l *ent.ArchiveLoan) error {
	if err := void.Refuse(l.VoidedAt); err != nil {
		return err
	}
	if slices.ContainsFunc(l.Edges.Lines, func(x *ent.ArchiveLoanLine) bool { return x.ReturnID != nil }) {
		return fault.Clash("这笔借阅已有归还,请先作废归还。", "Something of this loan came back; void the return first.").By("A5")
	}
	return mayVoidLoan(tx, policy.ArchiveLoan, l.RowScope(), void.Recorded{Clause: "A5", By: l.LentByID, At: l.CreatedAt})
}

// mayVoidLoan refuses the borrower, and who neither recorded it just now nor leads.
func mayVoidLoan(tx *act.Tx, on policy.Resource, row access.Row, r void.Recorded) error {
	if row.Self == tx.Viewer.Account {
		return fault.Denied("不能作废自己的借阅,请由他人办理。", "Nobody voids the own loan; somebody else does.").By("A5")
	}
	r.Leads = tx.Viewer.Scope(on, policy.Approve).Covers(row)
	return void.May(tx, r)
}

func tellLoanVoided(tx *act.Tx, l *ent.ArchiveLoan, whatZH, whatEN, why string) error {
	department, err := leadersOf(tx, l)
	if err != nil {
		return err
	}
	return void.Tell(tx, void.Notice{Clause: "A5", Estate: l.EstateID, Subject: l.ID, Department: department, WhatZH: whatZH, WhatEN: whatEN, Why: why})
}

// VoidArchiveReturnInput names a return that was recorded by mistake, and says why.
type VoidArchiveReturnInput struct{ void.Input }

// VoidArchiveReturnPayload is the return, voided, and its loan as it stands after.
type VoidArchiveReturnPayload struct {
	ArchiveReturn *ent.ArchiveReturn
	Loan          *ent.ArchiveLoan
}

// VoidReturn voids a return that was recorded by mistake: the documents are with the borrower again, and due as before (A5).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither took them just now nor leads, and for the borrower; CONFLICT if it was voided, or a document
// was lent to another since; RULE A5 for what was taken out or put on an order since, A7 for what is destroyed.
var VoidReturn = act.Guarded(act.New("archives.voidReturn", act.Needs(policy.ArchiveReturn, policy.Void).SessionOnly(), act.Clauses("A5"), voidReturn), act.Guard[*ent.ArchiveReturn]{
	Entity: ent.TypeArchiveReturn,
	ID:     func(r *ent.ArchiveReturn) uuid.UUID { return r.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveReturn, error) {
		return tx.ArchiveReturn.Query().Where(archivereturn.IDIn(list...)).All(tx)
	},
	Check: canVoidReturn,
})

func voidReturn(tx *act.Tx, in VoidArchiveReturnInput) (*VoidArchiveReturnPayload, error) {
	r, err := tx.ArchiveReturn.Query().Where(archivereturn.ID(in.ID)).Only(tx)
	if r, err = act.Find(r, err, "id"); err != nil {
		return nil, err
	}
	// The loan's lock orders this with returns and other voids; then it is read again.
	l, err := lockLoan(tx, r.LoanID, "id", func(*act.Tx, *ent.ArchiveLoan) error { return nil })
	if err != nil {
		return nil, err
	}
	if r, err = tx.ArchiveReturn.Get(tx, r.ID); err != nil {
		return nil, err
	}
	if err := canVoidReturn(tx, r); err != nil {
		return nil, err
	}
	for _, line := range l.Edges.Lines {
		if line.ReturnID == nil || *line.ReturnID != r.ID {
			continue
		}
		if err := line.Update().SetOpen(true).ClearReturnID().ClearPagesBack().SetRemark("").Exec(tx); err != nil {
			return nil, err
		}
	}
	if r, err = void.Mark(tx, r.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if l.State != archiveloan.StateOpen {
		if l, err = l.Update().SetState(archiveloan.StateOpen).ClearReturnedAt().Save(tx); err != nil {
			return nil, err
		}
		if err := expect(tx, l); err != nil {
			return nil, err
		}
	}
	return &VoidArchiveReturnPayload{r, l}, tellLoanVoided(tx, l, l.Code+" 归还", "return of "+l.Code, in.Reason)
}

// canVoidReturn refuses what was voided before, and who may not.
func canVoidReturn(tx *act.Tx, r *ent.ArchiveReturn) error {
	if err := void.Refuse(r.VoidedAt); err != nil {
		return err
	}
	return mayVoidLoan(tx, policy.ArchiveReturn, r.RowScope(), void.Recorded{Clause: "A5", By: r.ReceivedByID, At: r.CreatedAt})
}
