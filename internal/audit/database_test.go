package audit_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/ids"
)

// prelude is what the migrations before this one bring, as far as the trail needs it.
const prelude = `
CREATE OR REPLACE FUNCTION public.viewer_estates() RETURNS uuid[] LANGUAGE sql STABLE AS
	$$ SELECT CASE WHEN s IN ('', '*') OR s IS NULL THEN NULL ELSE s::uuid[] END FROM (SELECT current_setting('app.estate_ids', true) AS s) x $$;
CREATE OR REPLACE FUNCTION public.viewer_households() RETURNS uuid[] LANGUAGE sql STABLE AS
	$$ SELECT CASE WHEN s = '' OR s IS NULL THEN NULL ELSE s::uuid[] END FROM (SELECT current_setting('app.households', true) AS s) x $$;
CREATE TABLE public.things (id uuid PRIMARY KEY, name text NOT NULL);
GRANT SELECT, INSERT ON public.things TO steward_app;`

// template is a database with nothing in it but the trail.
func template(t testing.TB) dbtest.Template {
	t.Helper()
	text, err := os.ReadFile("../../ent/migrations/00003_audit.sql")
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(append(text, prelude...))
	return dbtest.Template{Name: fmt.Sprintf("audit %x", hash[:8]), Build: func(ctx context.Context, ownerURL string) error {
		return migrate(ctx, ownerURL, text)
	}}
}

func migrate(ctx context.Context, ownerURL string, text []byte) error {
	config, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, prelude); err != nil {
		return err
	}
	files := fstest.MapFS{"00003_audit.sql": {Data: text}}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// database is a fresh trail, as the two roles see it.
type database struct {
	owner, app *pgxpool.Pool
	superURL   string
}

func newDatabase(t testing.TB) database {
	t.Helper()
	db := dbtest.New(t, template(t))
	return database{owner: connect(t, db.OwnerURL), app: connect(t, db.AppURL), superURL: db.SuperURL}
}

func connect(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

var (
	start   = time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.FixedZone("CST", 8*3600))
	estateA = uuid.MustParse("0195a000-0000-7000-8000-00000000aaaa")
	estateB = uuid.MustParse("0195a000-0000-7000-8000-00000000bbbb")
	clerk   = audit.Actor{Account: uuid.MustParse("0195a000-0000-7000-8000-00000000cccc"), Name: "王芳", Roles: []string{"cs-officer"}, Address: "10.0.0.7"}
)

// entry is an ordinary act, at its minute.
func entry(estate uuid.UUID, minute int) audit.Entry {
	return audit.Entry{Estate: estate, At: start.Add(time.Duration(minute) * time.Minute), Actor: clerk, Action: "keys.lend", Clause: "K2.1",
		SubjectType: "KeyLoan", Subject: ids.New(7), Household: ids.New(8), Reason: "水管维修 \x00 <b>", Request: "req-" + uuid.NewString()}
}

func change(t testing.TB, name string, before, after any) audit.Change {
	t.Helper()
	field, err := audit.Plain(name, before, after)
	if err != nil {
		t.Fatal(err)
	}
	return audit.Change{Type: "KeySet", ID: ids.New(9), Op: audit.Update, Fields: []audit.Field{field}}
}

// act records an act of n changes in its own transaction.
func act(t testing.TB, pool *pgxpool.Pool, e audit.Entry, changes int) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		rec := audit.NewRecorder(tx)
		for i := range changes {
			if err := rec.Add(t.Context(), e.Estate, change(t, "count", i, i+1)); err != nil {
				return err
			}
		}
		_, err := rec.Append(t.Context(), e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// verifyWhole fails the test if the trail is broken.
func verifyWhole(t testing.TB, db audit.Beginner, signed *audit.SignedHeads) audit.Report {
	t.Helper()
	report, err := audit.Verify(t.Context(), db, signed, start.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range report.Broken {
		t.Error(b)
	}
	return report
}

// as runs f in a transaction with the settings of a viewer.
func as(t testing.TB, pool *pgxpool.Pool, estates, households string, f func(pgx.Tx)) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), `SELECT set_config('app.estate_ids', $1, true), set_config('app.households', $2, true)`, estates, households); err != nil {
		t.Fatal(err)
	}
	f(tx)
}
