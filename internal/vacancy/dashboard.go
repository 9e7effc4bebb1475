package vacancy

import (
	"context"
	_ "embed"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/policy"
)

// VacancyDashboard is the state of what stands empty now, of each estate and of all together.
type VacancyDashboard figures.Counted[VacancyFigures]

// VacancyFigures are an estate's, or with no estate the sum of those asked for. A figure is nil where the viewer may not see what it counts.
type VacancyFigures struct {
	Estate *ent.Estate

	Vacancies        *int                  // units that stand empty (V3)
	VacanciesOverdue *int                  // of which something is past its day (V4.1)
	ItemsOverdue     *int                  // of the plan, in all of them
	Items            []*VacancyItemFigures // by the plan's order; nil for who does not see what is due

	DefectsOpen, DefectsReported *int // not closed; of those not acknowledged yet (V5)
	DefectsToReinspect           *int // resolved, as their departments say
	DefectsOverdue               *int // of which a step is past its time
}

// VacancyItemFigures are what of an item of the plan is overdue, and due today.
type VacancyItemFigures struct {
	Code, Name, NameEn string
	Overdue, DueToday  int
}

//go:embed dashboard.sql
var dashboardSQL string

//go:embed dashboarditems.sql
var dashboardItemsSQL string

// Board is what is counted of what stands empty; of defects a department counts those that were passed to it.
var Board = &figures.Board[VacancyFigures]{
	About: policy.Vacancy, SQL: dashboardSQL, Own: []policy.Resource{policy.Defect}, New: func(e *ent.Estate) *VacancyFigures { return &VacancyFigures{Estate: e} },
	Figs: []figures.Figure[VacancyFigures]{
		{Of: func(f *VacancyFigures) **int { return &f.Vacancies }, Resource: policy.Vacancy},
		{Of: func(f *VacancyFigures) **int { return &f.VacanciesOverdue }, Resource: policy.Vacancy},
		{Of: func(f *VacancyFigures) **int { return &f.ItemsOverdue }, Resource: policy.InspectionDue},
		{Of: func(f *VacancyFigures) **int { return &f.DefectsOpen }, Resource: policy.Defect},
		{Of: func(f *VacancyFigures) **int { return &f.DefectsReported }, Resource: policy.Defect},
		{Of: func(f *VacancyFigures) **int { return &f.DefectsToReinspect }, Resource: policy.Defect},
		{Of: func(f *VacancyFigures) **int { return &f.DefectsOverdue }, Resource: policy.Defect},
	},
	More: countItems,
}

// Dashboard counts, in three statements however many estates there are: those given, or all where the viewer sees vacant units.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate where the viewer sees no vacant units.
func Dashboard(ctx context.Context, estates []uuid.UUID) (*VacancyDashboard, error) {
	c, err := Board.All(ctx, estates)
	return (*VacancyDashboard)(c), err
}

// countItems reads what is due by item, where the viewer may see that; the sums are by the items' codes.
func countItems(l *figures.Look[VacancyFigures]) error {
	rows, err := l.Tx.Query(l, dashboardItemsSQL, l.Estates, l.Into.At)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var f VacancyItemFigures
	_, err = pgx.ForEachRow(rows, []any{&id, &f.Code, &f.Name, &f.NameEn, &f.Overdue, &f.DueToday}, func() error {
		if !l.Sees(policy.InspectionDue, id) {
			return nil
		}
		own, sum := f, f
		of, total := l.Into.Of(id), l.Into.Total
		of.Items = append(of.Items, &own)
		if at := slices.IndexFunc(total.Items, func(t *VacancyItemFigures) bool { return t.Code == f.Code }); at < 0 {
			total.Items = append(total.Items, &sum)
		} else {
			total.Items[at].Overdue += f.Overdue
			total.Items[at].DueToday += f.DueToday
		}
		return nil
	})
	return err
}
