package mail

import (
	"context"
	"iter"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/presspause"
	"github.com/steward-pm/steward/ent/presssubscription"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// SubscriptionRegister is 业户订阅邮件一览表: who subscribes to what, household by household, then departments (M1).
func SubscriptionRegister(say func(zh, en string) string) registers.Register[*ent.PressSubscription] {
	type row = *ent.PressSubscription
	return registers.Register[row]{
		Name: "press-subscriptions", ZH: "业户订阅邮件一览表", EN: "Subscriptions of households",
		Columns: []registers.Column[row]{
			{ZH: "业户或部室", EN: "Household or department", Width: 20, Value: func(s row) any { return whose(s.Edges.Household, s.Edges.Department) }},
			{ZH: "报刊", EN: "Publication", Width: 20, Value: func(s row) any { return s.PublicationName }},
			{ZH: "份数", EN: "Copies", Kind: registers.Int, Value: func(s row) any { return s.Copies }},
			{ZH: "起订日期", EN: "From", Kind: registers.Date, Value: func(s row) any { return calendar.DayOf(s.FromOn) }},
			{ZH: "止订日期", EN: "Until", Kind: registers.Date, Value: func(s row) any { return calendar.DayOf(s.LastOn) }},
			{ZH: "停送", EN: "Paused", Width: 24, Value: func(s row) any { return pauses(s) }},
			{ZH: "收据号", EN: "Receipt", Value: func(s row) any { return s.PaidReference }},
			{ZH: "续订", EN: "Renewal", Value: func(s row) any { return map[bool]string{true: say("续订", "renewal")}[s.RenewsID != nil] }},
			{ZH: "登记人", EN: "Recorded by", Value: func(s row) any { return s.RecordedByName }},
			{ZH: "备注", EN: "Note", Width: 20, Value: func(s row) any { return ended(s, say) }},
		},
	}
}

func ended(s *ent.PressSubscription, say func(zh, en string) string) string {
	if s.EndedAt == nil {
		return ""
	}
	return say("提前终止:", "Ended: ") + s.EndReason
}

// pauses are the days of a subscription without press.
func pauses(s *ent.PressSubscription) (text string) {
	for _, p := range s.Edges.Pauses {
		if text != "" {
			text += ", "
		}
		text += p.FromOn.Format(time.DateOnly) + " – " + p.LastOn.Format(time.DateOnly)
	}
	return text
}

func whose(h *ent.Household, d *ent.Department) string {
	switch {
	case h != nil:
		return h.Name
	case d != nil:
		return d.Name
	}
	return ""
}

// Within is of what a register of mail is: of an estate, or of one household, and of a time (zero: open).
type Within struct {
	Estate      uuid.UUID
	Household   *uuid.UUID
	Zone        *time.Location
	From, Until time.Time
}

// days is the condition that a column lies in the time.
func (w Within) days(column string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if !w.From.IsZero() {
			s.Where(sql.GTE(s.C(column), calendar.DayOf(w.From.In(w.Zone)).UTC()))
		}
		if !w.Until.IsZero() {
			s.Where(sql.LT(s.C(column), calendar.DayOf(w.Until.In(w.Zone)).UTC()))
		}
	}
}

// term is the condition that a subscription is of the time.
func (w Within) term(s *sql.Selector) {
	if !w.From.IsZero() {
		s.Where(sql.GTE(s.C(presssubscription.FieldLastOn), calendar.DayOf(w.From.In(w.Zone)).UTC()))
	}
	if !w.Until.IsZero() {
		s.Where(sql.LT(s.C(presssubscription.FieldFromOn), calendar.DayOf(w.Until.In(w.Zone)).UTC()))
	}
}

// homes reads rows household by household, in the order of their codes: so many at once.
func homes[T any](ctx context.Context, db *ent.Client, w Within, size int, rows func(list []*ent.Household) ([]T, error)) iter.Seq2[T, error] {
	var last *ent.Household
	return registers.Pages(func() ([]T, bool, error) {
		q := db.Household.Query().Where(household.EstateID(w.Estate)).Order(household.ByCode(), household.ByID()).Limit(size)
		if w.Household != nil {
			q.Where(household.ID(*w.Household))
		}
		if last != nil {
			q.Where(registers.After(household.FieldCode, last.Code, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		out, err := rows(list)
		return out, len(list) == size, err
	})
}

// SubscriptionRows reads the subscriptions that stand, household by household, then those of departments.
func SubscriptionRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.PressSubscription, error] {
	ask := func() *ent.PressSubscriptionQuery {
		return db.PressSubscription.Query().Where(presssubscription.EstateID(w.Estate), presssubscription.VoidedAtIsNil(), w.term).WithHousehold().WithDepartment().
			WithPauses(func(q *ent.PressPauseQuery) { q.Where(presspause.VoidedAtIsNil()).Order(presspause.ByFromOn()) })
	}
	households := homes(ctx, db, w, registers.PageSize, func(list []*ent.Household) ([]*ent.PressSubscription, error) {
		found, err := ask().Where(presssubscription.HouseholdIDIn(idsOf(list)...)).Order(presssubscription.ByPublicationName(), presssubscription.ByFromOn(), presssubscription.ByID()).All(ctx)
		of := map[uuid.UUID][]*ent.PressSubscription{}
		for _, s := range found {
			of[*s.HouseholdID] = append(of[*s.HouseholdID], s)
		}
		return inOrder(list, of), err
	})
	return func(yield func(*ent.PressSubscription, error) bool) {
		for s, err := range households {
			if !yield(s, err) || err != nil {
				return
			}
		}
		if w.Household != nil {
			return
		}
		found, err := ask().Where(presssubscription.DepartmentIDNotNil()).Order(presssubscription.ByDepartmentID(), presssubscription.ByPublicationName(), presssubscription.ByFromOn(), presssubscription.ByID()).All(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, s := range found {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func idsOf(list []*ent.Household) []uuid.UUID {
	out := make([]uuid.UUID, len(list))
	for i, h := range list {
		out[i] = h.ID
	}
	return out
}

func inOrder[T any](list []*ent.Household, of map[uuid.UUID][]T) (out []T) {
	for _, h := range list {
		out = append(out, of[h.ID]...)
	}
	return out
}
