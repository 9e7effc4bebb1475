package server

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// introspectionDepth is the limit below __schema and __type: the usual introspection query needs 15.
const introspectionDepth = 20

// checkDepth counts levels of fields; fragments add none of their own.
func checkDepth(doc *ast.QueryDocument, limit int) *fault.Error {
	d := depths{plain: newSpreads[int](doc), meta: newSpreads[int](doc)}
	for _, op := range doc.Operations {
		if n := d.set(op.SelectionSet, d.plain); n > limit {
			return exceeded("depth", "嵌套深度", "depth", limit, n)
		}
	}
	if d.deepest > introspectionDepth {
		return exceeded("depth", "内省嵌套深度", "depth of introspection", introspectionDepth, d.deepest)
	}
	return nil
}

type depths struct {
	plain, meta spreads[int] // fragments as counted outside and below introspection
	deepest     int          // introspection
}

func (d *depths) set(set ast.SelectionSet, memo spreads[int]) (deepest int) {
	for _, s := range set {
		var n int
		switch s := s.(type) {
		case *ast.Field:
			if introspective(s.Name) {
				d.deepest = max(d.deepest, d.set(s.SelectionSet, d.meta))
				n = 1
				break
			}
			n = 1 + d.set(s.SelectionSet, memo)
		case *ast.InlineFragment:
			n = d.set(s.SelectionSet, memo)
		case *ast.FragmentSpread:
			n = memo.of(s.Name, func(f *ast.FragmentDefinition) int { return d.set(f.SelectionSet, memo) })
		}
		deepest = max(deepest, n)
	}
	return deepest
}
