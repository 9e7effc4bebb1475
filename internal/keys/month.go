package keys

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keystatement"
	"github.com/steward-pm/steward/ent/keystatementline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// KeyMonth are the statistics of a month: as they were closed, or as the ledger has it.
type KeyMonth struct {
	Month        calendar.Day // its first day
	Closed       bool
	ClosedAt     *time.Time
	ClosedByName string
	Lines        []*ent.KeyStatementLine // of an open month, none is stored
}

// Month tells of a month of an estate what was accepted, handed over, kept, scrapped, changed (K4.2): opening + in - out =
// closing, per area and kind. What was closed is told as it was then.
//
// Errors: NOT_FOUND at estateID; FORBIDDEN.
func Month(ctx context.Context, estate uuid.UUID, month time.Time) (*KeyMonth, error) {
	e, err := readable(ctx, estate, policy.KeyStatement)
	if err != nil {
		return nil, err
	}
	return monthOf(ctx, act.From(ctx).DB.Ent, e.ID, firstOf(calendar.DayOf(month)))
}

func monthOf(ctx context.Context, db *ent.Client, estate uuid.UUID, month calendar.Day) (*KeyMonth, error) {
	m := &KeyMonth{Month: month}
	s, err := db.KeyStatement.Query().Where(keystatement.EstateID(estate), keystatement.Month(month.UTC())).
		WithLines(func(q *ent.KeyStatementLineQuery) { q.Order(keystatementline.ByPosition()) }).Only(ctx)
	switch {
	case err == nil:
		m.Closed, m.ClosedAt, m.ClosedByName, m.Lines = true, &s.ClosedAt, s.ClosedByName, s.Edges.Lines
		return m, nil
	case !ent.IsNotFound(err):
		return nil, err
	}
	err = act.From(ctx).DB.As(ctx, func(tx pgx.Tx) (err error) {
		m.Lines, err = monthLines(ctx, tx, estate, month)
		return err
	})
	return m, err
}

