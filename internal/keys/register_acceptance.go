package keys

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptanceline"
	"github.com/steward-pm/steward/ent/keyfollowup"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/calendar"
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
		{ZH: "钥匙位置", EN: "Key set", Width: 24, Value: func(r AcceptanceRow) any { return r.Set.Label }},
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
		{ZH: "钥匙位置", EN: "Key set", Width: 24, Value: func(r AcceptanceRow) any { return r.Set.Label }},
		{ZH: "未移交数量", EN: "Outstanding", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Set.Outstanding }},
		{ZH: "应交数量", EN: "Due", Kind: registers.Int, Value: func(r AcceptanceRow) any { return r.Line.Due }},
		{ZH: "交验人", EN: "Deliverer", Value: func(r AcceptanceRow) any { return r.Line.Deliverer }},
		{ZH: "验收时间", EN: "Accepted", Kind: registers.Time, Value: AcceptanceRow.acceptedAt},
		{ZH: "跟进情况", EN: "Follow-up", Width: 30, Value: AcceptanceRow.followUp},
		{ZH: "跟进人", EN: "Followed up by", Value: newest(func(n *ent.KeyFollowUp) any { return n.NotedByName })},
		{ZH: "跟进时间", EN: "Followed up", Kind: registers.Time, Value: newest(func(n *ent.KeyFollowUp) any { return n.CreatedAt })},
		{ZH: "下次跟进", EN: "Next follow-up", Kind: registers.Date, Value: newest(func(n *ent.KeyFollowUp) any {
			if n.FollowUpOn == nil {
				return nil
			}
			return calendar.DayOf(*n.FollowUpOn)
		})},
	},
}

// AcceptanceRows reads the lines of all sheets of an estate: the sets in natural order, those of one by time.
func AcceptanceRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[AcceptanceRow, error] {
	return setRows(ctx, db, estate, withLines, acceptanceRows)
}

// OutstandingRows reads the newest line of each set of which keys are outstanding, in natural order.
func OutstandingRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[AcceptanceRow, error] {
	owing := func(q *ent.KeySetQuery) {
		withLines(q)
		q.Where(keyset.OutstandingGT(0)).WithFollowUps(func(q *ent.KeyFollowUpQuery) { q.Where(keyfollowup.VoidedAtIsNil()).Order(keyfollowup.ByID()) })
	}
	return setRows(ctx, db, estate, owing, func(s *ent.KeySet) []AcceptanceRow {
		rows := acceptanceRows(s)
		return rows[max(0, len(rows)-1):]
	})
}

// withLines loads with a set what the sheets in effect say of it, by time: their ids are.
func withLines(q *ent.KeySetQuery) {
	withArea(q)
	q.WithAcceptanceLines(func(q *ent.KeyAcceptanceLineQuery) { inEffect(q).WithAcceptance().Order(keyacceptanceline.ByID()) })
}

func acceptanceRows(s *ent.KeySet) []AcceptanceRow {
	rows := make([]AcceptanceRow, len(s.Edges.AcceptanceLines))
	for i, l := range s.Edges.AcceptanceLines {
		rows[i] = AcceptanceRow{s, l}
	}
	return rows
}

func (r AcceptanceRow) handler() any {
	if r.Line.Edges.Acceptance == nil {
		return nil
	}
	return r.Line.Edges.Acceptance.Handler
}

func (r AcceptanceRow) acceptedAt() any {
	if r.Line.Edges.Acceptance == nil || r.Line.Edges.Acceptance.AcceptedAt == nil {
		return nil
	}
	return *r.Line.Edges.Acceptance.AcceptedAt
}

// followUp is what the newest note says, or the sheet where there is none.
func (r AcceptanceRow) followUp() any {
	if note := newest(func(n *ent.KeyFollowUp) any { return n.Note })(r); note != nil {
		return note
	}
	return r.Line.FollowUp
}

// newest tells something of the newest note on the set that was not voided; nothing where there is none.
func newest(tell func(*ent.KeyFollowUp) any) func(AcceptanceRow) any {
	return func(r AcceptanceRow) any {
		if notes := r.Set.Edges.FollowUps; len(notes) > 0 {
			return tell(notes[len(notes)-1])
		}
		return nil
	}
}

// setRows goes through the sets of an estate in natural order, and through the rows that each has.
func setRows[T any](ctx context.Context, db *ent.Client, estate uuid.UUID, load func(*ent.KeySetQuery), rowsOf func(*ent.KeySet) []T) iter.Seq2[T, error] {
	var last *ent.KeySet
	return registers.Pages(func() ([]T, bool, error) {
		q := db.KeySet.Query().Where(keyset.EstateID(estate)).Order(keyset.BySortKey(), keyset.ByID()).Limit(registers.PageSize)
		load(q)
		if last != nil {
			q.Where(registers.After(keyset.FieldSortKey, last.SortKey, last.ID))
		}
		sets, err := q.All(ctx)
		if err != nil || len(sets) == 0 {
			return nil, false, err
		}
		last = sets[len(sets)-1]
		var rows []T
		for _, s := range sets {
			rows = append(rows, rowsOf(s)...)
		}
		return rows, len(sets) == registers.PageSize, nil
	})
}
