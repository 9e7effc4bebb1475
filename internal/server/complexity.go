package server

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// introspectionCost is what __schema and __type are charged: their answer is large, but known.
const introspectionCost = 1000

// checkComplexity charges 1 for each field. A connection multiplies what it selects by first or last,
// wherever their values come from; a plain list by Config.ListEstimate, or by the length of a list
// argument (nodes(ids: …)) if that is more. Fields that @skip leaves out are charged like the others.
// On the way, pages that are too large are refused with their path.
func (l limiter) checkComplexity(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	m := meter{limiter: l, ctx: ctx, vars: oc.Variables, done: map[spreadKey]int{}}
	total := m.set(oc.Operation.SelectionSet, false)
	if m.wrong != nil {
		return m.wrong
	}
	if total > l.Complexity {
		return gqlerror.Wrap(exceeded("complexity", "复杂度", "complexity", l.Complexity, total))
	}
	return nil
}

// limiter checks operations against the limits that need the schema.
type limiter struct {
	Config
	schema graphql.ExecutableSchema
}

type spreadKey struct {
	fragment string
	inPage   bool
}

type meter struct {
	limiter
	ctx   context.Context
	vars  map[string]any
	done  map[spreadKey]int
	path  ast.Path
	wrong *gqlerror.Error // the first page that is too large
}

// set returns the cost of a selection; inPage says that it is what a connection selects, whose lists
// (edges, nodes) are charged by the connection already.
func (m *meter) set(set ast.SelectionSet, inPage bool) (total int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			total = plus(total, m.field(s, inPage))
		case *ast.InlineFragment:
			total = plus(total, m.set(s.SelectionSet, inPage))
		case *ast.FragmentSpread:
			key := spreadKey{s.Name, inPage}
			cost, ok := m.done[key]
			if !ok {
				cost = m.set(s.Definition.SelectionSet, inPage)
				m.done[key] = cost
			}
			total = plus(total, cost)
		}
	}
	return total
}

func (m *meter) field(f *ast.Field, inPage bool) int {
	if introspective(f.Name) {
		return introspectionCost
	}
	m.path = append(m.path, ast.PathName(f.Alias))
	defer func() { m.path = m.path[:len(m.path)-1] }()

	var args map[string]any
	if len(f.Definition.Arguments) > 0 {
		args = f.ArgumentMap(m.vars)
	}
	size, paged := m.page(f.Definition, args)
	child := m.set(f.SelectionSet, paged)
	if cost, ok := m.schema.Complexity(m.ctx, f.ObjectDefinition.Name, f.Name, child, args); ok {
		return max(cost, 1)
	}
	switch {
	case paged:
		return plus(1, times(size, child))
	case f.Definition.Type.Elem != nil && !inPage:
		return plus(1, times(max(m.ListEstimate, longest(args)), child))
	default:
		return plus(1, child)
	}
}

// refusePage records the first page argument that cannot be answered, at its place in the response.
func (m *meter) refusePage(arg string, n int64) {
	if m.wrong == nil {
		m.wrong = gqlerror.WrapPath(slices.Clone(m.path), pageRefusal(arg, n, m.PageSize))
	}
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
