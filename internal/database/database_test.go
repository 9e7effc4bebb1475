package database_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func open(t *testing.T, c database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// manager is a context of the project manager of the estate with the code.
func manager(t *testing.T, db *dbtest.DB, code string) context.Context {
	t.Helper()
	table, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	estate := uuid.MustParse(texts(t, connect(t, db.SuperURL), `SELECT id::text FROM estates WHERE code = $1`, code)[0])
	return access.With(context.Background(), access.New(table, access.Viewer{
		Account: uuid.New(), Grants: []access.Grant{{Role: policy.ProjectManager, Estate: estate}},
	}))
}

func TestServingRoleIsBoundByTheWalls(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t, stewardtest.Template())
	for name, url := range map[string]string{"owner": db.OwnerURL, "superuser": db.SuperURL} {
		if _, err := database.Open(context.Background(), database.Config{URL: url}); !fault.Is(err, fault.Conflict) {
			t.Errorf("opened as %s: %v", name, err)
		}
	}
	if _, err := database.Open(context.Background(), database.Config{URL: "postgres://nobody@127.0.0.1:1/none"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("unreachable: %v", err)
	}
	if _, err := database.Open(context.Background(), database.Config{URL: "postgres://%"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("no URL: %v", err)
	}
	open(t, database.Config{URL: db.AppURL})
	open(t, database.Config{URL: db.OwnerURL, AssumeRole: "steward_app"})
}

// The settings and the assumed role end with the statement or transaction: the connection's next user is nobody.
func TestSettingsDoNotStayOnTheConnection(t *testing.T) {
	t.Parallel()
	cluster := dbtest.New(t, stewardtest.Template())
	a := manager(t, cluster, "A")
	for name, c := range map[string]database.Config{
		"app role":     {URL: cluster.AppURL, MaxConnections: 1, Unscoped: true},
		"assumed role": {URL: cluster.OwnerURL, AssumeRole: "steward_app", MaxConnections: 1, Unscoped: true},
	} {
		db := open(t, c)
		uses := map[string]func() error{
			"statement":             func() error { _, err := db.Ent.Unit.Query().All(a); return err },
			"statement that fails":  func() error { return refusedAs(db.Ent.Area.Query().Where(nonsense).Exist(a)) },
			"transaction":           func() error { return db.InTx(a, func(database.Tx) error { return nil }) },
			"transaction that ends": func() error { _ = db.InTx(a, func(database.Tx) error { return errors.New("no") }); return nil },
			"plain transaction":     func() error { return db.As(a, func(pgx.Tx) error { return nil }) },
			"system":                func() error { return db.System(a, func(context.Context, pgx.Tx) error { return nil }) },
		}
		for use, f := range uses {
			if err := f(); err != nil {
				t.Fatalf("%s, %s: %v", name, use, err)
			}
			var left string
			err := db.Pool.QueryRow(context.Background(), `SELECT coalesce(current_setting('app.estate_ids', true), '') || coalesce(current_setting('app.households', true), '')
				|| coalesce(current_setting('app.account_id', true), '') || CASE WHEN current_user <> session_user THEN current_user ELSE '' END`).Scan(&left)
			if err != nil || left != "" {
				t.Errorf("%s: after a %s the connection keeps %q (%v)", name, use, left, err)
			}
			if n, err := db.Ent.Unit.Query().Count(context.Background()); err != nil || n != 0 {
				t.Errorf("%s: after a %s nobody sees %d units (%v)", name, use, n, err)
			}
		}
		if n, err := db.Ent.Unit.Query().Count(a); err != nil || n != 4 {
			t.Errorf("%s: the manager sees %d units (%v)", name, n, err)
		}
	}
}

// A rule that panics leaves neither a change nor a connection with its locks behind.
func TestPanicRollsBack(t *testing.T) {
	t.Parallel()
	cluster := dbtest.New(t, stewardtest.Template())
	// not closed: closing waits for the connections that are out, which is what the test is about
	db, err := database.Open(context.Background(), database.Config{URL: cluster.AppURL, MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	a := manager(t, cluster, "A")
	const change = `UPDATE units SET remark = 'half done'`
	for name, f := range map[string]func() error{
		"InTx": func() error {
			return db.InTx(a, func(tx database.Tx) error { return half(tx.Raw.Exec(a, change)) })
		},
		"As": func() error {
			return db.As(a, func(tx pgx.Tx) error { return half(tx.Exec(a, change)) })
		},
		"System": func() error {
			return db.System(a, func(ctx context.Context, tx pgx.Tx) error { return half(tx.Exec(ctx, change)) })
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s swallows the panic", name)
				}
			}()
			_ = f()
		}()
		if n := db.Pool.Stat().AcquiredConns(); n != 0 {
			t.Fatalf("after a panic in %s %d connections are not given back", name, n)
		}
		if n := texts(t, connect(t, cluster.SuperURL), `SELECT count(*)::text FROM units WHERE remark = 'half done'`)[0]; n != "0" {
			t.Errorf("after a panic in %s %s rows are changed", name, n)
		}
	}
}

// half panics after the change, as a rule with a mistake does.
func half(_ pgconn.CommandTag, err error) error {
	if err != nil {
		return err
	}
	panic("a mistake")
}

// nonsense is a condition that PostgreSQL refuses.
func nonsense(s *sql.Selector) { s.Where(sql.ExprP("1 / (SELECT 0) = 1")) }

func refusedAs(_ bool, err error) error {
	if sqlState(err) != "22012" {
		return fmt.Errorf("want a division by zero, got %w", err)
	}
	return nil
}
