package keys

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptanceline"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/registers"
)

// AcceptanceRow is a line of an acceptance sheet with its set; the sheet is loaded.
type AcceptanceRow struct {
	Set  *ent.KeySet
	Line *ent.KeyAcceptanceLine
}

// AcceptanceRegister is 钥匙交接验收统计表 (K1.1): every set that engineering delivered.
var AcceptanceRegister = registers.Register[AcceptanceRow]{
	Name: "keys-acceptance", ZH: "钥匙交接验收统计表", EN: "Keys accepted",
	Columns: []registers.Column[AcceptanceRow]{
		{ZH: "区域", EN: "Area", Value: func(r AcceptanceRow) any { return areaOf(r.Set) }},
		{ZH: "钥匙位置", EN: "Key set", Width: 24, Value: func(r AcceptanceRow) any { return labelOf(r.Set) }},
		{ZH: "应交数量", EN: "Due", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Line.Due }},
		{ZH: "实交数量", EN: "Delivered", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Line.Delivered }},
		{ZH: "未交数量", EN: "Outstanding", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Line.Outstanding }},
		{ZH: "状态", EN: "Condition", Value: func(r AcceptanceRow) any { return r.Line.Condition }},
		{ZH: "交验人", EN: "Deliverer", Value: func(r AcceptanceRow) any { return r.Line.Deliverer }},
		{ZH: "经手人", EN: "Handler", Value: AcceptanceRow.handler},
		{ZH: "验收时间", EN: "Accepted", Kind: registers.Time, Value: AcceptanceRow.acceptedAt},
	},
}

// OutstandingRegister is 尚未移交钥匙统计表 (K1.4): what engineering still owes.
var OutstandingRegister = registers.Register[AcceptanceRow]{
	Name: "keys-outstanding", ZH: "尚未移交钥匙统计表", EN: "Keys not handed over yet",
	Columns: []registers.Column[AcceptanceRow]{
		{ZH: "区域", EN: "Area", Value: func(r AcceptanceRow) any { return areaOf(r.Set) }},
		{ZH: "钥匙位置", EN: "Key set", Width: 24, Value: func(r AcceptanceRow) any { return labelOf(r.Set) }},
		{ZH: "未移交数量", EN: "Outstanding", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Line.Outstanding }},
		{ZH: "应交数量", EN: "Due", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Line.Due }},
		{ZH: "交验人", EN: "Deliverer", Value: func(r AcceptanceRow) any { return r.Line.Deliverer }},
		{ZH: "验收时间", EN: "Accepted", Kind: registers.Time, Value: AcceptanceRow.acceptedAt},
		{ZH: "跟进情况", EN: "Follow-up", Width: 30, Value: func(r AcceptanceRow) any { return r.Line.FollowUp }},
	},
}

// AcceptanceRows reads the accepted sets of an estate in natural order.
func AcceptanceRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[AcceptanceRow, error] {
	return acceptanceRows(ctx, db, estate)
}

// OutstandingRows reads those of which keys are outstanding, in natural order.
func OutstandingRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[AcceptanceRow, error] {
	return acceptanceRows(ctx, db, estate, keyacceptanceline.OutstandingGT(0))
}

func acceptanceRows(ctx context.Context, db *ent.Client, estate uuid.UUID, which ...predicate.KeyAcceptanceLine) iter.Seq2[AcceptanceRow, error] {
	return setRows(ctx, db, estate, withArea, func(sets []*ent.KeySet) ([]AcceptanceRow, error) {
		at := make(map[uuid.UUID]int, len(sets))
		list := make([]uuid.UUID, len(sets))
		for i, s := range sets {
			list[i], at[s.ID] = s.ID, i
		}
		lines, err := db.KeyAcceptanceLine.Query().Where(keyacceptanceline.EstateID(estate), keyacceptanceline.SetIDIn(list...)).
			Where(which...).WithAcceptance().All(ctx)
		if err != nil {
			return nil, err
		}
		// The sheets of one set by time: their ids are.
		slices.SortFunc(lines, func(a, b *ent.KeyAcceptanceLine) int {
			return cmp.Or(cmp.Compare(at[a.SetID], at[b.SetID]), cmp.Compare(a.ID.String(), b.ID.String()))
		})
		rows := make([]AcceptanceRow, len(lines))
		for i, l := range lines {
			rows[i] = AcceptanceRow{sets[at[l.SetID]], l}
		}
		return rows, nil
	})
}

func (r AcceptanceRow) handler() any {
	if r.Line.Edges.Acceptance == nil {
		return nil
	}
	return r.Line.Edges.Acceptance.Handler
}

func (r AcceptanceRow) acceptedAt() any {
	if r.Line.Edges.Acceptance == nil {
		return nil
	}
	return r.Line.Edges.Acceptance.AcceptedAt
}

// setRows goes through the sets of an estate in natural order, and through what a page of them expands to.
func setRows[T any](ctx context.Context, db *ent.Client, estate uuid.UUID, load func(*ent.KeySetQuery), expand func([]*ent.KeySet) ([]T, error)) iter.Seq2[T, error] {
	var last *ent.KeySet
	return registers.Pages(func() ([]T, bool, error) {
		q := db.KeySet.Query().Where(keyset.EstateID(estate)).Order(keyset.BySortKey(), keyset.ByID()).Limit(registers.PageSize)
		load(q)
		if last != nil {
			q.Where(afterRow(keyset.FieldSortKey, last.SortKey, last.ID))
		}
		sets, err := q.All(ctx)
		if err != nil || len(sets) == 0 {
			return nil, false, err
		}
		last = sets[len(sets)-1]
		rows, err := expand(sets)
		return rows, len(sets) == registers.PageSize, err
	})
}
