package local

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
)

// closedSite is below a directory that only this process's user may enter.
func closedSite(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Root's server runs as another user, who cannot get into root's directories.
func TestUnreachableDataDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(closedSite(t), "data")
	first := open(t, dir)
	keep(t, first)
	base := first.home.base()
	if (base == dir) != (os.Geteuid() != 0) {
		t.Errorf("the cluster is in %s", base)
	}
	info, err := os.Stat(first.home.cluster())
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
		t.Error("the server runs as root")
	}
	closed(t, first)
	second := open(t, dir)
	kept(t, second)
	if second.home.base() != base {
		t.Errorf("it moved from %s to %s", base, second.home.base())
	}
	closed(t, second)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.home.cluster()); !os.IsNotExist(err) {
		t.Errorf("%s is left", first.home.cluster())
	}
}

func TestMovedAndCopiedDataDirectory(t *testing.T) {
	t.Parallel()
	site := closedSite(t)
	dir, moved, copied := filepath.Join(site, "data"), filepath.Join(site, "moved"), filepath.Join(site, "copied")
	first := open(t, dir)
	keep(t, first)
	closed(t, first)
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	second := open(t, moved)
	kept(t, second)
	for _, name := range []string{"database.json", "VERSION"} {
		text, err := os.ReadFile(filepath.Join(moved, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(copied, name), string(text))
	}
	_, err := Open(t.Context(), copied, quick)
	if os.Geteuid() == 0 {
		refused(t, err, fault.Conflict, moved, copied) // one cluster, two directories
	} else {
		refused(t, err, fault.Conflict, copied) // a copy without the cluster
	}
	kept(t, second)
	closed(t, second)
	if err := Remove(moved); err != nil {
		t.Fatal(err)
	}
}

func TestForgottenClustersAreRemoved(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, data := range map[string]string{"forgotten": filepath.Join(root, "no more"), "used": root} {
		write(t, filepath.Join(root, name, dataFile), data)
	}
	removeForgotten(root)
	if _, err := os.Stat(filepath.Join(root, "forgotten")); !os.IsNotExist(err) {
		t.Error("the forgotten one is left")
	}
	if _, err := os.Stat(filepath.Join(root, "used")); err != nil {
		t.Error("the used one is gone")
	}
}

func TestReaches(t *testing.T) {
	t.Parallel()
	dir := site(t)
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	var me *account
	other := &account{uid: 54321, gid: 54321}
	owner := &account{uid: uint32(os.Geteuid()), gid: 54321}
	for name, c := range map[string]struct {
		a    *account
		path string
		want bool
	}{
		"itself": {me, inner, true}, "open": {other, dir, true}, "closed": {other, inner, false},
		"owner": {owner, inner, true}, "missing": {other, filepath.Join(dir, "missing"), false},
	} {
		if got := c.a.reaches(c.path); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
