package fees

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// ageColumns are what is owed by age.
func ageColumns[T any](of func(T) *FeeAges) []registers.Column[T] {
	sum := func(zh, en string, value func(*FeeAges) int64) registers.Column[T] {
		return registers.Column[T]{ZH: zh, EN: en, Kind: registers.Hundredths, Value: func(row T) any { return value(of(row)) }}
	}
	return []registers.Column[T]{
		{ZH: "逾期通知单", EN: "Notices overdue", Kind: registers.Int, Value: func(row T) any { return int64(of(row).Notices) }},
		sum("未到期", "Not due yet", func(a *FeeAges) int64 { return a.NotDue }),
		sum("1–30 天", "1–30 days", func(a *FeeAges) int64 { return a.Days1To30 }),
		sum("31–60 天", "31–60 days", func(a *FeeAges) int64 { return a.Days31To60 }),
		sum("61–90 天", "61–90 days", func(a *FeeAges) int64 { return a.Days61To90 }),
		sum("90 天以上", "Over 90 days", func(a *FeeAges) int64 { return a.Over90 }),
		sum("逾期合计", "Overdue in all", func(a *FeeAges) int64 { return a.Overdue }),
	}
}

// ArrearsRegister is 欠费账龄表: who owes past its time, by age (F6).
func ArrearsRegister() registers.Register[*FeeHouseholdArrears] {
	type row = *FeeHouseholdArrears
	return registers.Register[row]{
		Name: "fee-arrears", ZH: "欠费账龄表", EN: "Arrears by age",
		Columns: append([]registers.Column[row]{
			{ZH: "楼栋", EN: "Building", Value: func(h row) any { return h.Building }},
			{ZH: "业户编号", EN: "Household number", Value: func(h row) any { return home(h.Household).Code }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(h row) any { return home(h.Household).Name }},
			{ZH: "最早逾期", EN: "Overdue since", Kind: registers.Date, Value: func(h row) any { return h.Since }},
		}, ageColumns(func(h row) *FeeAges { return h.Ages })...),
	}
}

// ArrearsRows reads who owes in an estate, who owes most first.
func ArrearsRows(ctx context.Context, w Within) iter.Seq2[*FeeHouseholdArrears, error] {
	return listed(func() ([]*FeeHouseholdArrears, error) {
		r, err := reports(ctx, estatesOf(w))
		if err != nil {
			return nil, err
		}
		var total int
		return owing(ctx, r, nil, nil, 0, &total)
	})
}

// BuildingArrearsRegister is 楼栋欠费汇总表: what each building owes, by age (F6).
func BuildingArrearsRegister() registers.Register[*FeeBuildingArrears] {
	type row = *FeeBuildingArrears
	return registers.Register[row]{
		Name: "fee-arrears-buildings", ZH: "楼栋欠费汇总表", EN: "Arrears of buildings",
		Columns: append([]registers.Column[row]{
			{ZH: "楼栋", EN: "Building", Value: func(b row) any { return b.Building }},
			{ZH: "逾期户数", EN: "Households overdue", Kind: registers.Int, Value: func(b row) any { return int64(b.Households) }},
		}, ageColumns(func(b row) *FeeAges { return b.Ages })...),
	}
}

// BuildingArrearsRows reads what the buildings of an estate owe.
func BuildingArrearsRows(ctx context.Context, w Within) iter.Seq2[*FeeBuildingArrears, error] {
	return listed(func() ([]*FeeBuildingArrears, error) {
		a, err := Arrears(ctx, estatesOf(w))
		if err != nil {
			return nil, err
		}
		return a.Buildings, nil
	})
}

// CollectionRegister is 收缴率表: what was billed and collected, by month (F6).
func CollectionRegister() registers.Register[*FeeMonthCollection] {
	type row = *FeeMonthCollection
	sum := func(zh, en string, value func(*FeeCollected) int64) registers.Column[row] {
		return registers.Column[row]{ZH: zh, EN: en, Kind: registers.Hundredths, Value: func(m row) any { return value(m.Collected) }}
	}
	return registers.Register[row]{
		Name: "fee-collection", ZH: "物业费收缴率表", EN: "Fees collected by month",
		Columns: []registers.Column[row]{
			{ZH: "月份", EN: "Month", Value: func(m row) any { return m.Month.String()[:7] }},
			{ZH: "通知单", EN: "Notices", Kind: registers.Int, Value: func(m row) any { return int64(m.Collected.Notices) }},
			sum("应收", "Billed", func(c *FeeCollected) int64 { return c.Billed }),
			sum("冲减", "Credited", func(c *FeeCollected) int64 { return c.Credited }),
			sum("已收", "Collected", func(c *FeeCollected) int64 { return c.Collected }),
			sum("未收", "Open", func(c *FeeCollected) int64 { return c.Open }),
			{ZH: "收缴率", EN: "Rate", Value: func(m row) any {
				if rate := m.Collected.RateHundredths(); rate != nil {
					return registers.Decimal(int64(*rate)) + "%"
				}
				return ""
			}},
		},
	}
}

// CollectionRows reads the months of an estate.
func CollectionRows(ctx context.Context, w Within) iter.Seq2[*FeeMonthCollection, error] {
	return listed(func() ([]*FeeMonthCollection, error) {
		r, err := reports(ctx, estatesOf(w))
		if err != nil {
			return nil, err
		}
		var first, last calendar.Day
		if !w.From.IsZero() {
			first = calendar.DayOf(w.From.In(w.Zone)).NthOfMonth(1)
		}
		if !w.Until.IsZero() {
			last = calendar.DayOf(w.Until.In(w.Zone)).AddDays(-1).NthOfMonth(1)
		}
		c, err := collected(ctx, r, first, last)
		if err != nil {
			return nil, err
		}
		return c.Months, nil
	})
}

// listed are the rows of a report that is read in one statement.
func listed[T any](read func() ([]T, error)) iter.Seq2[T, error] {
	return registers.Pages(func() ([]T, bool, error) {
		list, err := read()
		return list, false, err
	})
}

func estatesOf(w Within) []uuid.UUID { return []uuid.UUID{w.Estate} }
