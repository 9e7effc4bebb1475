package fees

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/feerun"
	"github.com/steward-pm/steward/ent/feetariff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Plan has this month's notices due in each estate that has tariffs, by its own day (F2), each in a transaction of its own. The viewer in ctx is the
// system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single estates, joined; the others are done nevertheless.
func Plan(ctx context.Context, rt *act.Runtime) (done int, err error) {
	ctx = act.With(ctx, rt)
	estates, err := rt.DB.Ent.Estate.Query().Order(estate.ByCode()).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("plan fees: %w", err)
	}
	var failed []error
	for _, e := range estates {
		made, err := planFor(ctx, rt, e)
		if err != nil && !fault.Is(err, fault.Conflict) { // another server was faster
			failed = append(failed, fmt.Errorf("plan fees of %s: %w", e.Code, err))
		}
		done += made
	}
	return done, errors.Join(failed...)
}

func planFor(ctx context.Context, rt *act.Runtime, e *ent.Estate) (int, error) {
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return 0, err
	}
	month := cal.Today(rt.Clock.Now()).NthOfMonth(1)
	priced, err := rt.DB.Ent.FeeTariff.Query().Where(feetariff.EstateID(e.ID), feetariff.FromOnLT(month.AddMonths(1).UTC()), feetariff.Or(feetariff.UntilOnIsNil(), feetariff.UntilOnGT(month.UTC()))).Exist(ctx)
	if err != nil || !priced {
		return 0, err
	}
	later, err := rt.DB.Ent.FeeRun.Query().Where(feerun.EstateID(e.ID), feerun.MonthGTE(month.UTC())).Exist(ctx)
	if err != nil || later {
		return 0, err
	}
	_, err = planMonth.Do(ctx, planInput{e.ID, month})
	if err != nil {
		return 0, err
	}
	return 1, nil
}

type planInput struct {
	estate uuid.UUID
	month  calendar.Day
}

// planMonth is the clockwork's act: a month's notices are due.
var planMonth = act.New("fees.plan", act.Needs(policy.FeeRun, policy.Create), act.Clauses("F2"), func(tx *act.Tx, in planInput) (*RunFeeBillingPayload, error) {
	run, err := runOf(tx, in.estate, in.month)
	return &RunFeeBillingPayload{run}, err
})
