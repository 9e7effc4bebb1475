package fees

import (
	"context"
	"iter"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// DunningRegister is 催缴通知单登记表: every version of every notice, with its steps (F6, F7, F8).
func DunningRegister(say func(zh, en string) string) registers.Register[*ent.FeeDunning] {
	type row = *ent.FeeDunning
	return registers.Register[row]{
		Name: "fee-dunnings", ZH: "催缴通知单登记表", EN: "Dunning notices",
		Columns: []registers.Column[row]{
			{ZH: "单号", EN: "Number", Value: func(d row) any { return dunningNumber(d) }},
			{ZH: "级别", EN: "Level", Value: func(d row) any { return levelWords(say, d.Level) }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(d row) any { return d.HouseholdName }},
			{ZH: "房号", EN: "Units", Width: 20, Value: func(d row) any { return d.Address }},
			{ZH: "催缴金额", EN: "Amount", Kind: registers.Hundredths, Value: func(d row) any { return d.Amount }},
			{ZH: "状态", EN: "State", Value: func(d row) any { return dunningWords(say, d.State) }},
			{ZH: "填写日期", EN: "Drafted", Kind: registers.Date, Value: func(d row) any { return calendar.DayOf(d.DraftedOn) }},
			{ZH: "审核人", EN: "Reviewed by", Value: func(d row) any { return d.ReviewedByName }},
			{ZH: "审核时间", EN: "Reviewed", Kind: registers.Time, Value: func(d row) any { return d.ReviewedAt }},
			{ZH: "盖章人", EN: "Stamped by", Value: func(d row) any { return d.StampedByName }},
			{ZH: "盖章时间", EN: "Stamped", Kind: registers.Time, Value: func(d row) any { return d.StampedAt }},
			{ZH: "内容摘要", EN: "Hash", Width: 20, Value: func(d row) any { return d.ContentHash }},
			{ZH: "移交客服", EN: "Handed over", Kind: registers.Time, Value: func(d row) any { return d.HandedAt }},
			{ZH: "派发时间", EN: "Dispatched", Kind: registers.Time, Value: func(d row) any { return d.DispatchedAt }},
			{ZH: "送达时间", EN: "Delivered", Kind: registers.Time, Value: func(d row) any { return d.DeliveredAt }},
			{ZH: "限期", EN: "Pay by", Kind: registers.Date, Value: payByOf},
			{ZH: "结清时间", EN: "Settled", Kind: registers.Time, Value: func(d row) any { return d.SettledAt }},
			{ZH: "撤回说明", EN: "Withdrawn", Width: 20, Value: func(d row) any { return d.EndReason }},
		},
	}
}

// DunningRows reads the notices that were drafted on days, each day in walking order.
func DunningRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.FeeDunning, error] {
	return dunningRows(ctx, db, w, func(*ent.FeeDunningQuery) {})
}

func dunningRows(ctx context.Context, db *ent.Client, w Within, with func(*ent.FeeDunningQuery)) iter.Seq2[*ent.FeeDunning, error] {
	var last *ent.FeeDunning
	return registers.Pages(func() ([]*ent.FeeDunning, bool, error) {
		q := db.FeeDunning.Query().Where(feedunning.EstateID(w.Estate), w.home, w.days(feedunning.FieldDraftedOn)).
			Order(feedunning.ByDraftedOn(), feedunning.BySortKey(), feedunning.ByID()).Limit(registers.PageSize)
		with(q)
		if last != nil {
			q.Where(func(s *sql.Selector) {
				s.Where(sql.CompositeGT([]string{s.C(feedunning.FieldDraftedOn), s.C(feedunning.FieldSortKey), s.C(feedunning.FieldID)}, last.DraftedOn, last.SortKey, last.ID))
			})
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}

func payByOf(d *ent.FeeDunning) any {
	if d.PayBy == nil {
		return nil
	}
	return calendar.DayOf(*d.PayBy)
}
