package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/database/local/process"
	"github.com/steward-pm/steward/internal/fault"
)

// database is the one that Steward's data is in.
const database = "steward"

// create makes the cluster, unless it is there. It grows in a directory of its own and is renamed
// at the end, so that what is called postgres/ is whole.
func (h *home) create(ctx context.Context, b binaries, a *account, o Options) (err error) {
	defer fault.Wrap(&err, "create(%s)", h.cluster())
	unfinished, err := filepath.Glob(filepath.Join(h.base(), ".initdb-*"))
	if err != nil {
		return err
	}
	for _, dir := range unfinished { // of a start that was killed
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if _, err := os.Stat(h.cluster()); err == nil {
		return nil
	}
	defer progress{o.Progress}.step("creating the database in %s", h.base())()
	nursery, err := os.MkdirTemp(h.base(), ".initdb-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(nursery) }()
	password := filepath.Join(nursery, "password")
	if err := os.WriteFile(password, []byte(h.record.Passwords[Super]), 0o600); err != nil {
		return err
	}
	if err := errors.Join(a.own(nursery), a.own(password)); err != nil {
		return err
	}
	young := filepath.Join(nursery, "postgres")
	if err := initdb(ctx, b, a, young, password, o.Fast); err != nil {
		return err
	}
	if err := os.Rename(young, h.cluster()); err != nil {
		return err
	}
	return syncDir(h.base())
}

// initdb runs with the collation of code points, which is the same on every machine and never
// changes with the C library; plain C where the system lacks C.UTF-8.
func initdb(ctx context.Context, b binaries, a *account, dir, password string, fast bool) error {
	var said string
	for _, locale := range []string{"C.UTF-8", "C"} {
		args := []string{
			"--pgdata=" + dir, "--username=" + string(Super), "--pwfile=" + password,
			"--auth=scram-sha-256", "--encoding=UTF8", "--locale=" + locale, "--no-instructions",
		}
		if fast {
			args = append(args, "--no-sync")
		}
		var out bytes.Buffer
		cmd := command(b, "initdb", args...)
		cmd.Stdout, cmd.Stderr = &out, &out
		ended, err := process.Start(cmd, a.credential(), syscall.SIGKILL)
		if err != nil {
			return err
		}
		select {
		case <-ended:
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			<-ended
			return ctx.Err()
		}
		if cmd.ProcessState.Success() {
			return nil
		}
		if said = out.String(); !strings.Contains(said, "locale") {
			break
		}
	}
	return fmt.Errorf("initdb: %s", strings.ReplaceAll(strings.TrimSpace(said), "\n", "; "))
}

// command is one of PostgreSQL's programs, with nothing of our environment or working directory:
// PG… variables would change what it does, and its user may not see our directory.
func command(b binaries, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.dir, name), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + b.dir + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	return cmd
}

// furnish makes the roles and the database. Doing it again changes nothing, so a start that was
// killed half-way through is simply repeated.
func (h *home) furnish(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "furnish(%s)", h.dir)
	conn, err := pgx.Connect(ctx, h.url(Super, "postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, role := range []Role{Owner, App} {
		if err := furnishRole(ctx, conn, role, h.record.Passwords[role]); err != nil {
			return err
		}
	}
	// With one URL for both roles, the owner takes the app's role in each transaction.
	if _, err := conn.Exec(ctx, fmt.Sprintf("GRANT %s TO %s", App, Owner)); err != nil {
		return err
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s", database, Owner))
	}
	return err
}

func furnishRole(ctx context.Context, conn *pgx.Conn, role Role, password string) error {
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", string(role)).Scan(&exists)
	if err != nil {
		return err
	}
	verb := "CREATE"
	if exists {
		verb = "ALTER"
	}
	// The password is hexadecimal, the names are constants: nothing needs quoting.
	_, err = conn.Exec(ctx, fmt.Sprintf(
		"%s ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '%s'", verb, role, password))
	return err
}
