package duty

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/calendarday"
	"github.com/steward-pm/steward/ent/dutyhandover"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/duty/fair"
)

// DutyLoad is what somebody has on a roster, and had in the months before.
type DutyLoad struct {
	StaffID                               uuid.UUID
	Staff                                 string
	Shifts, Minutes, Weight, WeightBefore int
}

// Loads tells what everybody has on a roster, and on the published ones of the three months before (D1.1), in the order of names. Errors: NOT_FOUND.
func Loads(ctx context.Context, id uuid.UUID) (list []*DutyLoad, err error) {
	rt := act.From(ctx)
	r, err := rt.DB.Ent.DutyRoster.Query().Where(dutyroster.ID(id)).WithEstate().Only(ctx)
	if r, err = act.Find(r, err, "rosterID"); err != nil {
		return nil, err
	}
	cal, err := calendarOf(ctx, r.Edges.Estate)
	if err != nil {
		return nil, err
	}
	month := calendar.DayOf(r.Month)
	list = []*DutyLoad{}
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT a.staff_id, s.name, a.roster_id = $3, a.day, a.starts_at, a.ends_at FROM duty_assignments a
			JOIN duty_rosters r ON r.estate_id = a.estate_id AND r.id = a.roster_id JOIN staffs s ON s.estate_id = a.estate_id AND s.id = a.staff_id
			WHERE a.estate_id = $1 AND a.department_id = $2 AND a.removed_at IS NULL AND (r.id = $3 OR r.state = 'PUBLISHED' AND r.month >= $4 AND r.month < $5)
			ORDER BY s.sort_key, s.id, a.starts_at`, r.EstateID, r.DepartmentID, r.ID, month.AddMonths(-looksBack), month)
		if err != nil {
			return err
		}
		var who uuid.UUID
		var name string
		var here bool
		var day calendar.Day
		var s fair.Span
		_, err = pgx.ForEachRow(rows, []any{&who, &name, &here, &day, &s.Starts, &s.Ends}, func() error {
			at := slices.IndexFunc(list, func(l *DutyLoad) bool { return l.StaffID == who })
			if at < 0 {
				list, at = append(list, &DutyLoad{StaffID: who, Staff: name}), len(list)
			}
			l, weight := list[at], fair.WeightOf(cal, day, s)
			if !here {
				l.WeightBefore += weight
				return nil
			}
			l.Shifts, l.Minutes, l.Weight = l.Shifts+1, l.Minutes+int(s.Ends.Sub(s.Starts)/time.Minute), l.Weight+weight
			return nil
		})
		return err
	})
	return list, err
}

// calendarOf is an estate's calendar with the days that it set itself, as a proposal goes by.
func calendarOf(ctx context.Context, e *ent.Estate) (*calendar.Calendar, error) {
	list, err := act.From(ctx).DB.Ent.CalendarDay.Query().Where(calendarday.EstateID(e.ID), calendarday.ClearedAtIsNil()).All(ctx)
	if err != nil {
		return nil, err
	}
	own := make(map[calendar.Day]bool, len(list))
	for _, d := range list {
		own[calendar.DayOf(d.Day)] = d.Working
	}
	return calendar.New(e.TimeZone, calendar.China, own)
}

// Overdue is the condition that a sheet is open though both were to have signed it by now; false: that it is not; nil: none.
func Overdue(now time.Time, overdue *bool) []predicate.DutyHandover {
	if overdue == nil {
		return nil
	}
	late := dutyhandover.And(dutyhandover.StateEQ(dutyhandover.StateOpen), dutyhandover.DueAtLT(now))
	if !*overdue {
		late = dutyhandover.Not(late)
	}
	return []predicate.DutyHandover{late}
}
