package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	os.Exit(runIn(m))
}

// runIn runs the tests with a directory of temporary files of their own, because what fetches
// PostgreSQL leaves a log there.
func runIn(m *testing.M) int {
	dir, err := os.MkdirTemp("", "steward-local-")
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o711), os.Setenv("TMPDIR", dir))
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return m.Run()
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
