package duty

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostChanged is how much of a published roster one change is about: what is more is drawn up anew next month.
const mostChanged = 50

// ChangeDutyRosterInput says what changes in a published roster, and why.
type ChangeDutyRosterInput struct {
	RosterID  uuid.UUID
	RemoveIDs []uuid.UUID // assignments
	Add       []DutyLineInput
	Reason    string
}

// Check refuses a change of nothing, and one without a reason.
func (in ChangeDutyRosterInput) Check() error {
	if len(in.RemoveIDs)+len(in.Add) == 0 || len(in.RemoveIDs) > mostChanged || len(in.Add) > mostChanged {
		return fault.Invalid("add", "请给出 1 到 %[1]d 项变动。", "Give 1 to %[1]d that change.", mostChanged).By(roster)
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ChangeDutyRosterPayload is the change, and what is wrong with the roster since.
type ChangeDutyRosterPayload struct {
	Change   *ent.DutyChange
	Problems []*DutyProblem
}

// Change changes a published roster, on record with its reason, and tells those concerned (D1.1). Life goes on where the roster is wrong: what is wrong is
// answered, and refused is only what nobody can do: to be on two shifts at one time.
//
// Who changes the own shifts is no one's judge but their own: another who leads hears of it.
//
// Errors: NOT_FOUND; INVALID_INPUT D1.1 without a reason, or for a day of another month; CONFLICT D1.1 for who is on duty at that time, or was taken off
// before, and for a shift that is over for more than a day; CONFLICT D2 for whoever signed the sheet of it; CONFLICT if the roster is a draft.
var Change = act.Guarded(act.New("duty.changeRoster", act.Needs(policy.DutyChange, policy.Create), act.Clauses(roster), changeRoster), rosterGuard(need{policy.DutyChange, policy.Create}, isPublished))

func changeRoster(tx *act.Tx, in ChangeDutyRosterInput) (*ChangeDutyRosterPayload, error) {
	r, err := rosterOf(tx, in.RosterID, need{policy.DutyChange, policy.Create})
	if err != nil {
		return nil, err
	}
	if err := areStaff(tx, r, in.Add, "add"); err != nil {
		return nil, err
	}
	shifts, err := shiftsOf(tx, r.EstateID, in.Add, "add")
	if err != nil {
		return nil, err
	}
	off, err := standing(tx, r, in.RemoveIDs, "removeIDs")
	if err != nil {
		return nil, err
	}
	if err := isPublished(tx, r); err != nil {
		return nil, err
	}
	c, err := record(tx, r, wording.Tidy(in.Reason), nil)
	if err != nil {
		return nil, err
	}
	for _, a := range off {
		if a.EndsAt.Before(tx.Now.Add(-writtenWithin)) {
			return nil, overLong().At(fmt.Sprintf("removeIDs.%d", slices.Index(in.RemoveIDs, a.ID)))
		}
	}
	if err := takeOff(tx, off, &c.ID); err != nil {
		return nil, err
	}
	on, err := putDown(tx, r, shifts, in.Add, "add", &c.ID, dutyassignment.OriginChange)
	if err != nil {
		return nil, err
	}
	if err := tellChanged(tx, r, off, on, c.Reason); err != nil {
		return nil, err
	}
	if err := tellOwn(tx, r, off, on, c.Reason); err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(r.EstateID)
	if err != nil {
		return nil, err
	}
	wrong, err := problems(tx, tx.Raw, r, cal.Today(tx.Now))
	if err != nil {
		return nil, err
	}
	return &ChangeDutyRosterPayload{c, wrong}, named(tx, tx.Client(), r, cal, wrong)
}

// record writes down that a published roster changes, and why.
func record(tx *act.Tx, r *ent.DutyRoster, reason string, swap *uuid.UUID) (*ent.DutyChange, error) {
	tx.Because(reason)
	return tx.DutyChange.Create().SetEstateID(r.EstateID).SetDepartmentID(r.DepartmentID).SetRosterID(r.ID).SetNillableSwapID(swap).SetReason(reason).
		SetChangedAt(tx.Now).SetChangedByID(tx.Viewer.Account).SetChangedByName(tx.Viewer.Name).Save(tx)
}

// tellChanged tells those whose shifts changed, each of the own.
func tellChanged(tx *act.Tx, r *ent.DutyRoster, off, on []*ent.DutyAssignment, reason string) error {
	var people []uuid.UUID
	for _, a := range append(append([]*ent.DutyAssignment{}, off...), on...) {
		people = append(people, a.StaffID)
	}
	staffs, err := tx.Staff.Query().Where(staff.EstateID(r.EstateID), staff.AccountIDNotNil(), staff.IDIn(people...)).All(tx)
	if err != nil {
		return err
	}
	days := func(list []*ent.DutyAssignment, of uuid.UUID) (text string) {
		for _, a := range list {
			if a.StaffID == of {
				text += " " + calendar.DayOf(a.Day).String()
			}
		}
		return text
	}
	var list []account.Message
	for _, m := range staffs {
		less, more := days(off, m.ID), days(on, m.ID)
		list = append(list, account.Message{
			AccountID: *m.AccountID, Estate: r.EstateID, Kind: "duty.rosterChanged", Subject: r.ID,
			TitleZH: "您的值班有变动", TitleEN: "Your shifts have changed",
			BodyZH: fmt.Sprintf("取消:%s;新增:%s。原因:%s", less, more, reason),
			BodyEN: fmt.Sprintf("Taken off:%s; put on:%s. Why: %s", less, more, reason),
		})
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, list...)
}

// tellOwn tells others who lead that the viewer changed the own shifts.
func tellOwn(tx *act.Tx, r *ent.DutyRoster, off, on []*ent.DutyAssignment, reason string) error {
	me, err := self(tx, r.EstateID)
	if err != nil || me == nil {
		return err
	}
	days := ""
	for _, a := range append(slices.Clone(off), on...) {
		if a.StaffID == me.ID {
			days += " " + calendar.DayOf(a.Day).String()
		}
	}
	if days == "" {
		return nil
	}
	return obligation.Tell(tx, r.DepartmentID, account.Message{
		Estate: r.EstateID, Kind: "duty.ownChanged", Subject: r.ID, TitleZH: me.Name + " 变更了本人的值班", TitleEN: me.Name + " changed the own shifts",
		BodyZH: "日期:" + days + "。原因:" + reason, BodyEN: "Days:" + days + ". Why: " + reason,
	})
}
