package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/steward-pm/steward/internal/database/local"
	"github.com/steward-pm/steward/internal/database/local/process"
	"github.com/steward-pm/steward/internal/fault"
)

const (
	// memory is a file system in memory, on Linux.
	memory = "/dev/shm"
	// watchVariable makes a test binary a watchdog: it names the cluster's directory, and thereby the
	// process to outlive.
	watchVariable = "STEWARD_DBTEST_WATCH"
	// prefix begins the names of the clusters' directories; the watched process follows.
	prefix = "steward-test-"
	// connections of the cluster: several test binaries, each with parallel tests that have pools.
	connections = 200
	// taken is the exit status of a watchdog that finds another one on duty.
	taken = 3
)

// A test binary is its own watchdog's program, so that there is nothing to build or to install.
func init() {
	if dir := os.Getenv(watchVariable); dir != "" {
		os.Exit(watch(dir))
	}
}

// run is the process that this test run lasts as long as: the go command, which all test binaries of
// the run share, or else this process.
func run() process.ID {
	parent := os.Getppid()
	argv := strings.Fields(process.Command(parent))
	if len(argv) > 1 && filepath.Base(argv[0]) == "go" && argv[1] == "test" {
		if id, ok := process.Of(parent); ok {
			return id
		}
	}
	return process.Self()
}

// directory is where the cluster of the watched process is, or else will be: in memory if there is
// much of it, unless TMPDIR says where.
func directory(watched process.ID) string {
	name := prefix + watched.String()
	// Memory may have filled up since the first test binary of this run decided.
	for _, root := range []string{memory, os.TempDir()} {
		if dir := filepath.Join(root, name); exists(dir) {
			return dir
		}
	}
	if os.Getenv("TMPDIR") == "" && memoryHasRoom() {
		return filepath.Join(memory, name)
	}
	return filepath.Join(os.TempDir(), name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// watchedBy is the inverse of directory.
func watchedBy(dir string) (process.ID, error) {
	return process.Parse(strings.TrimPrefix(filepath.Base(dir), prefix))
}

// openShared returns the run's cluster. Whoever finds none answering sends a watchdog; of several
// watchdogs one gets the directory, and the others end.
func openShared() (*local.Cluster, error) {
	dir := directory(run())
	if c := attach(dir, time.Millisecond); c != nil {
		return c, nil
	}
	deadline := time.Now().Add(limit)
	for time.Now().Before(deadline) {
		c, err := send(dir)
		if c != nil || err != nil {
			return c, err
		}
	}
	return nil, fmt.Errorf("dbtest: no cluster in %s after %s", dir, limit)
}

// send starts a watchdog and waits for the cluster, its own or another's: nil, nil if it found another
// one on duty whose cluster does not answer yet.
func send(dir string) (*local.Cluster, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), watchVariable+"="+dir)
	cmd.Stderr = &said // its stdout is nobody's: the go command waits for whoever has its own
	ended, err := process.Start(cmd, nil, 0)
	if err != nil {
		return nil, err
	}
	for {
		if c := attach(dir, 200*time.Millisecond); c != nil {
			return c, nil
		}
		select {
		case <-ended:
			if cmd.ProcessState.ExitCode() == taken {
				return nil, nil
			}
			return nil, fmt.Errorf("dbtest: %s", strings.TrimSpace(said.String()))
		default:
		}
	}
}

func attach(dir string, limit time.Duration) *local.Cluster {
	if !exists(dir) {
		time.Sleep(min(limit, 20*time.Millisecond))
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit+time.Second)
	defer cancel()
	c, err := local.Attach(ctx, dir)
	if err != nil {
		return nil
	}
	return c
}

// watch runs the cluster until the watched process is gone, and returns the exit status.
func watch(dir string) int {
	watched, err := watchedBy(dir)
	if err == nil {
		err = keep(watched, dir)
	}
	switch {
	case fault.Is(err, fault.Conflict) && errors.Is(err, errTaken):
		return taken
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

var errTaken = errors.New("another watchdog is on duty")

func keep(watched process.ID, dir string) error {
	lock, err := local.Lock(dir)
	if err != nil {
		if refusal := fault.From(err); refusal != nil {
			return refusal.Because(errTaken)
		}
		return err
	}
	defer lock.Release()
	sweep(dir)
	cluster, err := local.Open(context.Background(), dir, local.Options{Fast: true, MaxConnections: connections})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	for watched.Alive() && !over(cluster.Ended()) {
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(cluster.Close(), local.Remove(dir), os.RemoveAll(dir))
}

func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// sweep removes what runs left whose watchdog was killed too, beside the directory that is about to
// be used.
func sweep(except string) {
	dirs, _ := filepath.Glob(filepath.Join(filepath.Dir(except), prefix+"*")) // the pattern is well-formed
	for _, dir := range dirs {
		id, err := watchedBy(dir)
		if err != nil || dir == except || id.Alive() {
			continue
		}
		if local.Remove(dir) == nil { // refused while its server runs
			_ = os.RemoveAll(dir)
		}
	}
}
