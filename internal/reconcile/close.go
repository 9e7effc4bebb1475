package reconcile

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
)

// unsettled is what the database says to closing with differences.
var unsettled = fault.Clash("还有未清点或未处理的差异,请先逐项处理。", "Some lines await their count, or differ and are not resolved; settle those first.")

// Close ends a count of which every line matches or is resolved. The note may be empty.
//
// Errors: INVALID_INPUT at note; NOT_FOUND; CONFLICT while a line awaits its count or differs, and if it ended.
func (k *Kind) Close(tx *act.Tx, id uuid.UUID, note string) (*ent.Reconciliation, error) {
	if err := wording.CheckRemark("note", note); err != nil {
		return nil, err
	}
	sheet, err := k.lock(tx, id)
	if err != nil {
		return nil, err
	}
	if sheet.ClosedAt != nil {
		return nil, k.ended()
	}
	return k.end(tx, sheet, reconciliation.StateClosed, note)
}

// Cancel ends a count of which nothing is counted: differences are not cancelled away.
//
// Errors: INVALID_INPUT at reason; NOT_FOUND; CONFLICT once a line is counted.
func (k *Kind) Cancel(tx *act.Tx, id uuid.UUID, reason string) (*ent.Reconciliation, error) {
	if err := CheckReason(reason); err != nil {
		return nil, err
	}
	sheet, err := k.lock(tx, id)
	if err != nil {
		return nil, err
	}
	if sheet.Edges.Lines, err = sheet.QueryLines().All(tx); err != nil {
		return nil, err
	}
	if err := k.CanCancel(sheet); err != nil {
		return nil, err
	}
	return k.end(tx, sheet, reconciliation.StateCancelled, reason)
}

// end writes down who ended it; the database refuses what is not settled.
func (k *Kind) end(tx *act.Tx, sheet *ent.Reconciliation, state reconciliation.State, note string) (*ent.Reconciliation, error) {
	sheet, err := sheet.Update().SetState(state).SetCloseNote(wording.Tidy(note)).
		SetClosedByID(tx.Viewer.Account).SetClosedByName(tx.Viewer.Name).SetClosedAt(tx.Now).Save(tx)
	if f := act.Explained(err); f != nil {
		return nil, f.By(k.Clause)
	}
	return sheet, err
}

// CanClose refuses a sheet that is not settled, or which ended; for can, which asks before the database does. The
// sheet comes with its lines.
func (k *Kind) CanClose(sheet *ent.Reconciliation) error {
	switch {
	case sheet.ClosedAt != nil:
		return k.ended()
	case slices.ContainsFunc(sheet.Edges.Lines, func(l *ent.ReconciliationLine) bool {
		return l.State == reconciliationline.StateAwaiting || l.State == reconciliationline.StateDifferent
	}):
		return unsettled.By(k.Clause)
	}
	return nil
}

// CanCancel refuses a sheet of which a line is counted, or which ended. The sheet has its lines.
func (k *Kind) CanCancel(sheet *ent.Reconciliation) error {
	switch sheet.State {
	case reconciliation.StateCounting:
		if slices.ContainsFunc(sheet.Edges.Lines, func(l *ent.ReconciliationLine) bool { return l.Counted != nil }) {
			return begun.By(k.Clause)
		}
		return nil
	case reconciliation.StateSettling:
		return fault.Clash("已全部清点完毕,不能取消;请处理差异后办结。", "All is counted, so it cannot be cancelled: resolve the differences and close it.").By(k.Clause)
	}
	return k.ended()
}
