package mail

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// leftOver are the estates where mail of earlier days is still here, and today's has not begun.
const leftOver = `SELECT e.id FROM estates e CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE e.time_zone)::date AS today) t
	WHERE EXISTS (SELECT FROM mail_items i WHERE i.estate_id = e.id AND i.voided_at IS NULL AND i.state NOT IN ('DELIVERED', 'RETURNED') AND i.received_on < t.today)
		AND NOT EXISTS (SELECT FROM mail_days d WHERE d.estate_id = e.id AND d.day = t.today)
	ORDER BY e.code`

// CarryOver opens the day in each estate where mail was left the day before, though none has come yet: it is on the list, is excused again or
// goes out, and the day is due (M5). The viewer in ctx is the system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single estates, joined; the others are seen to nevertheless.
func CarryOver(ctx context.Context, rt *act.Runtime) (done int, err error) {
	var estates []uuid.UUID
	if err := rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, leftOver, rt.Clock.Now())
		if err != nil {
			return err
		}
		estates, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	}); err != nil {
		return 0, fmt.Errorf("carry mail over: %w", err)
	}
	var failed []error
	for _, e := range estates {
		switch _, err := carryOver.Do(ctx, carryOverInput{e}); {
		case err == nil:
			done++
		case ctx.Err() != nil:
			return done, ctx.Err()
		case !fault.Is(err, fault.Conflict): // another server was faster
			failed = append(failed, fmt.Errorf("carry mail over in %s: %w", e, err))
		}
	}
	return done, errors.Join(failed...)
}

type carryOverInput struct {
	Estate uuid.UUID `json:"estate_id"`
}

// carryOver is the program's own act, though policy would let those do it who scan and receive.
var carryOver = act.New("mail.carryOver", act.Needs(policy.MailDay, policy.Create), act.Clauses("M5"), carryOverEstate)

func carryOverEstate(tx *act.Tx, in carryOverInput) (*ent.MailDay, error) {
	today, err := tx.Today(in.Estate)
	if err != nil {
		return nil, err
	}
	return openDay(tx, in.Estate, today)
}
