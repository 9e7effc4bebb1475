package local

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A process that another goroutine forks has a copy of every open file until it becomes another program.
func TestReleaseDespiteCopyInForkedChild(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.lock")
	lock, err := tryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(lock.f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(child) }()
	lock.release()
	again, err := tryLock(path)
	if err != nil {
		t.Fatalf("released, and still held: %v", err)
	}
	again.release()
}
