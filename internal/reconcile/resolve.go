package reconcile

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
)

// resolving is the obligation that the differences of a sheet are; the clause is that of the sheet's kind.
var resolving = obligation.Declare(obligation.Kind{Name: "reconcile.resolve", TitleZH: "处理清点差异", TitleEN: "Resolve differences "})

// CheckReason refuses an empty or endless reason: for the Check of a chapter's input.
func CheckReason(reason string) error { return wording.CheckText("reason", reason, 1, 2000) }

// Resolve records how a difference was resolved, and why there was one: once. What follows from it (an entry in a
// ledger) the chapter does in the same act. With the last one the obligation is met.
//
// Errors: INVALID_INPUT at reason; NOT_FOUND at lineID; CONFLICT if the line is no difference, or resolved.
func (k *Kind) Resolve(tx *act.Tx, line uuid.UUID, resolution, reason string) (*ent.ReconciliationLine, error) {
	if err := CheckReason(reason); err != nil {
		return nil, err
	}
	l, err := k.LockLine(tx, line)
	if err != nil {
		return nil, err
	}
	if err := k.CanResolve(l); err != nil {
		return nil, err
	}
	if l, err = l.Update().SetState(reconciliationline.StateResolved).SetResolution(resolution).SetResolutionReason(wording.Tidy(reason)).
		SetResolvedByID(tx.Viewer.Account).SetResolvedByName(tx.Viewer.Name).SetResolvedAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	open, err := tx.ReconciliationLine.Query().
		Where(reconciliationline.ReconciliationID(l.ReconciliationID), reconciliationline.StateEQ(reconciliationline.StateDifferent)).Exist(tx)
	if err != nil || open {
		return l, err
	}
	return l, resolving.Meet(tx, l.ReconciliationID)
}

// LockLine finds a line, and locks its sheet, so that the line is as the last act upon the sheet left it.
//
// Errors: NOT_FOUND at lineID, also for a line of another kind.
func (k *Kind) LockLine(tx *act.Tx, id uuid.UUID) (*ent.ReconciliationLine, error) {
	l, err := tx.ReconciliationLine.Query().Where(reconciliationline.ID(id), reconciliationline.HasReconciliationWith(reconciliation.Kind(k.Name))).Only(tx)
	if l, err = act.Find(l, err, "lineID"); err != nil {
		return nil, err
	}
	if _, err := k.lock(tx, l.ReconciliationID); err != nil {
		return nil, err
	}
	return tx.ReconciliationLine.Get(tx, id)
}

// CanResolve refuses a line that is not a difference, or not any more.
func (k *Kind) CanResolve(l *ent.ReconciliationLine) error {
	switch l.State {
	case reconciliationline.StateDifferent:
		return nil
	case reconciliationline.StateResolved:
		return fault.Clash("%[1]s 已处理过这项差异。", "%[1]s has resolved this difference.", l.ResolvedByName).By(k.Clause)
	case reconciliationline.StateMatched:
		return fault.Clash("清点与记录相符,无需处理。", "The count agrees with the record: there is nothing to resolve.").By(k.Clause)
	}
	return fault.Clash("请先清点完所有行。", "Count all lines first.").By(k.Clause)
}
