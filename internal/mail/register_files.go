package mail

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/pressallocation"
	"github.com/steward-pm/steward/ent/presssubscription"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// homesAtOnce is of how many households the mail and press is in memory at once.
const homesAtOnce = 10

// FileRow is an entry of a household's mail and press file: a subscription, press that came for it, or an item of mail.
type FileRow struct {
	Household    *ent.Household
	On           time.Time
	Subscription *ent.PressSubscription
	Allocation   *ent.PressAllocation
	Item         *ent.MailItem
}

// FileRegister is 业户报刊邮件档案: what a household subscribes to, and the press and the mail that came for it, by day (M1).
func FileRegister(say func(zh, en string) string) registers.Register[FileRow] {
	return registers.Register[FileRow]{
		Name: "mail-files", ZH: "业户报刊邮件档案", EN: "Mail and press file of households",
		Columns: []registers.Column[FileRow]{
			{ZH: "业户编号", EN: "Household number", Value: func(r FileRow) any { return r.Household.Code }},
			{ZH: "业户", EN: "Household", Width: 18, Value: func(r FileRow) any { return r.Household.Name }},
			{ZH: "日期", EN: "Day", Kind: registers.Date, Value: func(r FileRow) any { return calendar.DayOf(r.On) }},
			{ZH: "类别", EN: "Entry", Value: func(r FileRow) any { return r.entry(say) }},
			{ZH: "内容", EN: "What", Width: 24, Value: func(r FileRow) any { return r.what(say) }},
			{ZH: "份数", EN: "Copies", Kind: registers.Int, Value: func(r FileRow) any { return r.copies() }},
			{ZH: "状态", EN: "State", Width: 20, Value: func(r FileRow) any { return r.state(say) }},
			{ZH: "经办人", EN: "By", Value: func(r FileRow) any { return r.by() }},
		},
	}
}

func (r FileRow) entry(say func(zh, en string) string) string {
	switch {
	case r.Subscription != nil:
		return say("订阅", "subscription")
	case r.Allocation != nil:
		return say("报刊", "press")
	}
	return say("邮件", "mail")
}

func (r FileRow) what(say func(zh, en string) string) string {
	switch {
	case r.Subscription != nil:
		return r.Subscription.PublicationName
	case r.Allocation != nil:
		return r.Allocation.PublicationName
	}
	return say(itemWords(r.Item))
}

func (r FileRow) copies() int {
	switch {
	case r.Subscription != nil:
		return r.Subscription.Copies
	case r.Allocation != nil:
		return r.Allocation.Given
	}
	return 1
}

func (r FileRow) state(say func(zh, en string) string) string {
	switch {
	case r.Subscription != nil:
		return say("至 ", "until ") + r.Subscription.LastOn.Format(time.DateOnly)
	case r.Allocation != nil && r.Allocation.RecoveryID != nil:
		return say("补送", "came later")
	case r.Allocation != nil && r.Allocation.Given < r.Allocation.Wanted:
		return say("少送", "short")
	case r.Allocation != nil:
		return say("已收", "received")
	}
	return say(stateZH(r.Item.State), stateEN(r.Item.State))
}

func (r FileRow) by() string {
	switch {
	case r.Subscription != nil:
		return r.Subscription.RecordedByName
	case r.Allocation != nil:
		return ""
	}
	return r.Item.ChangedByName
}

// FileRows reads the files of an estate's households, or of one, each by day; what was voided is left out.
func FileRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[FileRow, error] {
	return homes(ctx, db, w, homesAtOnce, func(list []*ent.Household) ([]FileRow, error) {
		home, of, ids := map[uuid.UUID]*ent.Household{}, map[uuid.UUID][]FileRow{}, idsOf(list)
		for _, h := range list {
			home[h.ID] = h
		}
		add := func(household *uuid.UUID, r FileRow) {
			r.Household = home[*household]
			of[*household] = append(of[*household], r)
		}
		subscriptions, err := db.PressSubscription.Query().Where(presssubscription.EstateID(w.Estate), presssubscription.HouseholdIDIn(ids...), presssubscription.VoidedAtIsNil(), w.term).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range subscriptions {
			add(s.HouseholdID, FileRow{On: s.FromOn, Subscription: s})
		}
		press, err := db.PressAllocation.Query().Where(pressallocation.EstateID(w.Estate), pressallocation.HouseholdIDIn(ids...), pressallocation.VoidedAtIsNil(), w.days(pressallocation.FieldDay)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range press {
			add(a.HouseholdID, FileRow{On: a.Day, Allocation: a})
		}
		items, err := db.MailItem.Query().Where(mailitem.EstateID(w.Estate), mailitem.HouseholdIDIn(ids...), mailitem.VoidedAtIsNil(), w.days(mailitem.FieldReceivedOn)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			add(i.HouseholdID, FileRow{On: i.ReceivedOn, Item: i})
		}
		for _, rows := range of {
			slices.SortStableFunc(rows, func(a, b FileRow) int { return a.On.Compare(b.On) })
		}
		return inOrder(list, of), nil
	})
}
