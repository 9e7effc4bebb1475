package dbtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ledger is a template about the size of a small schema. Names must be new: under -count tests run again.
func ledger(name string, built *atomic.Int32) Template {
	return Template{Name: name, Build: func(ctx context.Context, ownerURL string) error {
		built.Add(1)
		conn, err := pgx.Connect(ctx, ownerURL)
		if err != nil {
			return err
		}
		// Left open on purpose: a builder that forgets a connection must not block the clones.
		for i := range 40 {
			_, err := conn.Exec(ctx, fmt.Sprintf(
				"CREATE TABLE t%[1]d (id uuid PRIMARY KEY, code text UNIQUE); GRANT SELECT ON t%[1]d TO steward_app", i))
			if err != nil {
				return err
			}
		}
		return nil
	}}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestClonesAreIsolated(t *testing.T) {
	t.Parallel()
	var built atomic.Int32
	template := ledger(databaseName(t.Name()), &built)
	one, two := New(t, template), New(t, template)
	if _, err := connect(t, one.OwnerURL).Exec(t.Context(), "INSERT INTO t0 VALUES (gen_random_uuid(), 'a')"); err != nil {
		t.Fatal(err)
	}
	for _, db := range []struct {
		url  string
		rows int
	}{{one.AppURL, 1}, {two.AppURL, 0}} {
		var n int
		if err := connect(t, db.url).QueryRow(t.Context(), "SELECT count(*) FROM t0").Scan(&n); err != nil || n != db.rows {
			t.Errorf("rows %d, want %d (%v)", n, db.rows, err)
		}
	}
	var super bool
	err := connect(t, one.SuperURL).QueryRow(t.Context(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&super)
	if err != nil || !super {
		t.Errorf("SuperURL is not a superuser's (%v)", err)
	}
}

func TestTemplateIsBuiltOnce(t *testing.T) {
	t.Parallel()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	var built atomic.Int32
	template := ledger(databaseName(t.Name()), &built)
	var wg sync.WaitGroup
	for range 4 { // four processes, as far as the cluster can tell, with two tests each
		process := &server{cluster: s.cluster, built: map[string]error{}}
		for range 2 {
			wg.Go(func() {
				name := databaseName(t.Name())
				if err := errors.Join(process.clone(name, template), process.drop(name)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n := built.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
}

func TestFailedTemplateFailsEveryTest(t *testing.T) {
	t.Parallel()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("migration 7 is broken")
	template := Template{Name: databaseName(t.Name()), Build: func(context.Context, string) error { return broken }}
	for range 2 {
		if err := s.clone(databaseName(t.Name()), template); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDropDoesNotWaitForPools(t *testing.T) {
	t.Parallel()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := databaseName(t.Name())
	if err := s.clone(name, Empty); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s.db(name).AppURL)
	if err := s.drop(name); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived its database")
	}
}

func TestCopyWaitsForUsersOfTheSource(t *testing.T) {
	t.Parallel()
	source := New(t, Empty)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	user := connect(t, source.OwnerURL)
	mine := &server{cluster: s.cluster}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	copied := make(chan error, 1)
	name := databaseName(t.Name())
	go func() { copied <- mine.copy(ctx, source.Name, name) }()
	// PostgreSQL itself waits up to 5 seconds for the users to go; the retry is for what takes longer.
	if err := user.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-copied; err != nil {
		t.Fatal(err)
	}
	if err := s.drop(name); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkNew(b *testing.B) {
	s, err := shared()
	if err != nil {
		b.Fatal(err)
	}
	template := ledger(b.Name(), new(atomic.Int32))
	if err := s.clone("warm", template); err != nil {
		b.Fatal(err)
	}
	var dropping time.Duration
	for b.Loop() {
		name := databaseName(b.Name())
		if err := s.clone(name, template); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := s.drop(name); err != nil {
			b.Fatal(err)
		}
		dropping += time.Since(began)
	}
	b.ReportMetric(float64(dropping.Microseconds())/1000/float64(b.N), "drop-ms")
	if err := s.drop("warm"); err != nil {
		b.Fatal(err)
	}
}
