package fees

import (
	"context"
	"iter"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// PaymentRegister is 收款登记表: every receipt, and none missing (F5).
func PaymentRegister(say func(zh, en string) string) registers.Register[*ent.FeePayment] {
	type row = *ent.FeePayment
	return registers.Register[row]{
		Name: "fee-payments", ZH: "收款登记表", EN: "Fee payments",
		Columns: []registers.Column[row]{
			{ZH: "收据号", EN: "Receipt", Kind: registers.Int, Value: func(p row) any { return p.Receipt }},
			{ZH: "入账日期", EN: "Booked", Kind: registers.Date, Value: func(p row) any { return calendar.DayOf(p.BookedOn) }},
			{ZH: "付款时间", EN: "Paid", Kind: registers.Time, Value: func(p row) any { return p.PaidAt }},
			{ZH: "业户编号", EN: "Household number", Value: func(p row) any { return home(p.Edges.Household).Code }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(p row) any { return home(p.Edges.Household).Name }},
			{ZH: "付款人", EN: "Paid by", Value: func(p row) any { return p.PaidBy }},
			{ZH: "方式", EN: "Method", Value: func(p row) any { return methodWords(say, p.Method) }},
			{ZH: "流水号", EN: "Reference", Value: func(p row) any { return p.Reference }},
			{ZH: "金额", EN: "Amount", Kind: registers.Hundredths, Value: func(p row) any { return p.Amount }},
			{ZH: "其中预收", EN: "Kept as credit", Kind: registers.Hundredths, Value: func(p row) any { return p.Unallocated }},
			{ZH: "收款人", EN: "Recorded by", Value: func(p row) any { return p.RecordedByName }},
			{ZH: "冲销说明", EN: "Reversal", Width: 20, Value: func(p row) any { return p.Reason }},
		},
	}
}

// PaymentRows reads the payments of days, by receipt.
func PaymentRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.FeePayment, error] {
	var last *ent.FeePayment
	return registers.Pages(func() ([]*ent.FeePayment, bool, error) {
		q := db.FeePayment.Query().Where(feepayment.EstateID(w.Estate), w.home, w.days(feepayment.FieldBookedOn)).
			Order(feepayment.ByReceipt(), feepayment.ByID()).Limit(registers.PageSize).WithHousehold()
		if last != nil {
			q.Where(registers.After(feepayment.FieldReceipt, last.Receipt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
