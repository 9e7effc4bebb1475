package keys_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const voidCopies = `mutation($in: VoidKeyCopiesInput!) { voidKeyCopies(input: $in) {
	order { id state voidReason voidedByName approval { state } } movement { reason count note from { kind } to { kind } reverses { reason copyOrder { id } } } } }`

// copied is an order whose copies came.
func copied(app *stewardtest.App, set uuid.UUID, count int) (order string) {
	o := app.As(policy.KeyCustodian).Do(orderCopies, copiesOf(set, count)).Get("orderKeyCopies.order")
	app.As(policy.Supervisor).Do(giveApproval, givenOf(o.Get("approval.id").String()))
	app.As(policy.KeyCustodian).Do(recordCopies, copiedOf(o.Get("id").String()))
	return o.Get("id").String()
}

func TestK2_3_CopiesRecordedByMistakeAreVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	before := kept(app, set)
	id := copied(app, set, 2)
	whoMayNot(t, app, voidCopies, voidOf(id, "录错"), policy.CSOfficer, policy.Archivist, policy.Security, policy.Engineering)

	once := custodian.With("Idempotency-Key", "one-void")
	v := once.Do(voidCopies, voidOf(id, " 数量  录错 ")).Get("voidKeyCopies")
	if o := v.Get("order"); o.Get("state").String() != "VOIDED" || o.Get("voidReason").String() != "数量 录错" || o.Get("voidedByName").String() == "" || o.Get("approval.state").String() != "USED" {
		t.Errorf("the order: %s", o.Raw)
	}
	if m := v.Get("movement"); m.Get("reason").String() != "VOIDED" || m.Get("count").Int() != 2 || m.Get("from.kind").String() != "CABINET" || m.Get("to.kind").String() != "SOURCE" ||
		m.Get("reverses.copyOrder.id").String() != id {
		t.Errorf("the counter-entry: %s", m.Raw)
	}
	if again := once.Do(voidCopies, voidOf(id, " 数量  录错 ")).Get("voidKeyCopies"); again.Raw != v.Raw {
		t.Errorf("repeated: %s", again.Raw)
	}
	if after := kept(app, set); after["CABINET"] != before["CABINET"] || after["SOURCE"] != before["SOURCE"] {
		t.Errorf("the ledger: %v, before %v", after, before)
	}
	custodian.Refused(voidCopies, voidOf(id, "再来"), fault.Conflict)
	custodian.Refused(recordCopies, copiedOf(id), fault.RuleBroken, "K2.3")
	if n := len(app.IDs(`SELECT actor_id FROM audit.entries WHERE action = 'keys.voidCopies' AND outcome = 'done' AND subject_id = $1 AND body::jsonb ->> 'reason' = '数量 录错'`, id)); n != 1 {
		t.Errorf("%d entries on the audit trail tell of the void and its reason", n)
	}

	t.Run("an order without copies is not", func(t *testing.T) {
		o := custodian.In(t).Do(orderCopies, copiesOf(app.A.Sets[1], 1)).Get("orderKeyCopies.order.id").String()
		custodian.In(t).Refused(voidCopies, voidOf(o, "录错"), fault.RuleBroken, "K2.3")
		if c := custodian.Do(canDo, vars{"c": []vars{{"action": "keys.voidCopies", "id": o}}}).Get("can.0"); c.Get("allowed").Bool() || c.Get("clause").String() != "K2.3" {
			t.Errorf("can: %s", c.Raw)
		}
	})
	t.Run("of several at once one voids", func(t *testing.T) {
		race(t, app.As(policy.Supervisor), voidCopies, voidOf(copied(app, app.A.Sets[1], 1), "录错"))
		if got := kept(app, app.A.Sets[1]); got["CABINET"] != int64(app.A.InCabinet) {
			t.Errorf("the ledger: %v", got)
		}
	})
	t.Run("copies that went on are not fetched back", func(t *testing.T) {
		id := copied(app, app.A.Sets[2], 1)
		toDesk(app, app.A.Sets[2], app.A.InCabinet+1)
		custodian.In(t).Refused(voidCopies, voidOf(id, "录错"), fault.Conflict, "K4.1")
	})
	t.Run("nor those of a lock that was changed", func(t *testing.T) {
		id := copied(app, app.A.Sets[3], 1)
		changeLock(app, app.A.Sets[3], 3)
		custodian.In(t).Refused(voidCopies, voidOf(id, "录错"), fault.RuleBroken, "K3.1")
	})
}

// It is the database that has the counter-entry and the order agree.
func TestK2_3_CopiesAndTheirOrderAreVoidedTogether(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	order := copied(app, app.A.Sets[0], 1)
	const voided = `UPDATE key_copy_orders SET state = 'VOIDED', voided_at = now(), void_reason = 'x', voided_by_id = id, voided_by_name = 'x' WHERE id = $1`
	const entry = `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, generation, reason, reverses_id, occurred_at)
		SELECT new_id(x'0303'::int), now(), estate_id, set_id, to_id, from_id, count, generation, 'VOIDED', id, now() FROM key_movements WHERE copy_order_id = $1`
	for name, sql := range map[string]string{"the order alone": voided, "the entry alone": entry} {
		if got := barredAtEnd(t, app, "key_copies_agree", sql, order); got != "key_copy_orders_countered" {
			t.Errorf("%s: refused by %q", name, got)
		}
	}
}
