package keys_test

import (
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// heard are the notices of a kind in the inbox.
func heard(p *stewardtest.Person, kind string) (list []gjson.Result) {
	for _, m := range p.Do(`{ inbox(first: 50) { edges { node { kind title body subjectID } } } }`, nil).Get("inbox.edges.#.node").Array() {
		if m.Get("kind").String() == kind {
			list = append(list, m)
		}
	}
	return list
}

// A list that takes effect after the take-over is in the leaders' inboxes, once for each that says something new.
func TestK1_1_TheLeadersHearOfLaterImports(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	accept(t, app, 3, 1)
	before := len(heard(supervisor, "keys.import"))
	accept(t, app, 3, 1) // nothing new
	accept(t, app, 4, 3)
	told := heard(supervisor, "keys.import")
	if len(told) != before+1 {
		t.Fatalf("told %d times: %v", len(told)-before, told)
	}
	run := app.IDs(`SELECT id FROM import_runs WHERE estate_id = $1 AND kind = 'KEYS' ORDER BY created_at DESC, id DESC LIMIT 1`, app.A.ID)[0].String()
	for _, m := range told {
		if m.Get("subjectID").String() == run {
			return
		}
	}
	t.Errorf("none is of the last import: %v", told)
}

// A sheet whose deliverer is on no record is in the leaders' inboxes, one of a colleague's is not.
func TestK1_1_TheLeadersHearOfAnUnknownDeliverer(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor := app.As(policy.KeyCustodian), app.As(policy.Supervisor)
	sheet, checks := drafted(custodian, app.A.ID, owes(app.A.Units[0], "车库", 2))
	custodian.Do(checkLines, checking(sheet, found(checks["车库"], 2, 0)))
	custodian.Do(signSheet, signing(sheet, nil))
	if told := heard(supervisor, "keys.deliverer"); len(told) != 1 || told[0].Get("subjectID").String() != sheet {
		t.Errorf("told: %v", told)
	}
}
