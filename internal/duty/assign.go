package duty

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// DutyLineInput is somebody on a shift of a day.
type DutyLineInput struct {
	Day     calendar.Day
	ShiftID uuid.UUID
	StaffID uuid.UUID
}

// AssignDutyInput puts people down on a draft.
type AssignDutyInput struct {
	RosterID uuid.UUID
	Lines    []DutyLineInput
}

// Check refuses nobody, and too many.
func (in AssignDutyInput) Check() error { return checkCount("lines", len(in.Lines), mostDays) }

func checkCount(field string, n, most int) error {
	if n < 1 || n > most {
		return fault.Invalid(field, "请给出 1 到 %[1]d 项。", "Give 1 to %[1]d.", most).By(roster)
	}
	return nil
}

// AssignDutyPayload is the roster, and what was put down.
type AssignDutyPayload struct {
	Roster      *ent.DutyRoster
	Assignments []*ent.DutyAssignment
}

// Assign puts people down on a draft, all of them or none (D1.1). What is wrong with the whole the check says, but for two shifts of one person at
// one time, which are refused at once.
//
// Errors: NOT_FOUND; INVALID_INPUT D1.1 for a day of another month; CONFLICT D1.1 at the line for a person who is on duty at that time, on any roster, or for a
// shift that was given up; CONFLICT if the roster is published.
var Assign = act.Guarded(act.New("duty.assign", act.Needs(policy.DutyAssignment, policy.Create), act.Clauses(roster), assign), rosterGuard(need{policy.DutyAssignment, policy.Create}, isDraft))

func assign(tx *act.Tx, in AssignDutyInput) (*AssignDutyPayload, error) {
	r, err := rosterOf(tx, in.RosterID, need{policy.DutyAssignment, policy.Create})
	if err != nil {
		return nil, err
	}
	if err := areStaff(tx, r, in.Lines, "lines"); err != nil {
		return nil, err
	}
	shifts, err := shiftsOf(tx, r.EstateID, in.Lines, "lines")
	if err != nil {
		return nil, err
	}
	if err := isDraft(tx, r); err != nil {
		return nil, err
	}
	list, err := putDown(tx, r, shifts, in.Lines, "lines", nil, dutyassignment.OriginHand)
	return &AssignDutyPayload{r, list}, err
}

// areStaff refuses people who are not of the estate, or not of the department. Errors: NOT_FOUND; INVALID_INPUT.
func areStaff(tx *act.Tx, r *ent.DutyRoster, lines []DutyLineInput, field string) error {
	list := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		list[i] = l.StaffID
	}
	found, err := tx.Staff.Query().Where(staff.EstateID(r.EstateID), staff.IDIn(list...)).All(tx)
	if err != nil {
		return err
	}
	of := map[uuid.UUID]*ent.Staff{}
	for _, m := range found {
		of[m.ID] = m
	}
	for i, id := range list {
		at := fmt.Sprintf("%s.%d.staffID", field, i)
		switch m := of[id]; {
		case m == nil:
			return fault.Missing().At(at)
		case m.DepartmentID != r.DepartmentID:
			return fault.Invalid(at, "%[1]s 不是客服部员工,不能排班。", "%[1]s is not on the staff of customer service.", m.Name).By(roster)
		}
	}
	return nil
}

