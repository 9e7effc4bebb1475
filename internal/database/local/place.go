package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/steward-pm/steward/internal/fault"
)

const (
	// permanentRoot holds the clusters whose data directory root's unprivileged user cannot reach.
	permanentRoot = "/var/lib/steward"
	// passingRoot holds those whose data directory is itself in the directory of temporary files.
	passingRoot = "/tmp/steward-clusters"
	// dataFile names, in such a place, the data directory that it belongs to.
	dataFile = "DATA"
)

// account is the user that the server runs as. nil: as this process, which is the case unless it
// is root, for PostgreSQL refuses to run as root.
type account struct {
	name     string
	uid, gid uint32
}

func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own hands a file over to the server's user.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

func (a *account) id() uint32 {
	if a == nil {
		return uint32(os.Geteuid())
	}
	return a.uid
}

// reaches tells whether the account may pass through all directories above the path and, if it is
// a directory, through itself. Only mode bits count: an ACL that allows more costs no more than a move.
func (a *account) reaches(path string) bool {
	if a == nil {
		return true
	}
	for ; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			return false
		}
		stat := info.Sys().(*syscall.Stat_t)
		bit := fs.FileMode(0o001)
		switch {
		case stat.Uid == a.uid:
			bit = 0o100
		case stat.Gid == a.gid:
			bit = 0o010
		}
		if info.Mode().Perm()&bit == 0 {
			return false
		}
		if path == filepath.Dir(path) {
			return true
		}
	}
}

// serverAccount picks the user for the server: the owner of the cluster if there is one, so that
// root can serve what a user made; otherwise postgres, otherwise nobody.
func serverAccount(cluster string) (*account, error) {
	info, err := os.Stat(cluster)
	exists := err == nil
	if os.Geteuid() != 0 {
		if exists && int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
			return nil, fault.Clash(
				"数据库目录 %[1]s 属于另一个用户:请以该用户或 root 运行 steward。",
				"the database in %[1]s belongs to another user: run steward as that user, or as root", cluster)
		}
		return nil, nil
	}
	if exists {
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != 0 {
			return &account{name: strconv.Itoa(int(stat.Uid)), uid: stat.Uid, gid: stat.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, fault.Clash(
		"PostgreSQL 不能以 root 运行,而系统中没有用户 postgres 或 nobody:请以普通用户运行 steward。",
		"PostgreSQL does not run as root and there is no user postgres or nobody: run steward as an ordinary user")
}

// place decides where a new cluster goes: into the data directory, or, if the server's user cannot
// reach that, to a place where it can. database.json then points there.
func (h *home) place(a *account, say progress) error {
	if a.reaches(h.dir) {
		return nil
	}
	root, err := h.otherRoot()
	if err != nil {
		return err
	}
	for _, old := range places(root) {
		if old.data == h.dir {
			say.line("an earlier database of %s is still in %s: remove it when it is not needed", h.dir, old.path)
		}
	}
	sum := sha256.Sum256([]byte(h.dir))
	// Never the same place twice: a data directory that was removed and made anew starts empty.
	base, err := os.MkdirTemp(root, hex.EncodeToString(sum[:6])+"-")
	if err != nil {
		return err
	}
	if err := os.Chmod(base, 0o711); err != nil {
		return err
	}
	h.record.Base = base
	return writeFile(filepath.Join(base, dataFile), []byte(h.dir), 0o600)
}

// otherRoot creates the directory that holds clusters outside their data directories. What belongs
// to a passing data directory goes where a reboot clears it, and goes when the directory is gone.
func (h *home) otherRoot() (string, error) {
	if within(h.dir, os.TempDir()) || within(h.dir, "/tmp") {
		if err := ownDir(passingRoot, 0o711, nil); err == nil {
			removeForgotten(passingRoot)
			return passingRoot, nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(permanentRoot), 0o755); err != nil {
		return "", err
	}
	return permanentRoot, ownDir(permanentRoot, 0o711, nil)
}

// checkPlace refuses a copied data directory: two directories that point to one cluster would stop
// each other's server. A moved one is followed.
func (h *home) checkPlace() error {
	if h.record.Base == "" {
		return nil
	}
	path := filepath.Join(h.record.Base, dataFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the cluster is gone; whoever needs it says so
	}
	if err != nil || string(text) == h.dir {
		return err
	}
	if other, err := read(string(text)); err == nil && other.record.Base == h.record.Base {
		return fault.Clash(
			"%[1]s 是 %[2]s 的副本,没有自己的数据库:请使用原目录。",
			"%[1]s is a copy of %[2]s and has no database of its own: use the original", h.dir, string(text))
	}
	return writeFile(path, []byte(h.dir), 0o600)
}

type placed struct{ path, data string }

// places lists the clusters below a root of such places.
func places(root string) (all []placed) {
	entries, _ := os.ReadDir(root)
	for _, entry := range entries {
		path := filepath.Join(root, entry.Name())
		if text, err := os.ReadFile(filepath.Join(path, dataFile)); err == nil {
			all = append(all, placed{path, string(text)})
		}
	}
	return all
}

// removeForgotten removes the clusters of temporary data directories that are no more.
func removeForgotten(root string) {
	for _, p := range places(root) {
		if _, err := os.Stat(p.data); errors.Is(err, fs.ErrNotExist) && postmasterOf(filepath.Join(p.path, "postgres")) == 0 {
			_ = os.RemoveAll(p.path) // best effort: the next start tries again
		}
	}
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// ownDir creates a directory for the account, or accepts it if it is already exactly that. A
// stranger may have made the same name in a shared place, or a link to elsewhere.
func ownDir(path string, mode fs.FileMode, a *account) error {
	err := os.Mkdir(path, 0o700)
	if err == nil {
		return errors.Join(a.own(path), os.Chmod(path, mode))
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Sys().(*syscall.Stat_t).Uid != a.id() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not a directory of user %d alone: remove it", path, a.id())
	}
	return os.Chmod(path, mode)
}
