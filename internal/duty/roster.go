package duty

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/duty/fair"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// dueRoster is due before its month begins: the supervisor of customer service and the project manager are told of one that is late.
var dueRoster = obligation.Declare(obligation.Kind{
	Name: "duty.roster", Clause: roster, TitleZH: "发布客服部值班表:", TitleEN: "Publish the duty roster of ",
})

// DraftDutyRosterInput names the month whose roster is drawn up.
type DraftDutyRosterInput struct {
	EstateID uuid.UUID
	Month    calendar.Day // any day of it
}

// DraftDutyRosterPayload is the roster, which may have been begun before.
type DraftDutyRosterPayload struct{ Roster *ent.DutyRoster }

// Draft begins the roster of a month, or takes up the one that the program opened; one that is begun stays as it is (D1.1).
//
// Errors: NOT_FOUND; INVALID_INPUT D1.1 for a month that is over, or more than three ahead.
var Draft = act.New("duty.draftRoster", act.Needs(policy.DutyRoster, policy.Create), act.Clauses(roster), func(tx *act.Tx, in DraftDutyRosterInput) (*DraftDutyRosterPayload, error) {
	d, err := department(tx, in.EstateID, "estateID")
	if err != nil {
		return nil, err
	}
	today, err := tx.Today(in.EstateID)
	if err != nil {
		return nil, err
	}
	month, now := in.Month.NthOfMonth(1), today.NthOfMonth(1)
	if month.Before(now) || month.After(now.AddMonths(3)) {
		return nil, fault.Invalid("month", "请选择本月或之后三个月内的月份。", "Choose this month, or one of the next three.").By(roster)
	}
	r, err := openRoster(tx, in.EstateID, d, month)
	if err != nil {
		return nil, err
	}
	if r.DraftedByName == "" && r.State == dutyroster.StateDraft {
		r, err = r.Update().SetDraftedByID(tx.Viewer.Account).SetDraftedByName(tx.Viewer.Name).Save(tx)
	}
	return &DraftDutyRosterPayload{r}, err
})

// openRoster finds a month's roster, or makes it, and has it due before the month begins.
func openRoster(tx *act.Tx, estate, department uuid.UUID, month calendar.Day) (*ent.DutyRoster, error) {
	r, err := tx.DutyRoster.Query().Where(dutyroster.EstateID(estate), dutyroster.DepartmentID(department), dutyroster.Month(month.UTC())).ForUpdate().Only(tx)
	if !ent.IsNotFound(err) {
		return r, err
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	due := cal.StartOfDay(month).UTC()
	r, err = tx.DutyRoster.Create().SetEstateID(estate).SetDepartmentID(department).SetMonth(month.UTC()).SetDueAt(due).Save(tx)
	if err != nil {
		return nil, err
	}
	return r, dueRoster.Open(tx, obligation.Due{
		Estate: estate, Department: department, Subject: r.ID, At: due, About: month.UTC().Format("2006年1月"), AboutEN: month.UTC().Format("January 2006"),
	})
}

// rosterOf finds a roster where the act is allowed, and locks it. Errors: NOT_FOUND at rosterID.
func rosterOf(tx *act.Tx, id uuid.UUID, need need) (*ent.DutyRoster, error) {
	r, err := tx.DutyRoster.Query().Where(dutyroster.ID(id)).ForUpdate().Only(tx)
	return find(tx, need, r, err, "rosterID")
}

// isDraft refuses a roster that is published.
func isDraft(_ *act.Tx, r *ent.DutyRoster) error {
	if r.State == dutyroster.StatePublished {
		return published()
	}
	return nil
}

func published() *fault.Error {
	return fault.Clash("值班表已发布,之后的变动请用“变更”并说明原因。", "The roster is published; from then on it is changed with a reason (changeDutyRoster).").By(roster).At("rosterID")
}

// isPublished refuses a draft.
func isPublished(_ *act.Tx, r *ent.DutyRoster) error {
	if r.State != dutyroster.StatePublished {
		return fault.Clash("值班表还未发布,请直接编排。", "The roster is a draft still: put people down as they are to work.").By(roster).At("rosterID")
	}
	return nil
}

// rosterGuard asks the check of a roster.
func rosterGuard(need need, check func(*act.Tx, *ent.DutyRoster) error) act.Guard[*ent.DutyRoster] {
	return act.Guard[*ent.DutyRoster]{
		Entity: ent.TypeDutyRoster,
		ID:     func(r *ent.DutyRoster) uuid.UUID { return r.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.DutyRoster, error) {
			rows, err := tx.DutyRoster.Query().Where(dutyroster.IDIn(list...)).All(tx)
			return among(tx, need, rows), err
		},
		Check: check,
	}
}

// spanOf is a shift's fair.Span on a day, by the estate's clock.
func spanOf(cal *calendar.Calendar, s *ent.DutyShift, day calendar.Day) fair.Span {
	at := func(day calendar.Day, clock string) time.Time {
		t, _ := time.Parse("15:04", clock) // as the database holds it
		return time.Date(day.Year(), day.Month(), day.DayOfMonth(), t.Hour(), t.Minute(), 0, 0, cal.Zone()).UTC()
	}
	last := day
	if s.Ends <= s.Begins {
		last = day.AddDays(1)
	}
	ends := at(last, s.Ends)
	return fair.Span{Starts: at(day, s.Begins), Ends: ends, Rested: ends.Add(time.Duration(s.RestMinutes) * time.Minute)}
}

// needOf is how many a shift takes on a day.
func needOf(s *ent.DutyShift, day calendar.Day) int {
	return [...]int{s.Sunday, s.Monday, s.Tuesday, s.Wednesday, s.Thursday, s.Friday, s.Saturday}[day.Weekday()]
}