// putDown writes assignments, one by one: of the first that is refused the line is named.
func putDown(tx *act.Tx, r *ent.DutyRoster, shifts map[uuid.UUID]*ent.DutyShift, lines []DutyLineInput, field string, change *uuid.UUID, origin dutyassignment.Origin) ([]*ent.DutyAssignment, error) {
	cal, err := tx.Calendar(r.EstateID)
	if err != nil {
		return nil, err
	}
	month, over := calendar.DayOf(r.Month), tx.Now.Add(-writtenWithin)
	list := make([]*ent.DutyAssignment, len(lines))
	for i, l := range lines {
		if l.Day.NthOfMonth(1) != month {
			return nil, fault.Invalid(fmt.Sprintf("%s.%d.day", field, i), "%[1]s 不在这个月的值班表内。", "%[1]s is not in the roster's month.", l.Day).By(roster)
		}
		t := spanOf(cal, shifts[l.ShiftID], l.Day)
		if t.Ends.Before(over) {
			return nil, overLong().At(fmt.Sprintf("%s.%d.day", field, i))
		}
		list[i], err = tx.DutyAssignment.Create().SetEstateID(r.EstateID).SetDepartmentID(r.DepartmentID).SetRosterID(r.ID).SetShiftID(l.ShiftID).SetStaffID(l.StaffID).
			SetDay(l.Day.UTC()).SetStartsAt(t.Starts).SetEndsAt(t.Ends).SetRestedAt(t.Rested).SetOrigin(origin).
			SetAddedByID(tx.Viewer.Account).SetAddedByName(tx.Viewer.Name).SetNillableAddedChangeID(change).Save(tx)
		if f := act.Explained(err); f != nil {
			return nil, at(f, field, i)
		} else if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// at places a refusal of a line, which may name a field of its own, at the i-th.
func at(f *fault.Error, field string, i int) error {
	placed := *f
	placed.Field = strings.TrimSuffix(fmt.Sprintf("%s.%d.%s", field, i, f.Field), ".")
	return &placed
}

// UnassignDutyInput takes assignments off a draft.
type UnassignDutyInput struct {
	RosterID      uuid.UUID
	AssignmentIDs []uuid.UUID
}

// Check refuses none, and too many.
func (in UnassignDutyInput) Check() error {
	return checkCount("assignmentIDs", len(in.AssignmentIDs), mostDays)
}

// UnassignDutyPayload is the roster.
type UnassignDutyPayload struct{ Roster *ent.DutyRoster }

// Unassign takes people off a draft, all of them or none (D1.1).
//
// Errors: NOT_FOUND; CONFLICT D1.1 for one who was taken off before; CONFLICT if the roster is published.
var Unassign = act.Guarded(act.New("duty.unassign", act.Needs(policy.DutyAssignment, policy.Update), act.Clauses(roster), func(tx *act.Tx, in UnassignDutyInput) (*UnassignDutyPayload, error) {
	r, err := rosterOf(tx, in.RosterID, need{policy.DutyAssignment, policy.Update})
	if err != nil {
		return nil, err
	}
	list, err := standing(tx, r, in.AssignmentIDs, "assignmentIDs")
	if err != nil {
		return nil, err
	}
	if err := isDraft(tx, r); err != nil {
		return nil, err
	}
	return &UnassignDutyPayload{r}, takeOff(tx, list, nil)
}), rosterGuard(need{policy.DutyAssignment, policy.Update}, isDraft))

// standing finds assignments of a roster that stand. Errors: NOT_FOUND; CONFLICT D1.1.
func standing(tx *act.Tx, r *ent.DutyRoster, list []uuid.UUID, field string) ([]*ent.DutyAssignment, error) {
	found, err := tx.DutyAssignment.Query().Where(dutyassignment.EstateID(r.EstateID), dutyassignment.RosterID(r.ID), dutyassignment.IDIn(list...)).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID]*ent.DutyAssignment{}
	for _, a := range found {
		of[a.ID] = a
	}
	for i, id := range list {
		switch a := of[id]; {
		case a == nil:
			return nil, fault.Missing().At(fmt.Sprintf("%s.%d", field, i))
		case a.RemovedAt != nil:
			return nil, takenOff().At(fmt.Sprintf("%s.%d", field, i))
		}
	}
	return found, nil
}

func takenOff() *fault.Error {
	return fault.Clash("这一班已撤下,请重新读取。", "It was taken off before; read the roster again.").By(roster)
}

// writtenWithin is how long after a shift it is written down who worked it.
const writtenWithin = 24 * time.Hour

func overLong() *fault.Error {
	return fault.Clash("该班次结束已超过 24 小时,值班记录不能再改。", "The shift is over for more than 24 hours: who worked it stays as it is on record.").By(roster)
}

func signedFor() *fault.Error {
	return fault.Clash("此人已在该班的交接表上签字,不能从值班表撤下;交接表有误的,请主管先取消交接表。",
		"The person signed the sheet of that shift, and stays on the roster; if the sheet is wrong and only one side signed it, the supervisor cancels it first.").By(handing)
}

// takeOff takes assignments off, by a change if the roster is published.
func takeOff(tx *act.Tx, list []*ent.DutyAssignment, change *uuid.UUID) error {
	for _, a := range list {
		if err := a.Update().SetRemovedAt(tx.Now).SetRemovedByID(tx.Viewer.Account).SetRemovedByName(tx.Viewer.Name).SetNillableRemovedChangeID(change).Exec(tx); err != nil {
			return err
		}
	}
	return nil
}
