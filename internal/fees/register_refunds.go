package fees

import (
	"context"
	"iter"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feerefund"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// RefundRegister is 退款登记表: every refund that was asked for, and what became of it (F5).
func RefundRegister(say func(zh, en string) string) registers.Register[*ent.FeeRefund] {
	type row = *ent.FeeRefund
	return registers.Register[row]{
		Name: "fee-refunds", ZH: "退款登记表", EN: "Fee refunds",
		Columns: []registers.Column[row]{
			{ZH: "退款号", EN: "Number", Kind: registers.Int, Value: numberOf},
			{ZH: "申请时间", EN: "Asked", Kind: registers.Time, Value: func(r row) any { return r.AskedAt }},
			{ZH: "业户编号", EN: "Household number", Value: func(r row) any { return home(r.Edges.Household).Code }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(r row) any { return home(r.Edges.Household).Name }},
			{ZH: "金额", EN: "Amount", Kind: registers.Hundredths, Value: func(r row) any { return r.Amount }},
			{ZH: "收款人", EN: "Payee", Value: func(r row) any { return r.Payee }},
			{ZH: "原因", EN: "Reason", Width: 20, Value: func(r row) any { return r.Reason }},
			{ZH: "状态", EN: "State", Value: func(r row) any { return refundWords(say, r.State) }},
			{ZH: "申请人", EN: "Asked by", Value: func(r row) any { return r.AskedByName }},
			{ZH: "付出日期", EN: "Paid out", Kind: registers.Date, Value: paidOutOn},
			{ZH: "经办人", EN: "Paid out by", Value: func(r row) any { return r.PaidByName }},
			{ZH: "流水号", EN: "Reference", Value: func(r row) any { return r.Reference }},
			{ZH: "退回原因", EN: "Why it came back", Width: 20, Value: func(r row) any { return r.ReturnReason }},
		},
	}
}

// RefundRows reads the refunds that were asked for in a time.
func RefundRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.FeeRefund, error] {
	var last *ent.FeeRefund
	return registers.Pages(func() ([]*ent.FeeRefund, bool, error) {
		q := db.FeeRefund.Query().Where(feerefund.EstateID(w.Estate), w.home).Order(feerefund.ByAskedAt(), feerefund.ByID()).Limit(registers.PageSize).WithHousehold()
		if !w.From.IsZero() {
			q.Where(feerefund.AskedAtGTE(w.From))
		}
		if !w.Until.IsZero() {
			q.Where(feerefund.AskedAtLT(w.Until))
		}
		if last != nil {
			q.Where(registers.After(feerefund.FieldAskedAt, last.AskedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}

func numberOf(r *ent.FeeRefund) any {
	if r.Number == nil {
		return nil
	}
	return *r.Number
}

func paidOutOn(r *ent.FeeRefund) any {
	if r.BookedOn == nil {
		return nil
	}
	return calendar.DayOf(*r.BookedOn)
}

func refundWords(s say, state feerefund.State) string {
	switch state {
	case feerefund.StatePaid:
		return s("已退", "paid out")
	case feerefund.StateEnded:
		return s("未获批准", "ended")
	case feerefund.StateReturned:
		return s("已退回", "came back")
	}
	return s("待退", "asked for")
}
