package duty

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// Calendars answers GET /duty/calendars/TOKEN.ics; it implements server.Calendars. Who asks is nobody in particular: the token is all there is, so each
// time it is looked at whether it still stands, whether the account is let in, and whether its owner is on the staff still.
type Calendars struct{ Runtime *act.Runtime }

// pastShown and futureShown are how much of the time before and after a calendar has.
const (
	pastShown   = 60 * 24 * time.Hour
	futureShown = 120 * 24 * time.Hour
)

// owner is whose shifts a token shows.
type owner struct {
	estate, staff uuid.UUID
	place, zone   string
}

// ownerOf finds whose token it is. An address that was revoked, and one of an account that was disabled or has no role in the estate any more, or of who has left,
// is none.
const ownerOf = `SELECT f.estate_id, f.staff_id, e.name, e.time_zone FROM duty_feeds f
	JOIN estates e ON e.id = f.estate_id
	JOIN staffs s ON s.estate_id = f.estate_id AND s.id = f.staff_id AND s.account_id = f.account_id
	JOIN identity.accounts a ON a.id = f.account_id AND a.disabled_at IS NULL
	WHERE f.token_hash = $1 AND f.revoked_at IS NULL
		AND (s.employed_until IS NULL OR s.employed_until > ($2::timestamptz AT TIME ZONE e.time_zone)::date)
		AND EXISTS (SELECT FROM identity.holders(f.estate_id, ($2::timestamptz AT TIME ZONE e.time_zone)::date) h WHERE h.account = f.account_id)`

const shiftsOn = `SELECT a.id, a.starts_at, a.ends_at, s.name, coalesce(c.changed_at, r.published_at) FROM duty_assignments a
	JOIN duty_rosters r ON r.estate_id = a.estate_id AND r.id = a.roster_id AND r.state = 'PUBLISHED'
	JOIN duty_shifts s ON s.estate_id = a.estate_id AND s.id = a.shift_id
	LEFT JOIN duty_changes c ON c.estate_id = a.estate_id AND c.id = a.added_change_id
	WHERE a.estate_id = $1 AND a.staff_id = $2 AND a.removed_at IS NULL AND a.starts_at BETWEEN $3 AND $4 ORDER BY a.starts_at`

// Calendar writes the shifts of whose token it is, and of nobody else, as text/calendar. Errors: NOT_FOUND.
func (c Calendars) Calendar(ctx context.Context, token string) ([]byte, error) {
	if b, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil || len(b) != tokenSize {
		return nil, fault.Missing()
	}
	now := c.Runtime.Clock.Now()
	cal := ics.NewCalendarFor("steward")
	cal.SetMethod(ics.MethodPublish)
	err := c.Runtime.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var o owner
		err := tx.QueryRow(ctx, ownerOf, hashOf(token), now).Scan(&o.estate, &o.staff, &o.place, &o.zone)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Missing()
		} else if err != nil {
			return err
		}
		cal.SetXWRCalName(o.place + "值班")
		cal.SetXWRTimezone(o.zone)
		return o.write(ctx, tx, cal, now)
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := cal.SerializeTo(&out, ics.WithNewLineWindows); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (o owner) write(ctx context.Context, tx pgx.Tx, cal *ics.Calendar, now time.Time) error {
	rows, err := tx.Query(ctx, shiftsOn, o.estate, o.staff, now.Add(-pastShown), now.Add(futureShown))
	if err != nil {
		return err
	}
	var id uuid.UUID
	var starts, ends, changed time.Time
	var name string
	_, err = pgx.ForEachRow(rows, []any{&id, &starts, &ends, &name, &changed}, func() error {
		e := cal.AddEvent(id.String() + "@steward")
		e.SetDtStampTime(changed)
		e.SetStartAt(starts)
		e.SetEndAt(ends)
		e.SetSummary(strings.TrimSpace("值班 " + name))
		e.SetLocation(o.place)
		return nil
	})
	return err
}
