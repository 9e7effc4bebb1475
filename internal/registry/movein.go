package registry

import (
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// MoveInInput says who came, and when.
type MoveInInput struct {
	OccupancyID uuid.UUID
	On          *calendar.Day // nil: today
}

// MoveInPayload is the occupancy and the unit as they stand after.
type MoveInPayload struct {
	Occupancy *ent.Occupancy
	Unit      *ent.Unit
}

// MoveIn records that a household came and moved in (入伙). Fees run from that day, or from the deadline of
// the notice for who came after it (F1).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day before the notice or to come; CONFLICT if it moved in or out before.
var MoveIn = act.Guarded(act.New("registry.moveIn", act.Needs(policy.Occupancy, policy.Update), act.Clauses("F1"), moveIn), moveInGuard)

func moveIn(tx *act.Tx, in MoveInInput) (*MoveInPayload, error) {
	o, u, err := lockOccupancy(tx, in.OccupancyID)
	if err != nil {
		return nil, err
	}
	if err := canMoveIn(tx, o); err != nil {
		return nil, err
	}
	on, err := dayBetween(tx, o, in.On)
	if err != nil {
		return nil, err
	}
	if o.State == occupancy.StateNoticed {
		if o, err = arrive(tx, o, on); err != nil {
			return nil, err
		}
	} else if o, err = o.Update().SetState(occupancy.StateMovedIn).Save(tx); err != nil { // deemed before: fees ran from the deadline, and still do
		return nil, err
	}
	if err := settleUnit(tx, u); err != nil {
		return nil, err
	}
	u, err = tx.Unit.Get(tx, u.ID)
	return &MoveInPayload{o, u}, err
}

// arrive enters the first day of fees: the day of moving in, but the deadline for who came after it (F1).
func arrive(tx *act.Tx, o *ent.Occupancy, on calendar.Day) (*ent.Occupancy, error) {
	o, err := o.Update().SetState(occupancy.StateMovedIn).SetMovedInOn(feesFrom(o, on)).Save(tx)
	if err != nil {
		return nil, err
	}
	return o, moveInDue.Meet(tx, o.ID)
}

// feesFrom is the first day of fees of who moved in on a day (F1).
func feesFrom(o *ent.Occupancy, on calendar.Day) time.Time {
	if o.DeadlineOn != nil && on.UTC().After(*o.DeadlineOn) {
		return *o.DeadlineOn
	}
	return on.UTC()
}

// lockOccupancy finds an occupancy and its unit, both locked, the unit first as occupy does.
func lockOccupancy(tx *act.Tx, id uuid.UUID) (*ent.Occupancy, *ent.Unit, error) {
	o, err := tx.Occupancy.Get(tx, id)
	if o, err = act.Find(o, err, "occupancyID"); err != nil {
		return nil, nil, err
	}
	u, err := tx.Unit.Query().Where(unit.ID(o.UnitID)).ForUpdate().Only(tx)
	if err != nil {
		return nil, nil, err
	}
	o, err = tx.Occupancy.Query().Where(occupancy.ID(id)).ForUpdate().Only(tx)
	return o, u, err
}

// dayBetween is the day given, or today: not before the occupancy began, and not to come.
func dayBetween(tx *act.Tx, o *ent.Occupancy, day *calendar.Day) (calendar.Day, error) {
	today, err := tx.Today(o.EstateID)
	if err != nil {
		return calendar.Day{}, err
	}
	on, first := today, calendar.DayOf(o.FromOn)
	if day != nil {
		on = *day
	}
	switch {
	case on.After(today):
		return on, fault.Invalid("on", "日期不能晚于今天。", "The day is still to come.").By("F1")
	case on.Before(first):
		return on, fault.Invalid("on", "日期早于 %[1]s(入伙通知或入住)。", "The day is before %[1]s, when the notice was given or the household came.", first).By("F1")
	}
	return on, nil
}

var moveInGuard = act.Guard[*ent.Occupancy]{
	Entity: ent.TypeOccupancy,
	ID:     func(o *ent.Occupancy) uuid.UUID { return o.ID },
	Load:   occupancies,
	Check:  canMoveIn,
}

func occupancies(tx *act.Tx, list []uuid.UUID) ([]*ent.Occupancy, error) {
	return tx.Occupancy.Query().Where(occupancy.IDIn(list...)).All(tx)
}

// canMoveIn refuses who is there, or gone.
func canMoveIn(_ *act.Tx, o *ent.Occupancy) error {
	switch o.State {
	case occupancy.StateMovedIn:
		return fault.Clash("该业户已经入伙。", "The household has moved in already.").By("F1")
	case occupancy.StateMovedOut:
		return fault.Clash("该业户已经迁出。", "The household has moved out.").By("F1")
	}
	return nil
}

// moveInOf is the obligation of a household to come by a time.
func moveInOf(tx *act.Tx, id, estate, household uuid.UUID, label string, at time.Time) obligation.Due {
	return obligation.Due{
		About: label, Estate: estate, Subject: id, At: at, Account: tx.Viewer.Account, Household: &household,
	}
}
