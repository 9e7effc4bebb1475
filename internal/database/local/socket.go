package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

const (
	// socketPort only names the socket file: the server listens on no TCP port.
	socketPort = "5432"
	// socketLimit is the longest path that fits sockaddr_un everywhere (macOS has 104 bytes with
	// the final zero, Linux 108), less the ".lock" that PostgreSQL makes beside the socket.
	socketLimit = 98
)

// plain is what may stand in unix_socket_directories without quoting: it is a comma-separated list.
var plain = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)

// socketDir chooses the directory of the socket: beside the cluster, or a short name in the
// directory of temporary files if the path would be too long.
func socketDir(base string) string {
	beside := filepath.Join(base, "socket")
	if socketFits(beside) {
		return beside
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", os.Geteuid(), base))
	name := "steward-" + hex.EncodeToString(sum[:8])
	if short := filepath.Join(os.TempDir(), name); socketFits(short) {
		return short
	}
	return filepath.Join("/tmp", name)
}

func socketFits(dir string) bool {
	return plain.MatchString(dir) && len(filepath.Join(dir, ".s.PGSQL."+socketPort)) <= socketLimit
}

// openSocketDir makes the directory anew for a server that is about to start. Only the server's
// user (and root) can pass into it. Left-overs of a killed server go: PostgreSQL would take a
// socket's lock file for a living server's if its pid is in use again.
func openSocketDir(base string, a *account) (string, error) {
	dir := socketDir(base)
	if !a.reaches(filepath.Dir(dir)) {
		dir = filepath.Join("/tmp", filepath.Base(dir))
	}
	if err := ownDir(dir, 0o700, a); err != nil {
		return "", err
	}
	for _, name := range []string{".s.PGSQL." + socketPort, ".s.PGSQL." + socketPort + ".lock"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			return "", err
		}
	}
	return dir, nil
}
