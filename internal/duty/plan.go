package duty

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// openOn is the day of the month from which on the next month's roster is due to be drawn up, and seen to be.
const openOn = 15

// unopened are the months of which an estate that works shifts has no roster yet: the present one where there was one before, and from the 15th on the next.
const unopened = `SELECT DISTINCT e.id, e.code, m.month FROM estates e JOIN departments d ON d.estate_id = e.id AND d.kind = 'CUSTOMER_SERVICE'
	CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE e.time_zone)::date AS today) t
	CROSS JOIN LATERAL (SELECT date_trunc('month', t.today)::date AS this) n
	CROSS JOIN LATERAL (
		SELECT n.this AS month WHERE EXISTS (SELECT FROM duty_rosters r WHERE r.estate_id = e.id AND r.month < n.this)
		UNION ALL SELECT (n.this + interval '1 month')::date WHERE extract(day FROM t.today) >= $2) m
	WHERE EXISTS (SELECT FROM duty_shifts s WHERE s.estate_id = e.id AND s.retired_at IS NULL)
		AND NOT EXISTS (SELECT FROM duty_rosters r WHERE r.estate_id = e.id AND r.month = m.month)
	ORDER BY e.code, m.month`

// month is one that is due to be drawn up.
type month struct {
	Estate uuid.UUID `json:"estate_id"`
	Code   string    `json:"-"`
	Month  calendar.Day
}

// Plan opens the rosters that are to be drawn up, each with its obligation: due before the month begins (D1.1). What is late the obligation's reminders
// report. The viewer in ctx is the system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single estates, joined; the others are done nevertheless.
func Plan(ctx context.Context, rt *act.Runtime) (done int, err error) {
	ctx = act.With(ctx, rt)
	var list []month
	if err := rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, unopened, rt.Clock.Now(), openOn)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m month, err error) {
			return m, row.Scan(&m.Estate, &m.Code, &m.Month)
		})
		return err
	}); err != nil {
		return 0, fmt.Errorf("plan duty: %w", err)
	}
	var failed []error
	for _, m := range list {
		switch _, err := planMonth.Do(ctx, m); {
		case err == nil:
			done++
		case ctx.Err() != nil:
			return done, ctx.Err()
		case !fault.Is(err, fault.Conflict): // another server was faster
			failed = append(failed, fmt.Errorf("plan duty of %s: %w", m.Code, err))
		}
	}
	return done, errors.Join(failed...)
}

// planMonth is the program's own act: a month's roster is due.
var planMonth = act.New("duty.plan", act.Needs(policy.DutyRoster, policy.Create), act.Clauses(roster), func(tx *act.Tx, in month) (*ent.DutyRoster, error) {
	d, err := department(tx, in.Estate, "estateID")
	if err != nil {
		return nil, err
	}
	return openRoster(tx, in.Estate, d, in.Month)
})
