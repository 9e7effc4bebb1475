package server

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// exceeded is the refusal of a document that is over a limit: it says the limit and what was measured.
func exceeded(limit, nameZH, nameEN string, maximum, measured int) *fault.Error {
	return fault.New(fault.InvalidInput,
		"查询的%[1]s为 %[3]d,上限为 %[4]d;请把查询改小或分几次提交。",
		"The query's %[2]s is %[3]d, the limit is %[4]d: make the query smaller, or send it in parts.",
		nameZH, nameEN, measured, maximum,
	).With("limit", limit).With("maximum", maximum).With("measured", measured)
}

// spreads computes something of every fragment once, so that fragments that spread one another cost
// linear time, whatever they expand to. A cycle reads as the zero value; validation refuses it later.
type spreads[T any] struct {
	doc  *ast.QueryDocument
	done map[string]T
}

func newSpreads[T any](doc *ast.QueryDocument) spreads[T] {
	return spreads[T]{doc: doc, done: map[string]T{}}
}

func (s spreads[T]) of(name string, compute func(*ast.FragmentDefinition) T) T {
	if v, ok := s.done[name]; ok {
		return v
	}
	var zero T
	s.done[name] = zero
	f := s.doc.Fragments.ForName(name)
	if f == nil {
		return zero
	}
	v := compute(f)
	s.done[name] = v
	return v
}

// plus and times never overflow: what is too large stays the largest number.
func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func times(a, b int) int {
	if a != 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}

func introspective(field string) bool { return field == "__schema" || field == "__type" }
