package program_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/program"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// run carries a command out, as from a shell with these variables alone.
func run(ctx context.Context, env map[string]string, args ...string) (status int, stdout, stderr string) {
	var out, err buffer
	status = program.Main{Args: args, Getenv: func(k string) string { return env[k] }, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err}.Run(ctx)
	return status, out.String(), err.String()
}

// runUntil carries a command out until it has printed the text, or has ended by itself.
func runUntil(ctx context.Context, env map[string]string, text string, args ...string) (status int, stdout, stderr string) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var out, errs buffer
	done := make(chan int, 1)
	go func() {
		done <- program.Main{Args: args, Getenv: func(k string) string { return env[k] }, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}.Run(ctx)
	}()
	for !strings.Contains(out.String(), text) {
		select {
		case status := <-done:
			return status, out.String(), errs.String()
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	return <-done, out.String(), errs.String()
}

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Whatever cannot be started says so in one line, and exits with 1.
func TestWhatCannotStartSaysSoInALine(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	empty := dbtest.New(t, dbtest.Empty)
	migrated := dbtest.New(t, stewardtest.Template())
	newer := filepath.Join(t.TempDir(), "newer")
	if err := os.MkdirAll(newer, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(newer, "VERSION"), []byte("999 15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		says string
	}{
		"a flag that is none":      {nil, []string{"serve", "--no-such-flag"}, "unknown flag"},
		"an address that is none":  {nil, []string{"serve", "--data", t.TempDir(), "--listen", "nonsense"}, "HOST:PORT"},
		"a port that is taken":     {map[string]string{"DATABASE_URL": migrated.AppURL, "STEWARD_DATA": t.TempDir()}, []string{"serve", "--listen", taken.Addr().String()}, "another program has the port"},
		"no database":              {map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "STEWARD_DATA": t.TempDir()}, []string{"serve", "--listen", "127.0.0.1:0"}, "cannot be reached"},
		"migrations behind":        {map[string]string{"DATABASE_URL": empty.AppURL, "MIGRATE_DATABASE_URL": empty.OwnerURL, "STEWARD_DATA": t.TempDir()}, []string{"serve", "--listen", "127.0.0.1:0"}, "run steward migrate"},
		"the owner's role":         {map[string]string{"DATABASE_URL": migrated.OwnerURL, "MIGRATE_DATABASE_URL": migrated.OwnerURL, "STEWARD_DATA": t.TempDir()}, []string{"serve", "--listen", "127.0.0.1:0"}, "use steward_app"},
		"a superuser":              {map[string]string{"DATABASE_URL": migrated.SuperURL, "MIGRATE_DATABASE_URL": migrated.OwnerURL, "STEWARD_DATA": t.TempDir()}, []string{"serve", "--listen", "127.0.0.1:0"}, "use steward_app"},
		"data of a newer version":  {nil, []string{"serve", "--data", newer, "--listen", "127.0.0.1:0"}, "newer"},
		"no database to name":      {nil, []string{"database", "url", "--data", t.TempDir()}, "no database"},
		"the demo with a database": {map[string]string{"DATABASE_URL": migrated.AppURL}, []string{"demo", "--data", t.TempDir()}, "unset DATABASE_URL"},
		"a time zone that is none": {map[string]string{"DATABASE_URL": migrated.AppURL, "STEWARD_DATA": t.TempDir(), "STEWARD_ZONE": "Mars/Base"}, []string{"serve", "--listen", "127.0.0.1:0"}, "time zone"},
		"an estate that is not":    {map[string]string{"DATABASE_URL": migrated.AppURL, "STEWARD_DATA": t.TempDir()}, []string{"account", "create", "x@example.com", "--role", "cs-officer", "--estate", "NONE"}, "no estate"},
		"a file that is not there": {map[string]string{"DATABASE_URL": migrated.AppURL, "STEWARD_DATA": t.TempDir()}, []string{"import", "units", "--estate", "A", "/no/such/file.csv"}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			status, _, stderr := run(ctx, c.env, c.args...)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if last := lines[len(lines)-1]; status == 0 || !strings.Contains(last, c.says) || len(lines) > 2 {
				t.Errorf("status %d, want one line about %q:\n%s", status, c.says, stderr)
			}
		})
	}
}

// A private database from nothing: served, asked by a command beside it, refused to a second server, and
// gone without a trace when asked to stop.
func TestServeOnAPrivateDatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs buffer
	done := make(chan int, 1)
	go func() {
		done <- program.Main{Args: []string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &errs}.Run(ctx)
	}()
	for !strings.Contains(out.String(), "ready http://127.0.0.1:") {
		select {
		case status := <-done:
			t.Fatalf("ended with %d: %s", status, errs.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	if status, stdout, stderr := run(ctx, nil, "account", "create", "boss@example.com", "--role", "general-manager", "--data", dir); status != 0 || !strings.Contains(stdout, "temporary password of boss@example.com") {
		t.Errorf("account create: %d %s %s", status, stdout, stderr)
	}
	if status, stdout, _ := run(ctx, nil, "audit", "verify", "--data", dir); status != 0 || !strings.HasPrefix(stdout, "whole:") {
		t.Errorf("audit verify: %d %s", status, stdout)
	}
	if status, _, stderr := run(ctx, nil, "serve", "--data", dir, "--listen", "127.0.0.1:0"); status == 0 || !strings.Contains(stderr, "another steward is running") {
		t.Errorf("second server: %d %s", status, stderr)
	}
	stop()
	if status := <-done; status != 0 {
		t.Errorf("stopped with %d: %s", status, errs.String())
	}
	if status, stdout, stderr := run(t.Context(), nil, "migrate", "--data", dir); status != 0 || !strings.Contains(stdout, "up to date") {
		t.Errorf("migrate, alone: %d %s %s", status, stdout, stderr)
	}
}
