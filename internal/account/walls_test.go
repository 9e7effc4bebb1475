package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/account"
)

// secrets are what steward_app must never read, not even where it may write.
var secrets = []string{"credentials.hash", "sessions.token_hash", "sign_ons.kept_hash", "sign_ons.state_hash", "tokens.token_hash"}

func TestAppRoleReadsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer", w.estate())
	w.session("li")
	for _, secret := range secrets {
		table, column, _ := strings.Cut(secret, ".")
		for _, sql := range []string{
			"SELECT " + column + " FROM identity." + table,
			"SELECT * FROM identity." + table,
			"SELECT count(*) FROM identity." + table + " WHERE " + column + " IS NOT NULL",
			"SELECT t::text FROM identity." + table + " t",
			"COPY identity." + table + " TO STDOUT",
			"UPDATE identity." + table + " SET account_id = account_id RETURNING " + column,
		} {
			for _, v := range []viewer{system, of(li)} {
				denied(t, sql, w.as(v, func(tx pgx.Tx) error { return second(tx.Exec(t.Context(), sql)) }))
			}
		}
	}
	for _, sql := range []string{
		"SELECT * FROM identity.sign_in_attempts", "DELETE FROM identity.sign_in_attempts",
		"SELECT account_id FROM identity.credentials", "DELETE FROM identity.credentials",
		"UPDATE identity.credentials SET hash = ''", "UPDATE identity.accounts SET email_key = 'x'",
		"UPDATE identity.accounts SET disabled_at = NULL", "DELETE FROM identity.accounts",
		"UPDATE identity.sessions SET expires_at = 'infinity'", "UPDATE identity.tokens SET role = 'x'",
		"UPDATE identity.tokens SET estates = NULL", "UPDATE identity.grants SET role = 'x'", "DELETE FROM identity.grants",
		"UPDATE identity.grants SET estate_id = NULL", "UPDATE identity.inbox SET account_id = account_id", "DELETE FROM identity.inbox",
		"INSERT INTO identity.sessions (id) VALUES (NULL)", "INSERT INTO identity.accounts (id) VALUES (NULL)",
		"CREATE TABLE identity.x ()", "SELECT identity.attempt_count('', '', now(), 1, '1s', '1s', '1s')",
		"SELECT identity.attempt_lock('', '', now())", "SELECT identity.attempt_subject('', NULL)",
	} {
		denied(t, sql, w.as(system, func(tx pgx.Tx) error { return second(tx.Exec(t.Context(), sql)) }))
	}
}

func denied(t *testing.T, sql string, err error) {
	t.Helper()
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" || strings.Contains(pg.Message, "row-level") {
		t.Errorf("%s: got %v, want permission denied", sql, err)
	}
}

// The catalogue: no secret column is granted, and a column is secret by its name, so that a new one is
// found; every function fixes its search path, and no stranger may call it.
func TestCatalogueOfSecretsAndFunctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rows, err := w.owner.Query(t.Context(), `SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'identity'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.attname ~ '(hash|secret|password)'
		  AND NOT has_column_privilege('steward_app', c.oid, a.attnum, 'SELECT') ORDER BY 1`)
	must(t, err)
	hidden, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if !slices.Equal(hidden, secrets) {
		t.Errorf("hidden columns %v, want %v", hidden, secrets)
	}
	for what, sql := range map[string]string{
		"a table without row-level security": `SELECT relname FROM pg_class WHERE relnamespace = 'identity'::regnamespace AND relkind = 'r' AND NOT relrowsecurity`,
		"a function with an open search path": `SELECT proname FROM pg_proc WHERE pronamespace = 'identity'::regnamespace
			AND NOT coalesce(proconfig, '{}') @> '{"search_path=\"\""}'`,
		"a function for everybody": `SELECT proname FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) x
			WHERE pronamespace = 'identity'::regnamespace AND x.grantee = 0`,
		"a function that hands out a stored hash": `SELECT proname FROM pg_proc p, unnest(coalesce(proargnames, '{}'), coalesce(proargmodes, '{}')) x(name, mode)
			WHERE pronamespace = 'identity'::regnamespace AND mode IN ('o', 't', 'b') AND name ~ '(hash|secret|password)'`,
		"a table that the app role owns or may empty": `SELECT relname FROM pg_class WHERE relnamespace = 'identity'::regnamespace AND relkind = 'r'
			AND (relowner = 'steward_app'::regrole OR has_table_privilege('steward_app', oid, 'DELETE, TRUNCATE'))`,
	} {
		rows, err := w.owner.Query(t.Context(), sql)
		must(t, err)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		if len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
}

