package vacancy

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// VacancyDashboard is the state of what stands empty now, of each estate and of all together.
type VacancyDashboard struct {
	At      time.Time
	Estates []*VacancyFigures
	Total   *VacancyFigures
}

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

// figures are the columns of dashboard.sql after the estate, and what one must see in the estate for each.
var figures = []struct {
	of       func(*VacancyFigures) **int
	resource policy.Resource
}{
	{func(f *VacancyFigures) **int { return &f.Vacancies }, policy.Vacancy},
	{func(f *VacancyFigures) **int { return &f.VacanciesOverdue }, policy.Vacancy},
	{func(f *VacancyFigures) **int { return &f.ItemsOverdue }, policy.InspectionDue},
	{func(f *VacancyFigures) **int { return &f.DefectsOpen }, policy.Defect},
	{func(f *VacancyFigures) **int { return &f.DefectsReported }, policy.Defect},
	{func(f *VacancyFigures) **int { return &f.DefectsToReinspect }, policy.Defect},
	{func(f *VacancyFigures) **int { return &f.DefectsOverdue }, policy.Defect},
}

//go:embed dashboard.sql
var dashboardSQL string

//go:embed dashboarditems.sql
var dashboardItemsSQL string

// Dashboard counts, in three statements however many estates there are: those given, or all where the viewer sees vacant units. A department
// counts the defects that were passed to it.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate where the viewer sees no vacant units.
func Dashboard(ctx context.Context, estates []uuid.UUID) (*VacancyDashboard, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	q := rt.DB.Ent.Estate.Query().Order(estate.ByCode(), estate.ByID())
	if estates != nil {
		q.Where(estate.IDIn(estates...))
	}
	all, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	d, list := &VacancyDashboard{At: rt.Clock.Now(), Total: &VacancyFigures{}}, []uuid.UUID{}
	for _, e := range all {
		if v.Scope(policy.Vacancy, policy.Read).Covers(access.Row{Estate: e.ID}) {
			d.Estates, list = append(d.Estates, &VacancyFigures{Estate: e}), append(list, e.ID)
		}
	}
	if slices.ContainsFunc(estates, func(id uuid.UUID) bool { return !slices.Contains(list, id) }) {
		return nil, fault.Missing().At("estateIDs")
	}
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		if err := d.count(ctx, tx, v, list); err != nil {
			return err
		}
		return d.countItems(ctx, tx, v, list)
	})
	return d, err
}

// count reads the figures, and keeps those that the viewer may see.
func (d *VacancyDashboard) count(ctx context.Context, tx pgx.Tx, v *access.Viewer, list []uuid.UUID) error {
	defects, departments := v.Scope(policy.Defect, policy.Read), []uuid.UUID{}
	for _, p := range defects.Departments {
		departments = append(departments, p.Department)
	}
	wide := slices.DeleteFunc(slices.Clone(list), func(id uuid.UUID) bool { return !defects.Covers(access.Row{Estate: id}) })
	rows, err := tx.Query(ctx, dashboardSQL, list, d.At, wide, departments)
	if err != nil {
		return err
	}
	var id uuid.UUID
	counts := make([]int, len(figures))
	into := []any{&id}
	for i := range counts {
		into = append(into, &counts[i])
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		of := d.of(id)
		for i, f := range figures {
			scope := v.Scope(f.resource, policy.Read)
			if f.resource == policy.Defect {
				scope = scope.EstatesOnly() // narrowed in the statement
			}
			if !scope.Covers(access.Row{Estate: id}) {
				continue
			}
			n, sum := counts[i], f.of(d.Total)
			*f.of(of) = &n
			if *sum == nil {
				*sum = new(int)
			}
			**sum += n
		}
		return nil
	})
	return err
}

// countItems reads what is due by item, where the viewer may see that; the sums are by the items' codes.
func (d *VacancyDashboard) countItems(ctx context.Context, tx pgx.Tx, v *access.Viewer, list []uuid.UUID) error {
	scope := v.Scope(policy.InspectionDue, policy.Read)
	rows, err := tx.Query(ctx, dashboardItemsSQL, list, d.At)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var f VacancyItemFigures
	_, err = pgx.ForEachRow(rows, []any{&id, &f.Code, &f.Name, &f.NameEn, &f.Overdue, &f.DueToday}, func() error {
		if !scope.Covers(access.Row{Estate: id}) {
			return nil
		}
		own, sum := f, f
		of := d.of(id)
		of.Items = append(of.Items, &own)
		if at := slices.IndexFunc(d.Total.Items, func(t *VacancyItemFigures) bool { return t.Code == f.Code }); at < 0 {
			d.Total.Items = append(d.Total.Items, &sum)
		} else {
			d.Total.Items[at].Overdue += f.Overdue
			d.Total.Items[at].DueToday += f.DueToday
		}
		return nil
	})
	return err
}

// of are the figures of an estate that was asked for.
func (d *VacancyDashboard) of(id uuid.UUID) *VacancyFigures {
	return d.Estates[slices.IndexFunc(d.Estates, func(f *VacancyFigures) bool { return f.Estate.ID == id })]
}
