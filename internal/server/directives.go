package server

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// checkDirectives counts the directives of a document, a fragment's again wherever it is spread.
func checkDirectives(doc *ast.QueryDocument, limit int) *fault.Error {
	memo := newSpreads[int](doc)
	var total int
	for _, op := range doc.Operations {
		n := plus(len(op.Directives), directivesIn(op.SelectionSet, memo))
		for _, v := range op.VariableDefinitions {
			n = plus(n, len(v.Directives))
		}
		total = plus(total, n)
	}
	if total > limit {
		return exceeded("directives", "指令数", "number of directives", limit, total)
	}
	return nil
}

func directivesIn(set ast.SelectionSet, memo spreads[int]) (n int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n = plus(n, plus(len(s.Directives), directivesIn(s.SelectionSet, memo)))
		case *ast.InlineFragment:
			n = plus(n, plus(len(s.Directives), directivesIn(s.SelectionSet, memo)))
		case *ast.FragmentSpread:
			n = plus(n, plus(len(s.Directives), memo.of(s.Name, func(f *ast.FragmentDefinition) int {
				return plus(len(f.Directives), directivesIn(f.SelectionSet, memo))
			})))
		}
	}
	return n
}
