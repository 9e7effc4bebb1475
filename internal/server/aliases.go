package server

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// checkAliases counts how often an operation asks each root field, by whatever alias.
func checkAliases(doc *ast.QueryDocument, limit int) *fault.Error {
	memo := newSpreads[map[string]int](doc)
	for _, op := range doc.Operations {
		counts := rootFields(op.SelectionSet, memo)
		for _, field := range slices.Sorted(maps.Keys(counts)) {
			if counts[field] > limit {
				return exceeded("aliases", "根字段 "+field+" 的次数", "number of times it asks "+field, limit, counts[field])
			}
		}
	}
	return nil
}

func rootFields(set ast.SelectionSet, memo spreads[map[string]int]) map[string]int {
	counts := map[string]int{}
	add := func(more map[string]int) {
		for field, n := range more {
			counts[field] = plus(counts[field], n)
		}
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			counts[s.Name] = plus(counts[s.Name], 1)
		case *ast.InlineFragment:
			add(rootFields(s.SelectionSet, memo))
		case *ast.FragmentSpread:
			add(memo.of(s.Name, func(f *ast.FragmentDefinition) map[string]int { return rootFields(f.SelectionSet, memo) }))
		}
	}
	return counts
}
