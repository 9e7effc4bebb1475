package reconcile_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/policy"
)

// noting notes whose keys are asked for.
type noting struct {
	audit.KeyStore
	subjects map[uuid.UUID]bool
}

func (n noting) Key(ctx context.Context, subject uuid.UUID) ([]byte, error) {
	n.subjects[subject] = true
	return n.KeyStore.Key(ctx, subject)
}

// A sheet has one key, however long it is, and yet the trail does not tell which of its lines expect the same.
func TestASheetHasOneKey(t *testing.T) {
	t.Parallel()
	o := open(t)
	keys := noting{o.Runtime.Keys, map[uuid.UUID]bool{}}
	o.Runtime.Keys = keys
	id, err := o.sheet(7, 7, 7)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys.subjects) != 1 || !keys.subjects[id] {
		t.Errorf("keys of %v, want that of %s", keys.subjects, id)
	}
	digests := map[string]bool{}
	o.As(policy.ProjectManager).Do(`query($e: ID!) { auditTrail(first: 1, where: {estateID: $e, action: "test.reconcile"}) { edges { node { changes { fields { name after } } } } } }`,
		map[string]any{"e": o.A.ID}).Get(`auditTrail.edges.0.node.changes.#.fields.#(name=="frozen").after`).ForEach(func(_, d gjson.Result) bool {
		digests[d.String()] = true
		return true
	})
	if len(digests) != 3 {
		t.Errorf("digests of three lines: %v", digests)
	}
}
