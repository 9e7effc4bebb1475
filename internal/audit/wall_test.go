package audit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/steward-pm/steward/internal/audit"
)

func TestAppRoleCannotChangeTheTrail(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	var forbidden []string
	for _, table := range []string{"audit.chains", "audit.entries", "audit.changes"} {
		forbidden = append(forbidden, "DELETE FROM "+table, "TRUNCATE "+table, "UPDATE "+table+" SET estate_id = estate_id",
			"INSERT INTO "+table+" SELECT * FROM "+table, "SELECT * FROM "+table+" FOR UPDATE", "DROP TABLE "+table,
			"ALTER TABLE "+table+" DISABLE TRIGGER ALL", "ALTER TABLE "+table+" NO FORCE ROW LEVEL SECURITY",
			"CREATE POLICY mine ON "+table+" USING (true)", "CREATE TRIGGER mine BEFORE INSERT ON "+table+" EXECUTE FUNCTION suppress_redundant_updates_trigger()")
	}
	forbidden = append(forbidden, "CREATE FUNCTION audit.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "SET ROLE steward_owner",
		"SET session_replication_role = replica", "DROP FUNCTION audit.append(text, integer, text[])")
	for _, sql := range forbidden {
		as(t, tr.app, "*", "", func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), sql)
			if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" { // insufficient_privilege
				t.Errorf("%s: %v", sql, err)
			}
		})
	}
}

// A stranger who plants functions of the same names must not be run by the definer's functions.
func TestFunctionsIgnoreTheCallersSearchPath(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	as(t, db.app, "", "", func(tx pgx.Tx) {
		for _, sql := range []string{
			`CREATE FUNCTION pg_temp.int8send(bigint) RETURNS bytea LANGUAGE sql AS 'SELECT ''\x00''::bytea'`,
			`SET LOCAL search_path = pg_temp, pg_catalog`,
		} {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := audit.NewRecorder(tx).Append(t.Context(), entry(estateA, 1)); err != nil {
			t.Fatal(err)
		}
		verifyWhole(t, savepoint{tx}, nil)
	})
}

func TestAppendPutsTheViewersEstatesBack(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	mine := "{" + estateB.String() + "}"
	as(t, db.app, mine, "", func(tx pgx.Tx) {
		rec := audit.NewRecorder(tx)
		for range 501 { // once staged, once with the entry
			if err := rec.Add(t.Context(), estateA, change(t, "count", 1, 2)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := rec.Append(t.Context(), entry(estateA, 1)); err != nil {
			t.Fatal(err)
		}
		var now string
		if err := tx.QueryRow(t.Context(), `SELECT current_setting('app.estate_ids')`).Scan(&now); err != nil || now != mine {
			t.Errorf("%q %v", now, err)
		}
	})
}

func TestViewersSeeTheirEstatesOnly(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	counts := func(v viewer) (n [3]int) {
		for _, pool := range []*pgxpool.Pool{tr.app, tr.owner} { // the owner is walled as well
			before := n
			as(t, pool, v.estates, v.households, func(tx pgx.Tx) {
				if err := tx.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM audit.chains), (SELECT count(*) FROM audit.entries),
					(SELECT count(*) FROM audit.changes)`).Scan(&n[0], &n[1], &n[2]); err != nil {
					t.Fatal(err)
				}
			})
			if pool == tr.owner && n != before {
				t.Errorf("the owner sees %v, the app %v", n, before)
			}
		}
		return n
	}
	var household string
	as(t, tr.app, "*", "", func(tx pgx.Tx) {
		if err := tx.QueryRow(t.Context(), `SELECT household_id FROM audit.entries WHERE kind = 'read' LIMIT 1`).Scan(&household); err != nil {
			t.Fatal(err)
		}
	})
	set := func(id ...string) string { return "{" + strings.Join(id, ",") + "}" }
	for name, c := range map[string]struct {
		viewer
		want [3]int
	}{
		"nobody":         {viewer{"", ""}, [3]int{}},
		"a stranger":     {viewer{set(uuid.NewString()), set(uuid.NewString())}, [3]int{}},
		"estate A":       {viewer{set(estateA.String()), ""}, [3]int{2, acts + 3, 9}},
		"estate B":       {viewer{set(estateB.String()), ""}, [3]int{1, 1, 1}},
		"everything":     {viewer{"*", ""}, [3]int{4, acts + 5, 11}},
		"one household":  {viewer{"", set(household)}, [3]int{0, 1, 0}},
		"two, not there": {viewer{"", set(uuid.NewString(), uuid.NewString())}, [3]int{}},
	} {
		if got := counts(c.viewer); got != c.want {
			t.Errorf("%s sees %v instead of %v", name, got, c.want)
		}
	}
}

// viewer is the settings of somebody.
type viewer struct{ estates, households string }
