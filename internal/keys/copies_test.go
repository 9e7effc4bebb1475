package keys_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	copyFields   = `id state count madeByName approval { id state }`
	orderCopies  = `mutation($in: OrderKeyCopiesInput!) { orderKeyCopies(input: $in) { order { ` + copyFields + ` } } }`
	recordCopies = `mutation($in: RecordKeyCopiesInput!) { recordKeyCopies(input: $in) { order { ` + copyFields + ` } movement { reason count generation from { kind } to { kind } copyOrder { id } } } }`
)

// ownPassword signs as whoever asks.
var ownPassword = vars{"credential": stewardtest.Password}

func copiesOf(set uuid.UUID, count int) vars {
	return vars{"in": vars{"setID": set, "count": count, "reason": "业主补配"}}
}

func copiedOf(order string) vars { return vars{"in": vars{"orderID": order}} }

func givenOf(approval string) vars {
	return vars{"in": vars{"approvalID": approval, "note": "", "signature": ownPassword}}
}

func declinedOf(approval string) vars {
	return vars{"in": vars{"approvalID": approval, "note": "不必配制"}}
}

func TestK2_3_CopiesAreMadeByApprovedOrderOnly(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[0]
	order := custodian.Do(orderCopies, copiesOf(set, 2)).Get("orderKeyCopies.order")
	id, approval := order.Get("id").String(), order.Get("approval.id").String()
	if order.Get("state").String() != "OPEN" || order.Get("approval.state").String() != "ASKED" {
		t.Fatalf("ordered: %s", order.Raw)
	}
	if r := custodian.Refused(recordCopies, copiedOf(id), fault.RuleBroken, "K2.3"); r.Field != "orderID" {
		t.Errorf("refused at %q", r.Field)
	}
	custodian.Refused(giveApproval, givenOf(approval), fault.Forbidden) // who asks does not decide
	supervisor.Do(giveApproval, givenOf(approval))

	made := custodian.Do(recordCopies, copiedOf(id)).Get("recordKeyCopies")
	if m := made.Get("movement"); m.Get("reason").String() != "COPIED" || m.Get("count").Int() != 2 || m.Get("from.kind").String() != "SOURCE" ||
		m.Get("to.kind").String() != "CABINET" || m.Get("copyOrder.id").String() != id {
		t.Errorf("the entry: %s", m.Raw)
	}
	if o := made.Get("order"); o.Get("state").String() != "MADE" || o.Get("madeByName").String() == "" || o.Get("approval.state").String() != "USED" {
		t.Errorf("the order: %s", o.Raw)
	}
	custodian.Refused(recordCopies, copiedOf(id), fault.Conflict, "K2.3")
	if got := kept(app, set); got["SOURCE"] != -7 || got["CABINET"] != int64(app.A.InCabinet+2) {
		t.Errorf("the ledger: %v", got)
	}

	t.Run("what is declined or lapses ends the order", func(t *testing.T) {
		for i, end := range []func(approval string){
			func(a string) { supervisor.In(t).Do(declineIt, declinedOf(a)) },
			func(a string) {
				custodian.In(t).Do(withdrawIt, vars{"in": vars{"approvalID": a, "reason": "不需要了"}})
			},
			func(string) { changeLock(app, set, 3) }, // the keys that were to be copied open nothing any more
		} {
			o := custodian.In(t).Do(orderCopies, copiesOf(set, 1)).Get("orderKeyCopies.order")
			end(o.Get("approval.id").String())
			custodian.Refused(recordCopies, copiedOf(o.Get("id").String()), fault.RuleBroken, "K2.3")
			if got := custodian.Do(`query($id: ID!) { node(id: $id) { ... on KeyCopyOrder { state } } }`, vars{"id": o.Get("id").String()}).Get("node.state").String(); got != "ENDED" {
				t.Errorf("%d: %s", i, got)
			}
		}
	})
	t.Run("a set that is incomplete is not copied", func(t *testing.T) {
		custodian.In(t).Do(reportLoss, lossOf(app.A.Sets[1], app.A.Desk, 1))
		custodian.Refused(orderCopies, copiesOf(app.A.Sets[1], 1), fault.RuleBroken, "K3.1")
	})
	t.Run("an approval lapses after two weeks", func(t *testing.T) {
		o := custodian.In(t).Do(orderCopies, copiesOf(app.A.Sets[2], 1)).Get("orderKeyCopies.order")
		supervisor.In(t).Do(giveApproval, givenOf(o.Get("approval.id").String()))
		app.Clock.Advance(15 * 24 * time.Hour)
		custodian.SignIn()
		custodian.Refused(recordCopies, copiedOf(o.Get("id").String()), fault.RuleBroken, "K2.3")
	})
}

