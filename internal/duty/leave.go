package duty

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyleave"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RecordDutyLeaveInput says who is on leave when.
type RecordDutyLeaveInput struct {
	StaffID uuid.UUID
	Kind    dutyleave.Kind
	FromOn  calendar.Day
	UntilOn calendar.Day // the last day
	Reason  *string
}

// Check refuses days that are none, and leave without end.
func (in RecordDutyLeaveInput) Check() error {
	switch {
	case in.UntilOn.Before(in.FromOn):
		return fault.Invalid("untilOn", "最后一天不能早于第一天。", "The last day lies before the first.").By(roster)
	case in.UntilOn.Sub(in.FromOn) > 366:
		return fault.Invalid("untilOn", "一次最多请假一年。", "Leave is for a year at most.").By(roster)
	}
	return wording.Optional(wording.CheckRemark, "reason", in.Reason)
}

// RecordDutyLeavePayload is the leave.
type RecordDutyLeavePayload struct{ Leave *ent.DutyLeave }

// RecordLeave records leave, of oneself or, by who leads, of another of the department; it counts once it is approved (D1.1).
//
// Errors: NOT_FOUND; INVALID_INPUT D1.1; CONFLICT D1.1 if there is leave of the person on those days.
var RecordLeave = act.New("duty.recordLeave", act.Needs(policy.DutyLeave, policy.Create), act.Clauses(roster), recordLeave)

func recordLeave(tx *act.Tx, in RecordDutyLeaveInput) (*RecordDutyLeavePayload, error) {
	m, err := tx.Staff.Query().Where(staff.ID(in.StaffID)).Only(tx)
	if m, err = act.Find(m, err, "staffID"); err != nil {
		return nil, err
	}
	d, err := department(tx, m.EstateID, "staffID")
	if err != nil {
		return nil, err
	}
	if m.DepartmentID != d {
		return nil, fault.Invalid("staffID", "%[1]s 不是客服部员工。", "%[1]s is not on the staff of customer service.", m.Name).By(roster)
	}
	cal, err := tx.Calendar(m.EstateID)
	if err != nil {
		return nil, err
	}
	l, err := tx.DutyLeave.Create().SetEstateID(m.EstateID).SetDepartmentID(d).SetStaffID(m.ID).SetNillableAccountID(m.AccountID).SetKind(in.Kind).
		SetFromOn(in.FromOn.UTC()).SetUntilOn(in.UntilOn.UTC()).SetStartsAt(cal.StartOfDay(in.FromOn).UTC()).SetEndsAt(cal.EndOfDay(in.UntilOn).UTC()).
		SetReason(tidy(in.Reason)).SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	return &RecordDutyLeavePayload{l}, obligation.Tell(tx, d, account.Message{
		Estate: l.EstateID, Kind: "duty.leaveRecorded", Subject: l.ID, TitleZH: "请假待审批", TitleEN: "Leave to be decided upon",
		BodyZH: m.Name + " " + in.FromOn.String() + " 至 " + in.UntilOn.String(), BodyEN: m.Name + ", " + in.FromOn.String() + " to " + in.UntilOn.String(),
	})
}

// DecideDutyLeaveInput approves leave, or declines it.
type DecideDutyLeaveInput struct {
	LeaveID uuid.UUID
	Approve bool
	Note    *string
}

// Check refuses to decline without a word.
func (in DecideDutyLeaveInput) Check() error {
	if !in.Approve && in.Note == nil {
		return fault.Invalid("note", "不同意请说明原因。", "Say why it is declined.").By(roster)
	}
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// DecideDutyLeavePayload is the leave as it stands after.
type DecideDutyLeavePayload struct{ Leave *ent.DutyLeave }

// DecideLeave approves leave, or declines it; what is rostered on approved leave by a draft, the check lists from then on (D1.1).
//
// Errors: NOT_FOUND; RULE D1.1 for who would decide upon the own, and for leave over a shift to come of a published roster, which somebody else takes first; CONFLICT D1.1 if it was decided or withdrawn.
var DecideLeave = act.Guarded(act.New("duty.decideLeave", act.Needs(policy.DutyLeave, policy.Approve), act.Clauses(roster), func(tx *act.Tx, in DecideDutyLeaveInput) (*DecideDutyLeavePayload, error) {
	l, err := leaveOf(tx, in.LeaveID, need{policy.DutyLeave, policy.Approve})
	if err != nil {
		return nil, err
	}
	if err := canDecideLeave(tx, l); err != nil {
		return nil, err
	}
	to := dutyleave.StateDeclined
	if in.Approve {
		to = dutyleave.StateApproved
	}
	l, err = l.Update().SetState(to).SetDecidedAt(tx.Now).SetDecidedByID(tx.Viewer.Account).SetDecidedByName(tx.Viewer.Name).SetDecisionNote(tidy(in.Note)).Save(tx)
	if err != nil || l.AccountID == nil {
		return &DecideDutyLeavePayload{l}, err
	}
	zh, en := "请假未获批准", "Leave was declined"
	if in.Approve {
		zh, en = "请假已批准", "Leave is approved"
	}
	return &DecideDutyLeavePayload{l}, tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: *l.AccountID, Estate: l.EstateID, Kind: "duty.leaveDecided", Subject: l.ID, TitleZH: zh, TitleEN: en,
		BodyZH: cmp.Or(l.DecisionNote, "由 "+tx.Viewer.Name+" 审批。"), BodyEN: cmp.Or(l.DecisionNote, "By "+tx.Viewer.Name+"."),
	})
}), leaveGuard(need{policy.DutyLeave, policy.Approve}, canDecideLeave))

