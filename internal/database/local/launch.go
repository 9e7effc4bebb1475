package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// launch makes this process the one that runs the server.
func (h *home) launch(ctx context.Context, lock *fileLock, o Options) (_ *Cluster, err error) {
	defer func() {
		if err != nil {
			lock.release()
		}
	}()
	say := progress{o.Progress}
	// What was read before the lock was ours may be old.
	if err := h.reload(); err != nil {
		return nil, err
	}
	if err := h.checkPlace(); err != nil {
		return nil, err
	}
	if err := h.checkWhole(); err != nil {
		return nil, err
	}
	a, err := serverAccount(h.cluster())
	if err != nil {
		return nil, err
	}
	major, err := clusterMajor(h.cluster())
	if err != nil {
		return nil, err
	}
	b, err := findBinaries(ctx, major, a, say)
	if err != nil {
		return nil, err
	}
	if major == 0 {
		err = h.found(a, say)
	} else {
		err = h.resume(a, say)
	}
	if err != nil {
		return nil, err
	}
	p, err := h.run(ctx, b, a, o)
	if err != nil {
		return nil, err
	}
	return &Cluster{home: h, lock: lock, own: p}, nil
}

// found writes down where a new cluster will be and the passwords it will have, before it is made.
func (h *home) found(a *account, say progress) error {
	_, err := os.Stat(h.base())
	if h.record.Passwords == nil || err != nil {
		h.record.Base = ""
		if err := h.place(a, say); err != nil {
			return err
		}
		h.record.Passwords = map[Role]string{Super: newPassword(), Owner: newPassword(), App: newPassword()}
	}
	return h.save()
}

// resume prepares for the start of a cluster that is there.
func (h *home) resume(a *account, say progress) error {
	if !a.reaches(h.base()) {
		return fault.Clash(
			"运行 PostgreSQL 的用户 %[1]s 无法进入 %[2]s:请放开其上级目录(chmod o+x),或把数据目录移回原处。",
			"the user %[1]s, which PostgreSQL runs as, cannot enter %[2]s: open the directories above it (chmod o+x), or move the data directory back",
			a.name, h.base())
	}
	return h.stopOrphan(say)
}

// run makes the cluster if it is new, starts it, and furnishes it if that was not finished.
func (h *home) run(ctx context.Context, b binaries, a *account, o Options) (_ *postmaster, err error) {
	if err := h.create(ctx, b, a, o); err != nil {
		return nil, err
	}
	socket, err := openSocketDir(h.base(), a)
	if err != nil {
		return nil, err
	}
	if h.record.Socket != socket {
		h.record.Socket = socket
		if err := h.save(); err != nil {
			return nil, err
		}
	}
	p, err := h.start(ctx, b, a, o)
	if err != nil || h.major != 0 {
		return p, err
	}
	if err = h.furnish(ctx); err == nil {
		err = h.complete(b.major)
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// checkWhole refuses a directory that had a database and lost it, or a database without its
// passwords: starting afresh would look as if all data were gone.
func (h *home) checkWhole() error {
	_, err := os.Stat(h.cluster())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if lost := h.major != 0 && err != nil; lost || (err == nil && h.record.Passwords == nil) {
		return fault.Clash(
			"%[1]s 的数据库不完整(%[2]s 或 database.json 缺失):请从备份恢复,或使用新的目录。",
			"the database of %[1]s is not whole (%[2]s or database.json is missing): restore it from a backup, or use a new directory",
			h.dir, h.cluster())
	}
	return nil
}

// clusterMajor is the version that PostgreSQL wrote into its data directory; 0 if there is none.
func clusterMajor(cluster string) (int, error) {
	text, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
