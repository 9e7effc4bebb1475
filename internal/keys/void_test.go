package keys_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	moveKeys     = `mutation($in: MoveKeysInput!) { moveKeys(input: $in) { movement { id occurredAt lateReason } } }`
	voidMovement = `mutation($in: VoidKeyMovementInput!) { voidKeyMovement(input: $in) { movement { id reason reversals { id reason count note from { kind } to { kind } } } } }`
	canDo        = `query($c: [CanInput!]!) { can(checks: $c) { allowed code clause } }`
)

var voidOf, race, whoMayNot = stewardtest.Void, stewardtest.Race, stewardtest.WhoMayNotVoid

// toDesk moves keys of a set from the cabinet to the front desk, and gives the entry's id.
func toDesk(app *stewardtest.App, set any, count int) string {
	return app.As(policy.KeyCustodian).Do(moveKeys, vars{"in": vars{"setID": set, "count": count, "fromID": app.A.Cabinet, "toID": app.A.Desk}}).Get("moveKeys.movement.id").String()
}

func TestK4_1_AMistakenEntryIsVoidedByACounterEntry(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	before := read(app, set)
	id := toDesk(app, set, 2)
	whoMayNot(t, app, voidMovement, voidOf(id, "房号录错"), policy.CSOfficer, policy.Archivist, policy.Security, policy.Engineering)

	once := custodian.With("Idempotency-Key", "one-void")
	m := once.Do(voidMovement, voidOf(id, " 房号  录错 ")).Get("voidKeyMovement.movement")
	r := m.Get("reversals.0")
	if m.Get("id").String() != id || m.Get("reason").String() != "PLACED" || r.Get("reason").String() != "VOIDED" || r.Get("count").Int() != 2 ||
		r.Get("note").String() != "房号 录错" || r.Get("from.kind").String() != "DESK" || r.Get("to.kind").String() != "CABINET" {
		t.Errorf("voided: %s", m.Raw)
	}
	if again := once.Do(voidMovement, voidOf(id, " 房号  录错 ")).Get("voidKeyMovement.movement.reversals.#").Int(); again != 1 {
		t.Errorf("repeated there are %d counter-entries", again)
	}
	if after := read(app, set); after.cabinet != before.cabinet || after.desk != before.desk {
		t.Errorf("the ledger: %+v, want %+v", after, before)
	}
	custodian.Refused(voidMovement, voidOf(id, "再来"), fault.Conflict, "K4.1")
	custodian.Refused(voidMovement, voidOf(r.Get("id").String(), "撤销作废"), fault.RuleBroken, "K4.1")
	if n := len(app.IDs(`SELECT actor_id FROM audit.entries WHERE action = 'keys.voidMovement' AND outcome = 'done' AND subject_id = $1 AND body::jsonb ->> 'reason' = '房号 录错'`, id)); n != 1 {
		t.Errorf("%d entries on the audit trail tell of the void and its reason", n)
	}

	t.Run("of several at once one voids", func(t *testing.T) {
		race(t, app.As(policy.Supervisor), voidMovement, voidOf(toDesk(app, app.A.Sets[1], 1), "录错"))
		if m := read(app, app.A.Sets[1]); m.desk != app.A.AtDesk || m.cabinet != app.A.InCabinet {
			t.Errorf("the ledger: %+v", m)
		}
	})
	t.Run("what a household got comes back", func(t *testing.T) {
		const handOver = `mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { id } } }`
		id := custodian.In(t).Do(handOver, vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "代办人"}}}).Get("handOverKeys.movement.id").String()
		custodian.In(t).Do(voidMovement, voidOf(id, "业户未到场"))
		if m := read(app, set); m.household != before.household || m.cabinet != before.cabinet {
			t.Errorf("the ledger: %+v", m)
		}
	})
	t.Run("keys that went on are not fetched back", func(t *testing.T) {
		id := toDesk(app, app.A.Sets[2], 1)
		lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[2], app.A.AtDesk+1)
		custodian.In(t).Refused(voidMovement, voidOf(id, "录错"), fault.Conflict, "K4.1")
	})
	t.Run("nor those of a lock that was changed", func(t *testing.T) {
		id := toDesk(app, app.A.Sets[3], 1)
		app.Super(`UPDATE key_sets SET generation = 2 WHERE id = $1`, app.A.Sets[3])
		custodian.In(t).Refused(voidMovement, voidOf(id, "录错"), fault.RuleBroken, "K3.1")
	})
}

// What an entry is a part of is voided there; the refusal says where, and can says it before.
func TestK4_1_APartIsNotVoidedByItself(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	entry := func(reason string) string {
		return app.IDs(`SELECT id FROM key_movements WHERE set_id = $1 AND reason = $2 ORDER BY id LIMIT 1`, set, reason)[0].String()
	}
	_, line := lendTo(app, vars{"staffID": app.A.Staff}, set, 2)
	loss := app.As(policy.CSOfficer).Do(reportLoss, lossOfLine(line, 1)).Get("reportKeyLoss.loss.id").String()
	app.As(policy.CSOfficer).Do(foundKey, foundOf(loss, app.A.Desk, 1))
	of := map[string]string{entry("ACCEPTED"): "K1.1", entry("PLACED"): "K1.1", entry("LENT"): "K2.1", entry("LOST"): "K2.3", entry("FOUND"): "K2.3"} // the seed's PLACED is of the acceptance
	anyEntry(app)
	for reason, clause := range map[string]string{"SEALED": "K1.3", "RETIRED": "K3.1", "COPIED": "K2.3", "ADJUSTED": "K4.1", "SCRAPPED": "K4.1"} {
		app.Super(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at)
			SELECT new_id(x'0303'::int), created_at, estate_id, set_id, from_id, to_id, count, $2, occurred_at FROM key_movements WHERE id = $1`, entry("PLACED"), reason)
		of[entry(reason)] = clause
	}
	ok := toDesk(app, app.A.Sets[1], 1)
	checks, clauses := []vars{{"action": "keys.voidMovement", "id": ok}}, []string{""}
	for id, clause := range of {
		custodian.Refused(voidMovement, voidOf(id, "录错"), fault.RuleBroken, clause)
		checks, clauses = append(checks, vars{"action": "keys.voidMovement", "id": id}), append(clauses, clause)
	}
	for i, a := range custodian.Do(canDo, vars{"c": checks}).Get("can").Array() {
		if a.Get("clause").String() != clauses[i] || a.Get("allowed").Bool() != (clauses[i] == "") {
			t.Errorf("%v: %s, want %q", checks[i], a.Raw, clauses[i])
		}
	}
}
