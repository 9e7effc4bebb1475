// Package duty is chapter D of the rulebook: who of customer service is on duty when (客服部值班表, D1.1), and how one shift hands over to the next
// (交接班, D2). That nobody is on two shifts at one time is an exclusion constraint over all rosters, and what else is wrong with a roster a function
// of the database says, to who asks and to the trigger by which none is published with it (ent/migrations/00095_duty.sql).
//
//	shift.go    D1.1  AddShift, ChangeShift, RetireShift: kinds of shifts, and how many they take on each day of the week
//	roster.go   D1.1  Draft a month; plan.go has each month's due before it begins
//	assign.go   D1.1  Assign and Unassign by hand, on a draft; propose.go by the program, fairly (internal/duty/fair)
//	check.go    D1.1  Problems: what is wrong; publish.go Publish without any; change.go Change after that, with a reason
//	leave.go    D1.1  RecordLeave, DecideLeave, WithdrawLeave
//	swap.go     D1.1  AskSwap; swapanswer.go AnswerSwap, DecideSwap, WithdrawSwap; swaplapse.go what came too late
//	feed.go     D1.1  CreateFeed, RevokeFeed; icalendar.go the calendar that is read there
//	fill.go     D2    Fill the sheet of a shift change, from what chapters declare (internal/handover)
//	sheet.go    D2    Remark, Decide line by line; sign.go Sign, by both; cancel.go Cancel
//
// The registers: register_roster.go 客服部值班表 as the month's grid, register_handovers.go 交接班记录.
package duty

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	roster   = "D1.1"
	handing  = "D2"
	mostDays = 500 // assignments in one act: a month of a large department
)

func init() {
	act.Explain("duty_shifts_once", fault.Clash("已有同名班次。", "There is a shift of that name.").By(roster).At("name"))
	act.Explain("dutyroster_estate_id_department_id_month", fault.Clash("这个月的值班表正由他人编制,请重新读取。", "Somebody else draws up that month just now; read it again.").By(roster).At("month"))
	act.Explain("duty_assignments_once", fault.Clash("此人在这段时间已排班,同一时间不能重复值班。", "That person is on duty at that time already, and nobody is rostered twice at one time.").By(roster).At("staffID"))
	act.Explain("duty_assignments_worked", fault.Clash("该班次已停用。", "The shift is worked no more.").By(roster).At("shiftID"))
	act.Explain("duty_assignments_changed", fault.Clash("值班表状态已变,请重新读取。", "The roster's state has changed; read it again.").By(roster))
	act.Explain("duty_assignments_stay", takenOff())
	act.Explain("duty_assignments_past", overLong())
	act.Explain("duty_assignments_signed", signedFor())
	act.Explain("duty_rosters_way", published())
	act.Explain("duty_rosters_empty", nobodyOn())
	act.Explain("duty_rosters_sound", unsound())
	act.Explain("duty_leaves_once", fault.Clash("此人在这些日期已有请假记录。", "There is leave of that person on those days already.").By(roster).At("fromOn"))
	act.Explain("duty_leaves_own", ownLeave())
	act.Explain("duty_leaves_way", leaveOver())
	act.Explain("duty_leaves_taken", leaveTaken())
	act.Explain("duty_leaves_free", rostered())
	act.Explain("duty_swaps_given", fault.Clash("这个班次已在另一换班申请中。", "That shift waits in another swap.").By(roster).At("givenID"))
	act.Explain("duty_swaps_taken", fault.Clash("对方的这个班次已在另一换班申请中。", "The other's shift waits in another swap.").By(roster).At("takenID"))
	act.Explain("duty_swaps_way", swapOver())
	act.Explain("duty_swaps_begin", swapPast())
	act.Explain("duty_swaps_time", swapPast())
	act.Explain("duty_swaps_approver", ownSwap())
	act.Explain("duty_swaps_carried", swapPast())
	act.Explain("duty_swaps_other", notAsked())
	act.Explain("duty_handovers_once", filledAlready())
	act.Explain("duty_handovers_way", sheetOver())
	act.Explain("duty_handovers_stay", sheetStays())
	act.Explain("duty_handovers_rostered", notOnDuty())
	act.Explain("duty_handovers_decided", undecided())
	act.Explain("duty_handovers_signed", fault.Rule(handing, "交接表须由交班人和接班人各以自己的密码签字。", "The sheet is signed by both sides, each by the own password."))
}

// department is customer service, whose roster it is. Errors: NOT_FOUND at the field; CONFLICT if the estate has none.
func department(tx *act.Tx, estate uuid.UUID, field string) (uuid.UUID, error) {
	cal, err := tx.Calendar(estate)
	if _, err = act.Find(cal, err, field); err != nil {
		return uuid.Nil, err
	}
	d, err := obligation.CustomerService(tx, estate)
	if err == nil && d == uuid.Nil {
		err = fault.Clash("该小区还没有客服部,请先建立部门。", "The estate has no customer service yet; make the department first.").By(roster).At(field)
	}
	return d, err
}

// need is what an act needs: rows of another department are not there for who may only in the own.
type need struct {
	resource policy.Resource
	action   policy.Action
}

type row interface{ RowScope() access.Row }

// covers tells whether the act is allowed upon the row, as far as the viewer has a role in its estate: others the walls hold off.
func (n need) covers(tx *act.Tx, r row) bool {
	at := r.RowScope()
	here := slices.ContainsFunc(tx.Viewer.Grants, func(g access.Grant) bool { return g.Estate == at.Estate })
	return !here || tx.Viewer.Scope(n.resource, n.action).Covers(at)
}

// find is act.Find within what the act is allowed upon.
func find[T row](tx *act.Tx, n need, r T, err error, field string) (T, error) {
	if r, err = act.Find(r, err, field); err == nil && !n.covers(tx, r) {
		err = fault.Missing().At(field)
	}
	return r, err
}

// among are those of the rows upon which the act is allowed.
func among[T row](tx *act.Tx, n need, rows []T) []T {
	return slices.DeleteFunc(rows, func(r T) bool { return !n.covers(tx, r) })
}

// self is the viewer as a member of staff of the estate; nil for who is none there.
func self(tx *act.Tx, estate uuid.UUID) (*ent.Staff, error) {
	m, err := tx.Staff.Query().Where(staff.EstateID(estate), staff.AccountID(tx.Viewer.Account)).Only(tx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return m, err
}

func tidy(text *string) string {
	if text == nil {
		return ""
	}
	return wording.Tidy(*text)
}

// clockTime is a moment as people of the estate write it.
func clockTime(cal *calendar.Calendar, at time.Time) string {
	return at.In(cal.Zone()).Format("01-02 15:04")
}
