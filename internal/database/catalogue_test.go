package database_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// tenants are the tables that hold tenants' rows, with the column of the estate: found in the catalogue, so that a
// new table is held to the rules without anyone remembering it. identity has walls of its own (internal/account).
const tenants = `(SELECT c.oid, c.relname::text, c.oid::regclass::text AS name, n.nspname::text AS schema, a.attname::text AS estate, a.attnum
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
		AND a.attname = CASE WHEN c.oid = 'estates'::regclass THEN 'id' ELSE 'estate_id' END
	WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('identity', 'river', 'pg_catalog', 'information_schema')) tenant`

// estatePolicy is the one that keeps the plans, as PostgreSQL prints it.
const estatePolicy = `^\(\(\( SELECT current_setting\('app\.estate_ids'::text, true\) AS current_setting\) = '\*'::text\) OR ` +
	`\(array_position\(\( SELECT viewer_estates\(\) AS viewer_estates\), (estate_id|id)\) IS NOT NULL\)\)$`

// householdPolicy admits a household's residents to read.
const householdPolicy = `\(?\(?array_position\(\( SELECT viewer_households\(\) AS viewer_households\), (household_id|delivered_to_id|id)\) IS NOT NULL\)`

// rules of walls 2 and 3: each query finds what breaks it. spoil breaks it, to show that the query would find it.
var rules = []struct{ name, query, spoil string }{
	{
		"row-level security is on, for the owner too",
		`SELECT name FROM ` + tenants + ` JOIN pg_class c USING (oid) WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
		`ALTER TABLE units NO FORCE ROW LEVEL SECURITY`,
	},
	{
		"no table of public is without a policy",
		`SELECT oid::regclass::text FROM pg_class c WHERE relkind IN ('r', 'p', 'm', 'f') AND relnamespace = 'public'::regnamespace
			AND relname <> 'goose_db_version' AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)`,
		`CREATE TABLE forgotten (id uuid)`,
	},
	{
		"one policy lets in by estate, and no other lets write",
		`SELECT name FROM ` + tenants + ` WHERE 1 <> (SELECT count(*) FROM pg_policy p WHERE p.polrelid = tenant.oid AND p.polcmd <> 'r')
			OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = tenant.oid AND p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}'
				AND p.polwithcheck IS NULL AND pg_get_expr(p.polqual, p.polrelid) ~ '` + strings.ReplaceAll(estatePolicy, `'`, `''`) + `')`,
		`ALTER POLICY estate ON key_sets USING (true)`,
	},
	{
		"a policy for reading admits by household, or by restricting",
		`SELECT name FROM ` + tenants + ` JOIN pg_policy p ON p.polrelid = tenant.oid WHERE p.polcmd = 'r' AND p.polpermissive
			AND pg_get_expr(p.polqual, p.polrelid) !~ '` + householdPolicy + `'`,
		`CREATE POLICY wide ON key_sets FOR SELECT USING (estate_id IS NOT NULL)`,
	},
	{
		"a reference between tenants' tables carries the estate on both sides, and nothing goes with its parent",
		`SELECT f.conname FROM pg_constraint f JOIN ` + tenants + ` ON tenant.oid = f.conrelid JOIN pg_attribute there ON there.attrelid = f.confrelid
			AND there.attname = CASE WHEN f.confrelid = 'estates'::regclass THEN 'id' ELSE 'estate_id' END
			WHERE f.contype = 'f' AND (f.confdeltype <> 'r' OR there.attnum IS DISTINCT FROM f.confkey[array_position(f.conkey, tenant.attnum)])`,
		`CREATE UNIQUE INDEX u ON areas (id); ALTER TABLE buildings ADD CONSTRAINT crossing FOREIGN KEY (area_id) REFERENCES areas (id) ON DELETE RESTRICT`,
	},
	{
		"every unique key and exclusion holds the estate",
		`SELECT i.indexrelid::regclass::text FROM pg_index i JOIN ` + tenants + ` ON tenant.oid = i.indrelid
			WHERE (i.indisunique OR i.indisexclusion) AND tenant.name <> 'estates' AND tenant.attnum <> ALL (i.indkey)`,
		`CREATE UNIQUE INDEX telling ON residents (id)`,
	},
	{
		"nothing is ever deleted or truncated by the app role",
		`SELECT c.oid::regclass || ' ' || p FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'audit', 'identity'),
			unnest('{DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p WHERE c.relkind IN ('r', 'p') AND has_table_privilege('steward_app', c.oid, p)`,
		`GRANT DELETE ON key_loans TO steward_app`,
	},
	{
		"balances and the audit trail are not written by the app role",
		`SELECT c.oid::regclass || ' ' || p FROM pg_class c, unnest('{INSERT,UPDATE}'::text[]) p WHERE c.relkind IN ('r', 'p')
			AND (c.oid = 'key_balances'::regclass OR c.relnamespace = 'audit'::regnamespace) AND has_any_column_privilege('steward_app', c.oid, p)`,
		`GRANT UPDATE (count) ON key_balances TO steward_app`,
	},
	{
		"secrets are not read by the app role",
		`SELECT c.oid::regclass || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'identity'::regnamespace
			AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND (a.attname ~ '(^|_)hash$' OR c.relname IN ('credentials', 'sign_in_attempts'))
			AND has_column_privilege('steward_app', c.oid, a.attnum, 'SELECT')`,
		`GRANT SELECT (token_hash) ON identity.sessions TO steward_app`,
	},
	{
		"the app role is nobody else",
		`SELECT rolname::text FROM pg_roles WHERE rolname = 'steward_app' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
			UNION ALL SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'steward_app'::regrole`,
		`GRANT pg_read_all_data TO steward_app`,
	},
	{
		"what runs as the owner has a fixed search path, and is not for everybody",
		`SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname !~ '^pg_'
			AND (NOT coalesce(array_to_string(p.proconfig, ' ') ~ 'search_path=', false) OR EXISTS (
				SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0))`,
		`CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM units'`,
	},
}

