package duty

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/dutyswap"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// mostLapsed is how many swaps one act ends.
const mostLapsed = 100

// Lapse ends the swaps that came too late: one of the shifts began, or was changed meanwhile (D1.1). The viewer in ctx is the system. It may run
// anywhere, at any time, twice at once.
func Lapse(ctx context.Context, rt *act.Runtime) (done int, err error) {
	ctx = act.With(ctx, rt)
	var estates []struct {
		Estate uuid.UUID `json:"estate_id"`
	}
	if err := rt.DB.Ent.DutySwap.Query().Where(tooLate(rt)...).GroupBy(dutyswap.FieldEstateID).Scan(ctx, &estates); err != nil {
		return 0, fmt.Errorf("lapse swaps: %w", err)
	}
	var failed []error
	for _, e := range estates {
		out, err := lapse.Do(ctx, lapseInput{e.Estate})
		if err != nil && !fault.Is(err, fault.Conflict) {
			failed = append(failed, fmt.Errorf("lapse swaps of %s: %w", e.Estate, err))
		}
		if err == nil {
			done += out.count
		}
	}
	return done, errors.Join(failed...)
}

type lapseInput struct {
	Estate uuid.UUID `json:"estate_id"`
}

type lapsed struct{ count int }

// lapse is the program's own act.
var lapse = act.New("duty.lapseSwaps", act.Needs(policy.DutySwap, policy.Update), act.Clauses(roster), func(tx *act.Tx, in lapseInput) (*lapsed, error) {
	list, err := tx.DutySwap.Query().Where(append(tooLate(tx.Runtime()), dutyswap.EstateID(in.Estate))...).Order(ent.Asc(dutyswap.FieldID)).Limit(mostLapsed).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if s, err = s.Update().SetState(dutyswap.StateLapsed).SetEndedAt(tx.Now).Save(tx); err != nil {
			return nil, err
		}
		if err := tellSwap(tx, s, s.AskedByID, "换班申请已失效", "The swap has lapsed", ""); err != nil {
			return nil, err
		}
	}
	return &lapsed{len(list)}, nil
})

// tooLate are the swaps that wait though one of their shifts began or stands no more.
func tooLate(rt *act.Runtime) []predicate.DutySwap {
	gone := dutyassignment.RemovedAtNotNil()
	return []predicate.DutySwap{dutyswap.EndedAtIsNil(), dutyswap.Or(dutyswap.ExpiresAtLTE(rt.Clock.Now()), dutyswap.HasGivenWith(gone), dutyswap.HasTakenWith(gone))}
}
