package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// DeemMovedInInput names who did not come.
type DeemMovedInInput struct{ OccupancyID uuid.UUID }

// DeemMovedInPayload is the occupancy as it stands after.
type DeemMovedInPayload struct{ Occupancy *ent.Occupancy }

// DeemMovedIn is the clockwork's act: who got the move-in notice and did not come by its deadline is
// deemed moved in on that day (F1). The unit goes on awaiting them.
//
// Errors: NOT_FOUND; RULE F1 before the deadline has passed; CONFLICT for who came, or is deemed so already.
var DeemMovedIn = act.New("registry.deemMovedIn", act.Needs(policy.Occupancy, policy.Update), act.Clauses("F1"), deemMovedIn)

func deemMovedIn(tx *act.Tx, in DeemMovedInInput) (*DeemMovedInPayload, error) {
	o, _, err := lockOccupancy(tx, in.OccupancyID)
	if err != nil {
		return nil, err
	}
	if o.State != occupancy.StateNoticed {
		return nil, fault.Clash("该业户不在待入伙状态。", "The household is not awaited.").By("F1")
	}
	today, err := tx.Today(o.EstateID)
	if err != nil {
		return nil, err
	}
	if deadline := calendar.DayOf(*o.DeadlineOn); !today.After(deadline) {
		return nil, fault.Rule("F1", "入伙期限 %[1]s 尚未过。", "The deadline, %[1]s, has not passed.", deadline)
	}
	if o, err = o.Update().SetState(occupancy.StateDeemedMovedIn).SetMovedInOn(*o.DeadlineOn).Save(tx); err != nil {
		return nil, err
	}
	return &DeemMovedInPayload{o}, moveInDue.Meet(tx, o.ID)
}

// DeemOverdue deems moved in whoever is overdue, in every estate by its own day, each in a transaction of
// its own, and tells how many. The viewer in ctx is the system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single households, joined; the others are done nevertheless.
func DeemOverdue(ctx context.Context) (done int, err error) {
	rt := act.From(ctx)
	estates, err := rt.DB.Ent.Estate.Query().Order(estate.ByCode()).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("deem overdue: %w", err)
	}
	var failed []error
	for _, e := range estates {
		n, err := deemIn(ctx, e, rt.Clock.Now())
		done += n
		if err != nil {
			failed = append(failed, fmt.Errorf("deem overdue in %s: %w", e.Code, err))
		}
	}
	return done, errors.Join(failed...)
}

func deemIn(ctx context.Context, e *ent.Estate, now time.Time) (done int, err error) {
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return 0, err
	}
	overdue, err := act.From(ctx).DB.Ent.Occupancy.Query().Where(occupancy.EstateID(e.ID), occupancy.StateEQ(occupancy.StateNoticed),
		occupancy.DeadlineOnLT(cal.Today(now).UTC())).Order(occupancy.ByID()).IDs(ctx)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, id := range overdue {
		switch _, err := DeemMovedIn.Do(ctx, DeemMovedInInput{id}); {
		case err == nil:
			done++
		case ctx.Err() != nil:
			return done, ctx.Err()
		case !fault.Is(err, fault.Conflict): // somebody came, or another server was faster
			failed = append(failed, err)
		}
	}
	return done, errors.Join(failed...)
}
