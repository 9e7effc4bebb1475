package duty

import (
	_ "embed"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/policy"
)

// DutyFigures are who is on duty in an estate now, and what lacks. A part is nil where the viewer may not see what it is of.
type DutyFigures struct {
	OnDuty            []*OnDuty       // by published rosters (D1.1)
	NextUncovered     *UncoveredShift // the first of those that lack somebody; nil: none does
	ShiftsUncovered   *int            // of published rosters, not over yet, that lack somebody (D1.1)
	HandoversUnsigned *int            // sheets that wait for a signature (D2)
	HandoversOverdue  *int            // of those, past their time (D2)
}

// OnDuty is somebody who is on duty now.
type OnDuty struct {
	StaffID     uuid.UUID
	Name, Shift string
	Until       time.Time
}

// UncoveredShift is a shift that has fewer than it takes.
type UncoveredShift struct {
	ShiftID  uuid.UUID
	Shift    string
	StartsAt time.Time
	Missing  int
}

//go:embed figures.sql
var figuresSQL string

//go:embed figuresnow.sql
var figuresNowSQL string

// Board is what is counted of duty; a department counts its own.
var Board = &figures.Board[DutyFigures]{
	About: policy.DutyAssignment, SQL: figuresSQL, Own: []policy.Resource{policy.DutyAssignment, policy.DutyHandover}, New: func(*ent.Estate) *DutyFigures { return &DutyFigures{} },
	Figs: []figures.Figure[DutyFigures]{
		{Of: func(f *DutyFigures) **int { return &f.HandoversUnsigned }, Resource: policy.DutyHandover},
		{Of: func(f *DutyFigures) **int { return &f.HandoversOverdue }, Resource: policy.DutyHandover},
	},
	More: onDutyNow,
}

// onDutyNow reads who is on duty, in the order of names, and which shifts lack somebody.
func onDutyNow(l *figures.Look[DutyFigures]) error {
	whole, departments := l.Reach(policy.DutyAssignment)
	rows, err := l.Tx.Query(l, figuresNowSQL, l.Estates, l.Into.At, whole, departments)
	if err != nil {
		return err
	}
	for _, f := range l.Into.Estates {
		f.OnDuty, f.ShiftsUncovered = []*OnDuty{}, new(int)
	}
	var estate, id uuid.UUID
	var name *string
	var shift string
	var at time.Time
	var missing, shifts int
	_, err = pgx.ForEachRow(rows, []any{&estate, &id, &name, &shift, &at, &missing, &shifts}, func() error {
		f := l.Into.Of(estate)
		if name == nil {
			f.NextUncovered, *f.ShiftsUncovered = &UncoveredShift{id, shift, at, missing}, shifts
			return nil
		}
		f.OnDuty = append(f.OnDuty, &OnDuty{id, *name, shift, at})
		return nil
	})
	return err
}