// figuresOfMonth tells the figures of a month, per area and kind of set.
//
// A leg is what an entry did to what the office keeps (cabinet, desk, seal, borrowers) and to what households have. It
// stands in the column of its reason, and a counter-entry in that of what it counters, with the other sign. What leaves or
// enters the office's keeping for any other reason is an adjustment, so that the equation always holds. A lock change that
// was voided after the month's end still counts in it: closed months do not change.
const figuresOfMonth = `
WITH span AS (SELECT month_start($1, $2::date) AS from_at, month_start($1, ($2::date + interval '1 month')::date) AS until),
office(kind) AS (VALUES ('CABINET'), ('DESK'), ('SEAL'), ('STAFF'), ('RESIDENT'), ('EXTERNAL')),
leg AS (
	SELECT m.set_id, m.occurred_at >= from_at AS now, coalesce(o.reason, m.reason) AS reason,
		m.count * ((t.kind IN (TABLE office))::int - (f.kind IN (TABLE office))::int) AS kept,
		m.count * ((t.kind = 'HOUSEHOLD')::int - (f.kind = 'HOUSEHOLD')::int) AS household
	FROM span, key_movements m
	JOIN key_holders f ON f.estate_id = m.estate_id AND f.id = m.from_id
	JOIN key_holders t ON t.estate_id = m.estate_id AND t.id = m.to_id
	LEFT JOIN key_movements o ON o.estate_id = m.estate_id AND o.id = m.reverses_id
	WHERE m.estate_id = $1 AND m.occurred_at < until),
changed AS (
	SELECT set_id, count(*) AS locks FROM span, key_lock_changes c
	WHERE c.estate_id = $1 AND c.state = 'DONE' AND c.done_at >= from_at AND c.done_at < until
	GROUP BY set_id),
moved AS (
	SELECT set_id,
		sum(kept) FILTER (WHERE NOT now) AS opening,
		sum(kept) FILTER (WHERE now AND reason = 'ACCEPTED') AS accepted,
		sum(kept) FILTER (WHERE now AND reason = 'REPLACED') AS replaced,
		sum(kept) FILTER (WHERE now AND reason = 'COPIED') AS copied,
		sum(kept) FILTER (WHERE now AND reason = 'TAKEN_BACK') AS taken_back,
		sum(kept) FILTER (WHERE now AND reason = 'FOUND') AS found,
		sum(kept) FILTER (WHERE now AND reason = 'FROM_ENGINEERING') AS from_engineering,
		-sum(kept) FILTER (WHERE now AND reason = 'HANDED_OVER') AS handed_over,
		-sum(kept) FILTER (WHERE now AND reason = 'LOST') AS lost,
		-sum(kept) FILTER (WHERE now AND reason = 'SCRAPPED') AS scrapped,
		-sum(kept) FILTER (WHERE now AND reason = 'RETIRED') AS retired,
		-sum(kept) FILTER (WHERE now AND reason = 'TO_ENGINEERING') AS to_engineering,
		sum(kept) FILTER (WHERE now AND reason NOT IN ('ACCEPTED', 'REPLACED', 'COPIED', 'TAKEN_BACK', 'FOUND', 'FROM_ENGINEERING',
			'HANDED_OVER', 'LOST', 'SCRAPPED', 'RETIRED', 'TO_ENGINEERING')) AS adjusted,
		sum(kept) AS closing, sum(household) AS households
	FROM leg GROUP BY set_id)
SELECT coalesce(a.name, ''), s.kind, coalesce(sum(opening), 0)::int,
	coalesce(sum(accepted), 0)::int, coalesce(sum(replaced), 0)::int, coalesce(sum(copied), 0)::int, coalesce(sum(taken_back), 0)::int,
	coalesce(sum(found), 0)::int, coalesce(sum(from_engineering), 0)::int, coalesce(sum(handed_over), 0)::int, coalesce(sum(lost), 0)::int,
	coalesce(sum(scrapped), 0)::int, coalesce(sum(retired), 0)::int, coalesce(sum(to_engineering), 0)::int, coalesce(sum(adjusted), 0)::int,
	coalesce(sum(closing), 0)::int, coalesce(sum(households), 0)::int, coalesce(sum(locks), 0)::int
FROM key_sets s LEFT JOIN moved m ON m.set_id = s.id LEFT JOIN changed c ON c.set_id = s.id
JOIN units u ON u.estate_id = s.estate_id AND u.id = s.unit_id
JOIN buildings b ON b.estate_id = u.estate_id AND b.id = u.building_id
LEFT JOIN areas a ON a.estate_id = b.estate_id AND a.id = b.area_id
WHERE s.estate_id = $1 AND (closing IS NOT NULL OR locks IS NOT NULL)
GROUP BY 1, 2 ORDER BY min(a.sort_key), 1, 2 DESC`

// monthLines asks the ledger for a month's lines.
func monthLines(ctx context.Context, tx pgx.Tx, estate uuid.UUID, month calendar.Day) ([]*ent.KeyStatementLine, error) {
	rows, err := tx.Query(ctx, figuresOfMonth, estate, month.UTC())
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*ent.KeyStatementLine, error) {
		l := &ent.KeyStatementLine{}
		return l, row.Scan(&l.Area, &l.Kind, &l.Opening, &l.Accepted, &l.Replaced, &l.Copied, &l.TakenBack, &l.Found, &l.FromEngineering,
			&l.HandedOver, &l.Lost, &l.Scrapped, &l.Retired, &l.ToEngineering, &l.Adjusted, &l.Closing, &l.WithHouseholds, &l.LockChanges)
	})
	for i, l := range list {
		l.Position = i + 1
	}
	return list, err
}

// firstOf is the first day of the day's month.
func firstOf(d calendar.Day) calendar.Day { return calendar.Date(d.Year(), d.Month(), 1) }
