package duty

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/ent/dutyshift"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/server/request"
)

// DutyProblemKind is what is wrong.
type DutyProblemKind string

// The kinds, as duty_problems of the database names them.
const (
	Uncovered   DutyProblemKind = "UNCOVERED"    // a shift has fewer than it takes
	Rest        DutyProblemKind = "REST"         // somebody has no rest between two shifts
	OnLeave     DutyProblemKind = "LEAVE"        // somebody is on approved leave
	NotEmployed DutyProblemKind = "NOT_EMPLOYED" // somebody is not of the department that day
)

// DutyProblem is one thing that is wrong with a roster: where, who, and what.
type DutyProblem struct {
	Kind         DutyProblemKind
	Day          calendar.Day
	ShiftID      uuid.UUID
	Shift        string
	StaffID      *uuid.UUID
	Staff        *string
	AssignmentID *uuid.UUID
	Missing      *int // how many lack
	Message      string

	until *time.Time
}

// Problems tells what is wrong with a roster from today on, in the language of the request (D1.1). Errors: NOT_FOUND.
func Problems(ctx context.Context, id uuid.UUID) ([]*DutyProblem, error) {
	rt := act.From(ctx)
	r, err := rt.DB.Ent.DutyRoster.Query().Where(dutyroster.ID(id)).WithEstate().Only(ctx)
	if r, err = act.Find(r, err, "rosterID"); err != nil {
		return nil, err
	}
	cal, err := act.CalendarOf(r.Edges.Estate.TimeZone)
	if err != nil {
		return nil, err
	}
	var list []*DutyProblem
	if err := rt.DB.As(ctx, func(tx pgx.Tx) (err error) {
		list, err = problems(ctx, tx, r, cal.Today(rt.Clock.Now()))
		return err
	}); err != nil {
		return nil, err
	}
	return list, named(ctx, rt.DB.Ent, r, cal, list)
}

// problems reads what is wrong, in the order of the month.
func problems(ctx context.Context, tx pgx.Tx, r *ent.DutyRoster, from calendar.Day) ([]*DutyProblem, error) {
	rows, err := tx.Query(ctx, `SELECT kind, day, shift_id, staff_id, assignment_id, missing, until FROM duty_problems($1, $2, $3)`, r.EstateID, r.ID, from)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*DutyProblem, error) {
		var p DutyProblem
		return &p, row.Scan(&p.Kind, &p.Day, &p.ShiftID, &p.StaffID, &p.AssignmentID, &p.Missing, &p.until)
	})
	slices.SortStableFunc(list, func(a, b *DutyProblem) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.ShiftID.String(), b.ShiftID.String()), cmp.Compare(a.Kind, b.Kind))
	})
	return list, err
}

// named says whom and which shift problems are about.
func named(ctx context.Context, db *ent.Client, r *ent.DutyRoster, cal *calendar.Calendar, list []*DutyProblem) error {
	if len(list) == 0 {
		return nil
	}
	var people []uuid.UUID
	for _, p := range list {
		if p.StaffID != nil {
			people = append(people, *p.StaffID)
		}
	}
	shifts, err := db.DutyShift.Query().Where(dutyshift.EstateID(r.EstateID), dutyshift.DepartmentID(r.DepartmentID)).All(ctx)
	if err != nil {
		return err
	}
	staffs, err := db.Staff.Query().Where(staff.EstateID(r.EstateID), staff.IDIn(people...)).All(ctx)
	if err != nil {
		return err
	}
	names := map[uuid.UUID]string{}
	for _, s := range shifts {
		names[s.ID] = s.Name
	}
	for _, m := range staffs {
		names[m.ID] = m.Name
	}
	base, _ := request.From(ctx).Language.Base()
	for _, p := range list {
		p.Shift = names[p.ShiftID]
		if p.StaffID != nil {
			name := names[*p.StaffID]
			p.Staff = &name
		}
		p.Message = p.say(cal, base.String() == "zh")
	}
	return nil
}

func (p *DutyProblem) say(cal *calendar.Calendar, zh bool) string {
	who, until := "", ""
	if p.Staff != nil {
		who = *p.Staff
	}
	if p.until != nil {
		until = clockTime(cal, *p.until)
	}
	at := fmt.Sprintf("%s %s: ", p.Day, p.Shift)
	switch {
	case p.Kind == Uncovered && zh:
		return fmt.Sprintf("%s缺 %d 人", at, *p.Missing)
	case p.Kind == Uncovered:
		return fmt.Sprintf("%s%d more needed", at, *p.Missing)
	case p.Kind == Rest && zh:
		return fmt.Sprintf("%s%s 班间休息不足,应休息至 %s", at, who, until)
	case p.Kind == Rest:
		return fmt.Sprintf("%s%s has no rest between two shifts, which lasts until %s", at, who, until)
	case p.Kind == OnLeave && zh:
		return fmt.Sprintf("%s%s 已批准请假,至 %s", at, who, until)
	case p.Kind == OnLeave:
		return fmt.Sprintf("%s%s is on leave, until %s", at, who, until)
	case zh:
		return fmt.Sprintf("%s%s 当日不在客服部任职", at, who)
	}
	return fmt.Sprintf("%s%s is not employed in customer service that day", at, who)
}
