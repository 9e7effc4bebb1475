package account_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/fault"
)

// template is a migrated database with nothing in it.
func template(t testing.TB) dbtest.Template {
	sum := sha256.New()
	must(t, fs.WalkDir(migrations.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := migrations.Files.ReadFile(path)
		_, _ = sum.Write(text) // never fails
		return err
	}))
	return dbtest.Template{Name: "identity " + hex.EncodeToString(sum.Sum(nil)), Build: migrations.Up}
}

// cheap is a hash that costs nothing.
var cheap = account.Params{Memory: 8, Time: 1, Threads: 1}

const password = "correct horse battery"

// world is a database, the service over it as the app role, a clock, and a count of hashes.
type world struct {
	*account.Service
	t          testing.TB
	app, owner *pgxpool.Pool
	clock      *clockwork.FakeClock
	hashes     *atomic.Int64
	cfg        account.Config
}

func newWorld(t testing.TB, change ...func(*account.Config)) *world {
	t.Helper()
	db := dbtest.New(t, template(t))
	w := &world{t: t, app: connect(t, db.AppURL), owner: connect(t, db.OwnerURL), hashes: new(atomic.Int64)}
	w.clock = clockwork.NewFakeClockAt(time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC))
	w.cfg = account.Config{
		Roles: []string{"general-manager", "project-manager", "cs-officer", "auditor", "resident"}, Params: cheap, Hashes: 4,
		KDF: func(password, salt []byte, p account.Params) []byte {
			w.hashes.Add(1)
			return account.Argon2id(password, salt, p)
		},
	}
	for _, c := range change {
		c(&w.cfg)
	}
	w.Service = account.New(w.app, w.clock, w.cfg)
	return w
}

func connect(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	must(t, err)
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// viewer is who the settings say is asking: ” and "{…}" or '*'.
type viewer struct{ account, estates string }

var system = viewer{"*", "*"}

func of(account uuid.UUID, estates ...uuid.UUID) viewer {
	set := "{"
	for i, e := range estates {
		if i > 0 {
			set += ","
		}
		set += e.String()
	}
	return viewer{account.String(), set + "}"}
}

func portfolio(account uuid.UUID) viewer { return viewer{account.String(), "*"} }

// as runs f in a transaction of the app role under the viewer's settings, and commits unless f fails.
func (w *world) as(v viewer, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(w.t.Context(), w.app, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.t.Context(), `SELECT set_config('app.account_id', $1, true), set_config('app.estate_ids', $2, true)`, v.account, v.estates)
		if err != nil {
			return err
		}
		return f(tx)
	})
}

// do is as, when nothing is refused.
func (w *world) do(v viewer, f func(tx pgx.Tx) error) {
	w.t.Helper()
	must(w.t, w.as(v, f))
}

// count counts by SQL as the app role under the viewer's settings.
func (w *world) count(v viewer, sql string, args ...any) (n int) {
	w.t.Helper()
	w.do(v, func(tx pgx.Tx) error { return tx.QueryRow(w.t.Context(), sql, args...).Scan(&n) })
	return n
}

// asOwner runs f as the role that owns the tables, with every estate in sight.
func (w *world) asOwner(f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(w.t.Context(), w.owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(w.t.Context(), `SET LOCAL app.estate_ids = '*'`); err != nil {
			return err
		}
		return f(tx)
	})
}

// estate makes an estate, with a household that shares its id.
func (w *world) estate() (id uuid.UUID) {
	w.t.Helper()
	id = uuid.New()
	must(w.t, w.asOwner(func(tx pgx.Tx) error {
		if _, err := tx.Exec(w.t.Context(), `INSERT INTO estates (id, created_at, code, name) VALUES ($1, now(), $2, $2)`, id, id.String()); err != nil {
			return err
		}
		_, err := tx.Exec(w.t.Context(), `INSERT INTO households (id, created_at, code, name, sort_key, estate_id) VALUES ($1, now(), 'H', '业户', '', $1)`, id)
		return err
	}))
	return id
}

// person makes a member of staff with the usual password, holding grants of a role in estates.
func (w *world) person(name, role string, estates ...uuid.UUID) uuid.UUID {
	w.t.Helper()
	var id uuid.UUID
	w.do(system, func(tx pgx.Tx) error {
		a, _, err := w.Create(w.t.Context(), tx, account.NewAccount{Email: name + "@example.com", Name: name, Kind: account.Staff, Password: password})
		id = a.ID
		return err
	})
	for _, e := range estates {
		w.give(account.NewGrant{Account: id, Role: role, Estate: e})
	}
	return id
}

func (w *world) give(g account.NewGrant) (given account.Grant) {
	w.t.Helper()
	if g.From.IsZero() {
		g.From = today
	}
	w.do(system, func(tx pgx.Tx) (err error) {
		given, err = w.Grant(w.t.Context(), tx, g)
		return err
	})
	return given
}

// today is the date of the world's clock in Shanghai.
var today = calendar.Date(2026, 3, 2)

func (w *world) signIn(name, password string) (account.SignedIn, error) {
	return w.signInFrom("192.0.2.1:5000", name, password)
}

func (w *world) signInFrom(address, name, password string) (account.SignedIn, error) {
	return w.SignIn(w.t.Context(), account.Credentials{Email: name + "@example.com", Password: password, Address: address, UserAgent: "test"})
}

// session signs in, who must be let in.
func (w *world) session(name string) account.SignedIn {
	w.t.Helper()
	in, err := w.signIn(name, password)
	must(w.t, err)
	return in
}

func (w *world) who(bearer string) (*account.Identity, error) {
	return w.Authenticate(w.t.Context(), bearer, today)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that err is a refusal with the code, and both its sentences are there.
func refused(t testing.TB, err error, code fault.Code) *fault.Error {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Code != code {
		t.Fatalf("got %v, want a refusal %s", err, code)
	}
	if f.ZH == "" || f.EN == "" {
		t.Errorf("refusal %v speaks only one language", f)
	}
	return f
}