// broken are the rules that the database breaks, with what breaks them.
func broken(t *testing.T, q interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range rules {
		rows, err := q.Query(context.Background(), r.query)
		if err != nil {
			t.Fatal(err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if len(found) > 0 {
			out[r.name] = found
		}
	}
	return out
}

func TestCatalogueHoldsTheWalls(t *testing.T) {
	t.Parallel()
	conn := connect(t, dbtest.New(t, stewardtest.Template()).SuperURL)
	for rule, by := range broken(t, conn) {
		t.Errorf("%s, but: %s", rule, strings.Join(by, ", "))
	}
	for _, r := range rules { // each rule with its mutant
		tx, err := conn.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(context.Background(), r.spoil); err != nil {
			t.Fatalf("%s: %v", r.spoil, err)
		}
		if broken(t, tx)[r.name] == nil {
			t.Errorf("%q is not found to break the rule that %s", r.spoil, r.name)
		}
		if err := tx.Rollback(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// Walls 1 and 2 are told the same thing twice, by annotation and by migration.
func TestEntitiesAgreeWithTheCatalogue(t *testing.T) {
	t.Parallel()
	conn := connect(t, dbtest.New(t, stewardtest.Template()).SuperURL)
	known := map[string]bool{}
	for name, e := range ent.Entities {
		known[e.Table] = true
		var updates, some, walled bool
		var household *string
		err := conn.QueryRow(context.Background(), `SELECT has_table_privilege('steward_app', c.oid, 'UPDATE'), has_any_column_privilege('steward_app', c.oid, 'UPDATE'),
				EXISTS (SELECT FROM `+tenants+` WHERE tenant.oid = c.oid AND tenant.estate = $2),
				(SELECT substring(pg_get_expr(p.polqual, p.polrelid) FROM '`+householdPolicy+`') FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'household')
			FROM pg_class c WHERE c.relname = $1 AND c.relnamespace = 'public'::regnamespace`, e.Table, e.Estate).Scan(&updates, &some, &walled, &household)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case updates && e.AppendOnly, !some && !e.AppendOnly:
			t.Errorf("%s: append-only is %v, but the app role's right to update is %v, of a column %v", name, e.AppendOnly, updates, some)
		case !walled:
			t.Errorf("%s has no column %q that tells the estate", name, e.Estate)
		case e.Household == "" && household != nil, e.Household != "" && (household == nil || *household != e.Household):
			t.Errorf("%s: residents are admitted by %q in ent/schema, by %v in the policy", name, e.Household, household)
		}
	}
	for _, table := range texts(t, conn, `SELECT name FROM `+tenants+` WHERE schema = 'public'`) {
		if !known[table] {
			t.Errorf("%s is a tenants' table of no entity, so wall 1 does not stand before it", table)
		}
	}
}

// viewers who must reach nothing, as settings on a connection of the app role. A transaction-local setting leaves
// ” behind on a reused connection, not NULL.
var viewers = []struct{ name, before, settings string }{
	{"never set", "", ""},
	{"empty", "", `SELECT set_config('app.estate_ids', '', true), set_config('app.households', '', true), set_config('app.account_id', '', true)`},
	{"a reused connection", `BEGIN; SELECT set_config('app.estate_ids', '*', true), set_config('app.households', '{00000000-0000-0000-0000-000000000001}', true); COMMIT`, ""},
	{"a foreign estate's", "", `SELECT set_config('app.estate_ids', format('{%s}', gen_random_uuid()), true), set_config('app.households', format('{%s}', gen_random_uuid()), true),
		set_config('app.account_id', gen_random_uuid()::text, true)`},
}

// Every tenant table × select, insert, update, delete, as the app role: nothing.
func TestCatalogueNoViewerAndForeignViewerReachNothing(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t, stewardtest.Template())
	super := connect(t, db.SuperURL)
	tables := texts(t, super, `SELECT name FROM `+tenants+` ORDER BY 1`)
	if len(tables) < len(ent.Entities)+3 {
		t.Fatalf("only %d tables of tenants are found: %v", len(tables), tables)
	}
	for _, v := range viewers {
		t.Run(v.name, func(t *testing.T) {
			conn := connect(t, db.AppURL)
			if v.before != "" {
				exec(t, conn, v.before)
			}
			exec(t, conn, "BEGIN")
			if v.settings != "" {
				exec(t, conn, v.settings)
			}
			for _, table := range tables {
				reachNothing(t, super, conn, table)
			}
		})
	}
	t.Run("who sees all does see", func(t *testing.T) { // or the test would pass on an empty database
		conn := connect(t, db.AppURL)
		exec(t, conn, `BEGIN; SELECT set_config('app.estate_ids', '*', true)`)
		for _, table := range tables {
			if texts(t, conn, `SELECT count(*)::text FROM `+table)[0] == "0" {
				t.Errorf("%s has no rows: seed one in internal/stewardtest/seed.go, or nothing is proven of it", table)
			}
		}
	})
}

func reachNothing(t *testing.T, super, conn *pgx.Conn, table string) {
	t.Helper()
	column := texts(t, super, fmt.Sprintf(`SELECT estate FROM %s WHERE name = '%s'`, tenants, table))[0]
	row := texts(t, super, fmt.Sprintf(`SELECT to_json(t)::text FROM %s t LIMIT 1`, table))
	if len(row) == 0 {
		t.Errorf("%s has no rows: seed one in internal/stewardtest/seed.go, or nothing is proven of it", table)
		return
	}
	if n := attempt(t, conn, `SELECT * FROM `+table); n != "0 rows" {
		t.Errorf("select from %s: %s", table, n)
	}
	if n := attempt(t, conn, fmt.Sprintf(`UPDATE %s SET %s = %[2]s`, table, column)); n != "0 rows" && n != refused {
		t.Errorf("update of %s: %s", table, n)
	}
	if n := attempt(t, conn, `DELETE FROM `+table); n != refused {
		t.Errorf("delete from %s: %s", table, n)
	}
	insert := fmt.Sprintf(`INSERT INTO %s SELECT * FROM json_populate_record(NULL::%[1]s, $1::json)`, table)
	if n := attempt(t, conn, insert, row[0]); n != refused {
		t.Errorf("insert into %s of another estate's row: %s", table, n)
	}
}

// refused is the SQLSTATE of a missing right and of a row that a policy does not admit.
const refused = "42501"

// attempt runs a statement inside a savepoint, which it rolls back, and tells the SQLSTATE or the rows affected.
func attempt(t *testing.T, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	exec(t, conn, "SAVEPOINT attempt")
	tag, err := conn.Exec(context.Background(), sql, args...)
	exec(t, conn, "ROLLBACK TO attempt")
	if err != nil {
		return sqlState(err)
	}
	return fmt.Sprintf("%d rows", tag.RowsAffected())
}

// unreferenced are columns that name a row of another table, but that no foreign key guards.
var unreferenced []string // none: keep it so

// What decides who may read a row (wall 1 and the household policies) should not name another estate's household
// or department: a composite key guards it. The list above holds those that have none yet; it can only shrink.
func TestCatalogueColumnsOfScopeAreReferences(t *testing.T) {
	t.Parallel()
	conn := connect(t, dbtest.New(t, stewardtest.Template()).SuperURL)
	found := texts(t, conn, `SELECT name || '.' || a.attname FROM `+tenants+` JOIN pg_attribute a ON a.attrelid = tenant.oid AND a.attname IN ('household_id', 'department_id')
		WHERE schema = 'public' AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = tenant.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)) ORDER BY 1`)
	for _, column := range found {
		if !slices.Contains(unreferenced, column) {
			t.Errorf("%s may name a row of another estate: it needs a composite foreign key", column)
		}
	}
	for _, column := range unreferenced {
		if !slices.Contains(found, column) {
			t.Errorf("%s is guarded now: take it off the list", column)
		}
	}
}
