package server

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// introspectionCost is what __schema and __type are charged: their answer is large, but known.
const introspectionCost = 1000

// checkComplexity charges 1 for each field. A connection multiplies what it selects by first or last,
// wherever their values come from; a plain list by how many it usually has (Parts.Lists), or else by
// Config.ListEstimate, and by the length of a list argument (nodes(ids: …)) if that is more; each value in its arguments costs 1. Fields that @skip leaves
// out are charged like the others. On the way, pages that are too large and values that cannot be are
// refused with their path, and the values are counted: a filter of 20,000 conditions is one field, but
// keeps the database busy.
func (l limiter) checkComplexity(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	m := meter{limiter: l, ctx: ctx, vars: oc.Variables, done: map[spreadKey]measure{}}
	if g := m.checkVariables(oc.Operation.VariableDefinitions); g != nil {
		return g
	}
	total := m.set(oc.Operation.SelectionSet, false)
	switch {
	case m.wrong != nil:
		return m.wrong
	case total.leaves > l.Leaves:
		return gqlerror.Wrap(tooMany(l.Leaves, total.leaves))
	case total.cost > l.Complexity:
		return gqlerror.Wrap(exceeded("complexity", "复杂度", "complexity", l.Complexity, total.cost))
	}
	return nil
}

// limiter checks operations against the limits that need the schema.
type limiter struct {
	Config
	schema graphql.ExecutableSchema
	lists  map[string]int
}

type spreadKey struct {
	fragment string
	inPage   bool
}

type meter struct {
	limiter
	ctx   context.Context
	vars  map[string]any
	done  map[spreadKey]measure
	path  ast.Path
	wrong *gqlerror.Error // the first field that cannot be answered
}

// measure is what a selection costs, and how many values its arguments hold.
type measure struct{ cost, leaves int }

func (m measure) plus(o measure) measure {
	return measure{plus(m.cost, o.cost), plus(m.leaves, o.leaves)}
}

// set returns the cost of a selection; inPage says that it is what a connection selects, whose lists
// (edges, nodes) are charged by the connection already.
func (m *meter) set(set ast.SelectionSet, inPage bool) (total measure) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			total = total.plus(m.field(s, inPage))
		case *ast.InlineFragment:
			total = total.plus(m.set(s.SelectionSet, inPage))
		case *ast.FragmentSpread:
			key := spreadKey{s.Name, inPage}
			cost, ok := m.done[key]
			if !ok {
				cost = m.set(s.Definition.SelectionSet, inPage)
				m.done[key] = cost
			}
			total = total.plus(cost)
		}
	}
	return total
}

func (m *meter) field(f *ast.Field, inPage bool) measure {
	if introspective(f.Name) {
		return measure{cost: introspectionCost}
	}
	m.path = append(m.path, ast.PathName(f.Alias))
	defer func() { m.path = m.path[:len(m.path)-1] }()

	var (
		args   map[string]any
		leaves int
	)
	if len(f.Definition.Arguments) > 0 {
		var ok bool
		if leaves, ok = m.given(f); ok { // what cannot be read panics
			args = f.ArgumentMap(m.vars)
		}
	}
	size, paged := m.page(f.Definition, args)
	below := m.set(f.SelectionSet, paged)
	cost, own := m.schema.Complexity(m.ctx, f.ObjectDefinition.Name, f.Name, below.cost, args)
	switch {
	case own:
		cost = max(cost, 1)
	case paged:
		cost = plus(1, times(size, below.cost))
	case f.Definition.Type.Elem != nil && !inPage:
		cost = plus(1, times(max(m.usual(f), longest(args)), below.cost))
	default:
		cost = plus(1, below.cost)
	}
	return measure{plus(cost, leaves), plus(leaves, below.leaves)}
}

// usual returns how many a plain list is charged for.
func (m *meter) usual(f *ast.Field) int {
	if n, ok := m.lists[f.ObjectDefinition.Name+"."+f.Name]; ok {
		return n
	}
	return m.ListEstimate
}

// longest returns the length of the longest list argument.
func longest(args map[string]any) (n int) {
	for _, a := range args {
		if list, ok := a.([]any); ok {
			n = max(n, len(list))
		}
	}
	return n
}
