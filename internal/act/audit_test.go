package act_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The entry and the change are there together or not at all, and a refusal is there whatever is rolled back.
func TestTrailTellsWhatHappenedAndWhatWasRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	after := func(err error, code string) probeInput {
		return probeInput{Rule: func(tx *act.Tx) (*probePayload, error) {
			out, failed := addArea(app.A.ID, code)(tx)
			return out, errors.Join(failed, err)
		}}
	}
	if _, err := probe.Do(manager(app), after(nil, "D1")); err != nil {
		t.Fatal(err)
	}
	if _, err := probe.Do(manager(app), after(fault.Rule("K2.2", "不行", "No."), "D2")); !fault.Is(err, fault.RuleBroken) {
		t.Errorf("the rule's refusal: %v", err)
	}
	if _, err := probe.Do(manager(app), after(fault.Missing(), "D3")); !fault.Is(err, fault.NotFound) {
		t.Errorf("what is not there: %v", err)
	}
	if _, err := probe.Do(manager(app), after(fault.Invalid("x", "错", "Wrong."), "D4")); !fault.Is(err, fault.InvalidInput) {
		t.Errorf("a mistake: %v", err)
	}
	if _, err := probe.Do(manager(app), after(errors.New("disk on fire"), "D5")); err == nil || fault.From(err) != nil {
		t.Errorf("our own failure: %v", err)
	}
	if got := areas(t, app); !slices.Equal(got, []string{"D1"}) {
		t.Errorf("areas: %q, want what was done only", got)
	}
	if got := trail(t, app, "write"); !slices.Equal(got, []string{"done A1.1"}) {
		t.Errorf("write chain: %q", got)
	}
	if got := trail(t, app, "read"); !slices.Equal(got, []string{"refused K2.2 RULE", "refused NOT_FOUND"}) {
		t.Errorf("read chain: %q", got)
	}
	if orphans := texts(t, app, `SELECT entry_id::text FROM audit.changes c WHERE NOT EXISTS (SELECT FROM audit.entries e WHERE e.id = c.entry_id)`); len(orphans) > 0 {
		t.Errorf("changes of no entry: %q", orphans)
	}
}

// No trail, no act.
func TestActWithoutItsEntryIsRolledBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx := manager(app)
	app.SQL(`REVOKE EXECUTE ON FUNCTION audit.append(text, integer, text[]) FROM steward_app`)
	if _, err := probe.Do(ctx, probeInput{Rule: addArea(app.A.ID, "D1")}); err == nil {
		t.Error("an act was done that the trail does not tell")
	}
	if got := areas(t, app); len(got) > 0 {
		t.Errorf("areas: %q", got)
	}
}

const updateResident = `mutation($in: UpdateResidentInput!) { updateResident(input: $in) { resident { id } } }`

func TestConfidentialFieldsAreOnTheTrailAsDigests(t *testing.T) {
	t.Parallel()
	const number = "13998765432"
	changesOf := func(app *stewardtest.App) string {
		app.As(policy.CSOfficer).Do(updateResident, stewardtest.Vars{"in": stewardtest.Vars{"id": app.A.Resident, "expectedVersion": 1, "phone": number, "name": "新名字"}})
		return strings.Join(texts(t, app, `SELECT c.body FROM audit.changes c JOIN audit.entries e ON e.id = c.entry_id
			WHERE e.action = 'registry.updateResident' AND e.subject_id = $1`, app.A.Resident), "\n")
	}
	body := changesOf(stewardtest.New(t))
	if !strings.Contains(body, `"phone"`) || !strings.Contains(body, `"confidential":true`) || !strings.Contains(body, "新名字") {
		t.Errorf("the change is not told: %s", body)
	}
	for _, secret := range []string{number, stewardtest.Phone, number[7:], stewardtest.Phone[7:]} {
		if strings.Contains(body, secret) {
			t.Errorf("%s is on the trail: %s", secret, body)
		}
	}
	entities := maps.Clone(ent.Entities) // the mutant: the field is not declared confidential
	e := entities[ent.TypeResident]
	e.Confidential = nil
	entities[ent.TypeResident] = e
	if leaked := changesOf(stewardtest.New(t, stewardtest.Options{Entities: entities})); !strings.Contains(leaked, number[7:]) {
		t.Errorf("without the declaration nothing leaks either, so this proves nothing: %s", leaked)
	}
}
