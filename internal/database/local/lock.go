package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/steward-pm/steward/internal/fault"
)

// fileLock is a flock: the kernel lets go of it when the process ends, however it ends.
type fileLock struct{ f *os.File }

// errHeld says that another process, or this one by another handle, has the lock.
var errHeld = errors.New("held by another")

// tryLock takes the lock without waiting and writes this process's pid into the file, for messages.
// errHeld if another has it.
func tryLock(path string) (_ *fileLock, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errHeld
	}
	if err != nil {
		return nil, fmt.Errorf("flock(%s): %w", path, err)
	}
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintln(f, os.Getpid()); err != nil {
		return nil, err
	}
	return &fileLock{f}, nil
}

// release lets go, by name and not by closing alone: a child that is being forked at this moment holds a copy
// of the file until it becomes another program. The file stays: removing it would let two processes lock two
// files of one name.
func (l *fileLock) release() {
	_ = syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN)
	_ = l.f.Close()
}

// holder returns the pid that is written in a lock file, or "unknown".
func holder(path string) string {
	text, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}

// ServerLock says that this process is the steward server of a data directory. A kill releases it.
type ServerLock struct{ lock *fileLock }

// Release lets another server have the data directory.
func (l *ServerLock) Release() { l.lock.release() }

// Lock makes this process the one server of the data directory, which is created if it is missing.
// Commands that only use the database do not need it.
//
// Errors: CONFLICT if another steward serves the directory, or if a newer steward wrote it.
func Lock(dir string) (_ *ServerLock, err error) {
	defer fault.Wrap(&err, "local.Lock(%s)", dir)
	home, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(home.dir, "server.lock")
	lock, err := tryLock(path)
	if errors.Is(err, errHeld) {
		return nil, fault.Clash(
			"另一个 steward 正在使用 %[1]s(进程 %[2]s):请先停止它,或用 --data 指定别的目录。",
			"another steward is running on %[1]s (pid %[2]s): stop it, or choose another directory with --data",
			home.dir, holder(path))
	}
	if err != nil {
		return nil, err
	}
	return &ServerLock{lock}, nil
}
