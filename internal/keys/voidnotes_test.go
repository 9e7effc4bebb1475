package keys_test

import (
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	voidOpening  = `mutation($in: VoidKeyCabinetOpeningInput!) { voidKeyCabinetOpening(input: $in) { opening { id outcome voidedAt voidReason voidedByName } } }`
	voidFollowUp = `mutation($in: VoidKeyFollowUpInput!) { voidKeyFollowUp(input: $in) { followUp { id note voidedAt voidReason voidedByName } } }`
)

func TestK1_2_AnOpeningRecordedByMistakeIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	id := custodian.Do(openCabinet, openingOf(app.A.Cabinet)).Get("openKeyCabinet.opening.id").String()
	whoMayNot(t, app, voidOpening, voidOf(id, "重复登记"), policy.CSOfficer, policy.Archivist, policy.Security)

	o := app.As(policy.Supervisor).Do(voidOpening, voidOf(id, "重复登记")).Get("voidKeyCabinetOpening.opening")
	if o.Get("voidedAt").String() == "" || o.Get("voidReason").String() != "重复登记" || o.Get("voidedByName").String() == "" || o.Get("outcome").String() != "OPENED" {
		t.Errorf("voided: %s", o.Raw)
	}
	custodian.Refused(voidOpening, voidOf(id, "再来"), fault.Conflict)
	list := custodian.Do(`query($c: ID!) { keyCabinetOpenings(where: {cabinetID: $c}) { edges { node { id voidedAt } } } }`, vars{"c": app.A.Cabinet})
	if got := list.Get(`keyCabinetOpenings.edges.#(node.id=="` + id + `").node.voidedAt`).String(); got == "" {
		t.Errorf("the list does not show it as voided: %s", list.Raw)
	}

	t.Run("an attempt stays", func(t *testing.T) {
		app.As(policy.CSOfficer).In(t).Refused(openCabinet, openingOf(app.A.Cabinet), fault.Forbidden, "K1.2")
		attempt := app.IDs(`SELECT id FROM key_cabinet_openings WHERE estate_id = $1 AND outcome = 'REFUSED'`, app.A.ID)[0]
		custodian.In(t).Refused(voidOpening, voidOf(attempt, "录错"), fault.RuleBroken, "K1.2")
		for id, allowed := range map[any]bool{attempt: false, id: false, custodian.Do(openCabinet, openingOf(app.A.Cabinet)).Get("openKeyCabinet.opening.id").String(): true} {
			if a := custodian.Do(canDo, vars{"c": []vars{{"action": "keys.voidOpening", "id": id}}}).Get("can.0"); a.Get("allowed").Bool() != allowed {
				t.Errorf("%v: %s", id, a.Raw)
			}
		}
	})
	t.Run("of several at once one voids", func(t *testing.T) {
		race(t, custodian, voidOpening, voidOf(custodian.In(t).Do(openCabinet, openingOf(app.A.Cabinet)).Get("openKeyCabinet.opening.id").String(), "录错"))
	})
}

func TestK1_4_AVoidedNoteDoesNotCount(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	custodian.Do(noteKeys, noteOf(set, "已电话催交", nil))
	custodian.Do(noteKeys, noteOf(set, "写错房号的一条", nil))
	id := app.IDs(`SELECT id FROM key_follow_ups WHERE set_id = $1 ORDER BY id DESC LIMIT 1`, set)[0].String()
	whoMayNot(t, app, voidFollowUp, voidOf(id, "写错了"), policy.CSOfficer, policy.Archivist, policy.Engineering)

	once := custodian.With("Idempotency-Key", "one-void")
	n := once.Do(voidFollowUp, voidOf(id, "写错了")).Get("voidKeyFollowUp.followUp")
	if n.Get("note").String() != "写错房号的一条" || n.Get("voidedAt").String() == "" || n.Get("voidReason").String() != "写错了" || n.Get("voidedByName").String() == "" {
		t.Errorf("voided: %s", n.Raw)
	}
	if again := once.Do(voidFollowUp, voidOf(id, "写错了")).Get("voidKeyFollowUp.followUp"); again.Raw != n.Raw {
		t.Errorf("repeated: %s", again.Raw)
	}
	custodian.Refused(voidFollowUp, voidOf(id, "再来"), fault.Conflict)
	if lines := register(t, custodian, "keys-outstanding"); !strings.Contains(lines, "已电话催交") || strings.Contains(lines, "写错房号") {
		t.Errorf("the register does not tell of the note before:\n%s", lines)
	}
	if got := custodian.Do(`query($id: ID!) { node(id: $id) { ... on KeySet { followUps { note voidedAt } } } }`, vars{"id": set}).Get(`node.followUps.#(note=="写错房号的一条").voidedAt`); got.String() == "" {
		t.Errorf("the set does not show it as voided: %s", got.Raw)
	}
	custodian.Do(noteKeys, noteOf(set, "又一条", nil))
	next := app.IDs(`SELECT id FROM key_follow_ups WHERE set_id = $1 ORDER BY id DESC LIMIT 1`, set)[0].String()
	race(t, custodian, voidFollowUp, voidOf(next, "写错了"))
}
