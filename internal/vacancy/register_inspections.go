package vacancy

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspection"
	"github.com/steward-pm/steward/ent/inspectionitem"
	"github.com/steward-pm/steward/ent/inspectionresult"
	"github.com/steward-pm/steward/internal/registers"
)

// InspectionRow is a line of 空置房检查记录: one item of a visit.
type InspectionRow struct {
	Inspection *ent.Inspection
	Result     *ent.InspectionResult
}

// InspectionRegister is 空置房检查记录: each item of each visit, what was found, and whether it was on time (V4, V5).
func InspectionRegister(say func(zh, en string) string) registers.Register[InspectionRow] {
	return registers.Register[InspectionRow]{
		Name: "inspections", ZH: "空置房检查记录", EN: "Inspections of vacant units",
		Columns: []registers.Column[InspectionRow]{
			{ZH: "检查时间", EN: "Inspected", Kind: registers.Time, Value: func(r InspectionRow) any { return r.Inspection.InspectedAt }},
			{ZH: "房屋", EN: "Unit", Width: 20, Value: func(r InspectionRow) any { return r.Inspection.Edges.Unit.Label }},
			{ZH: "检查项目", EN: "Item", Width: 20, Value: func(r InspectionRow) any { return itemName(say, r.Result.Edges.Item) }},
			{ZH: "结果", EN: "Result", Value: func(r InspectionRow) any { return resultName(say, r.Result.Result) }},
			{ZH: "发现情况", EN: "Finding", Width: 30, Value: func(r InspectionRow) any { return r.Result.Finding }},
			{ZH: "转交部门", EN: "Department", Value: InspectionRow.department},
			{ZH: "应完成日期", EN: "Due", Kind: registers.Date, Value: func(r InspectionRow) any { return day(r.Result.DueOn) }},
			{ZH: "是否按时", EN: "On time", Value: func(r InspectionRow) any { return r.onTime(say) }},
			{ZH: "检查人", EN: "Inspected by", Value: func(r InspectionRow) any { return r.Inspection.InspectedByName }},
			{ZH: "备注", EN: "Note", Width: 24, Value: func(r InspectionRow) any { return r.Inspection.Note }},
			{ZH: "无钥匙进入说明", EN: "Entered without its key", Value: func(r InspectionRow) any { return r.Inspection.WithoutKeyReason }},
			{ZH: "补记原因", EN: "Recorded late", Value: func(r InspectionRow) any { return r.Inspection.LateReason }},
			{ZH: "作废原因", EN: "Voided", Value: func(r InspectionRow) any { return r.Inspection.VoidReason }},
		},
	}
}

func (r InspectionRow) department() any {
	if d := r.Result.Edges.Department; d != nil {
		return d.Name
	}
	return nil
}

func (r InspectionRow) onTime(say func(zh, en string) string) string {
	switch {
	case r.Result.Voided || r.Result.DueOn == nil:
		return ""
	case r.Result.DoneOn.After(*r.Result.DueOn):
		return say("逾期", "late")
	}
	return say("按时", "on time")
}

func itemName(say func(zh, en string) string, i *ent.InspectionItem) string {
	if i.NameEn == "" {
		return i.Name
	}
	return say(i.Name, i.NameEn)
}

func resultName(say func(zh, en string) string, r inspectionresult.Result) string {
	if r == inspectionresult.ResultAbnormal {
		return say("异常", "abnormal")
	}
	return say("正常", "normal")
}

// InspectionRows reads the inspections of an estate in a time (zero: open), the first first.
func InspectionRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[InspectionRow, error] {
	var last *ent.Inspection
	return registers.Pages(func() ([]InspectionRow, bool, error) {
		q := db.Inspection.Query().Where(inspection.EstateID(estate)).Order(inspection.ByInspectedAt(), inspection.ByID()).Limit(registers.PageSize).WithUnit().
			WithResults(func(q *ent.InspectionResultQuery) {
				q.WithItem().WithDepartment().Order(inspectionresult.ByItemField(inspectionitem.FieldPosition))
			})
		if !from.IsZero() {
			q.Where(inspection.InspectedAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(inspection.InspectedAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(inspection.FieldInspectedAt, last.InspectedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		var rows []InspectionRow
		for _, i := range list {
			for _, r := range i.Edges.Results {
				rows = append(rows, InspectionRow{i, r})
			}
		}
		return rows, len(list) == registers.PageSize, nil
	})
}
