package vacancy

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/internal/registers"
)

// DefectRegister is 空置房异常处理记录 (V5): what was found, whom it was passed to, and what became of it, with the time of each step.
func DefectRegister(say func(zh, en string) string, now time.Time) registers.Register[*ent.Defect] {
	type row = *ent.Defect
	return registers.Register[row]{
		Name: "defects", ZH: "空置房异常处理记录", EN: "Defects of vacant units",
		Columns: []registers.Column[row]{
			{ZH: "房屋", EN: "Unit", Width: 20, Value: func(d row) any { return d.Edges.Unit.Label }},
			{ZH: "发现时间", EN: "Found", Kind: registers.Time, Value: func(d row) any { return d.FoundAt }},
			{ZH: "异常情况", EN: "Finding", Width: 30, Value: func(d row) any { return d.Finding }},
			{ZH: "报告人", EN: "Reported by", Value: func(d row) any { return d.ReportedByName }},
			{ZH: "责任部门", EN: "Department", Value: func(d row) any { return d.Edges.Department.Name }},
			{ZH: "通知时间", EN: "Notified", Kind: registers.Time, Value: func(d row) any { return d.NotifiedAt }},
			{ZH: "确认时间", EN: "Acknowledged", Kind: registers.Time, Value: func(d row) any { return d.AcknowledgedAt }},
			{ZH: "确认人", EN: "Acknowledged by", Value: func(d row) any { return d.AcknowledgedByName }},
			{ZH: "处理期限", EN: "Resolve by", Kind: registers.Time, Value: func(d row) any { return d.ResolveBy }},
			{ZH: "处理时间", EN: "Resolved", Kind: registers.Time, Value: func(d row) any { return d.ResolvedAt }},
			{ZH: "处理人", EN: "Resolved by", Value: func(d row) any { return d.ResolvedByName }},
			{ZH: "处理情况", EN: "Resolution", Width: 30, Value: func(d row) any { return d.Resolution }},
			{ZH: "复检时间", EN: "Inspected again", Kind: registers.Time, Value: func(d row) any { return d.ReinspectedAt }},
			{ZH: "复检人", EN: "Inspected again by", Value: func(d row) any { return d.ReinspectedByName }},
			{ZH: "复检不合格次数", EN: "Times reopened", Kind: registers.Int, Value: func(d row) any { return d.Reopened }},
			{ZH: "状态", EN: "State", Value: func(d row) any { return say(standing(d, now)) }},
			{ZH: "上报经理时间", EN: "Rose to the manager", Kind: registers.Time, Value: func(d row) any { return d.EscalatedAt }},
		},
	}
}

// standing is the state of a defect in words, and whether it is overdue.
func standing(d *ent.Defect, now time.Time) (zh, en string) {
	switch {
	case d.VoidedAt != nil:
		return "已作废", "voided"
	case d.DueAt != nil && !d.DueAt.After(now):
		return stateZH(d.State) + "(逾期)", stateEN(d.State) + ", overdue"
	}
	return stateZH(d.State), stateEN(d.State)
}

// DefectRows reads an estate's defects that were found in a time (zero: open), the first first.
func DefectRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[*ent.Defect, error] {
	var last *ent.Defect
	return registers.Pages(func() ([]*ent.Defect, bool, error) {
		q := db.Defect.Query().Where(defect.EstateID(estate)).Order(defect.ByFoundAt(), defect.ByID()).Limit(registers.PageSize).WithUnit().WithDepartment()
		if !from.IsZero() {
			q.Where(defect.FoundAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(defect.FoundAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(defect.FieldFoundAt, last.FoundAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
