package fees

import (
	"context"
	"iter"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/ent/feenoticeline"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// NoticeRegister is 收费通知单登记表: what households were asked to pay, and what of it they did (F2).
func NoticeRegister(say func(zh, en string) string) registers.Register[*ent.FeeNotice] {
	type row = *ent.FeeNotice
	return registers.Register[row]{
		Name: "fee-notices", ZH: "收费通知单登记表", EN: "Fee notices",
		Columns: []registers.Column[row]{
			{ZH: "单号", EN: "Number", Value: func(n row) any { return n.Number }},
			{ZH: "月份", EN: "Month", Value: func(n row) any { return n.Month.Format("2006-01") }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(n row) any { return n.HouseholdName }},
			{ZH: "房号", EN: "Units", Width: 20, Value: func(n row) any { return n.Address }},
			{ZH: "应收金额", EN: "Amount", Kind: registers.Hundredths, Value: func(n row) any { return n.Amount }},
			{ZH: "冲减金额", EN: "Credited", Kind: registers.Hundredths, Value: func(n row) any { return n.Credited }},
			{ZH: "已结金额", EN: "Settled", Kind: registers.Hundredths, Value: func(n row) any { return n.Settled }},
			{ZH: "未结金额", EN: "Open", Kind: registers.Hundredths, Value: func(n row) any { return n.Amount - n.Settled }},
			{ZH: "开单日期", EN: "Issued", Kind: registers.Date, Value: func(n row) any { return calendar.DayOf(n.IssuedOn) }},
			{ZH: "付款期限", EN: "Pay by", Kind: registers.Date, Value: func(n row) any { return calendar.DayOf(n.PayBy) }},
			{ZH: "状态", EN: "State", Value: func(n row) any { return stateWords(say, n.State) }},
		},
	}
}

// NoticeRows reads the notices of months, each month in walking order.
func NoticeRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.FeeNotice, error] {
	return noticeRows(ctx, db, w, func(*ent.FeeNoticeQuery) {})
}

func noticeRows(ctx context.Context, db *ent.Client, w Within, with func(*ent.FeeNoticeQuery)) iter.Seq2[*ent.FeeNotice, error] {
	var last *ent.FeeNotice
	return registers.Pages(func() ([]*ent.FeeNotice, bool, error) {
		q := db.FeeNotice.Query().Where(feenotice.EstateID(w.Estate), w.home, w.days(feenotice.FieldMonth)).
			Order(feenotice.ByMonth(), feenotice.BySortKey(), feenotice.ByID()).Limit(registers.PageSize)
		with(q)
		if last != nil {
			q.Where(func(s *sql.Selector) {
				s.Where(sql.CompositeGT([]string{s.C(feenotice.FieldMonth), s.C(feenotice.FieldSortKey), s.C(feenotice.FieldID)}, last.Month, last.SortKey, last.ID))
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

// withLines loads what notices are for.
func withLines(q *ent.FeeNoticeQuery) {
	q.WithLines(func(q *ent.FeeNoticeLineQuery) {
		q.Order(feenoticeline.ByUnitLabel(), feenoticeline.ByFee(), feenoticeline.ByFromOn(), feenoticeline.ByID())
	})
}
