package duty

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// GridRow is somebody's month: the shifts of each day, by their short names.
type GridRow struct {
	Name   string
	Days   [31]string
	Shifts int
	Hours  int64 // hundredths
}

// Month is the month that a grid is of: that of a day, or the present one.
func Month(from, now time.Time, zone *time.Location) calendar.Day {
	if from.IsZero() {
		from = now
	}
	return calendar.DayOf(from.In(zone)).NthOfMonth(1)
}

// GridRegister is 客服部值班表: the month as a grid, a row for each person, a column for each day (D1.1).
func GridRegister(month calendar.Day) registers.Register[GridRow] {
	label := month.UTC().Format("2006-01")
	r := registers.Register[GridRow]{Name: "duty-roster", ZH: "客服部值班表", EN: "Duty roster"}
	r.Columns = append(r.Columns, registers.Column[GridRow]{ZH: "姓名", EN: "Name", Value: func(g GridRow) any { return g.Name }})
	for d := month; d.Month() == month.Month(); d = d.AddDays(1) {
		i := d.DayOfMonth() - 1
		heading := strconv.Itoa(d.DayOfMonth())
		r.Columns = append(r.Columns, registers.Column[GridRow]{
			ZH: heading + weekdayZH(d), EN: heading + " " + d.Weekday().String()[:2], Width: 5, Value: func(g GridRow) any { return g.Days[i] },
		})
	}
	r.ZH, r.EN = r.ZH+" "+label, r.EN+" "+label
	r.Columns = append(r.Columns,
		registers.Column[GridRow]{ZH: "班次", EN: "Shifts", Kind: registers.Int, Value: func(g GridRow) any { return g.Shifts }},
		registers.Column[GridRow]{ZH: "工时", EN: "Hours", Kind: registers.Hundredths, Value: func(g GridRow) any { return g.Hours }},
	)
	return r
}

func weekdayZH(d calendar.Day) string {
	return [...]string{"日", "一", "二", "三", "四", "五", "六"}[d.Weekday()]
}

// GridRows reads a month's roster, person by person in the order of names. A draft shows, too: who may read it may print it.
func GridRows(ctx context.Context, db *ent.Client, estate uuid.UUID, month calendar.Day) iter.Seq2[GridRow, error] {
	return func(yield func(GridRow, error) bool) {
		list, err := db.DutyAssignment.Query().Where(dutyassignment.EstateID(estate), dutyassignment.RemovedAtIsNil(), dutyassignment.DayGTE(month.UTC()), dutyassignment.DayLT(month.AddMonths(1).UTC()),
			dutyassignment.HasRosterWith(dutyroster.EstateID(estate), dutyroster.Month(month.UTC()))).
			WithStaff().WithShift().Order(dutyassignment.ByStartsAt(), dutyassignment.ByID()).All(ctx)
		if err != nil {
			yield(GridRow{}, err)
			return
		}
		for _, g := range grid(list) {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// grid puts assignments, as they begin, into rows.
func grid(list []*ent.DutyAssignment) []GridRow {
	of := map[uuid.UUID]*GridRow{}
	var people []*ent.Staff
	for _, a := range list {
		m := a.Edges.Staff
		if of[m.ID] == nil {
			of[m.ID] = &GridRow{Name: m.Name}
			people = append(people, m)
		}
		g, i := of[m.ID], a.Day.Day()-1
		g.Days[i] = strings.TrimSpace(g.Days[i] + " " + a.Edges.Shift.Short)
		g.Shifts++
		g.Hours += int64(a.EndsAt.Sub(a.StartsAt) * 100 / time.Hour)
	}
	slices.SortStableFunc(people, func(a, b *ent.Staff) int { return strings.Compare(a.SortKey, b.SortKey) })
	rows := make([]GridRow, len(people))
	for i, m := range people {
		rows[i] = *of[m.ID]
	}
	return rows
}
