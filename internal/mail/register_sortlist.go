package mail

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// SortListRegister is 邮件分拣清单: what is in the slots, in the order in which they are walked, with room to sign (M3).
func SortListRegister(say func(zh, en string) string) registers.Register[*ent.MailItem] {
	type row = *ent.MailItem
	return registers.Register[row]{
		Name: "mail-sort-list", ZH: "邮件分拣清单", EN: "Sort list of mail",
		Columns: []registers.Column[row]{
			{ZH: "格位", EN: "Slot", Width: 18, Value: func(i row) any { return i.Slot }},
			{ZH: "业户或部室", EN: "Household or department", Width: 20, Value: func(i row) any { return whose(i.Edges.Household, i.Edges.Department) }},
			{ZH: "种类", EN: "Kind", Value: func(i row) any { return say(kindZH(string(i.Kind)), kindEN(string(i.Kind))) }},
			{ZH: "条码", EN: "Barcode", Width: 20, Value: func(i row) any { return i.Barcode }},
			{ZH: "收件人", EN: "Addressee", Value: func(i row) any { return i.Addressee }},
			{ZH: "收到日期", EN: "Received", Kind: registers.Date, Value: func(i row) any { return calendar.DayOf(i.ReceivedOn) }},
			{ZH: "签收", EN: "Signed", Width: 20, Value: func(i row) any {
				if accountable(i) {
					return ""
				}
				return say("信箱", "box")
			}},
		},
	}
}

// SortListRows reads what is in an estate's slots, slot by slot.
func SortListRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[*ent.MailItem, error] {
	var last *ent.MailItem
	return registers.Pages(func() ([]*ent.MailItem, bool, error) {
		q := db.MailItem.Query().Where(mailitem.EstateID(estate), mailitem.StateEQ(mailitem.StateSorted), mailitem.VoidedAtIsNil()).
			Order(mailitem.BySortKey(), mailitem.ByID()).Limit(registers.PageSize).WithHousehold().WithDepartment()
		if last != nil {
			q.Where(registers.After(mailitem.FieldSortKey, last.SortKey, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
