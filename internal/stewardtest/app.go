// Package stewardtest is the whole program for a behaviour test: a database of its own, the HTTP server,
// people by role, and a clock that the test controls. Tests then read like the rulebook:
//
//	app := stewardtest.New(t)
//	app.As(policy.CSOfficer).Do(lendKeys, …)
//	app.Clock.Advance(10 * time.Hour)
//	app.As(policy.CSOfficer).Refused(lendKeys, …, fault.RuleBroken, "K2.2")
package stewardtest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/files/store"
	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/program"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/webhook"
	"github.com/steward-pm/steward/policy"
)

// Start is when every test begins: a Monday morning at nine in Shanghai.
var Start = time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai())

func shanghai() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return zone
}

// App is a running program with two estates, A and B, that are alike.
type App struct {
	*program.App
	Clock    *clockwork.FakeClock
	URL      string // of the HTTP server
	OwnerURL string // of the database, as the role that migrates
	SuperURL string // as superuser, for spoiling things
	A, B     Estate

	t            testing.TB
	owner, super *pgxpool.Pool
	mu           sync.Mutex
	people       map[string]*Person
}

// Options change how the program is wired, for tests of single guards.
type Options struct {
	Policy   *policy.Table              // nil: the built-in one
	Server   func(*server.Config)       // may change limits
	Unscoped bool                       // without wall 1
	Entities map[string]access.Entity   // nil: ent.Entities
	Files    store.Store                // nil: a directory
	SignOn   func(*App) *program.SignOn // nil: none; it is told the clock and the address

	Letters  identity.Letters // no mail server unless given
	Webhooks webhook.Config

	signOn *program.SignOn
}

// New starts the program on a database of the test's own.
func New(t testing.TB, options ...Options) *App {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	db := dbtest.New(t, Template())
	clock := clockwork.NewFakeClockAt(Start)
	app := &App{Clock: clock, OwnerURL: db.OwnerURL, SuperURL: db.SuperURL, t: t, people: map[string]*Person{}}
	app.owner, app.super = pool(t, db.OwnerURL), pool(t, db.SuperURL)
	srv := httptest.NewUnstartedServer(nil)
	app.URL = "http://" + srv.Listener.Addr().String()
	if o.SignOn != nil {
		o.signOn = o.SignOn(app)
	}
	app.App = Wire(t, db.AppURL, clock, o)
	srv.Config.Handler = app.Handler()
	srv.Start()
	t.Cleanup(srv.Close)
	app.load()
	return app
}

// pool connects when it is used, as to connect takes longer than most that tests ask. Nothing is prepared ahead: tests change tables.
func pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	p, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Wire wires the program over a database, with cheap passwords and silent logs.
func Wire(t testing.TB, url string, clock clockwork.Clock, o Options) *program.App {
	t.Helper()
	db, err := database.Open(context.Background(), database.Config{URL: url, MaxConnections: 20, Unscoped: o.Unscoped, Entities: o.Entities})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	dir := t.TempDir()
	keys, err := audit.OpenKeyDir(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Defaults()
	cfg.Concurrent, cfg.Queue, cfg.QueueWait = 80, 2000, time.Minute
	cfg.RequestTimeout = time.Minute // machines that run tests are busy
	if o.Server != nil {
		o.Server(&cfg)
	}
	app, err := program.Assemble(program.Parts{
		DB: db, Clock: clock, Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})), Policy: o.Policy,
		Accounts: account.Config{Params: CheapPasswords}, Keys: keys, Secret: []byte("a secret of tests"),
		ListenURL: url, FilesDir: filepath.Join(dir, "files"), Files: o.Files, Zone: Start.Location(), Server: cfg, SignOn: o.signOn,
		Letters: o.Letters, Webhooks: o.Webhooks,
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// CheapPasswords are argon2id parameters that take no time.
var CheapPasswords = account.Params{Memory: 8, Time: 1, Threads: 1}

// testLog shows warnings of the program in the test's output.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Logf("%s", p)
	return len(p), nil
}

