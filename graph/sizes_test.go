package graph_test

import (
	"strings"
	"testing"

	"github.com/steward-pm/steward/graph"
)

// What is said of how many a list has is of a plain list that there is.
func TestSizesAreOfPlainLists(t *testing.T) {
	t.Parallel()
	for name, n := range graph.Lists {
		object, field, _ := strings.Cut(name, ".")
		d := schema.Types[object]
		if d == nil {
			t.Errorf("%s is of no type", name)
		} else if f := d.Fields.ForName(field); f == nil || f.Type.Elem == nil || n < 1 {
			t.Errorf("%s is no plain list", name)
		}
	}
}
