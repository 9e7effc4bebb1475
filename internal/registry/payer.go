package registry

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// A unit has one payer at a time (F1). An occupancy pays for all its days or for none; so where paying
// passes from one household to another, the occupancy is closed and goes on as a new one.

// paysAtFirst answers whether a new occupancy pays: as asked, or if nobody pays for the unit yet. Asked to,
// it takes over from who pays now.
func paysAtFirst(tx *act.Tx, u *ent.Unit, asked *bool, from calendar.Day) (bool, error) {
	payer, err := current(tx, u, occupancy.Payer(true))
	if err != nil {
		return false, err
	}
	if asked == nil || !*asked || payer == nil {
		return asked == nil && payer == nil || asked != nil && *asked, nil
	}
	_, err = payFrom(tx, payer, from, false)
	return true, err
}

// current is the unit's occupancy that lasts and matches, locked; nil if there is none.
func current(tx *act.Tx, u *ent.Unit, is ...predicate.Occupancy) (*ent.Occupancy, error) {
	o, err := tx.Occupancy.Query().Where(occupancy.EstateID(u.EstateID), occupancy.UnitID(u.ID), occupancy.UntilOnIsNil()).
		Where(is...).ForUpdate().Only(tx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return o, err
}

// payFrom has an occupancy pay, or no longer pay, from a day on.
//
// Errors: INVALID_INPUT for a day before the occupancy began.
func payFrom(tx *act.Tx, o *ent.Occupancy, day calendar.Day, pays bool) (*ent.Occupancy, error) {
	first := calendar.DayOf(o.FromOn)
	switch {
	case o.Payer == pays:
		return o, nil
	case day.Before(first):
		return nil, fault.Invalid("payer", "缴费人只能从 %[1]s 起变更。", "Paying can change hands from %[1]s on.", first).By("F1")
	case day == first:
		return o.Update().SetPayer(pays).Save(tx)
	}
	if err := o.Update().SetState(occupancy.StateMovedOut).SetUntilOn(day.UTC()).Exec(tx); err != nil {
		return nil, err
	}
	next, err := tx.Occupancy.Create().SetEstateID(o.EstateID).SetHouseholdID(o.HouseholdID).SetUnitID(o.UnitID).SetUnitLabel(o.UnitLabel).
		SetCapacity(o.Capacity).SetPayer(pays).SetState(o.State).SetFromOn(day.UTC()).SetNillableNoticedOn(o.NoticedOn).
		SetNillableDeadlineOn(o.DeadlineOn).SetNillableMovedInOn(o.MovedInOn).Save(tx)
	if err != nil || o.State != occupancy.StateNoticed {
		return next, err
	}
	return next, passMoveIn(tx, o.ID, next)
}

// passMoveIn hands the obligation to come over to the occupancy that goes on.
func passMoveIn(tx *act.Tx, from uuid.UUID, to *ent.Occupancy) error {
	cal, err := tx.Calendar(to.EstateID)
	if err != nil {
		return err
	}
	if err := moveInDue.Cancel(tx, from); err != nil {
		return err
	}
	return openMoveIn(tx, to, cal)
}