// Listen has streams hear of changes, as a running server does, until the test ends.
func (a *App) Listen() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.Runtime.Streams.Run(ctx)
	}()
	a.t.Cleanup(func() { stop(); <-done })
}

// Context is one in which acts run as the system.
func (a *App) Context() context.Context {
	return access.With(act.With(context.Background(), a.Runtime), access.System(a.Policy, "test"))
}

// Template is the migrated database with the two estates, built once per run of go test: all test binaries
// of a run hold the same migrations and the same seed, and their cluster ends with it.
func Template() dbtest.Template {
	return dbtest.Template{Name: "steward", Build: build}
}

func build(ctx context.Context, ownerURL string) error {
	if err := migrations.Up(ctx, ownerURL); err != nil {
		return err
	}
	return seed(ctx, ownerURL)
}

// SQL runs raw statements as the owner, who is under row-level security too, with all estates.
func (a *App) SQL(sql string, args ...any) {
	a.t.Helper()
	if err := a.TrySQL(sql, args...); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
}

// TrySQL is SQL that may be refused.
func (a *App) TrySQL(sql string, args ...any) error {
	a.t.Helper()
	tx, err := a.owner.Begin(context.Background())
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }() // nothing, once it is committed
	if _, err := tx.Exec(context.Background(), `SET LOCAL app.estate_ids = '*'`); err != nil {
		a.t.Fatal(err)
	}
	if _, err := tx.Exec(context.Background(), sql, args...); err != nil {
		return err
	}
	return tx.Commit(context.Background())
}

// Super runs a raw statement as superuser, past row-level security, triggers and foreign keys.
func (a *App) Super(sql string, args ...any) {
	a.t.Helper()
	conn, err := pgx.Connect(context.Background(), a.SuperURL)
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), `SET session_replication_role = replica`); err != nil {
		a.t.Fatal(err)
	}
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
}

// IDs runs a query for ids, as superuser: it sees all rows.
func (a *App) IDs(sql string, args ...any) []uuid.UUID {
	a.t.Helper()
	return query[uuid.UUID](a, sql, args...)
}

// Fingerprint is the content of every row of an estate, in every table with estate_id outside of audit.
func (a *App) Fingerprint(estate uuid.UUID) string {
	a.t.Helper()
	tables := query[string](a, `SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
		WHERE a.attname = 'estate_id' AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace ORDER BY 1`)
	var all []string
	for _, table := range tables {
		all = append(all, `SELECT '`+table+`=' || coalesce(md5(string_agg(t::text, '' ORDER BY id)), '') FROM `+table+` t WHERE estate_id = $1`)
	}
	return strings.Join(query[string](a, strings.Join(all, " UNION ALL ")+" ORDER BY 1", estate), " ")
}

// Accounts is the content of everything that belongs to accounts.
func (a *App) Accounts() string {
	a.t.Helper()
	return strings.Join(query[string](a, `SELECT md5(coalesce(string_agg(t, '' ORDER BY t), '')) FROM (
		SELECT a::text t FROM identity.accounts a UNION ALL SELECT c::text FROM identity.credentials c UNION ALL SELECT g::text FROM identity.grants g
		UNION ALL SELECT s.id::text || coalesce(s.revoked_at::text, '') FROM identity.sessions s
		UNION ALL SELECT k::text FROM identity.tokens k UNION ALL SELECT i::text FROM identity.inbox i) x`), "")
}

func query[T any](a *App, sql string, args ...any) []T {
	a.t.Helper()
	rows, err := a.super.Query(context.Background(), sql, args...)
	if err != nil {
		a.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// GrantIn is a grant of a role in an estate; in no estate, of the portfolio.
func (a *App) GrantIn(role policy.Role, e Estate) account.NewGrant {
	return account.NewGrant{Role: string(role), Estate: e.ID, From: calendar.DayOf(Start.AddDate(-1, 0, 0))}
}
