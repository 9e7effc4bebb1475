package fees

import (
	"context"
	"iter"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/internal/registers"
)

// DispatchRegister is 通知单派发登记表: every attempt to bring a notice, with how, by whom and for whom (F4).
func DispatchRegister(say func(zh, en string) string) registers.Register[*ent.FeeDispatch] {
	type row = *ent.FeeDispatch
	return registers.Register[row]{
		Name: "fee-dispatches", ZH: "通知单派发登记表", EN: "Dispatches of fee notices",
		Columns: []registers.Column[row]{
			{ZH: "派发时间", EN: "Dispatched", Kind: registers.Time, Value: func(d row) any { return d.DispatchedAt }},
			{ZH: "类别", EN: "Of", Value: func(d row) any { return broughtWords(say, d) }},
			{ZH: "单号", EN: "Number", Value: func(d row) any { return d.Number }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(d row) any { return home(d.Edges.Household).Name }},
			{ZH: "房号", EN: "Units", Width: 20, Value: func(d row) any { return d.Address }},
			{ZH: "第几次", EN: "Attempt", Kind: registers.Int, Value: func(d row) any { return d.Attempt }},
			{ZH: "方式", EN: "Method", Value: func(d row) any { return wayWords(say, d.Method) }},
			{ZH: "签收人", EN: "Signed by", Value: func(d row) any { return d.Recipient }},
			{ZH: "签收人身份", EN: "As", Value: func(d row) any { return capacityWords(say, d) }},
			{ZH: "邮资(元)", EN: "Postage", Kind: registers.Hundredths, Value: postageOf},
			{ZH: "邮件号", EN: "Tracking", Value: func(d row) any { return d.Tracking }},
			{ZH: "原因", EN: "Reason", Width: 20, Value: func(d row) any { return d.Reason }},
			{ZH: "派发人", EN: "By", Value: func(d row) any { return d.DispatchedByName }},
			{ZH: "期限", EN: "Due", Kind: registers.Time, Value: func(d row) any { return d.DueAt }},
			{ZH: "是否逾期", EN: "Late", Value: func(d row) any { return lateWords(say, d.Late) }},
			{ZH: "退回时间", EN: "Came back", Kind: registers.Time, Value: func(d row) any { return d.ReturnedAt }},
			{ZH: "退回原因", EN: "Why", Width: 20, Value: func(d row) any { return d.ReturnedReason }},
			{ZH: "作废原因", EN: "Voided", Width: 20, Value: func(d row) any { return d.VoidReason }},
		},
	}
}

// DispatchRows reads the attempts of days, in the order in which they were made.
func DispatchRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.FeeDispatch, error] {
	var last *ent.FeeDispatch
	return registers.Pages(func() ([]*ent.FeeDispatch, bool, error) {
		q := db.FeeDispatch.Query().Where(feedispatch.EstateID(w.Estate), w.home).Order(feedispatch.ByDispatchedAt(), feedispatch.ByID()).Limit(registers.PageSize).WithHousehold()
		if !w.From.IsZero() {
			q.Where(feedispatch.DispatchedAtGTE(w.From))
		}
		if !w.Until.IsZero() {
			q.Where(feedispatch.DispatchedAtLT(w.Until))
		}
		if last != nil {
			q.Where(registers.After(feedispatch.FieldDispatchedAt, last.DispatchedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}

// postageOf is nothing where nothing was posted.
func postageOf(d *ent.FeeDispatch) any {
	if d.Postage == 0 {
		return nil
	}
	return d.Postage
}
