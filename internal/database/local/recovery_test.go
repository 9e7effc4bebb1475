package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/database/local/process"
)

// abandon makes the server of this process an orphan, as far as files and locks tell.
func abandon(t *testing.T, c *Cluster) process.ID {
	t.Helper()
	id := postmasterID(t, c)
	c.lock.release()
	return id
}

func TestKilledStarter(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	closed(t, open(t, dir))
	cmd, said := startChild(t, dir)
	if said != "started true" {
		t.Fatalf("the child says %q", said)
	}
	c, err := Attach(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, c)
	server := postmasterID(t, c)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()        // it was killed
	again := open(t, dir) // while the old server may be shutting down
	if !again.Started() || server.Alive() {
		t.Error("the old server was not replaced")
	}
	kept(t, again)
}

func TestServerDiesWithItsStarter(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	cmd, _ := startChild(t, dir)
	c, err := Attach(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	server := postmasterID(t, c)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if process.Await(20*time.Second, func() bool { return !server.Alive() }) {
		return
	}
	// Where the system cannot do it, the next start stops the orphan.
	if closed(t, open(t, dir)); server.Alive() {
		t.Error("the server outlived its starter and the next start")
	}
}

func TestOrphanIsReplaced(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first := open(t, dir)
	keep(t, first)
	server := abandon(t, first)
	second := open(t, dir)
	if server.Alive() || !second.Started() {
		t.Error("the orphan was not replaced")
	}
	kept(t, second)
}

func TestServerThatIsShuttingDownIsAwaited(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first := open(t, dir)
	keep(t, first)
	server := abandon(t, first)
	// A smart shutdown waits for its clients, of which this is one, until the fast one comes.
	conn, err := pgx.Connect(t.Context(), first.AppURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := syscall.Kill(server.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	kept(t, open(t, dir))
}

func TestKilledServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first := open(t, dir)
	keep(t, first)
	if err := syscall.Kill(abandon(t, first).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Ended()
	kept(t, open(t, dir)) // its backends may be alive: PostgreSQL is asked again until they are not
}

// After a reboot the pid in postmaster.pid may be a stranger's, who must be left alone.
func TestPidOfAnother(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first := open(t, dir)
	keep(t, first)
	if err := syscall.Kill(abandon(t, first).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Ended()
	stranger := exec.Command("sleep", "600")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = stranger.Process.Kill(), stranger.Wait() })
	for _, path := range []string{
		filepath.Join(first.home.cluster(), "postmaster.pid"),
		filepath.Join(first.home.record.Socket, ".s.PGSQL."+socketPort+".lock"),
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\n")
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(f, "%d\n%s", stranger.Process.Pid, rest); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	kept(t, open(t, dir))
	if !process.Exists(stranger.Process.Pid) {
		t.Error("the stranger was killed")
	}
}

func TestUnfinishedStartsAreFinished(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	if _, err := prepare(dir); err != nil {
		t.Fatal(err)
	}
	junk := filepath.Join(dir, ".initdb-killed", "postgres")
	if err := os.MkdirAll(junk, 0o700); err != nil {
		t.Fatal(err)
	}
	first := open(t, dir)
	if _, err := os.Stat(junk); !os.IsNotExist(err) {
		t.Error("the unfinished initdb is left")
	}
	keep(t, first)
	value(t, first.URL(Super, "postgres"), "ALTER ROLE steward_app NOLOGIN")
	closed(t, first)
	if err := os.Remove(filepath.Join(dir, "VERSION")); err != nil { // killed before it was complete
		t.Fatal(err)
	}
	second := open(t, dir)
	kept(t, second)
	if got := value(t, second.AppURL(), "SELECT 1"); got != "1" {
		t.Error("the app role was not finished")
	}
}

func TestDamagedPidFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first := open(t, dir)
	keep(t, first)
	closed(t, first)
	if err := os.WriteFile(filepath.Join(first.home.cluster(), "postmaster.pid"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kept(t, open(t, dir))
}

func TestFailedStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	first := open(t, dir)
	closed(t, first)
	if err := os.Remove(filepath.Join(first.home.cluster(), "global", "pg_control")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), dir, quick)
	if err == nil || !strings.Contains(err.Error(), "pg_control") || !strings.Contains(err.Error(), "postgres.log") {
		t.Errorf("got %v", err)
	}
	if lock, err := tryLock(filepath.Join(dir, "cluster.lock")); err != nil {
		t.Errorf("the failed start keeps its lock: %v", err)
	} else {
		lock.release()
	}
}
