package graph_test

import (
	"slices"
	"testing"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/policy"
)

// The policy names every entity (A4), so that none is readable by an oversight. It stands here, where the generated code is compiled anyway.
func TestEveryEntityIsAResource(t *testing.T) {
	t.Parallel()
	for name, e := range ent.Entities {
		if !slices.Contains(policy.Resources, e.Resource()) {
			t.Errorf("policy.go has no resource %[1]s: add %[1]s = resource(%[1]q), and to policy.csv who may read it", name)
		}
	}
}
