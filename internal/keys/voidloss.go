package keys

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keyloanline"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keyloss"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyLossInput names a loss that was reported by mistake, and says why.
type VoidKeyLossInput struct{ void.Input }

// VoidKeyLossPayload is the loss, voided.
type VoidKeyLossPayload struct{ Loss *ent.KeyLoss }

// VoidLoss counters a loss that was reported by mistake: the keys are with who had them again, a loan that they were of
// is open and due again, and nobody has to answer (K2.3).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither reported it just now nor answers it, and once it was answered or where a spot check
// found it, for who does not answer it; CONFLICT if it was voided; RULE K2.3 if keys of it were found, or a lock change for it is ordered;
// RULE K3.1 if the lock was changed since.
var VoidLoss = act.Guarded(act.New("keys.voidLoss", act.Needs(policy.KeyLoss, policy.Void).SessionOnly(), act.Clauses("K2.3"), voidLoss), voidLossGuard)

func voidLoss(tx *act.Tx, in VoidKeyLossInput) (*VoidKeyLossPayload, error) {
	loan, line, err := loanOfLoss(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := tx.KeyLoss.Query().Where(keyloss.ID(in.ID)).ForUpdate().Only(tx); err != nil {
		return nil, err
	}
	found, err := mistaken(tx, []uuid.UUID{in.ID})
	if err != nil {
		return nil, err
	}
	l := found[0]
	if err := canVoidLoss(tx, l); err != nil {
		return nil, err
	}
	for _, m := range l.loss.Edges.Movements {
		if _, err := counter(tx, m, in.Reason); err != nil {
			return nil, err
		}
	}
	if line != nil {
		if err := line.Update().SetLost(line.Lost - l.loss.Count).Exec(tx); err != nil {
			return nil, err
		}
		if _, err := reopen(tx, loan); err != nil {
			return nil, err
		}
	}
	if err := keepWhole(tx, l.loss.SetID, in.Reason); err != nil { // K3.1: the set may be whole again
		return nil, err
	}
	loss, err := void.Mark(tx, l.loss.Update().SetState(keyloss.StateVoided), in.Reason).Save(tx)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeKeyLoss, loss.ID, loss.RowScope())
	if err := lossAnswer.Cancel(tx, loss.ID); err != nil {
		return nil, err
	}
	n := void.Notice{Clause: "K2.3", Estate: loss.EstateID, Subject: loss.ID, WhatZH: loss.Label + " 的报失", WhatEN: "loss of keys of " + loss.Label, Why: in.Reason}
	if loss.DepartmentID != nil {
		n.Department = *loss.DepartmentID
	}
	return &VoidKeyLossPayload{loss}, void.Tell(tx, n)
}

// loanOfLoss locks the loan that the lost keys were of, as reports and returns do before they look at its lines; nil
// where they were not lent. Errors: NOT_FOUND at id.
func loanOfLoss(tx *act.Tx, id uuid.UUID) (*ent.KeyLoan, *ent.KeyLoanLine, error) {
	loss, err := tx.KeyLoss.Query().Where(keyloss.ID(id)).WithLoanLine().Only(tx)
	if loss, err = act.Find(loss, err, "id"); err != nil || loss.Edges.LoanLine == nil {
		return nil, nil, err
	}
	loan, err := tx.KeyLoan.Query().Where(keyloan.ID(loss.Edges.LoanLine.LoanID)).ForUpdate().Only(tx)
	if err != nil {
		return nil, nil, err
	}
	line, err := tx.KeyLoanLine.Query().Where(keyloanline.ID(*loss.LoanLineID)).Only(tx)
	return loan, line, err
}

// mistake is a loss, with its set and its entries that were not countered, whether a lock change for it is under way, and whether a
// spot check found it.
type mistake struct {
	loss             *ent.KeyLoss
	ordered, counted bool
}

func mistaken(tx *act.Tx, list []uuid.UUID) ([]mistake, error) {
	found, err := tx.KeyLoss.Query().Where(keyloss.IDIn(list...)).WithSet().WithMovements(func(q *ent.KeyMovementQuery) {
		q.Where(keymovement.ReasonEQ(keymovement.ReasonLost), keymovement.Not(keymovement.HasReversals()))
	}).All(tx)
	if err != nil {
		return nil, err
	}
	changes, err := tx.KeyLockChange.Query().Where(keylockchange.LossIDIn(list...), keylockchange.StateEQ(keylockchange.StateOrdered)).All(tx)
	if err != nil {
		return nil, err
	}
	ordered := map[uuid.UUID]bool{}
	for _, c := range changes {
		ordered[*c.LossID] = true
	}
	counted, err := countedLost(tx, found)
	if err != nil {
		return nil, err
	}
	out := make([]mistake, len(found))
	for i, l := range found {
		out[i] = mistake{l, ordered[l.ID], counted[l.ID]}
	}
	return out, nil
}

// countedLost are those of the losses by which a difference of a spot check was resolved (K4.3).
func countedLost(tx *act.Tx, losses []*ent.KeyLoss) (map[uuid.UUID]bool, error) {
	sets := make([]uuid.UUID, len(losses))
	for i, l := range losses {
		sets[i] = l.SetID
	}
	lines, err := tx.ReconciliationLine.Query().Where(reconciliationline.ItemIDIn(sets...), reconciliationline.Resolution(string(DifferenceLost)),
		reconciliationline.HasReconciliationWith(reconciliation.Kind(spotCheck.Name))).All(tx)
	out := map[uuid.UUID]bool{}
	for _, l := range losses {
		out[l.ID] = slices.ContainsFunc(lines, func(r *ent.ReconciliationLine) bool {
			return r.ItemID == l.SetID && *r.PlaceID == l.HolderID && r.ResolvedAt.Equal(l.ReportedAt)
		})
	}
	return out, err
}

var voidLossGuard = act.Guard[mistake]{
	Entity: ent.TypeKeyLoss,
	ID:     func(m mistake) uuid.UUID { return m.loss.ID },
	Load:   mistaken,
	Check:  canVoidLoss,
}

// canVoidLoss refuses a loss that was voided, or upon which something was done that a void would make wrong.
func canVoidLoss(tx *act.Tx, m mistake) error {
	switch l := m.loss; {
	case l.VoidedAt != nil:
		return void.Refuse(l.VoidedAt)
	case l.Found > 0:
		return fault.Rule("K2.3", "这次遗失的钥匙已找回,报失不能作废。", "Keys of this loss were found, so they were lost; it is not voided.")
	case m.ordered:
		return fault.Rule("K2.3", "已为这次遗失下达换锁,请先取消换锁。", "A lock change was ordered for this loss; cancel it first.")
	}
	for _, e := range m.loss.Edges.Movements {
		if e.Generation != m.loss.Edges.Set.Generation {
			return retired()
		}
	}
	r := void.Recorded{Clause: "K2.3", At: m.loss.CreatedAt, Leads: answers(tx, m.loss)}
	if m.loss.State == keyloss.StateOpen && !m.counted { // else it is not the reporter's any more
		r.By = m.loss.ReportedByID
	}
	return void.May(tx, r)
}

// reopen opens a loan that was closed, and makes its keys due again (K2.2).
func reopen(tx *act.Tx, loan *ent.KeyLoan) (*ent.KeyLoan, error) {
	if loan.State == keyloan.StateOpen {
		return loan, nil
	}
	loan, err := loan.Update().SetState(keyloan.StateOpen).ClearReturnedAt().Save(tx)
	if err != nil {
		return nil, err
	}
	return loan, expect(tx, loan)
}
