package registry

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/calendarday"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	// mostCalendarDays is how many days are set or cleared at once: a year's holidays with what is worked for them.
	mostCalendarDays = 100
	// calendarAhead is how many days ahead a day is set: further ones are slips of the finger.
	calendarAhead = 800
)

// CalendarDayInput says of a day whether the estate works on it.
type CalendarDayInput struct {
	Day     calendar.Day
	Working bool
	Reason  string
}

// SetCalendarDaysInput says of some days whether the estate works on them, whatever the week and the public holidays say.
type SetCalendarDaysInput struct {
	EstateID uuid.UUID
	Days     []CalendarDayInput
}

// Check refuses no days and too many, a day twice, and what has no reason.
func (in SetCalendarDaysInput) Check() error {
	days := make([]calendar.Day, len(in.Days))
	for i, d := range in.Days {
		days[i] = d.Day
		if err := wording.CheckText(fmt.Sprintf("days.%d.reason", i), d.Reason, 1, 200); err != nil {
			return err
		}
	}
	return checkDays(days)
}

// checkDays refuses no days and too many, and a day twice.
func checkDays(days []calendar.Day) error {
	if len(days) < 1 || len(days) > mostCalendarDays {
		return fault.Invalid("days", "请填写 1 到 %[1]d 个日期。", "Give between 1 and %[1]d days.", mostCalendarDays).By("F3")
	}
	seen := map[calendar.Day]bool{}
	for i, d := range days {
		if seen[d] {
			return fault.Invalid(fmt.Sprintf("days.%d", i), "日期重复:%[1]s。", "The day is there twice: %[1]s.", d).By("F3")
		}
		seen[d] = true
	}
	return nil
}

// SetCalendarDaysPayload is the days as they are now, and how many deadlines moved.
type SetCalendarDaysPayload struct {
	Days  []*ent.CalendarDay
	Moved int
}

// SetCalendarDays sets closed days, and extra working days, of an estate. What is due in working days and still open is due by them from now on (F3):
// chapters' own deadlines and what is reminded of move together.
//
// Errors: NOT_FOUND; INVALID_INPUT for a day that is past, or long to come.
var SetCalendarDays = act.New("registry.setCalendarDays", act.Needs(policy.CalendarDay, policy.Update).SessionOnly(), act.Clauses("F3"), setCalendarDays)

func setCalendarDays(tx *act.Tx, in SetCalendarDaysInput) (*SetCalendarDaysPayload, error) {
	days := make([]calendar.Day, len(in.Days))
	for i, d := range in.Days {
		days[i] = d.Day
	}
	there, err := lockDays(tx, in.EstateID, days)
	if err != nil {
		return nil, err
	}
	out := &SetCalendarDaysPayload{}
	for _, d := range in.Days {
		row, reason := there[d.Day], wording.Tidy(d.Reason)
		if row == nil {
			row, err = tx.CalendarDay.Create().SetEstateID(in.EstateID).SetDay(d.Day.UTC()).SetWorking(d.Working).SetReason(reason).
				SetSetByID(tx.Viewer.Account).SetSetByName(tx.Viewer.Name).SetSetAt(tx.Now).Save(tx)
		} else {
			row, err = row.Update().SetWorking(d.Working).SetReason(reason).SetSetByID(tx.Viewer.Account).SetSetByName(tx.Viewer.Name).SetSetAt(tx.Now).ClearClearedAt().Save(tx)
		}
		if err != nil {
			return nil, err
		}
		out.Days = append(out.Days, row)
	}
	out.Moved, err = obligation.Recount(tx, in.EstateID)
	return out, err
}

// ClearCalendarDaysInput names days that are to be like others again.
type ClearCalendarDaysInput struct {
	EstateID uuid.UUID
	Days     []calendar.Day
}

// Check refuses no days and too many, and a day twice.
func (in ClearCalendarDaysInput) Check() error { return checkDays(in.Days) }

// ClearCalendarDaysPayload is the days, and how many deadlines moved.
type ClearCalendarDaysPayload struct {
	Days  []*ent.CalendarDay
	Moved int
}

// ClearCalendarDays has days of an estate be what the week and the public holidays say. What is due in working days and still open moves (F3).
//
// Errors: NOT_FOUND at a day that was not set; INVALID_INPUT for one that is past.
var ClearCalendarDays = act.New("registry.clearCalendarDays", act.Needs(policy.CalendarDay, policy.Update).SessionOnly(), act.Clauses("F3"), clearCalendarDays)

func clearCalendarDays(tx *act.Tx, in ClearCalendarDaysInput) (*ClearCalendarDaysPayload, error) {
	there, err := lockDays(tx, in.EstateID, in.Days)
	if err != nil {
		return nil, err
	}
	out := &ClearCalendarDaysPayload{}
	for i, d := range in.Days {
		row := there[d]
		if row == nil || row.ClearedAt != nil {
			return nil, fault.Missing().At(fmt.Sprintf("days.%d", i))
		}
		if row, err = row.Update().SetSetByID(tx.Viewer.Account).SetSetByName(tx.Viewer.Name).SetSetAt(tx.Now).SetClearedAt(tx.Now).Save(tx); err != nil {
			return nil, err
		}
		out.Days = append(out.Days, row)
	}
	out.Moved, err = obligation.Recount(tx, in.EstateID)
	return out, err
}

// lockDays has the act change the estate's calendar alone, and gives the rows that there are of the days. Errors: NOT_FOUND; INVALID_INPUT for a day that is
// past, or long to come.
func lockDays(tx *act.Tx, estate uuid.UUID, days []calendar.Day) (map[calendar.Day]*ent.CalendarDay, error) {
	e, err := estateOf(tx, estate)
	if err != nil {
		return nil, err
	}
	cal, err := tx.LockCalendar(e.ID)
	if err != nil {
		return nil, err
	}
	today := cal.Today(tx.Now)
	var first, last calendar.Day
	for i, d := range days {
		switch field := fmt.Sprintf("days.%d", i); {
		case d.Before(today):
			return nil, fault.Invalid(field, "%[1]s 已过去,不能再改。", "%[1]s is past and stays as it was.", d).By("F3")
		case d.After(today.AddDays(calendarAhead)):
			return nil, fault.Invalid(field, "%[1]s 太远,最多提前 %[2]d 天设定。", "%[1]s is long to come; set it at most %[2]d days ahead.", d, calendarAhead).By("F3")
		}
		if i == 0 || d.Before(first) {
			first = d
		}
		if i == 0 || d.After(last) {
			last = d
		}
	}
	list, err := tx.CalendarDay.Query().Where(calendarday.EstateID(e.ID), calendarday.DayGTE(first.UTC()), calendarday.DayLTE(last.UTC())).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	out := make(map[calendar.Day]*ent.CalendarDay, len(list))
	for _, row := range list {
		out[calendar.DayOf(row.Day)] = row
	}
	return out, nil
}

func init() {
	act.Explain("calendar_days_past", fault.Clash("过去的日期不能再改。", "A day that is past stays as it was.").By("F3").At("days"))
}
