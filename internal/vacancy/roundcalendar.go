package vacancy

import (
	"context"
	_ "embed"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// InspectionDay is a day of the calendar of rounds.
type InspectionDay struct {
	Day calendar.Day

	Planned, UnderWay, Closed, Cancelled int // rounds that are planned for the day, by what became of them
	Units, Visited                       int // of those that are not cancelled
	Due                                  int // vacant units of which something is due on the day
}

//go:embed roundcalendar.sql
var calendarSQL string

// Calendar is an estate's month of rounds, every day of it, in one statement (V4).
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateID for an estate whose rounds the viewer does not see.
func Calendar(ctx context.Context, estate uuid.UUID, month time.Time) ([]*InspectionDay, error) {
	v, rt := access.From(ctx), act.From(ctx)
	switch {
	case v == nil:
		return nil, fault.SignedOut()
	case !v.Scope(policy.InspectionRound, policy.Read).Covers(access.Row{Estate: estate}):
		return nil, fault.Missing().At("estateID")
	}
	first := calendar.DayOf(month).NthOfMonth(1)
	var out []*InspectionDay
	err := rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, calendarSQL, estate, first.UTC(), first.AddMonths(1).UTC())
		if err != nil {
			return err
		}
		var at time.Time
		var d InspectionDay
		_, err = pgx.ForEachRow(rows, []any{&at, &d.Planned, &d.UnderWay, &d.Closed, &d.Cancelled, &d.Units, &d.Visited, &d.Due}, func() error {
			day := d
			day.Day = calendar.DayOf(at)
			out = append(out, &day)
			return nil
		})
		return err
	})
	return out, err
}
