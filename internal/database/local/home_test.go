package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, words string }{
		"newer":           {"2 15\n", "2"},
		"newer and other": {"3 steward-db\n", "3"},
		"damaged":         {"\n", "VERSION"},
		"not ours":        {"nine\n", "VERSION"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := site(t)
			write(t, filepath.Join(dir, "VERSION"), c.text)
			_, err := Lock(dir)
			refused(t, err, fault.Conflict, dir, c.words)
			_, err = Open(t.Context(), dir, quick)
			refused(t, err, fault.Conflict, dir, c.words)
			_, err = URL(dir)
			refused(t, err, fault.Conflict, dir, c.words)
		})
	}
}

func TestOtherMajorIsRefused(t *testing.T) {
	t.Parallel()
	dir := site(t)
	c := &home{dir: dir}
	c.record.Passwords = map[Role]string{Owner: newPassword()}
	if err := c.save(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "postgres", "PG_VERSION"), "99\n")
	_, err := Open(t.Context(), dir, quick)
	refused(t, err, fault.Conflict, "PostgreSQL 99")
}

func TestLostDatabaseIsNotReplaced(t *testing.T) {
	t.Parallel()
	gone := site(t)
	write(t, filepath.Join(gone, "VERSION"), "1 15\n")
	_, err := Open(t.Context(), gone, quick)
	refused(t, err, fault.Conflict, gone)

	locked := site(t)
	write(t, filepath.Join(locked, "postgres", "PG_VERSION"), "15\n")
	_, err = Open(t.Context(), locked, quick)
	refused(t, err, fault.Conflict, locked)
}

func TestRemove(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(site(t), "data")
	c := open(t, dir)
	keep(t, c)
	write(t, filepath.Join(dir, "files", "scan.pdf"), "paper")
	refused(t, Remove(dir), fault.Conflict, dir)
	closed(t, c)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "files", "scan.pdf")); err != nil {
		t.Error("it removed what is not the database")
	}
	if again := open(t, dir); value(t, again.OwnerURL(), "SELECT to_regclass('kept') IS NULL") != "t" {
		t.Error("the old data is there")
	}
}

func TestUnusualPaths(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]string{
		"long":  strings.Repeat("a-long-way-down/", 9) + "data",
		"comma": "data, of 'the' \"office\"",
		"中文":    "物业 数据",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(site(t), part)
			first := open(t, dir)
			if len(first.home.record.Socket) > socketLimit {
				t.Errorf("socket in %s", first.home.record.Socket)
			}
			keep(t, first)
			closed(t, first)
			kept(t, open(t, dir))
		})
	}
}

func TestSocketDirIsNobodyElses(t *testing.T) {
	t.Parallel()
	dir := site(t)
	link, loose := filepath.Join(dir, "link"), filepath.Join(dir, "loose")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(loose, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(loose, 0o777); err != nil {
		t.Fatal(err)
	}
	other := &account{name: "other", uid: uint32(os.Geteuid()) + 1}
	for name, err := range map[string]error{
		"a link":         ownDir(link, 0o700, nil),
		"open to others": ownDir(loose, 0o700, nil),
		"of another":     ownDir(dir, 0o700, other),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
