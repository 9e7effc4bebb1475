package graph_test

import (
	"strings"
	"testing"
)

// Everything in the schema says what it is.
func TestEveryTypeFieldAndArgumentIsDescribed(t *testing.T) {
	t.Parallel()
	for name, d := range schema.Types {
		if d.BuiltIn {
			continue
		}
		if d.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if f.Description == "" {
				t.Errorf("%s.%s has no description", name, f.Name)
			}
			for _, a := range f.Arguments {
				if a.Description == "" {
					t.Errorf("%s.%s(%s) has no description", name, f.Name, a.Name)
				}
			}
		}
	}
}
