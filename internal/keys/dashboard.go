package keys

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

// KeyDashboard is the state of the keys now, of each estate and of all together.
type KeyDashboard struct {
	At      time.Time
	Estates []*KeyFigures
	Total   *KeyFigures
}

// KeyFigures are an estate's, or with no estate the sum of those asked for. A figure is nil where the viewer may not
// see what it counts.
type KeyFigures struct {
	Estate *ent.Estate

	KeysOut, KeysOverdue *int // with borrowers; of those past their due time
	KeysOutstanding      *int // that engineering owes (K1.4)
	KeysSealed           *int // with security (K1.3)
	KeysLost             *int // lost, of locks that are in use (K2.3)
	LossesUnanswered     *int // reported, and the leader has not answered (K2.3)
	SetsDueForScrapping  *int // K3.1
	LockChangesOrdered   *int // and not done yet (K3.1)
	Discrepancies        *int // of counts, and not resolved (K4.3)
	ApprovalsWaiting     *int // K2.2, K2.3, K3.2
	ObligationsDueToday  *int // of this chapter, not met, due by the end of the estate's day
	ObligationsPastDue   *int // of this chapter, not met, due before now
}

// figures are the columns of dashboard.sql after the estate, and what one must see in the estate for each.
var figures = []struct {
	of       func(*KeyFigures) **int
	resource policy.Resource
}{
	{func(f *KeyFigures) **int { return &f.KeysOut }, policy.KeyLoanLine},
	{func(f *KeyFigures) **int { return &f.KeysOverdue }, policy.KeyLoanLine},
	{func(f *KeyFigures) **int { return &f.KeysOutstanding }, policy.KeySet},
	{func(f *KeyFigures) **int { return &f.SetsDueForScrapping }, policy.KeySet},
	{func(f *KeyFigures) **int { return &f.KeysSealed }, policy.KeySeal},
	{func(f *KeyFigures) **int { return &f.KeysLost }, policy.KeyBalance},
	{func(f *KeyFigures) **int { return &f.LossesUnanswered }, policy.KeyLoss},
	{func(f *KeyFigures) **int { return &f.LockChangesOrdered }, policy.KeyLockChange},
	{func(f *KeyFigures) **int { return &f.Discrepancies }, policy.ReconciliationLine},
	{func(f *KeyFigures) **int { return &f.ApprovalsWaiting }, policy.Approval},
	{func(f *KeyFigures) **int { return &f.ObligationsDueToday }, policy.Obligation},
	{func(f *KeyFigures) **int { return &f.ObligationsPastDue }, policy.Obligation},
}

//go:embed dashboard.sql
var dashboardSQL string

// Dashboard counts, in two statements however many estates there are: those given, or all where the viewer sees
// keys.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate where the viewer sees no keys.
func Dashboard(ctx context.Context, estates []uuid.UUID) (*KeyDashboard, error) {
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
	d := &KeyDashboard{At: rt.Clock.Now(), Total: &KeyFigures{}}
	var list []uuid.UUID
	for _, e := range all {
		if v.Scope(policy.KeySet, policy.Read).Covers(access.Row{Estate: e.ID}) {
			d.Estates, list = append(d.Estates, &KeyFigures{Estate: e}), append(list, e.ID)
		}
	}
	if estates != nil && len(list) < len(distinct(estates)) {
		return nil, fault.Missing().At("estateIDs")
	}
	err = rt.DB.As(ctx, func(tx pgx.Tx) error { return d.count(ctx, tx, v, list) })
	return d, err
}

func distinct(list []uuid.UUID) map[uuid.UUID]bool {
	seen := map[uuid.UUID]bool{}
	for _, id := range list {
		seen[id] = true
	}
	return seen
}

// count reads the figures, and keeps those that the viewer may see.
func (d *KeyDashboard) count(ctx context.Context, tx pgx.Tx, v *access.Viewer, list []uuid.UUID) error {
	due := v.Scope(policy.Obligation, policy.Read) // a supervisor sees the department's own
	wide, departments := covered(due, list), []uuid.UUID{}
	for _, p := range due.Departments {
		departments = append(departments, p.Department)
	}
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
	reach := make([]func(uuid.UUID) bool, len(figures))
	for i, f := range figures {
		scope := v.Scope(f.resource, policy.Read)
		if f.resource == policy.Obligation {
			scope = scope.EstatesOnly() // narrowed in the statement
		}
		reach[i] = func(id uuid.UUID) bool { return scope.Covers(access.Row{Estate: id}) }
	}
	byID := map[uuid.UUID]*KeyFigures{}
	for _, e := range d.Estates {
		byID[e.Estate.ID] = e
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		for i, f := range figures {
			if !reach[i](id) {
				continue
			}
			n, sum := counts[i], f.of(d.Total)
			*f.of(byID[id]) = &n
			if *sum == nil {
				*sum = new(int)
			}
			**sum += n
		}
		return nil
	})
	return err
}

// covered are the estates that the scope reaches as a whole.
func covered(s access.Scope, list []uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(list), func(id uuid.UUID) bool { return !s.Covers(access.Row{Estate: id}) })
}
