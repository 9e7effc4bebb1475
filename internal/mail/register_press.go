package mail

import (
	"context"
	"iter"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/pressallocation"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// PressRegister is 业户报刊收发记录: who got how many copies of what, and when the rest came (M5, M7).
func PressRegister(say func(zh, en string) string) registers.Register[*ent.PressAllocation] {
	type row = *ent.PressAllocation
	return registers.Register[row]{
		Name: "press-records", ZH: "业户报刊收发记录", EN: "Press of households",
		Columns: []registers.Column[row]{
			{ZH: "日期", EN: "Issue of", Kind: registers.Date, Value: func(a row) any { return calendar.DayOf(a.Day) }},
			{ZH: "业户或部室", EN: "Household or department", Width: 20, Value: func(a row) any { return whose(a.Edges.Household, a.Edges.Department) }},
			{ZH: "报刊", EN: "Publication", Width: 20, Value: func(a row) any { return a.PublicationName }},
			{ZH: "应收份数", EN: "Wanted", Kind: registers.Int, Value: func(a row) any { return a.Wanted }},
			{ZH: "实收份数", EN: "Given", Kind: registers.Int, Value: func(a row) any { return a.Given }},
			{ZH: "少送份数", EN: "Short", Kind: registers.Int, Value: func(a row) any { return a.Wanted - a.Given }},
			{ZH: "说明", EN: "Note", Value: func(a row) any { return allocationWords(a, say) }},
			{ZH: "登记时间", EN: "Recorded", Kind: registers.Time, Value: func(a row) any { return a.CreatedAt }},
		},
	}
}

// allocationWords tells what comes later than the issue, and what does not stand.
func allocationWords(a *ent.PressAllocation, say func(zh, en string) string) string {
	switch {
	case a.VoidedAt != nil:
		return say("已作废", "voided")
	case a.RecoveryID != nil:
		return say("补送", "came later")
	}
	return ""
}

// PressRows reads who got what of the issues of a time, the first first.
func PressRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.PressAllocation, error] {
	var last *ent.PressAllocation
	return registers.Pages(func() ([]*ent.PressAllocation, bool, error) {
		q := db.PressAllocation.Query().Where(pressallocation.EstateID(w.Estate), w.days(pressallocation.FieldDay)).
			Order(pressallocation.ByDay(), pressallocation.ByID()).Limit(registers.PageSize).WithHousehold().WithDepartment()
		if w.Household != nil {
			q.Where(pressallocation.HouseholdID(*w.Household))
		}
		if last != nil {
			q.Where(registers.After(pressallocation.FieldDay, last.Day, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
