package server

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// checkRepeats bounds how often a document asks for one place of the answer. Validation compares all
// fields of a place with one another: 5,000 times the same field in 15 KB kept a core busy for three
// seconds. A document that expands to more fields than its complexity allows is refused on the way.
func checkRepeats(doc *ast.QueryDocument, limit, complexity int) *fault.Error {
	memo := newSpreads[int](doc)
	for _, op := range doc.Operations {
		if n := expanded(op.SelectionSet, memo); n > complexity {
			return exceeded("complexity", "复杂度", "complexity", complexity, n)
		}
		r := repeats{fragments: memo.doc.Fragments, left: complexity}
		if n := r.merge([]ast.SelectionSet{op.SelectionSet}); n > limit {
			return exceeded("repeats", "同一位置的重复次数", "number of repetitions of one field", limit, n)
		}
	}
	return nil
}

// expanded counts fields, a fragment's again wherever it is spread.
func expanded(set ast.SelectionSet, memo spreads[int]) (n int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n = plus(n, plus(1, expanded(s.SelectionSet, memo)))
		case *ast.InlineFragment:
			n = plus(n, expanded(s.SelectionSet, memo))
		case *ast.FragmentSpread:
			n = plus(n, memo.of(s.Name, func(f *ast.FragmentDefinition) int { return expanded(f.SelectionSet, memo) }))
		}
	}
	return n
}

type repeats struct {
	fragments ast.FragmentDefinitionList
	left      int // fields that may still be looked at; only a cycle of fragments uses them up
}

// merge returns the most fields that share one place in what the sets select together.
func (r *repeats) merge(sets []ast.SelectionSet) (most int) {
	places, seen := map[string][]ast.SelectionSet{}, map[string]bool{}
	for _, set := range sets {
		r.collect(set, places, seen)
	}
	for _, below := range places {
		most = max(most, len(below), r.merge(below))
	}
	return most
}

func (r *repeats) collect(set ast.SelectionSet, places map[string][]ast.SelectionSet, seen map[string]bool) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if r.left--; r.left >= 0 {
				places[s.Alias] = append(places[s.Alias], s.SelectionSet)
			}
		case *ast.InlineFragment:
			r.collect(s.SelectionSet, places, seen)
		case *ast.FragmentSpread:
			if f := r.fragments.ForName(s.Name); f != nil && !seen[s.Name] {
				seen[s.Name] = true
				r.collect(f.SelectionSet, places, seen)
			}
		}
	}
}
