package graph_test

import (
	"slices"
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Every mutation, as somebody who manages the whole portfolio and audits one estate, with ids of that one: it
// stays as it was to the last column (the rulebook, "Who may do what"). A new estate is in none that is audited.
func TestWalkNobodyChangesTheEstateThatTheyAudit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	audited := rowsOf(t, app, app.B)
	p := app.Member("manager-and-auditor@b.example", app.GrantIn(policy.GeneralManager, stewardtest.Estate{}), app.GrantIn(policy.Auditor, app.B))
	before := state(app, app.B)
	for _, f := range mutations() {
		for _, how := range formsOf(f) {
			if code, _ := mutate(t, p, f, how, of(audited)); code == "" && f.Name != "createEstate" && !slices.Contains(ofSelf, f.Name) {
				t.Errorf("%s is done", f.Name)
			}
		}
	}
	if state(app, app.B) != before {
		t.Error("the audited estate was changed")
	}
}
