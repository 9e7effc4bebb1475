package account_test

import (
	"database/sql"
	"testing"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/database/dbtest"
)

// A database with grants in it is migrated: the check of their references sees the estates, which row-level
// security hides from the owner too.
func TestGrantsOfBeforeAreKept(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t, dbtest.Empty).OwnerURL
	db, err := sql.Open("pgx", url)
	must(t, err)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files)
	must(t, err)
	must(t, second(p.UpTo(t.Context(), 8)))
	estate, account := uuid.New(), uuid.New()
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	for _, s := range []struct {
		sql  string
		args []any
	}{
		{`SET LOCAL app.estate_ids = '*'`, nil},
		{`INSERT INTO estates (id, created_at, code, name) VALUES ($1, now(), 'A', '甲')`, []any{estate}},
		{`INSERT INTO identity.accounts (id, email, email_key, name, kind, created_at, disabled_at) VALUES ($1, 'li', 'li', 'li', 'staff', now(), now())`, []any{account}},
		{`INSERT INTO identity.grants (id, account_id, role, estate_id, valid_from, created_at) VALUES (gen_random_uuid(), $1, 'cs-officer', $2, '2026-03-02', now())`, []any{account, estate}},
	} {
		must(t, second(tx.ExecContext(t.Context(), s.sql, s.args...)))
	}
	must(t, tx.Commit())
	must(t, migrations.Up(t.Context(), url))
	var portfolio bool // by whom an account was disabled before is not known: an estate does not undo it
	must(t, db.QueryRowContext(t.Context(), `SELECT disabled_by_portfolio FROM identity.accounts a JOIN identity.grants g ON g.account_id = a.id`).Scan(&portfolio))
	if !portfolio {
		t.Error("an estate could enable whom the portfolio may have disabled")
	}
}