func TestK2_3_WhoOrdersCopies(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	set := app.A.Sets[0]
	for _, role := range []policy.Role{policy.CSOfficer, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(orderCopies, copiesOf(set, 1), fault.Forbidden)
	}
	app.Resident().Refused(orderCopies, copiesOf(set, 1), fault.Forbidden)
	app.Foreign(policy.KeyCustodian).Refused(orderCopies, copiesOf(set, 1), fault.NotFound)
	if r := app.As(policy.KeyCustodian).Refused(orderCopies, copiesOf(set, 0), fault.InvalidInput, "K2.3"); r.Field != "count" {
		t.Errorf("refused at %q", r.Field)
	}
	order := app.As(policy.Supervisor).Do(orderCopies, copiesOf(set, 1)).Get("orderKeyCopies.order")
	id, approval := order.Get("id").String(), order.Get("approval.id").String()
	app.As(policy.Supervisor).Refused(giveApproval, givenOf(approval), fault.RuleBroken, "K2.3") // the own question
	app.As(policy.ProjectManager).Do(giveApproval, givenOf(approval))
	app.As(policy.Supervisor).Refused(recordCopies, copiedOf(id), fault.Forbidden)
	app.Foreign(policy.KeyCustodian).Refused(recordCopies, copiedOf(id), fault.NotFound)

	once := app.As(policy.KeyCustodian).With("Idempotency-Key", "one-copy")
	first, again := once.Do(recordCopies, copiedOf(id)), once.Do(recordCopies, copiedOf(id))
	if first.Get("recordKeyCopies.order.id").String() != id || again.Get("recordKeyCopies.order.id").String() != id {
		t.Errorf("repeated: %s and %s", first.Raw, again.Raw)
	}
	if got := kept(app, set); got["SOURCE"] != -6 {
		t.Errorf("the ledger: %v", got)
	}
}

// barredBy runs a statement as the serving role with the whole estate in view, and gives the constraint or the code that
// refused it.
func barredBy(t *testing.T, app *stewardtest.App, sql string, args ...any) string {
	t.Helper()
	return barredAtEnd(t, app, "", sql, args...)
}

// barredAtEnd is barredBy with a constraint that is asked when the transaction ends, too.
func barredAtEnd(t *testing.T, app *stewardtest.App, constraint, sql string, args ...any) string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	tx, err := conn.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(context.Background(), `SET LOCAL ROLE steward_app; SET LOCAL app.estate_ids = '*'; SET LOCAL app.account_id = '*'`); err != nil {
		t.Fatal(err)
	}
	refused := codeOf(tx.Exec(context.Background(), sql, args...))
	if refused == "" && constraint != "" {
		refused = codeOf(tx.Exec(context.Background(), `SET CONSTRAINTS `+constraint+` IMMEDIATE`))
	}
	return refused
}

// It is the database that refuses private copies, lending what is due, and whoever writes a set's condition.
func TestK2_3_K3_1_TheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	order := custodian.Do(orderCopies, copiesOf(set, 2)).Get("orderKeyCopies.order")
	app.As(policy.Supervisor).Do(giveApproval, givenOf(order.Get("approval.id").String()))
	custodian.Do(reportLoss, lossOf(app.A.Sets[1], app.A.Desk, 1))
	change := orderedChange(app, set)

	const insert = `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, copy_order_id, occurred_at)
		VALUES (new_id(x'0303'::int), now(), $1, $2, $3, $4, $5, $6, $7, now())`
	for name, c := range map[string]struct {
		sql  string
		args []any
		want string
	}{
		"a copy without order":              {insert, []any{app.A.ID, set, app.A.Source, app.A.Cabinet, 2, "COPIED", nil}, "key_movements_copied"},
		"a copy whose approval is not used": {insert, []any{app.A.ID, set, app.A.Source, app.A.Cabinet, 2, "COPIED", order.Get("id").String()}, "key_movements_copied"},
		"keys from nowhere":                 {insert, []any{app.A.ID, set, app.A.Source, app.A.Cabinet, 2, "PLACED", nil}, "key_movements_direction"},
		"keys accepted from the desk":       {insert, []any{app.A.ID, set, app.A.Desk, app.A.Cabinet, 1, "ACCEPTED", nil}, "key_movements_direction"},
		"lending what is due":               {insert, []any{app.A.ID, app.A.Sets[1], app.A.Desk, app.A.Cabinet, 1, "LENT", nil}, "key_movements_lent"},
		"a condition by hand":               {`UPDATE key_sets SET condition = 'IN_USE' WHERE id = $1`, []any{app.A.Sets[1]}, "key_sets_kept"},
		"a generation by hand":              {`UPDATE key_generations SET count = 9 WHERE set_id = $1`, []any{set}, "42501"},
		"a larger order":                    {`UPDATE key_copy_orders SET count = 9 WHERE set_id = $1`, []any{set}, "key_copy_orders_kept"},
		"a change while keys are there":     {`UPDATE key_lock_changes SET state = 'DONE', done_at = now(), new_count = 3, old_count = 5 WHERE id = $1`, []any{change}, "key_lock_changes_out"},
		"what is in order":                  {insert, []any{app.A.ID, set, app.A.Source, app.A.Cabinet, 2, "ACCEPTED", nil}, ""},
	} {
		if got := barredBy(t, app, c.sql, c.args...); got != c.want {
			t.Errorf("%s: refused by %q, want %q", name, got, c.want)
		}
	}
	// The mutants: with the triggers off, what was refused is done.
	app.Super(`ALTER TABLE key_movements DISABLE TRIGGER key_enter`)
	if got := barredBy(t, app, insert, app.A.ID, app.A.Sets[1], app.A.Desk, app.A.Cabinet, 1, "LENT", nil); got != "" {
		t.Errorf("without key_enter %s refuses lending what is due", got)
	}
	app.Super(`ALTER TABLE key_movements DISABLE TRIGGER key_ordered`)
	if got := barredBy(t, app, insert, app.A.ID, set, app.A.Source, app.A.Cabinet, 9, "COPIED", order.Get("id").String()); got != "" {
		t.Errorf("without key_ordered %s refuses copies that nobody approved", got)
	}
}
