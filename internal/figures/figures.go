// Package figures counts what there is of a chapter at a glance. The chapter says in SQL what it counts, and of each figure what one must be able to read in the
// estate to be told it; the rest is here: which estates, whose departments, and nothing instead of zero for who may not see. This package knows no chapter.
package figures

import (
	"context"
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

// Board is what a chapter counts of estates, into an F for each. Declare it as a package-level variable.
type Board[F any] struct {
	About policy.Resource      // who may read none of this in an estate has no figures of it
	New   func(*ent.Estate) *F // nil: of the sum
	More  func(*Look[F]) error // counts what is no single number, in one more statement; nil: nothing
	Figs  []Figure[F]          // the columns of SQL after the estate
	Own   []policy.Resource    // of which a department counts its own
	SQL   string               // a row for each estate. $1 the estates, $2 now; and for each of Own that Figs are of, from $3 on, the estates of which all count, and the departments
}

// Figure is one number: where it is kept, and what one must be able to read in the estate to be told it.
type Figure[F any] struct {
	Of       func(*F) **int
	Resource policy.Resource
}

// Counted are the figures of estates, by their codes, and the sums. A figure is nil where the viewer may not see what it counts.
type Counted[F any] struct {
	At      time.Time
	Estates []*F
	Total   *F

	of map[uuid.UUID]*F
}

// Of are the figures of an estate; nil for who has none of it.
func (c *Counted[F]) Of(estate uuid.UUID) *F { return c.of[estate] }

// Look is the counting of a board: as whom, and into what.
type Look[F any] struct {
	context.Context
	Tx      pgx.Tx
	Viewer  *access.Viewer
	Into    *Counted[F]
	Estates []uuid.UUID
	board   *Board[F]
}

// All counts, in a constant number of statements: of the estates given, or of all of which the viewer has any figures.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate of which the viewer has none.
func (b *Board[F]) All(ctx context.Context, estates []uuid.UUID) (c *Counted[F], err error) {
	v, rt := access.From(ctx), act.From(ctx)
	list, err := Estates(ctx, estates)
	if err != nil {
		return nil, err
	}
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		c, err = b.Count(ctx, tx, v, rt.Clock.Now(), list)
		return err
	})
	if err == nil && slices.ContainsFunc(estates, func(id uuid.UUID) bool { return c.Of(id) == nil }) {
		return nil, fault.Missing().At("estateIDs")
	}
	return c, err
}

// Estates are those given, or all, as far as the viewer sees them; by their codes. Errors: UNAUTHENTICATED.
func Estates(ctx context.Context, ids []uuid.UUID) ([]*ent.Estate, error) {
	if access.From(ctx) == nil {
		return nil, fault.SignedOut()
	}
	q := act.From(ctx).DB.Ent.Estate.Query().Order(estate.ByCode(), estate.ByID())
	if ids != nil {
		q.Where(estate.IDIn(ids...))
	}
	return q.All(ctx)
}

// Count counts of those of the estates of which the viewer has any figures, in one statement, and one for More.
func (b *Board[F]) Count(ctx context.Context, tx pgx.Tx, v *access.Viewer, now time.Time, estates []*ent.Estate) (*Counted[F], error) {
	c := &Counted[F]{At: now, Total: b.New(nil), of: map[uuid.UUID]*F{}}
	l := &Look[F]{Context: ctx, Tx: tx, Viewer: v, Into: c, board: b}
	for _, e := range estates {
		if l.Sees(b.About, e.ID) {
			f := b.New(e)
			c.Estates, c.of[e.ID] = append(c.Estates, f), f
			l.Estates = append(l.Estates, e.ID)
		}
	}
	if len(l.Estates) == 0 {
		return c, nil
	}
	if err := l.count(); err != nil || b.More == nil {
		return c, err
	}
	return c, b.More(l)
}

// count reads the figures, and keeps those that the viewer may see.
func (l *Look[F]) count() error {
	args := []any{l.Estates, l.Into.At}
	for _, r := range l.board.Own {
		if !slices.ContainsFunc(l.board.Figs, func(f Figure[F]) bool { return f.Resource == r }) {
			continue // it is More's
		}
		whole, departments := l.Reach(r)
		args = append(args, whole, departments)
	}
	rows, err := l.Tx.Query(l, l.board.SQL, args...)
	if err != nil {
		return err
	}
	var id uuid.UUID
	counts, into := make([]int, len(l.board.Figs)), []any{&id}
	for i := range counts {
		into = append(into, &counts[i])
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		for i, f := range l.board.Figs {
			if !l.Sees(f.Resource, id) {
				continue
			}
			n, sum := counts[i], f.Of(l.Into.Total)
			*f.Of(l.Into.of[id]) = &n
			if *sum == nil {
				*sum = new(int)
			}
			**sum += n
		}
		return nil
	})
	return err
}

// Sees tells whether the viewer is told how many there are in the estate: who may read all of them, and who may read those of a department of it, if its own are
// counted.
func (l *Look[F]) Sees(r policy.Resource, estate uuid.UUID) bool {
	s := l.Viewer.Scope(r, policy.Read)
	return s.Covers(access.Row{Estate: estate}) ||
		slices.Contains(l.board.Own, r) && slices.ContainsFunc(s.Departments, func(p access.Place) bool { return p.Estate == estate })
}

// Reach is how far the viewer reads of them: in these of the estates all, and elsewhere those of the departments.
func (l *Look[F]) Reach(r policy.Resource) (whole, departments []uuid.UUID) {
	s := l.Viewer.Scope(r, policy.Read)
	whole = slices.DeleteFunc(slices.Clone(l.Estates), func(id uuid.UUID) bool { return !s.Covers(access.Row{Estate: id}) })
	departments = []uuid.UUID{} // NULL would be unknown
	for _, p := range s.Departments {
		departments = append(departments, p.Department)
	}
	return whole, departments
}
