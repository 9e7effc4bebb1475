// Package local runs a private PostgreSQL for one data directory: it makes the cluster, starts the
// server, and stops it with the process that started it.
//
// The first process that opens a data directory starts the server; processes that open it meanwhile
// get the same server, and lose their connections when the first one ends. A process that is
// killed takes its server along (Linux), and the next start recovers from whatever was left: an
// orphaned server is stopped and started anew, an unfinished initdb is thrown away.
//
// The server listens on a Unix socket that only its own user can reach. Run by root, it is the user
// postgres (or nobody) that it runs as, with its cluster where that user can get to.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// Options change how a cluster is run. The zero value is what people's data needs.
type Options struct {
	// Fast gives up durability, and autovacuum, for speed: for clusters that are thrown away.
	Fast bool
	// MaxConnections is PostgreSQL's setting; 0 is its default of 100.
	MaxConnections int
	// Progress gets a line about each step that takes over a second. nil: none.
	Progress io.Writer
}

// Cluster is a running private PostgreSQL.
type Cluster struct {
	home  *home
	lock  *fileLock    // held while the server of this process runs; nil if attached
	own   *postmaster  // nil if attached
	gone  func() error // what Close does last; nil: nothing
	close sync.Once
}

// Open returns the running cluster of the data directory, after making and starting it if need be.
// Progress is reported to o.Progress. It waits for a start by another process as long as ctx allows.
//
// Errors: CONFLICT, with what to do, if there is no usable PostgreSQL, if the directory is of a newer
// steward or another PostgreSQL, or if it belongs to another user.
func Open(ctx context.Context, dir string, o Options) (_ *Cluster, err error) {
	defer fault.Wrap(&err, "local.Open(%s)", dir)
	h, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	arrived := progress{o.Progress}.step("waiting for PostgreSQL in %s", h.dir)
	defer arrived()
	for {
		lock, err := tryLock(h.path("cluster.lock"))
		if err == nil {
			arrived()
			return h.launch(ctx, lock, o)
		}
		if !errors.Is(err, errHeld) {
			return nil, err
		}
		if c, err := h.attach(ctx); c != nil || err != nil {
			return c, err
		}
	}
}

// Attach waits for a server that another process runs, or is about to, and never starts one.
func Attach(ctx context.Context, dir string) (_ *Cluster, err error) {
	defer fault.Wrap(&err, "local.Attach(%s)", dir)
	h, err := read(dir)
	if err != nil {
		return nil, err
	}
	for {
		if c, err := h.attach(ctx); c != nil || err != nil {
			return c, err
		}
	}
}

// attach looks once for a server that answers, and pauses if there is none: nil, nil.
func (h *home) attach(ctx context.Context) (*Cluster, error) {
	if err := h.reload(); err != nil {
		return nil, err
	}
	if h.major != 0 && answers(ctx, h.url(Owner, database)) {
		return &Cluster{home: h}, nil
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("the database of %s (held by pid %s) does not answer: %w",
			h.dir, holder(h.path("cluster.lock")), ctx.Err())
	case <-time.After(20 * time.Millisecond):
		return nil, nil
	}
}

// OwnerURL is the connection URL of the role that migrates, for pgx and psql.
func (c *Cluster) OwnerURL() string { return c.URL(Owner, database) }

// AppURL is the connection URL of the role that serves, for pgx and psql.
func (c *Cluster) AppURL() string { return c.URL(App, database) }

// URL is the connection URL of any role and database of the cluster.
func (c *Cluster) URL(role Role, database string) string { return c.home.url(role, database) }

// Started tells whether this process started the server and will stop it.
func (c *Cluster) Started() bool { return c.own != nil }

// Ended is closed when the server that this process started has ended, by Close or by itself. It is
// nil, and thus never ready, for a server that another process runs.
func (c *Cluster) Ended() <-chan struct{} {
	if c.own == nil {
		return nil
	}
	return c.own.ended
}

// Close stops the server if this process started it: in order, or by force after 10 seconds. The
// error is about the removal of a Temporary cluster.
func (c *Cluster) Close() (err error) {
	c.close.Do(func() {
		if c.own != nil {
			c.own.stop()
			if socket := c.home.record.Socket; !within(socket, c.home.base()) {
				_ = os.Remove(socket) // made anew at the next start
			}
			c.lock.release()
		}
		if c.gone != nil {
			err = c.gone()
		}
	})
	return err
}

// Temporary starts a fast cluster in a new directory; Close removes it.
func Temporary(ctx context.Context, o Options) (_ *Cluster, err error) {
	defer fault.Wrap(&err, "local.Temporary")
	dir, err := os.MkdirTemp("", "steward-temporary-")
	if err != nil {
		return nil, err
	}
	remove := func() error { return errors.Join(Remove(dir), os.RemoveAll(dir)) }
	if err := openToServer(dir); err != nil {
		return nil, errors.Join(err, remove())
	}
	o.Fast = true
	c, err := Open(ctx, dir, o)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	c.gone = remove
	return c, nil
}

// URL is the owner's connection URL for a data directory, whether its server runs or not.
//
// Errors: NOT_FOUND if the directory has no database; CONFLICT if a newer steward wrote it.
func URL(dir string) (_ string, err error) {
	defer fault.Wrap(&err, "local.URL(%s)", dir)
	h, err := read(dir)
	if err != nil {
		return "", err
	}
	if h.major == 0 {
		return "", fault.New(fault.NotFound,
			"%[1]s 中没有数据库:先用 steward demo 或 steward serve 创建。",
			"there is no database in %[1]s: make one with steward demo or steward serve", h.dir)
	}
	return h.url(Owner, database), nil
}

// Remove deletes the database of a data directory, and leaves the other files in it.
//
// Errors: CONFLICT if a process runs the database.
func Remove(dir string) (err error) {
	defer fault.Wrap(&err, "local.Remove(%s)", dir)
	h, err := prepare(dir)
	if err != nil {
		return err
	}
	path := h.path("cluster.lock")
	lock, err := tryLock(path)
	if errors.Is(err, errHeld) {
		return fault.Clash(
			"%[1]s 的数据库正在运行(进程 %[2]s):请先停止它。",
			"the database of %[1]s is running (pid %[2]s): stop it first", h.dir, holder(path))
	}
	if err != nil {
		return err
	}
	defer lock.release()
	if err := errors.Join(h.reload(), h.checkPlace()); err != nil {
		return err
	}
	if err := h.stopOrphan(progress{}); err != nil {
		return err
	}
	// VERSION first: without it, what is left is an unfinished database, not a broken one.
	gone := []string{h.path("VERSION"), h.cluster(), h.record.Socket, h.path("postgres.log"), h.path("postgres.log.1")}
	if h.record.Base != "" {
		gone = append(gone, h.record.Base)
	}
	for _, path := range append(gone, h.path("database.json")) {
		if path == "" {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
