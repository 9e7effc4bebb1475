// Package reconcile counts what is there against what is on record: the record is frozen, the count is blind,
// each difference is a case of its own that somebody resolves with a reason, and only then is the count closed.
//
// A count is blind as a whole: what the record said is shown when every line is counted, and not before. Until
// then a line may be counted again, as who counts finds a mistake; from then on the counts are fixed. Were a line
// shown as soon as it is counted, a second count would be a copy of it.
//
// The database holds the course (ent/migrations/00016): states go one way, counts and resolutions are written
// once, and nothing is closed while a line awaits its count or differs.
package reconcile

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// Kind is what is counted; each has its own clause.
type Kind struct {
	Name   string // "keys.spotCheck"
	Clause string // the clause that demands the count
}

// Declare declares a kind of count.
func Declare(k Kind) *Kind { return &k }

// Item is one thing to count: a line of the sheet.
type Item struct {
	Item     uuid.UUID
	Place    *uuid.UUID // where it is counted, if that matters
	Label    string     // what is counted, as written on the sheet
	Expected int        // what the record says now
}

// Open freezes the record as a sheet to count by. The caller holds the locks under which the record was read.
//
// Errors: CONFLICT if there is nothing to count.
func (k *Kind) Open(tx *act.Tx, estate, subject uuid.UUID, titleZH, titleEN string, items []Item) (*ent.Reconciliation, error) {
	if len(items) == 0 {
		return nil, fault.Clash("没有可清点的内容。", "There is nothing to count.").By(k.Clause)
	}
	sheet, err := tx.Reconciliation.Create().SetEstateID(estate).SetKind(k.Name).SetClause(k.Clause).SetSubjectID(subject).
		SetTitle(titleZH).SetTitleEn(titleEN).SetFrozenAt(tx.Now).SetOpenedByID(tx.Viewer.Account).SetOpenedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	lines := make([]*ent.ReconciliationLineCreate, len(items))
	for i, item := range items {
		lines[i] = tx.ReconciliationLine.Create().SetEstateID(estate).SetReconciliationID(sheet.ID).SetPosition(i + 1).
			SetItemID(item.Item).SetNillablePlaceID(item.Place).SetLabel(item.Label).SetFrozen(item.Expected)
	}
	return sheet, tx.ReconciliationLine.CreateBulk(lines...).Exec(tx)
}

// lock finds the sheet and locks it: counts, resolutions and the end of one sheet follow one another.
//
// Errors: NOT_FOUND, also for a sheet of another kind.
func (k *Kind) lock(tx *act.Tx, id uuid.UUID) (*ent.Reconciliation, error) {
	return tx.Reconciliation.Query().Where(reconciliation.ID(id), reconciliation.Kind(k.Name)).ForUpdate().Only(tx)
}

// countedOnce refuses to count a line again, and begun to give up what was begun: who does not like what a count comes to explains it.
var (
	countedOnce = fault.Clash("这一行已清点,清点数不能再改;全部清点后如有差异请逐项处理,清点有误的在处理时说明原因。",
		"This line was counted, once for all. When all lines are, resolve the differences; of a miscount say so, and why.")
	begun = fault.Clash("已开始清点,不能取消;请清点完毕,处理差异后办结。", "The count was begun, so it cannot be cancelled: count the rest, resolve the differences and close it.")
)

func init() {
	act.Explain("reconciliation_lines_once", countedOnce)
	act.Explain("reconciliations_begun", begun)
	act.Explain("reconciliations_settled", unsettled)
	act.Explain("reconciliations_course", fault.Clash("清点已进入下一步,请重新读取。", "The count has gone on meanwhile; read it again."))
	act.Explain("reconciliation_lines_course", fault.Clash("这一行已不能更改,请重新读取。", "This line cannot be changed any more; read it again."))
}
