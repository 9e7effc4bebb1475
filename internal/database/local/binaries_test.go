package local

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// pretend makes a directory that looks like PostgreSQL's binaries of a version.
func pretend(t *testing.T, dir, version string) string {
	t.Helper()
	for name, script := range map[string]string{"postgres": "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n", "initdb": ""} {
		path := filepath.Join(dir, name)
		write(t, path, script)
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLook(t *testing.T) {
	t.Parallel()
	root := site(t)
	old := pretend(t, filepath.Join(root, "old"), "14.9")
	older := pretend(t, filepath.Join(root, "16"), "16.2 (Debian 16.2-1)")
	newest := pretend(t, filepath.Join(root, "17"), "17.5")
	client := filepath.Join(root, "client") // psql without a server
	write(t, filepath.Join(client, "psql"), "")
	path := filepath.Join(root, "path")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(older, "postgres"), filepath.Join(path, "postgres")); err != nil {
		t.Fatal(err)
	}
	found := look(t.Context(), nil, []string{filepath.Join(root, "none"), client, old, path, older, newest})
	if len(found) != 2 || found[0] != (binaries{older, 16}) || found[1] != (binaries{newest, 17}) {
		t.Fatalf("found %v", found)
	}
	if b, ok := choose(found, 0); !ok || b.major != 16 {
		t.Errorf("a new cluster gets %v", b)
	}
	if b, ok := choose(found, 17); !ok || b.dir != newest {
		t.Errorf("a cluster of 17 gets %v", b)
	}
	if _, ok := choose(found, 15); ok {
		t.Error("a cluster of 15 gets another")
	}
	closed := pretend(t, filepath.Join(closedSite(t), "bin"), "17.5")
	if found := look(t.Context(), &account{uid: 54321, gid: 54321}, []string{closed}); len(found) > 0 {
		t.Error("it found what the server's user cannot run")
	}
}

// The jar holds a pretended PostgreSQL in the form of the repository's.
func TestFetch(t *testing.T) {
	t.Parallel()
	var asked int
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".jar") {
			asked++
			http.ServeFile(w, r, filepath.Join("testdata", "postgresql.jar"))
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(repository.Close)
	f := fetcher{cache: filepath.Join(site(t), "cache"), repository: repository.URL, limit: time.Minute}
	var said strings.Builder
	for range 2 {
		b, err := f.fetch(t.Context(), 17, progress{&said})
		if err != nil || b.major != 17 || !within(b.dir, f.cache) {
			t.Fatalf("%v, %v", b, err)
		}
	}
	if asked != 1 {
		t.Errorf("fetched %d times", asked)
	}
	if !strings.Contains(said.String(), "fetching PostgreSQL 17") {
		t.Errorf("said %q", said.String())
	}
}

func TestFetchRefusals(t *testing.T) {
	t.Parallel()
	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(func() { slow.CloseClientConnections(); slow.Close() })
	for name, repository := range map[string]string{"empty": empty.URL, "gone": gone.URL, "slow": slow.URL} {
		f := fetcher{cache: filepath.Join(site(t), "cache"), repository: repository, limit: 200 * time.Millisecond}
		_, err := f.fetch(t.Context(), 0, progress{})
		t.Log(name)
		refused(t, err, fault.Conflict, "apt-get install postgresql", "DATABASE_URL")
	}
	_, err := fetcher{cache: t.TempDir()}.fetch(t.Context(), 99, progress{})
	refused(t, err, fault.Conflict, "99")
}
