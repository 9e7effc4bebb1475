package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/database/local/process"
	"github.com/steward-pm/steward/internal/fault"
)

const (
	// fastLimit is how long a fast shutdown may take (it writes a checkpoint), before an immediate
	// one, which the next start recovers from.
	fastLimit = 10 * time.Second
	// immediateLimit is how long the immediate one may take before the kill.
	immediateLimit = 6 * time.Second
	// logLimit is the size at which a start begins a new log file, keeping one old one.
	logLimit = 16 << 20
)

// postmaster is a server that this process started.
type postmaster struct {
	cmd   *exec.Cmd
	ended <-chan struct{}
}

// start starts the server and waits until it answers.
func (h *home) start(ctx context.Context, b binaries, a *account, o Options) (_ *postmaster, err error) {
	defer fault.Wrap(&err, "start(%s)", h.cluster())
	defer progress{o.Progress}.step("starting PostgreSQL %d", b.major)()
	deadline := time.Now().Add(fastLimit)
	for {
		p, said, err := h.attempt(ctx, b, a, o)
		if err == nil {
			return p, nil
		}
		// A server was killed, and what it left behind is still ending: PostgreSQL sees that by the
		// shared memory, and is right to refuse.
		if !strings.Contains(said, "pre-existing shared memory block") || time.Now().After(deadline) || ctx.Err() != nil {
			return nil, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// attempt starts the server once. On failure said is what the server wrote to its log.
func (h *home) attempt(ctx context.Context, b binaries, a *account, o Options) (_ *postmaster, said string, err error) {
	log, err := openLog(h.path("postgres.log"))
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = log.Close() }()
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", err
	}
	cmd := command(b, "postgres", h.arguments(o)...)
	cmd.Stdout, cmd.Stderr = log, log
	// SIGINT is the fast shutdown: should this process be killed, the server ends in good order.
	ended, err := process.Start(cmd, a.credential(), syscall.SIGINT)
	if err != nil {
		return nil, "", err
	}
	p := &postmaster{cmd, ended}
	if err := p.ready(ctx, h.url(Super, "postgres")); err != nil {
		p.stop()
		text, _ := io.ReadAll(io.NewSectionReader(log, begin, logLimit))
		return nil, string(text), fmt.Errorf("%w%s (log: %s)", err, complaint(string(text)), log.Name())
	}
	return p, "", nil
}

// arguments are the settings of the server. They are all on the command line, so that no left-over
// in a configuration file decides.
func (h *home) arguments(o Options) []string {
	settings := []string{
		"listen_addresses=", "port=" + socketPort, "unix_socket_permissions=0700",
		"lc_messages=C", "timezone=UTC", "log_timezone=UTC",
		// Names the data directory on the command line even when the cluster is elsewhere.
		"steward.data_dir=" + h.dir,
	}
	if o.MaxConnections > 0 {
		settings = append(settings, "max_connections="+strconv.Itoa(o.MaxConnections))
	}
	if o.Fast {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "max_wal_size=512MB", "checkpoint_timeout=1h", "autovacuum=off")
	} else {
		// The log must not hold what people entered: no statements, no details of violated keys.
		settings = append(settings, "log_min_error_statement=panic", "log_error_verbosity=terse")
	}
	args := []string{"-D", h.cluster(), "-k", h.record.Socket}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}

func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
}

// complaint is the line of the log that says why the server ended: the first that is fatal, or the
// last, for what is said before the log begins.
func complaint(log string) (reason string) {
	for line := range strings.Lines(log) {
		if _, fatal, found := strings.Cut(line, "FATAL:"); found {
			return ": " + strings.TrimSpace(fatal)
		}
		if line = strings.TrimSpace(line); line != "" {
			reason = ": " + line
		}
	}
	return reason
}

// ready waits until the server answers. Recovery after a kill may take as long as it takes.
func (p *postmaster) ready(ctx context.Context, url string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if answers(ctx, url) {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("PostgreSQL does not start")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// answers tells whether one can connect.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// stop ends the server in order, and by force if it does not.
func (p *postmaster) stop() {
	for _, s := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGINT, fastLimit}, {syscall.SIGQUIT, immediateLimit}, {syscall.SIGKILL, immediateLimit}} {
		_ = p.cmd.Process.Signal(s.signal) // fails if it has ended, which is what we want
		select {
		case <-p.ended:
			return
		case <-time.After(s.limit):
		}
	}
}

// stopOrphan stops a server whose starter is gone. It is not adopted, because it would not die with
// this process, and because on Linux it has been told to shut down by its parent's death and is only
// not done yet. It also clears a stale postmaster.pid out of the way.
func (h *home) stopOrphan(say progress) error {
	pid := postmasterOf(h.cluster())
	if pid == 0 {
		return h.disarmPidFile()
	}
	defer say.step("stopping the PostgreSQL that an earlier run left behind (pid %d)", pid)()
	id, alive := process.Of(pid)
	for _, s := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGINT, fastLimit}, {syscall.SIGQUIT, immediateLimit}} {
		if !alive {
			break
		}
		if err := syscall.Kill(pid, s.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop PostgreSQL (pid %d): %w", pid, err)
		}
		alive = !process.Await(s.limit, func() bool { return !id.Alive() })
	}
	if alive {
		return fmt.Errorf("PostgreSQL (pid %d) of an earlier run does not stop", pid)
	}
	return h.disarmPidFile()
}

// postmasterOf returns the pid of the running server of a cluster, or 0. The pid in the file alone
// says little: after a crash it may be anyone's.
func postmasterOf(cluster string) int {
	pid, _, err := readPidFile(cluster)
	if err != nil {
		return 0
	}
	line := process.Command(pid)
	if strings.Contains(line, "postgres") && strings.Contains(line, "-D "+cluster+" ") {
		return pid
	}
	return 0
}

func readPidFile(cluster string) (pid int, rest string, err error) {
	text, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if err != nil {
		return 0, "", err
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(first))
	return pid, rest, err
}

// disarmPidFile lets the server start although the pid of its dead predecessor has been given to
// another process. PostgreSQL takes such a file for stale if it names the starter itself; removing the
// file would also remove the key of the shared memory by which PostgreSQL finds surviving backends.
func (h *home) disarmPidFile() error {
	pid, rest, err := readPidFile(h.cluster())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		// Empty or cut short: the machine went down while it was written.
		return os.Remove(filepath.Join(h.cluster(), "postmaster.pid"))
	}
	if !process.Exists(pid) {
		return nil
	}
	path := filepath.Join(h.cluster(), "postmaster.pid")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0) // in place: it keeps its owner
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n%s", os.Getpid(), rest)
	return errors.Join(err, f.Close())
}
