package keys_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/stewardtest"
)

// refusedBy runs a statement as the role that serves, and tells the constraint that refused it; "" where it was done.
func refusedBy(t *testing.T, app *stewardtest.App, sql string, args ...any) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, app.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `SET ROLE steward_app; SET app.estate_ids = '*'`); err != nil {
		t.Fatal(err)
	}
	done, err := conn.Exec(ctx, sql, args...)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName != "" {
		return pg.ConstraintName
	}
	if err != nil || done.RowsAffected() != 1 {
		t.Fatalf("%s: %d rows, %v", sql, done.RowsAffected(), err)
	}
	return ""
}

// anyEntry has the database take entries that nothing was ordered or sealed for (K1.3, K2.3, K3.1, K3.2): for tests of what entries alone
// make, whatever they are for.
func anyEntry(app *stewardtest.App) {
	app.Super(`ALTER TABLE key_movements DISABLE TRIGGER key_enter, DISABLE TRIGGER key_ordered, DISABLE TRIGGER key_settle,
		DISABLE TRIGGER key_seal_agrees, DISABLE TRIGGER key_seal_aside,
		DROP CONSTRAINT key_movements_copy_order, DROP CONSTRAINT key_movements_lock_change, DROP CONSTRAINT key_movements_scrapping`)
}

// Whoever writes them: a counter-entry is the exact opposite of an entry, once, and of none that is one itself.
func TestK4_1_ACounterEntryIsTheExactOpposite(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := toDesk(app, app.A.Sets[0], 2)
	counter := func(entry any, set, from, to, count, reason, reverses, generation string) string {
		return refusedBy(t, app, fmt.Sprintf(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at, reverses_id, generation)
			SELECT new_id(x'0303'::int), created_at, estate_id, %s, %s, %s, %s, %s, created_at, %s, %s FROM key_movements WHERE id = $1`,
			set, from, to, count, reason, reverses, generation), entry)
	}
	other := fmt.Sprintf("'%s'::uuid", app.A.Sets[1])
	for name, c := range map[string]struct{ set, from, to, count, reason, reverses, generation, want string }{
		"fewer keys":                 {"set_id", "to_id", "from_id", "count - 1", "'VOIDED'", "id", "1", "key_movements_opposite"},
		"more keys":                  {"set_id", "to_id", "from_id", "count + 1", "'VOIDED'", "id", "1", "key_movements_opposite"},
		"the same way":               {"set_id", "from_id", "to_id", "count", "'VOIDED'", "id", "1", "key_movements_opposite"},
		"another set":                {other, "to_id", "from_id", "count", "'VOIDED'", "id", "1", "key_movements_opposite"},
		"another generation":         {"set_id", "to_id", "from_id", "count", "'VOIDED'", "id", "2", "key_movements_opposite"},
		"another reason":             {"set_id", "to_id", "from_id", "count", "'PLACED'", "id", "1", "key_movements_voided"},
		"a counter-entry of nothing": {"set_id", "to_id", "from_id", "count", "'VOIDED'", "NULL", "1", "key_movements_voided"},
	} {
		if got := counter(id, c.set, c.from, c.to, c.count, c.reason, c.reverses, c.generation); got != c.want {
			t.Errorf("%s: refused by %q, want %q", name, got, c.want)
		}
	}
	exact := func(entry any) string {
		return counter(entry, "set_id", "to_id", "from_id", "count", "'VOIDED'", "id", "generation")
	}
	if got := exact(id); got != "" {
		t.Fatalf("the exact opposite is refused by %q", got)
	}
	if got := exact(id); got != "keymovement_estate_id_reverses_id" {
		t.Errorf("twice: refused by %q", got)
	}
	if got := exact(app.IDs(`SELECT id FROM key_movements WHERE reverses_id = $1`, id)[0]); got != "key_movements_opposite" {
		t.Errorf("a counter-entry of a counter-entry: refused by %q", got)
	}
	next := toDesk(app, app.A.Sets[1], 1)
	app.Super(`UPDATE key_sets SET generation = 2 WHERE id = $1`, app.A.Sets[1])
	if got := exact(next); got != "key_movements_retired" {
		t.Errorf("of a lock that was changed: refused by %q", got)
	}
	// It is the trigger: without it fewer keys come back than went.
	app.SQL(`DROP TRIGGER key_counter ON key_movements`)
	if got := counter(toDesk(app, app.A.Sets[2], 2), "set_id", "to_id", "from_id", "count - 1", "'VOIDED'", "id", "1"); got != "" {
		t.Errorf("without the trigger: refused by %q", got)
	}
}

// The database takes no entry that happened later than it is recorded, or is late without a reason.
func TestK4_1_TheLedgerTakesNothingLate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for after, want := range map[string]string{"-1 second": "key_movements_in_time", "11 minutes": "key_movements_in_time", "10 minutes": ""} {
		if got := refusedBy(t, app, `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at)
			VALUES (new_id(x'0303'::int), $1::timestamptz + $6::interval, $2, $3, $4, $5, 1, 'PLACED', $1)`,
			stewardtest.Start, app.A.ID, app.A.Sets[0], app.A.Cabinet, app.A.Desk, after); got != want {
			t.Errorf("recorded after %s: refused by %q, want %q", after, got, want)
		}
	}
}
