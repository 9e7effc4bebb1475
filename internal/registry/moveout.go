package registry

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// MoveOutInput says who leaves, and when.
type MoveOutInput struct {
	OccupancyID uuid.UUID
	On          *calendar.Day // the first day that is no longer theirs; nil: today
	PayerID     *uuid.UUID    // occupancy of the unit that pays from then on; nil: the owner's, if any
}

// MoveOutPayload is the occupancy and the unit as they stand after, and who pays from then on, if anybody.
type MoveOutPayload struct {
	Occupancy *ent.Occupancy
	Unit      *ent.Unit
	Payer     *ent.Occupancy
}

// MoveOut records that a household left a unit, or that a notice came to nothing. The unit falls vacant, or to
// who else has it; if who left paid, the owner does from then on, unless another is named (F1).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day before the occupancy or to come; CONFLICT if it moved out before.
var MoveOut = act.Guarded(act.New("registry.moveOut", act.Needs(policy.Occupancy, policy.Update), act.Clauses("F1"), moveOut), moveOutGuard)

func moveOut(tx *act.Tx, in MoveOutInput) (*MoveOutPayload, error) {
	o, u, err := lockOccupancy(tx, in.OccupancyID)
	if err != nil {
		return nil, err
	}
	if err := canMoveOut(tx, o); err != nil {
		return nil, err
	}
	on, err := dayBetween(tx, o, in.On)
	if err != nil {
		return nil, err
	}
	if o.MovedInOn != nil && on.Before(calendar.DayOf(*o.MovedInOn)) {
		return nil, fault.Invalid("on", "迁出早于入伙。", "Moved out before moving in.").By("F1")
	}
	if err := moveInDue.Cancel(tx, o.ID); err != nil {
		return nil, err
	}
	if o, err = o.Update().SetState(occupancy.StateMovedOut).SetUntilOn(on.UTC()).Save(tx); err != nil {
		return nil, err
	}
	payer, err := succeed(tx, o, u, on, in.PayerID)
	if err != nil {
		return nil, err
	}
	if err := settleUnit(tx, u); err != nil {
		return nil, err
	}
	u, err = tx.Unit.Get(tx, u.ID)
	return &MoveOutPayload{o, u, payer}, err
}

// succeed finds who pays after a payer left: who is named, or the owner.
func succeed(tx *act.Tx, left *ent.Occupancy, u *ent.Unit, from calendar.Day, named *uuid.UUID) (*ent.Occupancy, error) {
	if !left.Payer {
		return current(tx, u, occupancy.Payer(true))
	}
	who := occupancy.CapacityEQ(occupancy.CapacityOwner)
	if named != nil {
		who = occupancy.ID(*named)
	}
	next, err := current(tx, u, who)
	if err != nil || next == nil {
		if named != nil && err == nil {
			err = fault.Missing().At("payerID")
		}
		return nil, err
	}
	if first := calendar.DayOf(next.FromOn); from.Before(first) { // came after the payer had left: pays from its own first day
		from = first
	}
	return payFrom(tx, next, from, true)
}

var moveOutGuard = act.Guard[*ent.Occupancy]{
	Entity: ent.TypeOccupancy,
	ID:     func(o *ent.Occupancy) uuid.UUID { return o.ID },
	Load:   occupancies,
	Check:  canMoveOut,
}

// canMoveOut refuses who is gone.
func canMoveOut(_ *act.Tx, o *ent.Occupancy) error {
	if o.State == occupancy.StateMovedOut {
		return fault.Clash("该业户已经迁出。", "The household has moved out.")
	}
	return nil
}
