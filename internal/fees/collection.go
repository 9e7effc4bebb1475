package fees

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// mostMonths is over how many months a report of what was collected goes.
const mostMonths = 36

// FeeCollection is what was billed and collected, by month and in all.
type FeeCollection struct {
	Months []*FeeMonthCollection
	Total  *FeeCollected
}

// FeeMonthCollection is what was billed for a month in an estate, and what of it was collected until now.
type FeeMonthCollection struct {
	Estate    *ent.Estate
	Month     calendar.Day
	Collected *FeeCollected
}

// FeeCollected are sums over notices, in fen. What was taken back by credit notes counts neither as billed nor as collected.
type FeeCollected struct {
	Notices                           int
	Billed, Credited, Collected, Open int64
}

// RateHundredths is what of what was billed was collected, in hundredths of a percent: 9850 is 98.50%. Nil where nothing was billed.
func (c *FeeCollected) RateHundredths() *int {
	net := c.Billed - c.Credited
	if net <= 0 {
		return nil
	}
	rate := int((c.Collected*20000 + net) / (2 * net)) // half a hundredth and more is one
	return &rate
}

func (c *FeeCollected) add(d *FeeCollected) {
	c.Notices += d.Notices
	c.Billed, c.Credited, c.Collected, c.Open = c.Billed+d.Billed, c.Credited+d.Credited, c.Collected+d.Collected, c.Open+d.Open
}

// Collection tells what was billed and collected of each month from one until another, in one statement (F6). A payment counts for the month whose notice
// it settled, whenever it was made.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs; INVALID_INPUT for months in the wrong order, or too many.
func Collection(ctx context.Context, estates []uuid.UUID, from, until time.Time) (*FeeCollection, error) {
	first, last := calendar.DayOf(from).NthOfMonth(1), calendar.DayOf(until).NthOfMonth(1)
	switch {
	case last.Before(first):
		return nil, fault.Invalid("until", "截止月份早于开始月份。", "The last month lies before the first.").By("F6")
	case last.After(first.AddMonths(mostMonths - 1)):
		return nil, fault.Invalid("until", "最多统计 %[1]d 个月。", "Ask for at most %[1]d months.", mostMonths).By("F6")
	}
	r, err := reports(ctx, estates)
	if err != nil {
		return nil, err
	}
	return collected(ctx, r, first, last)
}

// collected reads the months; no day is without bound. What of a notice is settled beyond what was credited of it was paid.
func collected(ctx context.Context, r *reported, first, last calendar.Day) (*FeeCollection, error) {
	out := &FeeCollection{Months: []*FeeMonthCollection{}, Total: &FeeCollected{}}
	err := act.From(ctx).DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT n.estate_id, n.month, count(*)::int, sum(n.amount)::bigint, sum(n.credited)::bigint, sum(greatest(n.settled - n.credited, 0))::bigint, sum(n.amount - n.settled)::bigint
			FROM fee_notices n WHERE n.estate_id = ANY ($1) AND ($2::date IS NULL OR n.month >= $2) AND ($3::date IS NULL OR n.month <= $3) GROUP BY n.estate_id, n.month`, r.ids, first, last)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var month time.Time
		var c FeeCollected
		_, err = pgx.ForEachRow(rows, []any{&id, &month, &c.Notices, &c.Billed, &c.Credited, &c.Collected, &c.Open}, func() error {
			sums := c
			out.Months = append(out.Months, &FeeMonthCollection{r.estate(id), calendar.DayOf(month), &sums})
			out.Total.add(&sums)
			return nil
		})
		return err
	})
	slices.SortFunc(out.Months, func(a, b *FeeMonthCollection) int {
		return cmp.Or(cmp.Compare(a.Estate.Code, b.Estate.Code), a.Month.Compare(b.Month))
	})
	return out, err
}
