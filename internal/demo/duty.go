package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/dutyhandover"
	"github.com/steward-pm/steward/ent/dutyhandoverline"
	"github.com/steward-pm/steward/ent/dutyleave"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/policy"
)

// onDuty are who of customer service stands on the roster.
var onDuty = []policy.Role{policy.CSOfficer, policy.KeyCustodian, policy.Archivist, policy.Receptionist, policy.MailSorter}

// duty is a month of shifts: the first roster came late, those after it before their month, and the next one is a draft (D1.1). Two have agreed to swap, and wait
// for the supervisor. Of the last shift changes some are signed, with a line disputed, and some are not (D2).
func (h *history) duty() map[int][]func() error {
	story := map[int][]func() error{30: {h.shifts, func() error { return h.rosters(h.today.AddDays(-30).NthOfMonth(1)) }}}
	for back := 30; back >= 1; back-- {
		if next := h.today.AddDays(1 - back); next.DayOfMonth() == 1 {
			story[back] = append(story[back], func() error { return h.rosters(next) })
		}
	}
	story[2] = append(story[2], h.handsOver)
	story[1] = append(story[1], h.nextRoster, h.swaps, func() error { _, err := duty.FillSheets(h.system, act.From(h.system)); return err })
	return story
}

// shifts are an early and a late one, each day; somebody has a day off.
func (h *history) shifts() error {
	rest := 600
	daily := duty.DutyNeedInput{Monday: 1, Tuesday: 1, Wednesday: 1, Thursday: 1, Friday: 1, Saturday: 1, Sunday: 1}
	for _, s := range []duty.AddDutyShiftInput{{Name: "早班", Begins: "08:00", Ends: "16:00"}, {Name: "晚班", Begins: "16:00", Ends: "22:00"}} {
		s.EstateID, s.RestMinutes, s.Needed = h.estate.ID, &rest, daily
		if _, err := duty.AddShift.Do(h.as(policy.Supervisor), s); err != nil {
			return err
		}
	}
	day := h.today.AddDays(10)
	l, err := duty.RecordLeave.Do(h.as(policy.Archivist), duty.RecordDutyLeaveInput{StaffID: *h.colleagues[h.estate.ID][policy.Archivist].staff, Kind: dutyleave.KindAnnual, FromOn: day, UntilOn: day.AddDays(2)})
	if err == nil {
		_, err = duty.DecideLeave.Do(h.as(policy.Supervisor), duty.DecideDutyLeaveInput{LeaveID: l.Leave.ID, Approve: true})
	}
	return err
}

// rosters draws a month up, and publishes it.
func (h *history) rosters(month calendar.Day) error {
	r, err := h.draws(month)
	if err == nil {
		_, err = duty.Publish.Do(h.as(policy.Supervisor), duty.PublishDutyRosterInput{RosterID: r})
	}
	return err
}

func (h *history) draws(month calendar.Day) (uuid.UUID, error) {
	supervisor := h.as(policy.Supervisor)
	r, err := duty.Draft.Do(supervisor, duty.DraftDutyRosterInput{EstateID: h.estate.ID, Month: month})
	if err != nil {
		return uuid.Nil, err
	}
	in := duty.ProposeDutyRosterInput{RosterID: r.Roster.ID}
	for _, role := range onDuty {
		in.StaffIDs = append(in.StaffIDs, *h.colleagues[h.estate.ID][role].staff)
	}
	_, err = duty.Propose.Do(supervisor, in)
	return r.Roster.ID, err
}

func (h *history) nextRoster() error {
	_, err := h.draws(h.today.NthOfMonth(1).AddMonths(1))
	return err
}

// roleOf is the colleague's role whose staff row it is.
func (h *history) roleOf(staff uuid.UUID) policy.Role {
	for _, role := range onDuty {
		if s := h.colleagues[h.estate.ID][role].staff; s != nil && *s == staff {
			return role
		}
	}
	return ""
}

// swaps has two agree to exchange their next shifts.
func (h *history) swaps() error {
	list, err := act.From(h.system).DB.Ent.DutyAssignment.Query().Where(dutyassignment.EstateID(h.estate.ID), dutyassignment.RemovedAtIsNil(),
		dutyassignment.StartsAtGT(at(h.today, h.zone, 0, 0)), dutyassignment.DayLT(h.today.NthOfMonth(1).AddMonths(1).UTC())).
		Order(dutyassignment.ByStartsAt(), dutyassignment.ByID()).Limit(2).All(h.system)
	if err != nil || len(list) < 2 || list[0].StaffID == list[1].StaffID {
		return err
	}
	s, err := duty.AskSwap.Do(h.as(h.roleOf(list[0].StaffID)), duty.AskDutySwapInput{GivenID: list[0].ID, TakenID: list[1].ID, Reason: "孩子家长会"})
	if err == nil {
		_, err = duty.AnswerSwap.Do(h.as(h.roleOf(list[1].StaffID)), duty.AnswerDutySwapInput{SwapID: s.Swap.ID, Agree: true})
	}
	return err
}

// handsOver fills the sheets of the last day, and has both sides sign them; the first line of each is disputed.
func (h *history) handsOver() error {
	if _, err := duty.FillSheets(h.system, act.From(h.system)); err != nil {
		return err
	}
	list, err := act.From(h.system).DB.Ent.DutyHandover.Query().Where(dutyhandover.EstateID(h.estate.ID), dutyhandover.StateEQ(dutyhandover.StateOpen)).
		WithItems(func(q *ent.DutyHandoverLineQuery) { q.Order(dutyhandoverline.ByPosition()) }).Order(dutyhandover.ByEndedAt()).All(h.system)
	if err != nil {
		return err
	}
	for _, sheet := range list {
		out, err := h.on(dutyassignment.EndsAt(sheet.EndedAt))
		if err != nil {
			return err
		}
		next, err := h.on(dutyassignment.And(dutyassignment.StartsAtLTE(sheet.BeginsAt), dutyassignment.EndsAtGT(sheet.BeginsAt)))
		if err != nil {
			return err
		}
		if err := h.signs(sheet, out, next); err != nil {
			return err
		}
	}
	return nil
}

// on is the role of who is on the shift.
func (h *history) on(which predicate.DutyAssignment) (policy.Role, error) {
	a, err := act.From(h.system).DB.Ent.DutyAssignment.Query().Where(dutyassignment.EstateID(h.estate.ID), dutyassignment.RemovedAtIsNil(), which).First(h.system)
	if err != nil {
		return "", err
	}
	return h.roleOf(a.StaffID), nil
}

func (h *history) signs(sheet *ent.DutyHandover, out, next policy.Role) error {
	yes, remark := true, "前台一切正常"
	if _, err := duty.Remark.Do(h.as(out), duty.RemarkDutyHandoverInput{HandoverID: sheet.ID, Remark: &remark}); err != nil {
		return err
	}
	in := duty.DecideDutyHandoverInput{HandoverID: sheet.ID, AcceptRest: &yes}
	if len(sheet.Edges.Items) > 1 {
		in.Dispute = []duty.DutyLineDisputeInput{{LineID: sheet.Edges.Items[0].ID, Reason: "登记簿上未见签字"}}
	}
	if _, err := duty.Decide.Do(h.as(next), in); err != nil {
		return err
	}
	for _, role := range []policy.Role{out, next} {
		if _, err := duty.Sign.Do(h.as(role), duty.SignDutyHandoverInput{HandoverID: sheet.ID, Signature: h.password(role)}); err != nil {
			return err
		}
	}
	return nil
}
