package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"

	"github.com/steward-pm/steward/internal/fault"
)

// fetchable are the releases that can be fetched. A new cluster gets newMajor.
var fetchable = map[int]embeddedpostgres.PostgresVersion{
	15: embeddedpostgres.V15, 16: embeddedpostgres.V16, 17: embeddedpostgres.V17, 18: embeddedpostgres.V18,
}

const newMajor = 17

// fetcher gets PostgreSQL's binaries for a machine that has none, once per user.
type fetcher struct {
	cache      string        // directory
	repository string        // "" is the library's own
	limit      time.Duration // for the whole download
}

func newFetcher(a *account) fetcher {
	f := fetcher{limit: 10 * time.Minute}
	if cache, err := os.UserCacheDir(); err == nil && a == nil {
		f.cache = filepath.Join(cache, "steward")
	} else {
		f.cache = "/var/cache/steward" // root's own cache is closed to the server's user
	}
	return f
}

// fetch returns the cached binaries, after getting them if need be.
//
// Errors: CONFLICT with what to install if the repository cannot be reached or has none.
func (f fetcher) fetch(ctx context.Context, major int, say progress) (_ binaries, err error) {
	if major == 0 {
		major = newMajor
	}
	version, ok := fetchable[major]
	if !ok {
		return binaries{}, notInstalled(major, fmt.Errorf("no such release"))
	}
	if err := os.MkdirAll(f.cache, 0o755); err != nil {
		return binaries{}, err
	}
	lock, err := os.OpenFile(filepath.Join(f.cache, "fetch.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return binaries{}, err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return binaries{}, err
	}
	dir := filepath.Join(f.cache, "postgresql-"+string(version))
	if b, err := inspect(ctx, filepath.Join(dir, "bin")); err == nil {
		return b, nil
	}
	staging := dir + ".new"
	if err := f.download(ctx, version, staging, say); err != nil {
		return binaries{}, notInstalled(major, err)
	}
	b, err := inspect(ctx, filepath.Join(staging, "bin"))
	if err != nil {
		return binaries{}, notInstalled(major, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return binaries{}, err
	}
	b.dir = filepath.Join(dir, "bin")
	return b, os.Rename(staging, dir)
}

func notInstalled(major int, cause error) error {
	return fault.Clash(
		"本机没有 PostgreSQL,也无法下载:请安装(Debian/Ubuntu:apt-get install postgresql;需要 15 或更高版本,已有数据库为 %[1]d),或设置 DATABASE_URL。",
		"no PostgreSQL on this machine and none could be fetched: install it (apt-get install postgresql; 15 or newer, %[1]d for an existing database), or set DATABASE_URL",
		major).Because(cause)
}

// download unpacks a release into a directory. The library cannot only fetch: it goes on to start a
// server. It is given a data directory that looks initialised and is not, so that it stops there.
func (f fetcher) download(ctx context.Context, version embeddedpostgres.PostgresVersion, into string, say progress) error {
	fake, err := os.MkdirTemp("", "steward-fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fake) }()
	major, _, _ := strings.Cut(string(version), ".")
	if err := os.WriteFile(filepath.Join(fake, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return err
	}
	config := embeddedpostgres.DefaultConfig().Version(version).Port(0).Logger(io.Discard).
		CachePath(f.cache).RuntimePath(into).DataPath(fake)
	if f.repository != "" {
		config = config.BinaryRepositoryURL(f.repository)
	}
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	done := make(chan error, 1) // the library takes no context: a download that is given up ends with the process
	go func() { done <- embeddedpostgres.NewDatabase(config).Start() }()
	return await(ctx, done, string(version), say)
}

func await(ctx context.Context, done <-chan error, version string, say progress) error {
	say.line("fetching PostgreSQL %s (once, about 30 MB)", version)
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case err := <-done:
			if err != nil && strings.HasPrefix(err.Error(), "could not start postgres") {
				err = nil // unpacked, and stopped at the fake data directory
			}
			return err
		case <-tick.C:
			say.line("fetching PostgreSQL %s: %s s", version, strconv.Itoa(int(time.Since(began).Seconds())))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
