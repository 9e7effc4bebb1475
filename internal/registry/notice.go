package registry

import (
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

// NoticeDays is how long after the move-in notice a household has to come, unless the notice says otherwise.
const NoticeDays = 30

// moveInDue is the obligation that a notice opens: the household comes by the deadline.
var moveInDue = obligation.Declare(obligation.Kind{
	Name: "registry.moveIn", Clause: "F1", TitleZH: "办理入伙:", TitleEN: "See to the move-in of ",
})

// GiveMoveInNoticeInput says who is to move into which unit, and by when.
type GiveMoveInNoticeInput struct {
	HouseholdID uuid.UUID
	UnitID      uuid.UUID
	Capacity    *occupancy.Capacity // nil: owner
	Payer       *bool               // nil: if nobody pays for the unit yet
	NoticedOn   *calendar.Day       // nil: today
	DeadlineOn  *calendar.Day       // nil: NoticeDays later
}

// GiveMoveInNoticePayload is the occupancy that the notice begins.
type GiveMoveInNoticePayload struct{ Occupancy *ent.Occupancy }

// GiveMoveInNotice gives a household the move-in notice (入伙通知) for a unit, with a deadline after which it
// is deemed moved in (F1). A vacant unit then awaits it.
//
// Errors: NOT_FOUND; INVALID_INPUT for days that make no sense; CONFLICT if the unit has a household of
// this capacity, or one that pays.
var GiveMoveInNotice = act.New("registry.giveMoveInNotice", act.Needs(policy.Occupancy, policy.Create), act.Clauses("F1"), giveMoveInNotice)

func giveMoveInNotice(tx *act.Tx, in GiveMoveInNoticeInput) (*GiveMoveInNoticePayload, error) {
	h, err := householdOf(tx, in.HouseholdID)
	if err != nil {
		return nil, err
	}
	u, err := unitOf(tx, h.EstateID, in.UnitID)
	if err != nil {
		return nil, err
	}
	o, err := occupy(tx, h, u, FirstOccupancyInput{UnitID: u.ID, Capacity: in.Capacity, Payer: in.Payer, NoticedOn: in.NoticedOn, DeadlineOn: in.DeadlineOn})
	return &GiveMoveInNoticePayload{o}, err
}

// unitOf finds and locks the unit that a household is to have. Errors: NOT_FOUND at unitID.
func unitOf(tx *act.Tx, estate, id uuid.UUID) (*ent.Unit, error) {
	u, err := tx.Unit.Query().Where(unit.ID(id), unit.EstateID(estate)).ForUpdate().Only(tx)
	return act.Find(u, err, "unitID")
}

// occupy begins an occupancy: by a notice, or moved in already. The unit is locked.
func occupy(tx *act.Tx, h *ent.Household, u *ent.Unit, in FirstOccupancyInput) (*ent.Occupancy, error) {
	cal, err := tx.Calendar(h.EstateID)
	if err != nil {
		return nil, err
	}
	if u.Kind == unit.KindPublicArea {
		return nil, fault.Clash("公共区域没有业户。", "Nobody lives in a public area.").At("unitID")
	}
	d, err := datesOf(in, cal.Today(tx.Now))
	if err != nil {
		return nil, err
	}
	pays, err := paysAtFirst(tx, u, in.Payer, d.from)
	if err != nil {
		return nil, err
	}
	capacity := occupancy.CapacityOwner
	if in.Capacity != nil {
		capacity = *in.Capacity
	}
	o, err := d.set(tx.Occupancy.Create().SetEstateID(h.EstateID).SetHouseholdID(h.ID).SetUnitID(u.ID).SetUnitLabel(u.Label).
		SetCapacity(capacity).SetPayer(pays).SetFromOn(d.from.UTC())).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := settleUnit(tx, u); err != nil || o.State != occupancy.StateNoticed {
		return o, err
	}
	return o, openMoveIn(tx, o, cal)
}

// openMoveIn makes the household's coming an obligation, due at the end of the deadline's day.
func openMoveIn(tx *act.Tx, o *ent.Occupancy, cal *calendar.Calendar) error {
	return moveInDue.Open(tx, moveInOf(tx, o.ID, o.EstateID, o.HouseholdID, o.UnitLabel, cal.EndOfDay(calendar.DayOf(*o.DeadlineOn))))
}

// dates are the days of an occupancy.
type dates struct {
	from, noticed, deadline, movedIn calendar.Day
	state                            occupancy.State
}

// datesOf fills in the days that were not given, and refuses those that make no sense.
func datesOf(in FirstOccupancyInput, today calendar.Day) (d dates, err error) {
	if in.NoticedOn != nil {
		d.noticed = *in.NoticedOn
	}
	if in.MovedInOn != nil {
		d.state, d.movedIn = occupancy.StateMovedIn, *in.MovedInOn
	} else {
		d.state = occupancy.StateNoticed
		if d.noticed.IsZero() {
			d.noticed = today
		}
	}
	if d.from = d.noticed; d.from.IsZero() {
		d.from = d.movedIn
	}
	if in.DeadlineOn != nil {
		d.deadline = *in.DeadlineOn
	} else if d.state == occupancy.StateNoticed {
		d.deadline = d.noticed.AddDays(NoticeDays)
	}
	if err := d.check(today); err != nil {
		return d, err
	}
	if !d.deadline.IsZero() && d.movedIn.After(d.deadline) {
		d.movedIn = d.deadline // F1: fees run from the deadline for who came after it
	}
	return d, nil
}

func (d dates) check(today calendar.Day) error {
	switch {
	case d.noticed.After(today):
		return fault.Invalid("noticedOn", "入伙通知日期不能晚于今天。", "The notice cannot be of a day to come.").By("F1")
	case d.movedIn.After(today):
		return fault.Invalid("movedInOn", "入伙日期不能晚于今天。", "The household cannot have moved in on a day to come.").By("F1")
	case d.from.Year() < 1900:
		return fault.Invalid("noticedOn", "日期太早。", "The day is too long ago.")
	case !d.deadline.IsZero() && d.noticed.IsZero():
		return fault.Invalid("noticedOn", "有截止日期,就要有入伙通知日期。", "A deadline needs the day of the notice.").By("F1")
	case !d.deadline.IsZero() && d.deadline.Before(d.noticed):
		return fault.Invalid("deadlineOn", "截止日期早于入伙通知。", "The deadline is before the notice.").By("F1")
	case !d.deadline.IsZero() && d.deadline.After(d.noticed.AddMonths(24)):
		return fault.Invalid("deadlineOn", "截止日期应在入伙通知后两年之内。", "The deadline is at most two years after the notice.").By("F1")
	case !d.movedIn.IsZero() && d.movedIn.Before(d.from):
		return fault.Invalid("movedInOn", "入伙早于入伙通知。", "Moved in before the notice.").By("F1")
	}
	return nil
}

func (d dates) set(c *ent.OccupancyCreate) *ent.OccupancyCreate {
	c.SetState(d.state)
	if !d.noticed.IsZero() {
		c.SetNoticedOn(d.noticed.UTC())
	}
	if !d.deadline.IsZero() {
		c.SetDeadlineOn(d.deadline.UTC())
	}
	if !d.movedIn.IsZero() {
		c.SetMovedInOn(d.movedIn.UTC())
	}
	return c
}

// settleUnit gives the unit the state that follows from who has it now: lived in, awaited, or vacant. Who
// is only deemed moved in pays (F1), but the unit still awaits them.
func settleUnit(tx *act.Tx, u *ent.Unit) error {
	states, err := tx.Occupancy.Query().Where(occupancy.EstateID(u.EstateID), occupancy.UnitID(u.ID), occupancy.UntilOnIsNil()).
		Select(occupancy.FieldState).Strings(tx)
	if err != nil {
		return err
	}
	state := unit.StateVacant
	for _, s := range states {
		if s == string(occupancy.StateMovedIn) {
			state = unit.StateOccupied
		} else if state == unit.StateVacant {
			state = unit.StateAwaitingMoveIn
		}
	}
	if state == u.State || state == unit.StateOccupied && u.State == unit.StateRenovating {
		return nil
	}
	return u.Update().SetState(state).Exec(tx)
}
