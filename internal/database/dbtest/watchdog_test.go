package dbtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/database/local/process"
)

// childVariable makes this test binary one that opens the cluster, says where it is, and stays.
const childVariable = "STEWARD_DBTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
	}
	os.Exit(m.Run())
}

func child() {
	if _, err := shared(); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println(directory(run()))
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

// startChild starts a test binary that is not run by the go command, and returns its cluster's directory.
func startChild(t *testing.T) (cmd *exec.Cmd, finish func(), dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir = strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(filepath.Base(dir), prefix) {
		t.Fatalf("the child says %q (%v)", line, err)
	}
	return cmd, func() { _ = in.Close() }, dir
}

func TestWatchdogCleansUp(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*exec.Cmd, func()){
		"after the end": func(_ *exec.Cmd, finish func()) { finish() },
		"after a kill":  func(cmd *exec.Cmd, _ func()) { _ = cmd.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, finish, dir := startChild(t)
			text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
			if err != nil {
				t.Fatal(err)
			}
			var pid int
			if _, err := fmt.Sscan(string(text), &pid); err != nil {
				t.Fatal(err)
			}
			server, alive := process.Of(pid)
			if !alive {
				t.Fatal("no server")
			}
			end(cmd, finish)
			_ = cmd.Wait() // killed or not: it ended
			if !process.Await(30*time.Second, func() bool {
				_, err := os.Stat(dir)
				return os.IsNotExist(err) && !server.Alive()
			}) {
				t.Errorf("the server (pid %d) or %s is still there", pid, dir)
			}
		})
	}
}

func TestSecondWatchdogEnds(t *testing.T) {
	t.Parallel()
	if _, err := shared(); err != nil {
		t.Fatal(err)
	}
	if status := watch(directory(run())); status != taken {
		t.Errorf("status %d, want %d", status, taken)
	}
}

func TestSweepRemovesWhatNobodyWatches(t *testing.T) {
	t.Parallel()
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	left := directory(process.ID{PID: ended.Process.Pid, Start: "1"})
	watched := directory(process.Self()) // no cluster, but a process that lives
	for _, dir := range []string{left, watched} {
		if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	sweep(directory(run()))
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there", left)
	}
	if _, err := os.Stat(watched); err != nil {
		t.Error(err)
	}
	if watched != directory(run()) {
		_ = os.Remove(watched)
	}
}