// WithdrawDutyLeaveInput withdraws leave, also approved leave that is not taken.
type WithdrawDutyLeaveInput struct {
	LeaveID uuid.UUID
	Reason  string
}

// Check refuses an empty or endless reason.
func (in WithdrawDutyLeaveInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// WithdrawDutyLeavePayload is the leave as it stands after.
type WithdrawDutyLeavePayload struct{ Leave *ent.DutyLeave }

// WithdrawLeave withdraws leave: the own, or by who leads that of another (D1.1).
//
// Errors: NOT_FOUND; CONFLICT D1.1 if it was declined or withdrawn, or was approved and is over.
var WithdrawLeave = act.Guarded(act.New("duty.withdrawLeave", act.Needs(policy.DutyLeave, policy.Update), act.Clauses(roster), func(tx *act.Tx, in WithdrawDutyLeaveInput) (*WithdrawDutyLeavePayload, error) {
	l, err := leaveOf(tx, in.LeaveID, need{policy.DutyLeave, policy.Update})
	if err != nil {
		return nil, err
	}
	if err := stands(tx, l); err != nil {
		return nil, err
	}
	l, err = l.Update().SetState(dutyleave.StateWithdrawn).SetWithdrawnAt(tx.Now).SetWithdrawnByID(tx.Viewer.Account).SetWithdrawnByName(tx.Viewer.Name).
		SetWithdrawReason(wording.Tidy(in.Reason)).Save(tx)
	return &WithdrawDutyLeavePayload{l}, err
}), leaveGuard(need{policy.DutyLeave, policy.Update}, stands))

func leaveOf(tx *act.Tx, id uuid.UUID, need need) (*ent.DutyLeave, error) {
	l, err := tx.DutyLeave.Query().Where(dutyleave.ID(id)).ForUpdate().Only(tx)
	return find(tx, need, l, err, "leaveID")
}

func canDecideLeave(tx *act.Tx, l *ent.DutyLeave) error {
	switch {
	case l.State != dutyleave.StateRecorded:
		return leaveOver()
	case l.AccountID != nil && *l.AccountID == tx.Viewer.Account:
		return ownLeave()
	}
	return nil
}

func stands(tx *act.Tx, l *ent.DutyLeave) error {
	if l.State != dutyleave.StateRecorded && l.State != dutyleave.StateApproved {
		return leaveOver()
	}
	if l.State == dutyleave.StateApproved && !l.EndsAt.After(tx.Now) {
		return leaveTaken()
	}
	return nil
}

func ownLeave() *fault.Error {
	return fault.Rule(roster, "不能审批自己的请假,请由项目经理审批。", "Nobody decides upon the own leave: have the project manager do it.").At("leaveID")
}

func leaveTaken() *fault.Error {
	return fault.Clash("假期已结束,记录不能撤回。", "The leave is over: it was taken, and stays on record.").By(roster).At("leaveID")
}

func rostered() *fault.Error {
	return fault.Rule(roster, "请假期间有已发布的值班:请先换班(askDutySwap)或由主管变更值班表(changeDutyRoster),再批准请假。",
		"A published roster has a shift of the person in that time: have it swapped (askDutySwap) or the roster changed (changeDutyRoster) first, and approve the leave then.").At("leaveID")
}

func leaveOver() *fault.Error {
	return fault.Clash("该请假已审批、撤回或结束,请重新读取。", "The leave was decided upon or withdrawn; read it again.").By(roster).At("leaveID")
}

func leaveGuard(need need, check func(*act.Tx, *ent.DutyLeave) error) act.Guard[*ent.DutyLeave] {
	return act.Guard[*ent.DutyLeave]{
		Entity: ent.TypeDutyLeave,
		ID:     func(l *ent.DutyLeave) uuid.UUID { return l.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.DutyLeave, error) {
			rows, err := tx.DutyLeave.Query().Where(dutyleave.IDIn(list...)).All(tx)
			return among(tx, need, rows), err
		},
		Check: check,
	}
}
