package reconcile

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
)

const (
	mostLines     = 500       // in one call
	mostCounted   = 1_000_000 // of one line
	resolveWithin = 3         // working days, for the differences of a sheet
)

// Counted is what was counted of a line.
type Counted struct {
	LineID uuid.UUID
	Count  int
}

// Check refuses what is no count whatever the sheet says: for the Check of a chapter's input.
//
// Errors: INVALID_INPUT at lines.N.
func (k *Kind) Check(counts []Counted) error {
	switch {
	case len(counts) == 0:
		return fault.Invalid("lines", "请至少填写一行清点数。", "Give the count of at least one line.").By(k.Clause)
	case len(counts) > mostLines:
		return fault.Invalid("lines", "一次最多 %[1]d 行,请分次提交。", "At most %[1]d lines at once; send the rest after.", mostLines).By(k.Clause)
	}
	seen := map[uuid.UUID]bool{}
	for i, c := range counts {
		if c.Count < 0 || c.Count > mostCounted {
			return fault.Invalid(fmt.Sprintf("lines.%d.count", i), "清点数应在 0 到 %[1]d 之间。", "Give a count between 0 and %[1]d.", mostCounted).By(k.Clause)
		}
		if seen[c.LineID] {
			return fault.Invalid(fmt.Sprintf("lines.%d.lineID", i), "同一行请只填一次。", "Give each line once.").By(k.Clause)
		}
		seen[c.LineID] = true
	}
	return nil
}

// Count writes down what was counted, of some lines or all. With the last line the record is shown: what differs
// becomes a case, and one obligation says until when all of them are to be resolved.
//
// Errors: INVALID_INPUT; NOT_FOUND at lines.N.lineID; CONFLICT for a line that was counted, and once all lines are.
func (k *Kind) Count(tx *act.Tx, id uuid.UUID, counts []Counted) (*ent.Reconciliation, error) {
	if err := k.Check(counts); err != nil {
		return nil, err
	}
	sheet, err := k.lock(tx, id)
	if err != nil {
		return nil, err
	}
	if err := k.CanCount(sheet); err != nil {
		return nil, err
	}
	lines, err := tx.ReconciliationLine.Query().Where(reconciliationline.ReconciliationID(id)).Order(reconciliationline.ByPosition()).All(tx)
	if err != nil {
		return nil, err
	}
	for i, c := range counts {
		at := slices.IndexFunc(lines, func(l *ent.ReconciliationLine) bool { return l.ID == c.LineID })
		if at < 0 {
			return nil, fault.Missing().At(fmt.Sprintf("lines.%d.lineID", i))
		}
		if lines[at].Counted != nil {
			return nil, countedOnce.By(k.Clause).At(fmt.Sprintf("lines.%d.lineID", i))
		}
		if lines[at], err = lines[at].Update().SetCounted(c.Count).SetCountedByID(tx.Viewer.Account).
			SetCountedByName(tx.Viewer.Name).SetCountedAt(tx.Now).Save(tx); err != nil {
			if f := act.Explained(err); f != nil { // a chapter's rule of who counts what
				return nil, f.At(fmt.Sprintf("lines.%d.lineID", i))
			}
			return nil, err
		}
	}
	if slices.ContainsFunc(lines, func(l *ent.ReconciliationLine) bool { return l.Counted == nil }) {
		return sheet, nil
	}
	return k.show(tx, sheet, lines)
}

// show fixes the counts, and sets what the record said beside them.
func (k *Kind) show(tx *act.Tx, sheet *ent.Reconciliation, lines []*ent.ReconciliationLine) (*ent.Reconciliation, error) {
	sheet, err := sheet.Update().SetState(reconciliation.StateSettling).SetCountedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	different := 0
	for _, l := range lines {
		state := reconciliationline.StateMatched
		if *l.Counted != l.Frozen {
			state = reconciliationline.StateDifferent
			different++
		}
		if err := l.Update().SetExpected(l.Frozen).SetState(state).Exec(tx); err != nil {
			return nil, err
		}
	}
	if different == 0 {
		return sheet, nil
	}
	today, err := tx.Today(sheet.EstateID)
	if err != nil {
		return nil, err
	}
	return sheet, resolving.Open(tx, obligation.Due{
		Clause: k.Clause, About: fmt.Sprintf("(%d 项):%s", different, sheet.Title),
		AboutEN: fmt.Sprintf("(%d): %s", different, sheet.TitleEn), Estate: sheet.EstateID, Subject: sheet.ID,
		Term: obligation.Term{From: today, Days: resolveWithin}, Account: sheet.OpenedByID,
	})
}

// CanCount refuses a sheet of which all lines are counted, or which ended.
func (k *Kind) CanCount(sheet *ent.Reconciliation) error {
	switch sheet.State {
	case reconciliation.StateCounting:
		return nil
	case reconciliation.StateSettling:
		return fault.Clash("已全部清点完毕,清点数不能再改;如有差异请逐项处理。",
			"All is counted, and counts are final; resolve the differences one by one.").By(k.Clause)
	}
	return k.ended()
}

// ended refuses what was closed or cancelled.
func (k *Kind) ended() *fault.Error {
	return fault.Clash("这次清点已结束。", "This count has ended.").By(k.Clause)
}
