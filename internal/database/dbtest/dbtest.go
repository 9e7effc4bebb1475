// Package dbtest gives each test a PostgreSQL database of its own, cloned from a migrated template.
//
// All test binaries of one "go test" share one cluster, in memory (/dev/shm) if there is much of it, else
// in the directory of temporary files. A watchdog process runs it, and stops and deletes it when the go command is gone, however it went. A
// test binary that is not run by the go command gets a cluster of its own in the same way.
package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/database/local"
	"github.com/steward-pm/steward/internal/fault"
)

// limit is how long any one step may take; only a machine in trouble gets near it.
const limit = 2 * time.Minute

// DB is a test's own database.
type DB struct {
	Name     string // of the database
	OwnerURL string // connects as the role that migrates
	AppURL   string // connects as the role that serves
	SuperURL string // connects as superuser, for what no role may do, such as spoiling an audit entry
}

// Template is a database that tests start from.
type Template struct {
	// Name identifies the content: it must change when the content does (hold a hash of the
	// migrations), or a test would get another one's.
	Name string
	// Build fills a new, empty database of the owner. It runs once per cluster. Settings made by ALTER
	// DATABASE, and grants on the database itself, are not cloned.
	Build func(ctx context.Context, ownerURL string) error
}

// Empty is the template of a database with nothing in it.
var Empty = Template{Name: "empty", Build: func(context.Context, string) error { return nil }}

// New returns a database of the test's own, cloned from the template, and drops it when the test ends.
func New(t testing.TB, template Template) *DB {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := databaseName(t.Name())
	if err := s.clone(name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.drop(name); err != nil {
			t.Error(err)
		}
	})
	return s.db(name)
}

// shared is the cluster of this run, as this process sees it.
var shared = sync.OnceValues(func() (*server, error) {
	cluster, err := openShared()
	if err != nil {
		return nil, err
	}
	return &server{cluster: cluster, built: map[string]error{}}, nil
})

// server makes and drops databases, one at a time: on few cores more at once are no faster.
type server struct {
	cluster *local.Cluster

	mu    sync.Mutex
	admin *pgx.Conn        // as superuser; connected when first used
	built map[string]error // by template: how building went
}

func (s *server) db(name string) *DB {
	return &DB{
		Name:     name,
		OwnerURL: s.cluster.URL(local.Owner, name),
		AppURL:   s.cluster.URL(local.App, name),
		SuperURL: s.cluster.URL(local.Super, name),
	}
}

func (s *server) clone(name string, template Template) (err error) {
	defer fault.Wrap(&err, "dbtest.clone(%s)", template.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	source := templateName(template.Name)
	outcome, known := s.built[source]
	if !known {
		outcome = s.build(ctx, source, template)
		s.built[source] = outcome
	}
	if outcome != nil {
		return outcome
	}
	return s.copy(ctx, source, name)
}

// copy clones a database. Someone may just be looking at the source, by mistake or as PostgreSQL's own
// vacuum: then it tries again.
func (s *server) copy(ctx context.Context, source, name string) error {
	for {
		err := s.exec(ctx, "CREATE DATABASE %s TEMPLATE %s OWNER %s", name, source, string(local.Owner))
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "55006" { // object_in_use
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// build makes the template, unless another process has. It grows under another name, so that what
// has the name is whole, and ends closed to connections, so that cloning never has to wait for any.
func (s *server) build(ctx context.Context, source string, template Template) (err error) {
	if err := s.exec(ctx, "SELECT pg_advisory_lock(hashtext('dbtest'))"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.exec(ctx, "SELECT pg_advisory_unlock(hashtext('dbtest'))")) }()
	var exists bool
	if err := s.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", source).Scan(&exists); err != nil || exists {
		return err
	}
	young := source + "_new"
	if err := s.exec(ctx, "DROP DATABASE IF EXISTS %s WITH (FORCE)", young); err != nil {
		return err
	}
	if err := s.exec(ctx, "CREATE DATABASE %s OWNER %s", young, string(local.Owner)); err != nil {
		return err
	}
	if err := template.Build(ctx, s.cluster.URL(local.Owner, young)); err != nil {
		return err
	}
	if err := s.exec(ctx, "ALTER DATABASE %s ALLOW_CONNECTIONS false", young); err != nil {
		return err
	}
	if err := s.empty(ctx, young); err != nil {
		return err
	}
	return s.exec(ctx, "ALTER DATABASE %s RENAME TO %s", young, source)
}

func (s *server) drop(name string) (err error) {
	defer fault.Wrap(&err, "dbtest.drop(%s)", name)
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := s.empty(ctx, name); err != nil {
		return err
	}
	return s.exec(ctx, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name)
}

// empty ends a database's connections and waits a moment for that. DROP … WITH (FORCE) could do it
// alone, but looks only every 100 ms, and a pool that was just closed is always still there.
func (s *server) empty(ctx context.Context, name string) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	for range 50 {
		var left int
		err := s.admin.QueryRow(ctx,
			"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1", name).Scan(&left)
		if err != nil || left == 0 {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

// exec runs a statement as superuser; the arguments are names, and quoted.
func (s *server) exec(ctx context.Context, statement string, names ...string) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	quoted := make([]any, len(names))
	for i, name := range names {
		quoted[i] = pgx.Identifier{name}.Sanitize()
	}
	_, err := s.admin.Exec(ctx, fmt.Sprintf(statement, quoted...))
	return err
}

func (s *server) connect(ctx context.Context) (err error) {
	if s.admin == nil || s.admin.IsClosed() {
		s.admin, err = pgx.Connect(ctx, s.cluster.URL(local.Super, "postgres"))
	}
	return err
}

func templateName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "template_" + hex.EncodeToString(sum[:8])
}

var unnameable = regexp.MustCompile(`[^a-z0-9]+`)

// databaseName tells, in pg_stat_activity and the log, whose database it is.
func databaseName(test string) string {
	name := unnameable.ReplaceAllString(strings.ToLower(test), "_")
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return name[:min(len(name), 40)] + "_" + hex.EncodeToString(b[:])
}
