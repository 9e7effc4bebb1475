package local

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/steward-pm/steward/internal/fault"
)

// layoutVersion is the version of a data directory's layout that this program reads and writes.
const layoutVersion = 1

// Role is a PostgreSQL role of a private cluster.
type Role string

// The roles that every private cluster has.
const (
	Super Role = "postgres"      // initdb's superuser: set-up, backups and tests only
	Owner Role = "steward_owner" // migrates; an ordinary role, so that row-level security binds it too
	App   Role = "steward_app"   // serves, with the rights that the owner grants it
)

// home is a data directory as it is on disk:
//
//	VERSION         layout version and PostgreSQL major, written when the database is complete
//	database.json   where the database is, and the passwords of its roles (0600)
//	postgres/       the cluster; elsewhere if the server's user cannot reach this directory
//	socket/         the server's socket; elsewhere if the path is too long
//	postgres.log    the server's log
//	*.lock          who serves the directory, who runs the database
type home struct {
	dir    string // absolute
	record record
	major  int // PostgreSQL major of the complete database; 0 if there is none yet
}

// record is the content of database.json.
type record struct {
	Base      string          `json:"base,omitempty"` // directory that holds postgres/; "" is the data directory
	Socket    string          `json:"socket,omitempty"`
	Passwords map[Role]string `json:"passwords,omitempty"`
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

func (h *home) base() string {
	if h.record.Base != "" {
		return h.record.Base
	}
	return h.dir
}

// cluster is PostgreSQL's own data directory.
func (h *home) cluster() string { return filepath.Join(h.base(), "postgres") }

// url is understood by pgx and by psql alike.
func (h *home) url(role Role, database string) string {
	u := url.URL{
		Scheme: "postgres",
		User:   url.UserPassword(string(role), h.record.Passwords[role]),
		Path:   "/" + database,
		RawQuery: url.Values{
			"host": {h.record.Socket}, "port": {socketPort}, "sslmode": {"disable"},
		}.Encode(),
	}
	return u.String()
}

// prepare creates the data directory if it is missing, and reads it.
func prepare(dir string) (*home, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, err
	}
	err = os.Mkdir(abs, 0o700)
	if err == nil {
		err = openToServer(abs)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return read(abs)
}

// openToServer lets the server pass through a new data directory when it will run as another user,
// which is when this process is root's. What is in the directory is closed file by file.
func openToServer(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chmod(dir, 0o711)
}

// read reads a data directory without changing it.
func read(dir string) (*home, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	h := &home{dir: abs}
	err = h.reload()
	return h, err
}

// reload reads VERSION and database.json again; either may be missing.
func (h *home) reload() error {
	version, err := os.ReadFile(h.path("VERSION"))
	if err == nil {
		if h.major, err = parseVersion(h.dir, string(version)); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := os.ReadFile(h.path("database.json"))
	if errors.Is(err, fs.ErrNotExist) {
		h.record = record{}
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &h.record); err != nil {
		return fmt.Errorf("%s: %w", h.path("database.json"), err)
	}
	return nil
}

func parseVersion(dir, text string) (major int, err error) {
	var layout int
	n, err := fmt.Sscan(text, &layout, &major)
	switch {
	case n >= 1 && layout > layoutVersion: // a newer layout may well have another second word
		return 0, fault.Clash(
			"%[1]s 由更新版本的 steward 写入(布局 %[2]d,本程序支持到 %[3]d):请升级 steward。",
			"%[1]s was written by a newer steward (layout %[2]d, this one knows up to %[3]d): upgrade steward",
			dir, layout, layoutVersion)
	case err != nil || layout < 1:
		return 0, fault.Clash(
			"%[1]s/VERSION 无法识别:这不是 steward 的数据目录,或文件已损坏。",
			"%[1]s/VERSION is not readable as a version: not a steward data directory, or damaged", dir)
	}
	return major, nil
}

// save writes database.json.
func (h *home) save() error {
	text, err := json.MarshalIndent(h.record, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(h.path("database.json"), append(text, '\n'), 0o600)
}

// complete marks the database as ready for use.
func (h *home) complete(major int) error {
	h.major = major
	return writeFile(h.path("VERSION"), []byte(strconv.Itoa(layoutVersion)+" "+strconv.Itoa(major)+"\n"), 0o644)
}

// writeFile replaces a file so that a crash leaves the old or the new one.
func writeFile(path string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in the directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func newPassword() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return hex.EncodeToString(b[:])
}
