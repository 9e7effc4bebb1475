package duty

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/dutyleave"
	"github.com/steward-pm/steward/ent/dutyshift"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/duty/fair"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

const (
	mostPeople = 100
	// looksBack is how many months count as the load of before, and mostOwed by how much, in minutes, somebody is ahead or behind at most: three shifts.
	looksBack = 3
	mostOwed  = 3 * 480
)

// ProposeDutyRosterInput names a draft, and who takes part.
type ProposeDutyRosterInput struct {
	RosterID uuid.UUID
	StaffIDs []uuid.UUID // none: who was on the rosters of the last months, or where nobody was the whole department
}

// Check refuses more people than a department has, and one twice.
func (in ProposeDutyRosterInput) Check() error {
	if len(in.StaffIDs) > mostPeople {
		return fault.Invalid("staffIDs", "最多 %[1]d 人。", "Give at most %[1]d people.", mostPeople).By(roster)
	}
	for i, id := range in.StaffIDs {
		if slices.Contains(in.StaffIDs[:i], id) {
			return fault.Invalid(fmt.Sprintf("staffIDs.%d", i), "人员重复。", "The person is given twice.").By(roster)
		}
	}
	return nil
}

// ProposeDutyRosterPayload is the draft, how many places were filled, and what is wrong with it still.
type ProposeDutyRosterPayload struct {
	Roster   *ent.DutyRoster
	Added    int
	Problems []*DutyProblem
}

// Propose fills what is open on a draft from today on, fairly by the load of the last months, and leaves what stands as it is (D1.1). It is a proposal:
// the supervisor changes it by hand, and publishes.
//
// Errors: NOT_FOUND; INVALID_INPUT D1.1 for who is not of the department; CONFLICT if the roster is published, or if nobody can be put down.
var Propose = act.Guarded(act.New("duty.propose", act.Needs(policy.DutyAssignment, policy.Create), act.Clauses(roster), proposeRoster), rosterGuard(need{policy.DutyAssignment, policy.Create}, isDraft))

func proposeRoster(tx *act.Tx, in ProposeDutyRosterInput) (*ProposeDutyRosterPayload, error) {
	r, err := rosterOf(tx, in.RosterID, need{policy.DutyAssignment, policy.Create})
	if err != nil {
		return nil, err
	}
	asked := make([]DutyLineInput, len(in.StaffIDs))
	for i, id := range in.StaffIDs {
		asked[i].StaffID = id
	}
	if err := areStaff(tx, r, asked, "staffIDs"); err != nil {
		return nil, err
	}
	if err := isDraft(tx, r); err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(r.EstateID)
	if err != nil {
		return nil, err
	}
	hands, err := handsOf(tx, r, cal, in.StaffIDs)
	if err != nil {
		return nil, err
	}
	places, shifts, err := openPlaces(tx, r, cal)
	if err != nil {
		return nil, err
	}
	var lines []DutyLineInput
	for p, h := range fair.Propose(places, hands) {
		if h >= 0 {
			lines = append(lines, DutyLineInput{Day: places[p].Day, ShiftID: places[p].Shift, StaffID: hands[h].ID})
		}
	}
	if _, err := putDown(tx, r, shifts, lines, "staffIDs", nil, dutyassignment.OriginProposal); err != nil {
		return nil, err
	}
	wrong, err := problems(tx, tx.Raw, r, cal.Today(tx.Now))
	if err != nil {
		return nil, err
	}
	return &ProposeDutyRosterPayload{r, len(lines), wrong}, named(tx, tx.Client(), r, cal, wrong)
}

// openPlaces are the places of a draft from today on where somebody lacks.
func openPlaces(tx *act.Tx, r *ent.DutyRoster, cal *calendar.Calendar) (list []fair.Place, of map[uuid.UUID]*ent.DutyShift, err error) {
	shifts, err := tx.DutyShift.Query().Where(dutyshift.EstateID(r.EstateID), dutyshift.DepartmentID(r.DepartmentID), dutyshift.RetiredAtIsNil()).
		Order(ent.Asc(dutyshift.FieldBegins, dutyshift.FieldID)).All(tx)
	if err != nil {
		return nil, nil, err
	}
	stand, err := tx.DutyAssignment.Query().Where(dutyassignment.EstateID(r.EstateID), dutyassignment.RosterID(r.ID), dutyassignment.RemovedAtIsNil()).All(tx)
	if err != nil {
		return nil, nil, err
	}
	type on struct {
		shift uuid.UUID
		day   calendar.Day
	}
	count := map[on]int{}
	for _, a := range stand {
		count[on{a.ShiftID, calendar.DayOf(a.Day)}]++
	}
	of = map[uuid.UUID]*ent.DutyShift{}
	month, today := calendar.DayOf(r.Month), cal.Today(tx.Now)
	for day := month; day.Month() == month.Month(); day = day.AddDays(1) {
		for _, s := range shifts {
			of[s.ID] = s
			t := spanOf(cal, s, day)
			for range needOf(s, day) - count[on{s.ID, day}] {
				if !day.Before(today) {
					list = append(list, fair.Place{Shift: s.ID, Day: day, Span: t, Weight: fair.WeightOf(cal, day, t)})
				}
			}
		}
	}
	return list, of, nil
}

