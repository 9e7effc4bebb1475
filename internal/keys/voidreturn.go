package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyreturn"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyReturnInput names a return that was recorded by mistake, and says why.
type VoidKeyReturnInput struct{ void.Input }

// VoidKeyReturnPayload is the return, voided, and its loan as it stands after.
type VoidKeyReturnPayload struct {
	KeyReturn *ent.KeyReturn
	Loan      *ent.KeyLoan
}

// VoidReturn counters a return that was recorded by mistake: the keys are with the borrower again, the loan is open, and
// they are due as before (K2.1).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither took them just now nor leads; CONFLICT if it was voided, or the keys are no longer where they came back to; RULE K3.1 if their
// lock was changed since.
var VoidReturn = act.Guarded(act.New("keys.voidReturn", act.Needs(policy.KeyReturn, policy.Void).SessionOnly(), act.Clauses("K2.1"), voidReturn), voidReturnGuard)

func voidReturn(tx *act.Tx, in VoidKeyReturnInput) (*VoidKeyReturnPayload, error) {
	back, err := tx.KeyReturn.Query().Where(keyreturn.ID(in.ID)).WithLine().Only(tx)
	if back, err = act.Find(back, err, "id"); err != nil {
		return nil, err
	}
	// The loan's lock orders this with returns, losses and other voids; then all is read again.
	loan, err := tx.KeyLoan.Query().Where(keyloan.ID(back.Edges.Line.LoanID)).ForUpdate().Only(tx)
	if err != nil {
		return nil, err
	}
	if back, err = tx.KeyReturn.Query().Where(keyreturn.ID(in.ID)).WithLine().Only(tx); err != nil {
		return nil, err
	}
	if err := canVoidReturn(tx, back); err != nil {
		return nil, err
	}
	line := back.Edges.Line
	came, err := tx.KeyMovement.Query().Where(keymovement.LoanLineID(line.ID), keymovement.ReasonEQ(keymovement.ReasonReturned),
		keymovement.OccurredAt(back.ReturnedAt), keymovement.Count(back.Count), keymovement.Not(keymovement.HasReversals())).Order(keymovement.ByID()).First(tx)
	if err != nil {
		return nil, err
	}
	if _, err := counter(tx, came, in.Reason); err != nil {
		return nil, err
	}
	if err := line.Update().SetReturned(line.Returned - back.Count).Exec(tx); err != nil {
		return nil, err
	}
	if back, err = void.Mark(tx, back.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if loan, err = reopen(tx, loan); err != nil {
		return nil, err
	}
	return &VoidKeyReturnPayload{back, loan}, void.Tell(tx, void.Notice{
		Clause: "K2.1", Estate: loan.EstateID, Subject: loan.ID, WhatZH: loan.BorrowerName + " 的归还", WhatEN: "return of " + loan.BorrowerName, Why: in.Reason,
	})
}

var voidReturnGuard = act.Guard[*ent.KeyReturn]{
	Entity: ent.TypeKeyReturn,
	ID:     func(r *ent.KeyReturn) uuid.UUID { return r.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyReturn, error) {
		return tx.KeyReturn.Query().Where(keyreturn.IDIn(list...)).All(tx)
	},
	Check: canVoidReturn,
}

// canVoidReturn refuses what was voided before, and who may not.
func canVoidReturn(tx *act.Tx, r *ent.KeyReturn) error {
	if err := void.Refuse(r.VoidedAt); err != nil {
		return err
	}
	return mayVoid(tx, policy.KeyReturn, r.RowScope(), void.Recorded{Clause: "K2.1", By: r.ReceivedByID, At: r.CreatedAt})
}
