package database

import (
	"context"
	"fmt"

	entgo "entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/intercept"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// wall is wall 1: what the entities declare about whom their rows belong to, by name.
type wall map[string]access.Entity

// client makes ent's client with wall 1: one interceptor and one hook on every entity, so that a new
// entity is scoped without anyone remembering it.
func (w wall) client(d *entDriver, scoped bool) *ent.Client {
	c := ent.NewClient(ent.Driver(d))
	c.Use(w.record)
	if scoped {
		c.Intercept(intercept.TraverseFunc(w.read), ent.InterceptFunc(w.reveal))
		c.Use(w.write)
	}
	return c
}

// read adds the viewer's scope to every query, those of eager-loaded edges included.
func (w wall) read(ctx context.Context, q intercept.Query) error {
	e, ok := w[q.Type()]
	if !ok {
		return fmt.Errorf("database: no scope is known for %s", q.Type())
	}
	if p := readScope(ctx, e).Predicate(e); p != nil {
		q.WhereP(p)
	}
	if access.RuleFrom(ctx) == nil {
		if p := access.Narrowed(e.Name, access.From(ctx)); p != nil {
			q.WhereP(p)
		}
	}
	return nil
}

// readScope is what may be read now: within an act, the whole estates where it may be done; else what
// the policy lets the viewer read.
func readScope(ctx context.Context, e access.Entity) access.Scope {
	if r := access.RuleFrom(ctx); r != nil {
		return r.Scope.EstatesOnly()
	}
	return access.From(ctx).Scope(e.Resource(), policy.Read)
}

// reveal unmasks contact data in the rows of whom the viewer may see in full, and notes who reads what is watched.
func (w wall) reveal(next ent.Querier) ent.Querier {
	return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
		switch entgo.QueryFromContext(ctx).Op {
		case entgo.OpQueryAll, entgo.OpQueryFirst, entgo.OpQueryOnly:
		default: // ids, counts, single columns: no contact data, and no room for further columns
			return next.Query(ctx, q)
		}
		name := ent.KeepScope(q) // the context would tell the outermost query's, not that of an eager-loaded edge
		if name == "" {
			return next.Query(ctx, q)
		}
		v, err := next.Query(ctx, q)
		if err != nil {
			return v, err
		}
		scope := access.From(ctx).Scope(policy.Resource(name), policy.Reveal)
		ent.Reveal(v, scope.Covers)
		ent.Watch(v, func(r access.Read) { access.Saw(ctx, r) })
		return v, nil
	})
}

// write keeps every write within the act under way: rows changed must be in its estates, and rows
// of what the act is about within its scope; a created row is compared with the scope too.
func (w wall) write(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		e, ok := w[m.Type()]
		rule := access.RuleFrom(ctx)
		if !ok {
			return nil, fmt.Errorf("database: no scope is known for %s", m.Type())
		}
		if rule == nil {
			return nil, fmt.Errorf("database: %s is written outside of an act", m.Type())
		}
		scope := rule.Scope
		if rule.Resource != e.Resource() {
			scope = scope.EstatesOnly()
		}
		if m.Op().Is(ent.OpCreate) {
			if !scope.Covers(mutatedRow(e, m)) { // a new estate is in no estate: portfolio only
				return nil, fault.Missing()
			}
			return next.Mutate(ctx, m)
		}
		if p := scope.Predicate(e); p != nil {
			m.(interface{ WhereP(...func(*sql.Selector)) }).WhereP(p)
		}
		return next.Mutate(ctx, m)
	})
}

// mutatedRow reads from a creation what the new row will belong to.
func mutatedRow(e access.Entity, m ent.Mutation) access.Row {
	get := func(column string) uuid.UUID {
		if column == "" || column == "id" {
			return uuid.Nil
		}
		v, _ := m.Field(column)
		id, _ := v.(uuid.UUID)
		return id
	}
	return access.Row{Estate: get(e.Estate), Department: get(e.Department), Self: get(e.Self), Household: get(e.Household)}
}
