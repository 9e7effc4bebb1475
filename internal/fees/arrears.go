package fees

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// FeeAges is what is open of notices, by how many days ago it was to be paid, in fen.
type FeeAges struct {
	Notices                                   int
	NotDue                                    int64 // not to be paid yet
	Days1To30, Days31To60, Days61To90, Over90 int64
	Overdue                                   int64 // the four together
}

// ageSums are the columns of FeeAges, over notices n of estates w with the estate's day. A notice is overdue from the day after it was to be paid.
const ageSums = `count(*) FILTER (WHERE w.today > n.pay_by)::int,
	coalesce(sum(n.amount - n.settled) FILTER (WHERE w.today <= n.pay_by), 0)::bigint,
	coalesce(sum(n.amount - n.settled) FILTER (WHERE w.today - n.pay_by BETWEEN 1 AND 30), 0)::bigint,
	coalesce(sum(n.amount - n.settled) FILTER (WHERE w.today - n.pay_by BETWEEN 31 AND 60), 0)::bigint,
	coalesce(sum(n.amount - n.settled) FILTER (WHERE w.today - n.pay_by BETWEEN 61 AND 90), 0)::bigint,
	coalesce(sum(n.amount - n.settled) FILTER (WHERE w.today - n.pay_by > 90), 0)::bigint,
	coalesce(sum(n.amount - n.settled) FILTER (WHERE w.today > n.pay_by), 0)::bigint AS overdue`

// openNotices are what is open, in the estates $1 on their days $2.
const openNotices = ` FROM unnest($1::uuid[], $2::date[]) w(estate, today) JOIN fee_notices n ON n.estate_id = w.estate AND n.state = 'OPEN'`

func (a *FeeAges) columns() []any {
	return []any{&a.Notices, &a.NotDue, &a.Days1To30, &a.Days31To60, &a.Days61To90, &a.Over90, &a.Overdue}
}

func (a *FeeAges) add(b *FeeAges) {
	a.Notices += b.Notices
	a.NotDue, a.Overdue, a.Over90 = a.NotDue+b.NotDue, a.Overdue+b.Overdue, a.Over90+b.Over90
	a.Days1To30, a.Days31To60, a.Days61To90 = a.Days1To30+b.Days1To30, a.Days31To60+b.Days31To60, a.Days61To90+b.Days61To90
}

// FeeArrears is what is owed, by building and in all.
type FeeArrears struct {
	At        time.Time
	Buildings []*FeeBuildingArrears
	Total     *FeeAges
}

// FeeBuildingArrears is what is owed by the households of a building, or of that part of an estate that no notice names one for.
type FeeBuildingArrears struct {
	Estate     *ent.Estate
	Building   string
	Households int // of those that are overdue
	Ages       *FeeAges
}

// reported are the estates that a report of fees is of, with their days.
type reported struct {
	list []*ent.Estate
	ids  []uuid.UUID
	days []time.Time
	at   time.Time
}

// reports finds the estates that are asked for, or all in which the viewer sees every household's notices (F6): residents see none.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate where the viewer does not.
func reports(ctx context.Context, estates []uuid.UUID) (*reported, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	q := rt.DB.Ent.Estate.Query().Order(estate.ByCode(), estate.ByID())
	if estates != nil {
		q.Where(estate.IDIn(estates...))
	}
	all, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	r := &reported{at: rt.Clock.Now()}
	for _, e := range all {
		if !v.Scope(policy.FeeNotice, policy.Read).Covers(access.Row{Estate: e.ID}) {
			continue
		}
		cal, err := act.CalendarOf(e.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("time zone of estate %s: %w", e.Code, err)
		}
		r.list, r.ids, r.days = append(r.list, e), append(r.ids, e.ID), append(r.days, cal.Today(r.at).UTC())
	}
	if slices.ContainsFunc(estates, func(id uuid.UUID) bool { return !slices.Contains(r.ids, id) }) {
		return nil, fault.Missing().At("estateIDs")
	}
	return r, nil
}

func (r *reported) estate(id uuid.UUID) *ent.Estate {
	return r.list[slices.Index(r.ids, id)]
}

