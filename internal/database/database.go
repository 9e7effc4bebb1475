// Package database is PostgreSQL as Steward uses it: the pool, transactions, ent's driver that carries
// the viewer's settings to row-level security (wall 2), and the interceptors and hooks that add
// scope to every statement (wall 1). Wall 3, composite keys, is made in ent/migrations.
package database

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/steward-pm/steward/ent"
	_ "github.com/steward-pm/steward/ent/runtime" // defaults and validators of the schemas
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
)

// Config says where the database is and how it is used.
type Config struct {
	URL            string // the app role's, or the owner's with AssumeRole
	AssumeRole     string // role that every batch takes on, when one URL serves for both
	MaxConnections int32  // 0: pgxpool's default
	Unscoped       bool   // tests only: without wall 1, to show what the other walls hold

	Entities map[string]access.Entity // tests only: with a declaration changed, to show what it guards; nil: ent.Entities
}

// DB is an open database.
type DB struct {
	Pool *pgxpool.Pool
	Ent  *ent.Client // scoped by the viewer in the context

	role string
}

// Open connects and checks that the effective role is one that row-level security binds.
//
// Errors: CONFLICT when the database cannot be reached, or when the role is superuser, BYPASSRLS or owner.
func Open(ctx context.Context, c Config) (_ *DB, err error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fault.Clash("数据库地址无法识别,请检查 DATABASE_URL。", "The database URL cannot be read; check DATABASE_URL.").Because(err)
	}
	if c.MaxConnections > 0 {
		pc.MaxConns = c.MaxConnections
	}
	pc.ConnConfig.StatementCacheCapacity = 2048
	pc.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithDisableSQLStatementInAttributes())
	pc.ConnConfig.BuildContextWatcherHandler = cancelStatement
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	db := &DB{Pool: pool, role: c.AssumeRole}
	if c.Entities == nil {
		c.Entities = ent.Entities
	}
	db.Ent = wall(c.Entities).client(&entDriver{pool: pool, role: c.AssumeRole}, !c.Unscoped)
	if err := db.checkRole(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// cancelStatement makes a context's end reach the server: the statement is cancelled there, and not
// just abandoned here.
func cancelStatement(conn *pgconn.PgConn) ctxwatch.Handler {
	return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, CancelRequestDelay: 50 * time.Millisecond, DeadlineDelay: 5 * time.Second}
}

// Close closes the pool.
func (db *DB) Close() { db.Pool.Close() }

// checkRole refuses to serve with a role that walks through the walls.
func (db *DB) checkRole(ctx context.Context) error {
	var walled bool
	err := db.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT NOT (rolsuper OR rolbypassrls) AND NOT EXISTS
			(SELECT FROM pg_class WHERE relname = 'estates' AND pg_has_role(current_user, relowner, 'USAGE'))
			FROM pg_roles WHERE rolname = current_user`).Scan(&walled)
	})
	if err != nil {
		return fault.Clash("连不上数据库,请检查 DATABASE_URL 以及数据库是否已启动。", "The database cannot be reached; check DATABASE_URL and that the server runs.").Because(err)
	}
	if !walled {
		return fault.Clash("服务账号不能是超级用户、BYPASSRLS 或表的所有者,请改用 steward_app。",
			"The serving role must not be superuser, BYPASSRLS or the tables' owner; use steward_app.")
	}
	return nil
}

// System runs f in a transaction that reaches everything: for the program's own look-ups, never on
// behalf of a viewer.
func (db *DB) System(ctx context.Context, f func(context.Context, pgx.Tx) error) (err error) {
	ctx = access.With(ctx, access.System(nil, "system"))
	tx, err := begin(ctx, db.Pool, db.role)
	if err != nil {
		return err
	}
	return finish(ctx, tx, func() error { return f(ctx, tx) })
}

// finish ends the transaction as f ends: rolled back also when f panics, for a connection left behind
// would keep its locks.
func finish(ctx context.Context, tx pgx.Tx, f func() error) (err error) {
	done := false
	defer func() {
		if !done {
			err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
		}
	}()
	if err := f(); err != nil {
		return err
	}
	done = true
	return tx.Commit(ctx)
}

// As runs f in a plain pgx transaction under the settings of the viewer in ctx.
func (db *DB) As(ctx context.Context, f func(pgx.Tx) error) error {
	tx, err := begin(ctx, db.Pool, db.role)
	if err != nil {
		return err
	}
	return finish(ctx, tx, func() error { return f(tx) })
}

// Tx is one transaction, as ent and as pgx.
type Tx struct {
	*ent.Tx
	Raw pgx.Tx
}

// InTx runs f in one transaction of the viewer in ctx: committed if f returns nil, else rolled back.
//
// Errors: those of f and of the database; act translates them.
func (db *DB) InTx(ctx context.Context, f func(Tx) error) (err error) {
	var raw pgx.Tx
	tx, err := db.Ent.Tx(context.WithValue(ctx, txHolder{}, &raw))
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // f failed, or it panicked
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if err := f(Tx{tx, raw}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	done = true
	return nil
}

// Statements counts the statements that ent runs under the context: for tests of N+1.
type Statements struct {
	n    atomic.Int64
	SQL  chan string // if not nil, receives each statement while there is room
	Args chan []any  // likewise what stands for its placeholders
}

// Count is how many ran.
func (s *Statements) Count() int { return int(s.n.Load()) }

// Reset begins anew.
func (s *Statements) Reset() { s.n.Store(0) }

type statementsKey struct{}

// CountStatements counts the context's statements into s.
func CountStatements(ctx context.Context, s *Statements) context.Context {
	return context.WithValue(ctx, statementsKey{}, s)
}

func countStatement(ctx context.Context, query string, args []any) {
	s, ok := ctx.Value(statementsKey{}).(*Statements)
	if !ok {
		return
	}
	s.n.Add(1)
	select {
	case s.SQL <- query:
	default:
	}
	select {
	case s.Args <- args:
	default:
	}
}