// handsOf are the people who take part, with their leave, what they are on already, and their load of the last months and of this.
func handsOf(tx *act.Tx, r *ent.DutyRoster, cal *calendar.Calendar, asked []uuid.UUID) ([]fair.Hand, error) {
	month := calendar.DayOf(r.Month)
	since := month.AddMonths(-looksBack)
	rows, err := tx.Raw.Query(tx, `SELECT a.staff_id, a.day, a.starts_at, a.ends_at, a.rested_at FROM duty_assignments a
		JOIN duty_rosters r ON r.estate_id = a.estate_id AND r.id = a.roster_id AND (r.state = 'PUBLISHED' OR r.id = $5)
		WHERE a.estate_id = $1 AND a.department_id = $2 AND a.removed_at IS NULL AND a.starts_at >= $3 AND a.starts_at < $4 ORDER BY a.starts_at, a.id`,
		r.EstateID, r.DepartmentID, cal.StartOfDay(since), cal.StartOfDay(month.AddMonths(1)).AddDate(0, 0, 4), r.ID)
	if err != nil {
		return nil, err
	}
	load, busy := map[uuid.UUID]int{}, map[uuid.UUID][]fair.Span{}
	var id uuid.UUID
	var day calendar.Day
	var s fair.Span
	if _, err := pgx.ForEachRow(rows, []any{&id, &day, &s.Starts, &s.Ends, &s.Rested}, func() error {
		load[id] += fair.WeightOf(cal, day, s)
		busy[id] = append(busy[id], s)
		return nil
	}); err != nil {
		return nil, err
	}
	q := tx.Staff.Query().Where(staff.EstateID(r.EstateID), staff.DepartmentID(r.DepartmentID),
		staff.Or(staff.EmployedUntilIsNil(), staff.EmployedUntilGT(month.UTC()))).Order(ent.Asc(staff.FieldSortKey, staff.FieldID)).Limit(mostPeople)
	switch {
	case len(asked) > 0:
		q.Where(staff.IDIn(asked...))
	case len(load) > 0:
		var known []uuid.UUID
		for id := range load {
			known = append(known, id)
		}
		q.Where(staff.IDIn(known...))
	}
	people, err := q.All(tx)
	if err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return nil, fault.Clash("没有可排班的人员。", "There is nobody to put down.").By(roster).At("staffIDs")
	}
	hands := make([]fair.Hand, len(people))
	for i, m := range people {
		hands[i] = fair.Hand{ID: m.ID, From: calendar.DayOf(m.EmployedFrom), Busy: busy[m.ID], Load: load[m.ID]}
		if m.EmployedUntil != nil {
			hands[i].Until = calendar.DayOf(*m.EmployedUntil)
		}
	}
	leaven(hands, since)
	return hands, onLeave(tx, r, hands)
}

// leaven keeps what counts of before within bounds: who came since has as much as the others have on average, and nobody makes up for more than a few shifts.
func leaven(hands []fair.Hand, since calendar.Day) {
	sum, n := 0, 0
	for _, h := range hands {
		if !h.From.After(since) {
			sum, n = sum+h.Load, n+1
		}
	}
	if n == 0 {
		return
	}
	average := sum / n
	for i, h := range hands {
		if h.From.After(since) {
			h.Load = max(h.Load, average)
		}
		hands[i].Load = min(max(h.Load, average-mostOwed), average+mostOwed)
	}
}

// onLeave fills in the leave that is approved, and that which waits: who asked for it is rather not put down.
func onLeave(tx *act.Tx, r *ent.DutyRoster, hands []fair.Hand) error {
	list, err := tx.DutyLeave.Query().Where(dutyleave.EstateID(r.EstateID), dutyleave.StateIn(dutyleave.StateApproved, dutyleave.StateRecorded),
		dutyleave.EndsAtGT(r.DueAt), dutyleave.StartsAtLT(r.DueAt.Add(33*24*time.Hour))).All(tx)
	if err != nil {
		return err
	}
	for _, l := range list {
		for i := range hands {
			if hands[i].ID == l.StaffID {
				hands[i].Off = append(hands[i].Off, fair.Span{Starts: l.StartsAt, Ends: l.EndsAt, Rested: l.EndsAt})
			}
		}
	}
	return nil
}
