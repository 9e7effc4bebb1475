package local

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// oldestMajor is the first PostgreSQL that Steward runs on: from 15 on, the schema public is closed.
const oldestMajor = 15

// binaries is a directory that holds postgres and initdb.
type binaries struct {
	dir   string
	major int
}

// places where packages put PostgreSQL without putting it into $PATH: Debian, RPM (PGDG), Arch and
// Alpine, Homebrew, Postgres.app, FreeBSD.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin", "/usr/local/pgsql/bin", "/usr/local/bin",
}

// findBinaries returns the binaries for a cluster of the given major version, or, for 0 (a new
// cluster), the newest in $PATH or else the newest on the machine. What is nowhere is fetched.
func findBinaries(ctx context.Context, major int, a *account, say progress) (binaries, error) {
	found := installed(ctx, a)
	if b, ok := choose(found, major); ok {
		return b, nil
	}
	if major != 0 && len(found) > 0 {
		return binaries{}, fault.Clash(
			"数据库由 PostgreSQL %[1]d 创建,而本机只有 PostgreSQL %[2]d:请安装 PostgreSQL %[1]d。",
			"the database was made by PostgreSQL %[1]d, and this machine has PostgreSQL %[2]d: install PostgreSQL %[1]d",
			major, found[0].major)
	}
	return newFetcher(a).fetch(ctx, major, say)
}

func choose(found []binaries, major int) (binaries, bool) {
	for _, b := range found {
		if major == 0 || b.major == major {
			return b, true
		}
	}
	return binaries{}, false
}

// installed lists the usable binaries of the machine, those in $PATH first, then newest first.
func installed(ctx context.Context, a *account) []binaries {
	found := look(ctx, a, filepath.SplitList(os.Getenv("PATH")))
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		found = append(found, look(ctx, a, []string{strings.TrimSpace(string(out))})...)
	}
	var usual []string
	for _, pattern := range usualPlaces {
		dirs, _ := filepath.Glob(pattern) // the patterns are well-formed
		usual = append(usual, dirs...)
	}
	rest := look(ctx, a, usual)
	slices.SortStableFunc(rest, func(x, y binaries) int { return cmp.Compare(y.major, x.major) })
	return append(found, rest...)
}

// look returns those of the directories that hold binaries that the account can run.
func look(ctx context.Context, a *account, dirs []string) (found []binaries) {
	for _, dir := range dirs {
		// Links are followed: PostgreSQL finds its library beside the real file, and Debian's
		// programs in $PATH are links to one version's.
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil {
			continue
		}
		dir = filepath.Dir(real)
		if slices.ContainsFunc(found, func(b binaries) bool { return b.dir == dir }) || !a.reaches(dir) {
			continue
		}
		if b, err := inspect(ctx, dir); err == nil && b.major >= oldestMajor {
			found = append(found, b)
		}
	}
	return found
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

func inspect(ctx context.Context, dir string) (binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, err
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return binaries{}, os.ErrInvalid
	}
	major, err := strconv.Atoi(string(match[1]))
	return binaries{dir, major}, err
}