// Arrears tells what is owed by age, of each building and in all, in one statement however many estates there are (F6).
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs.
func Arrears(ctx context.Context, estates []uuid.UUID) (*FeeArrears, error) {
	r, err := reports(ctx, estates)
	if err != nil {
		return nil, err
	}
	out := &FeeArrears{At: r.at, Buildings: []*FeeBuildingArrears{}, Total: &FeeAges{}}
	err = act.From(ctx).DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT n.estate_id, n.building, count(DISTINCT n.household_id) FILTER (WHERE w.today > n.pay_by)::int, `+ageSums+openNotices+`
			GROUP BY n.estate_id, n.building ORDER BY n.estate_id, min(n.sort_key)`, r.ids, r.days)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var b FeeBuildingArrears
		var ages FeeAges
		_, err = pgx.ForEachRow(rows, append([]any{&id, &b.Building, &b.Households}, ages.columns()...), func() error {
			row, sums := b, ages
			row.Estate, row.Ages = r.estate(id), &sums
			out.Buildings = append(out.Buildings, &row)
			out.Total.add(&sums)
			return nil
		})
		return err
	})
	slices.SortStableFunc(out.Buildings, func(a, b *FeeBuildingArrears) int { return strings.Compare(a.Estate.Code, b.Estate.Code) })
	return out, err
}

// FeeHouseholdArrears is what a household owes past its time.
type FeeHouseholdArrears struct {
	Household *ent.Household
	Building  string // of its oldest notice that is open
	Since     calendar.Day
	Ages      *FeeAges
	home      uuid.UUID
}

// FeeArrearsConnection is a page of households that owe, who owes most first.
type FeeArrearsConnection struct {
	Edges      []*FeeArrearsEdge
	PageInfo   *ent.PageInfo
	TotalCount int
}

// FeeArrearsEdge is a household, and its place in the list.
type FeeArrearsEdge struct {
	Node   *FeeHouseholdArrears
	Cursor ent.Cursor
}

// ArrearsOf lists the households that owe past their time, who owes most first, in three statements however many there are (F6).
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs; INVALID_INPUT at after.
func ArrearsOf(ctx context.Context, estates []uuid.UUID, building *string, first *int, after *ent.Cursor) (*FeeArrearsConnection, error) {
	r, err := reports(ctx, estates)
	if err != nil {
		return nil, err
	}
	place, err := placeAfter(after)
	if err != nil {
		return nil, err
	}
	size := paging.Size(first)
	out := &FeeArrearsConnection{Edges: []*FeeArrearsEdge{}}
	list, err := owing(ctx, r, building, place, size+1, &out.TotalCount)
	if err != nil {
		return nil, err
	}
	more := len(list) > size
	if more {
		list = list[:size]
	}
	cursors := make([]ent.Cursor, len(list))
	for i, h := range list {
		cursors[i] = paging.Cursor(h.home, strconv.FormatInt(h.Ages.Overdue, 10))
		out.Edges = append(out.Edges, &FeeArrearsEdge{h, cursors[i]})
	}
	out.PageInfo = paging.Info(cursors, after, more)
	return out, nil
}

// owed is a place in the list of who owes.
type owed struct {
	overdue int64
	home    uuid.UUID
}

func placeAfter(after *ent.Cursor) (*owed, error) {
	text, err := paging.Place(after)
	if err != nil || text == "" {
		return nil, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, paging.BadCursor()
	}
	return &owed{n, after.ID}, nil
}

// owing reads the households that owe past their time, after a place, at most so many (0: all), and how many there are.
func owing(ctx context.Context, r *reported, building *string, after *owed, most int, total *int) (list []*FeeHouseholdArrears, err error) {
	if after == nil {
		after = &owed{overdue: -1}
	}
	rt := act.From(ctx)
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `WITH owing AS (
			SELECT n.household_id, (array_agg(n.building ORDER BY n.pay_by, n.number))[1], min(n.pay_by) + 1, `+ageSums+openNotices+`
			WHERE $3::text IS NULL OR n.building = $3 GROUP BY n.household_id HAVING count(*) FILTER (WHERE w.today > n.pay_by) > 0)
			SELECT *, (SELECT count(*)::int FROM owing) FROM owing o WHERE $4 < 0 OR (o.overdue, o.household_id) < ($4, $5) ORDER BY o.overdue DESC, o.household_id DESC LIMIT nullif($6, 0)`,
			r.ids, r.days, building, after.overdue, after.home, most)
		if err != nil {
			return err
		}
		var h FeeHouseholdArrears
		var ages FeeAges
		_, err = pgx.ForEachRow(rows, append(append([]any{&h.home, &h.Building, &h.Since}, ages.columns()...), total), func() error {
			row, sums := h, ages
			row.Ages = &sums
			list = append(list, &row)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, withHouseholds(ctx, rt, list)
}

// withHouseholds reads the households, a page at a time.
func withHouseholds(ctx context.Context, rt *act.Runtime, list []*FeeHouseholdArrears) error {
	for page := range slices.Chunk(list, 1000) {
		ids := make([]uuid.UUID, len(page))
		for i, h := range page {
			ids[i] = h.home
		}
		homes, err := rt.DB.Ent.Household.Query().Where(household.IDIn(ids...)).All(ctx)
		if err != nil {
			return err
		}
		of := make(map[uuid.UUID]*ent.Household, len(homes))
		for _, h := range homes {
			of[h.ID] = h
		}
		for _, h := range page {
			h.Household = of[h.home]
		}
	}
	return nil
}
