package local

import (
	"bufio"
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

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/database/local/process"
	"github.com/steward-pm/steward/internal/fault"
)

// childVariable makes this test binary a command that opens the data directory and stays.
const childVariable = "STEWARD_LOCAL_CHILD"

var quick = Options{Fast: true}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

func child(dir string) {
	c, err := Open(context.Background(), dir, quick)
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println("started", c.Started())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	_ = c.Close()
	os.Exit(0)
}

// startChild returns a process that has the data directory open, and what it says about it.
func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(line)
}

// site is a directory for data directories that any user can reach, unlike t.TempDir.
func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string) *Cluster {
	t.Helper()
	c, err := Open(t.Context(), dir, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func closed(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// value is the text of the first column of the first row.
func value(t *testing.T, url, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	result := conn.PgConn().ExecParams(t.Context(), query, nil, nil, nil, nil).Read()
	if result.Err != nil {
		t.Fatalf("%s: %v", query, result.Err)
	}
	if len(result.Rows) == 0 {
		return ""
	}
	return string(result.Rows[0][0])
}

// keep writes a row that must still be there after whatever happens next, kept checks it.
func keep(t *testing.T, c *Cluster) {
	t.Helper()
	// Fast mode may lose commits at a kill; this one is waited for.
	value(t, c.OwnerURL()+"&synchronous_commit=on", "CREATE TABLE kept AS SELECT 'still here' AS words")
}

func kept(t *testing.T, c *Cluster) {
	t.Helper()
	if got := value(t, c.OwnerURL(), "SELECT words FROM kept"); got != "still here" {
		t.Errorf("got %q", got)
	}
}

// refused checks for a refusal of one line that holds the words.
func refused(t *testing.T, err error, code fault.Code, words ...string) {
	t.Helper()
	refusal := fault.From(err)
	if refusal == nil || refusal.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	for _, message := range []string{refusal.EN, refusal.ZH} {
		for _, word := range append(words, "") {
			if !strings.Contains(message, word) || strings.Contains(message, "\n") || message == "" || strings.Contains(message, "%!") {
				t.Errorf("%q lacks %q or is not one line", message, word)
			}
		}
	}
}

func postmasterID(t *testing.T, c *Cluster) process.ID {
	t.Helper()
	id, alive := process.Of(postmasterOf(c.home.cluster()))
	if !alive {
		t.Fatal("no server is running")
	}
	return id
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "new", "data")
	c, err := Open(t.Context(), dir, Options{}) // as people get it, not in the tests' fast mode
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for query, want := range map[string]string{
		"SELECT current_user || ' ' || current_database()":                                                           "steward_owner steward",
		"SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user": "f",
		"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'steward'":                                  "steward_owner",
		"SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'steward'":                            "UTF8",
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
	if got := value(t, c.AppURL(), "SELECT rolname FROM pg_roles WHERE rolname = current_user AND NOT (rolsuper OR rolbypassrls)"); got != "steward_app" {
		t.Errorf("the app is %q", got)
	}
	closed(t, c)
	if again := open(t, dir); again.OwnerURL() != c.OwnerURL() {
		t.Error("the URL changed")
	}
}

func TestPsqlAcceptsTheURL(t *testing.T) {
	t.Parallel()
	c := open(t, filepath.Join(site(t), "data"))
	b, err := findBinaries(t.Context(), 0, nil, progress{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(b.dir, "psql"), c.OwnerURL(), "-Atc", "SELECT current_user").CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != string(Owner) {
		t.Errorf("psql: %s (%v)", got, err)
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	c := open(t, dir)
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
}

func TestSecretsAreClosed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	closed(t, open(t, dir))
	for _, name := range []string{"database.json", "postgres.log", "cluster.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
			t.Errorf("%s: %v (%v)", name, info.Mode(), err)
		}
	}
	for _, name := range []string{"postgres", "socket"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v (%v)", name, info.Mode(), err)
		}
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	_, err := URL(dir)
	refused(t, err, fault.NotFound, dir)
	if _, err := os.Stat(dir); err == nil {
		t.Error("asking made the directory")
	}
	c := open(t, dir)
	if got, err := URL(dir); err != nil || got != c.OwnerURL() {
		t.Errorf("%q (%v), want %q", got, err, c.OwnerURL())
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
