package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/database/local/process"
	"github.com/steward-pm/steward/internal/fault"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "new", "data")
	c, err := Open(t.Context(), dir, Options{}) // as people get it, not in the tests' fast mode
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	checkSettings(t, c)
	checkPsql(t, c.OwnerURL())
	checkFiles(t, dir)
	if got, err := URL(dir); err != nil || got != c.OwnerURL() {
		t.Errorf("URL: %q (%v), want %q", got, err, c.OwnerURL())
	}

	server := postmasterID(t, c)
	if line := process.Command(server.PID); !strings.Contains(line, dir) {
		t.Errorf("the command line %q does not name %s", line, dir)
	}
	closed(t, c)
	if server.Alive() {
		t.Error("the server is still running")
	}
	select {
	case <-c.Ended():
	default:
		t.Error("Ended is not closed")
	}
	if again := open(t, dir); again.OwnerURL() != c.OwnerURL() {
		t.Error("the URL changed")
	}
}

func checkSettings(t *testing.T, c *Cluster) {
	t.Helper()
	for query, want := range map[string]string{
		"SELECT current_user || ' ' || current_database()":                                "steward_owner steward",
		"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'steward'":       "steward_owner",
		"SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'steward'": "UTF8",
		"SHOW listen_addresses":   "",
		"SHOW fsync":              "on",
		"SHOW synchronous_commit": "on",
		"SHOW timezone":           "UTC",
		"SELECT pg_has_role('steward_app', 'member')": "t", // the role can travel with each transaction
	} {
		if got := value(t, c.OwnerURL(), query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	value(t, c.OwnerURL(), "CREATE EXTENSION btree_gist")
	for role, url := range map[Role]string{Owner: c.OwnerURL(), App: c.AppURL()} {
		const ordinary = "SELECT rolname FROM pg_roles WHERE rolname = current_user " +
			"AND NOT (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)"
		if got := value(t, url, ordinary); got != string(role) {
			t.Errorf("%s is %q", role, got)
		}
	}
}

func checkPsql(t *testing.T, url string) {
	t.Helper()
	b, err := findBinaries(t.Context(), 0, nil, progress{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(b.dir, "psql"), url, "-Atc", "SELECT current_user").CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != string(Owner) {
		t.Errorf("psql: %s (%v)", got, err)
	}
}

// checkFiles: what holds secrets is closed, and what is not the server's stays this user's.
func checkFiles(t *testing.T, dir string) {
	t.Helper()
	for name, mode := range map[string]os.FileMode{
		"database.json": 0o600, "postgres.log": 0o600, "cluster.lock": 0o600, "postgres": 0o700,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s: %v", name, info.Mode())
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; !info.IsDir() && int(uid) != os.Geteuid() {
			t.Errorf("%s is of user %d", name, uid)
		}
	}
}

func TestURLWithoutDatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	_, err := URL(dir)
	refused(t, err, fault.NotFound, dir)
	if _, err := os.Stat(dir); err == nil {
		t.Error("asking made the directory")
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir)
	refused(t, err, fault.Conflict, dir, fmt.Sprint(os.Getpid()))
	first.Release()
	second, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
}

func TestCommandsShareTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	c := open(t, dir)
	if _, said := startChild(t, dir); said != "started false" {
		t.Errorf("the second command says %q", said)
	}
	attached, err := Attach(t.Context(), dir)
	if err != nil || attached.Started() || attached.Ended() != nil {
		t.Fatalf("attached: %v, %v", attached, err)
	}
	closed(t, attached)
	keep(t, c) // the server did not stop with them
}

func TestRacingOpensStartOne(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	var started atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c, err := Open(t.Context(), dir, quick)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			if c.Started() {
				started.Add(1)
			}
		})
	}
	wg.Wait()
	if n := started.Load(); n != 1 {
		t.Errorf("%d servers were started", n)
	}
}

func TestProgressIsForPeople(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	done := progress{&out}.step("quick")
	done()
	progress{&out}.line("slow %d", 1)
	if out.String() != "slow 1\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestTemporary(t *testing.T) {
	t.Parallel()
	c, err := Temporary(t.Context(), Options{MaxConnections: 7})
	if err != nil {
		t.Fatal(err)
	}
	if got := value(t, c.OwnerURL(), "SHOW max_connections"); got != "7" {
		t.Errorf("max_connections %s", got)
	}
	closed(t, c)
	for _, dir := range []string{c.home.dir, c.home.base()} {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left", dir)
		}
	}
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	if _, err := prepare(dir); err != nil {
		t.Fatal(err)
	}
	held, err := tryLock(filepath.Join(dir, "cluster.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, dir, quick); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("got %v", err)
	}
}
