// Package account knows who is asking: accounts and their passwords, sessions, API tokens, grants of
// roles, the inbox, and the idempotency keys of an account. It owns the schema identity
// (ent/migrations/00002_identity.sql, 00009_identity_hardening.sql) and speaks SQL to it; no rule of a chapter lives here.
//
// Methods that change something take a Querier, so that they run inside the caller's transaction, under
// its settings app.account_id and app.estate_ids: row-level security decides which accounts, grants and
// messages are there. Looking at a password or a bearer token needs no settings and runs on the pool:
// a failed attempt must stay counted when the caller's transaction is rolled back.
//
// A secret never leaves the database. A password's hash is computed here from the salt and compared
// there, so that somebody who can make steward_app run any SQL still holds no hash.
package account

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jonboulle/clockwork"
	"github.com/steward-pm/steward/internal/calendar"
)

// Querier runs statements: a *pgxpool.Pool or a pgx.Tx.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Config holds the settings; the zero value of each stands for its default.
type Config struct {
	Roles []string       // names that Grant and CreateToken accept; required
	Zone  *time.Location // whose day begins and ends grants; UTC

	Params   Params        // cost of a password hash; DefaultParams
	Hashes   int           // hashes at once; one per core
	HashWait time.Duration // how long a hash waits for its turn before RATE_LIMITED; 2 s
	KDF      KDF           // Argon2id; tests count calls with their own

	SessionIdle    time.Duration // a session ends after so long unused; 12 h
	SessionMax     time.Duration // and so long after sign-in in any case; 7 days
	TemporaryLives time.Duration // how long a password set by somebody else works; 72 h

	PerAccount Backoff // failures of one account from one address
	PerAddress Backoff // failures of one address over all accounts
}

// Backoff is how sign-in slows down with failures. Nobody is ever locked out: a delay has an end, and
// failures from one address do not slow another.
type Backoff struct {
	Free  int           // failures before the first delay
	First time.Duration // the first delay; each further failure doubles it
	Max   time.Duration // the longest delay
	Leak  time.Duration // one failure is forgotten in each such time
}

func (c Config) withDefaults() Config {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	c.Params = cmp.Or(c.Params, DefaultParams)
	c.Hashes = cmp.Or(c.Hashes, runtime.GOMAXPROCS(0))
	c.HashWait = cmp.Or(c.HashWait, 2*time.Second)
	if c.KDF == nil {
		c.KDF = Argon2id
	}
	c.SessionIdle = cmp.Or(c.SessionIdle, 12*time.Hour)
	c.SessionMax = cmp.Or(c.SessionMax, 7*24*time.Hour)
	c.TemporaryLives = cmp.Or(c.TemporaryLives, 72*time.Hour)
	c.PerAccount = cmp.Or(c.PerAccount, Backoff{Free: 5, First: time.Second, Max: 15 * time.Minute, Leak: 15 * time.Minute})
	// Looser, since an office stands behind one address.
	c.PerAddress = cmp.Or(c.PerAddress, Backoff{Free: 100, First: time.Second, Max: time.Minute, Leak: 30 * time.Second})
	return c
}

// Service answers who is asking. Make one with New; it is safe for concurrent use.
type Service struct {
	db    Querier
	clock clockwork.Clock
	cfg   Config
	turns turns
	dummy string // stands in for the salt of an account that is not there
}

// New makes the service over the pool of steward_app.
func New(db Querier, clock clockwork.Clock, cfg Config) *Service {
	cfg = cfg.withDefaults()
	return &Service{
		db: db, clock: clock, cfg: cfg,
		turns: newTurns(cfg.Hashes, cfg.HashWait, clock),
		dummy: cfg.Params.newSalt(),
	}
}

// now is the time as the database keeps it, so that what is returned equals what is read later.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// Today is the portfolio's day: by it grants begin and end.
func (s *Service) Today() calendar.Day { return calendar.DayOf(s.clock.Now().In(s.cfg.Zone)) }

func (s *Service) knowsRole(role string) bool { return slices.Contains(s.cfg.Roles, role) }

// null sends no id as NULL.
func null(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

const (
	defaultFirst = 50
	maxFirst     = 200
)

// Page is a part of a list, and whether the list goes on.
type Page[T any] struct {
	Items []T
	More  bool
}

// pageSize is how many rows a list gives: 50 unless asked, 200 at most.
func pageSize(first int) int {
	if first <= 0 {
		return defaultFirst
	}
	return min(first, maxFirst)
}

// pageOf cuts rows that were read with one more than the page's size.
func pageOf[T any](rows []T, size int) Page[T] {
	if len(rows) > size {
		return Page[T]{Items: rows[:size], More: true}
	}
	return Page[T]{Items: rows}
}
