package mail

import (
	"context"
	"iter"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// ItemRegister is 业户邮件收发记录: each item, whom it was for, and what became of it (M4, M5).
func ItemRegister(say func(zh, en string) string) registers.Register[*ent.MailItem] {
	type row = *ent.MailItem
	return registers.Register[row]{
		Name: "mail-items", ZH: "业户邮件收发记录", EN: "Mail of households",
		Columns: []registers.Column[row]{
			{ZH: "收到日期", EN: "Received", Kind: registers.Date, Value: func(i row) any { return calendar.DayOf(i.ReceivedOn) }},
			{ZH: "种类", EN: "Kind", Value: func(i row) any { return say(kindZH(string(i.Kind)), kindEN(string(i.Kind))) }},
			{ZH: "条码", EN: "Barcode", Value: func(i row) any { return i.Barcode }},
			{ZH: "寄件人", EN: "Sender", Value: func(i row) any { return i.Sender }},
			{ZH: "收件人", EN: "Addressee", Value: func(i row) any { return i.Addressee }},
			{ZH: "业户或部室", EN: "Household or department", Width: 20, Value: func(i row) any { return whose(i.Edges.Household, i.Edges.Department) }},
			{ZH: "格位", EN: "Slot", Value: func(i row) any { return i.Slot }},
			{ZH: "状态", EN: "State", Value: func(i row) any {
				if i.VoidedAt != nil {
					return say("已作废", "voided")
				}
				return say(stateZH(i.State), stateEN(i.State))
			}},
			{ZH: "办理时间", EN: "Since", Kind: registers.Time, Value: func(i row) any { return i.ChangedAt }},
			{ZH: "经办人", EN: "By", Value: func(i row) any { return i.ChangedByName }},
			{ZH: "签收人", EN: "Signed by", Value: func(i row) any { return signedBy(i, say) }},
			{ZH: "说明", EN: "Reason", Width: 24, Value: func(i row) any { return lastReason(i) }},
		},
	}
}

// lastReason is the last one that was given.
func lastReason(i *ent.MailItem) (reason string) {
	for _, e := range i.Edges.Events {
		if e.Reason != "" {
			reason = e.Reason
		}
	}
	return reason
}

// ItemRows reads the items that came in a time, the first first.
func ItemRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.MailItem, error] {
	var last *ent.MailItem
	return registers.Pages(func() ([]*ent.MailItem, bool, error) {
		q := db.MailItem.Query().Where(mailitem.EstateID(w.Estate), w.days(mailitem.FieldReceivedOn)).Order(mailitem.ByReceivedOn(), mailitem.ByID()).Limit(registers.PageSize).
			WithHousehold().WithDepartment().WithEvents(func(q *ent.MailEventQuery) { q.Order(mailevent.ByActedAt(), mailevent.ByID()) })
		if w.Household != nil {
			q.Where(mailitem.HouseholdID(*w.Household))
		}
		if last != nil {
			q.Where(registers.After(mailitem.FieldReceivedOn, last.ReceivedOn, last.ID))
		}
		q.WithDelivery()
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}

// signedBy is who signed for an item, or where it went unsigned (M2, M3).
func signedBy(i *ent.MailItem, say func(zh, en string) string) string {
	switch d := i.Edges.Delivery; {
	case d == nil:
		return ""
	case d.Recipient == "":
		return say("信箱", "box")
	default:
		return d.Recipient
	}
}