// What attempt_begin hands out is the salt and the cost, never the hash.
func TestBeginHandsOutNoHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "")
	var salt, hash string
	must(t, w.app.QueryRow(t.Context(), `SELECT salt FROM identity.attempt_begin('li@example.com', NULL, '', now(),
		5, '1s', '1s', '1s', 5, '1s', '1s', '1s')`).Scan(&salt))
	must(t, w.owner.QueryRow(t.Context(), `SELECT hash FROM identity.credentials`).Scan(&hash))
	if rest, ok := strings.CutPrefix(hash, salt+"$"); !ok || strings.Count(salt, "$") != 4 || len(rest) != 43 {
		t.Errorf("salt %q of %q", salt, hash)
	}
}

// Each wall has its mutant: with row-level security off the row leaks, with it on it is gone.
func TestRowLevelSecurity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	li := w.person("li", "cs-officer", a)
	w.session("li")
	must(t, third(w.token(account.NewToken{Account: li, Name: "x", Role: "cs-officer", ExpiresAt: w.clock.Now().AddDate(0, 1, 0)})))
	w.do(of(li), func(tx pgx.Tx) error {
		if err := w.Post(t.Context(), tx, account.Message{AccountID: li, Kind: "x"}); err != nil {
			return err
		}
		return second(w.Begin(t.Context(), tx, account.Once{Account: li, Key: "k", HMAC: []byte("x")}))
	})
	stranger := w.person("stranger", "project-manager", b)
	for _, table := range []string{"accounts", "sessions", "tokens", "grants", "inbox", "idempotency"} {
		id := "account_id"
		if table == "accounts" {
			id = "id"
		}
		look := fmt.Sprintf(`SELECT count(%s) FROM identity.%s WHERE %[1]s = '%[3]s'`, id, table, li)
		alter := func(how string) { must(t, second(w.owner.Exec(t.Context(), "ALTER TABLE identity."+table+" "+how))) }
		if n := w.count(of(li, a), look); n != 1 {
			t.Errorf("%s: the owner sees %d, want 1", table, n)
		}
		alter("DISABLE ROW LEVEL SECURITY")
		if n := w.count(of(stranger, b), look); n == 0 {
			t.Errorf("%s: no leak without the wall: the test proves nothing", table)
		}
		alter("ENABLE ROW LEVEL SECURITY")
		for _, v := range []viewer{of(stranger, b), {"", ""}, {"", "*"}, {"", "{" + a.String() + "}"}} {
			if n := w.count(v, look); n != 0 {
				t.Errorf("%s: %v sees %d rows of another", table, v, n)
			}
		}
		var n int // no settings at all, on a connection that had some
		must(t, w.app.QueryRow(t.Context(), look).Scan(&n))
		if n != 0 {
			t.Errorf("%s: without settings %d rows", table, n)
		}
	}
}

// inbox and idempotency are under FORCE: their owner too sees nothing without being told for whom.
func TestForcedForTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "")
	w.do(system, func(tx pgx.Tx) error {
		if err := w.Post(t.Context(), tx, account.Message{AccountID: li, Kind: "x"}); err != nil {
			return err
		}
		return second(w.Begin(t.Context(), tx, account.Once{Account: li, Key: "k", HMAC: []byte("x")}))
	})
	for _, table := range []string{"inbox", "idempotency"} {
		var n int
		must(t, w.owner.QueryRow(t.Context(), "SELECT count(*) FROM identity."+table).Scan(&n))
		if n != 0 {
			t.Errorf("%s: the owner sees %d rows", table, n)
		}
	}
}

// A portfolio viewer's policies cost no look at the grants, a manager's one per statement.
func TestListOfAccountsReadsTheGrantsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.estate()
	pm := w.person("pm", "project-manager", a)
	must(t, second(w.owner.Exec(t.Context(), `INSERT INTO identity.accounts (id, email, email_key, name, kind, created_at)
		SELECT gen_random_uuid(), n::text, n::text, n::text, 'staff', now() FROM generate_series(1, 300) n`)))
	w.do(of(pm, a), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT id FROM identity.accounts`)
		if err != nil {
			return err
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		text := strings.Join(plan, "\n")
		if !strings.Contains(text, "hashed SubPlan") || strings.Contains(text, "loops=300") {
			t.Errorf("plan:\n%s", text)
		}
		return err
	})
}

func third[A, B any](_ A, _ B, err error) error { return err }
