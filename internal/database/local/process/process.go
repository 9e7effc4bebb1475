// Package process answers the questions about other processes that the private PostgreSQL needs:
// is it alive, is it still the same one, what is it, and will a child die with its parent.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ID names one process for good: the number alone is given to another process later.
type ID struct {
	PID   int
	Start string // opaque, equal only for the same process
}

// Of returns the identity of a running process; ok is false if there is none.
func Of(pid int) (id ID, ok bool) {
	start := started(pid)
	return ID{pid, start}, start != ""
}

// Parse reads what String wrote.
func Parse(s string) (ID, error) {
	pid, start, found := strings.Cut(s, "-")
	n, err := strconv.Atoi(pid)
	if err != nil || !found || start == "" {
		return ID{}, fmt.Errorf("not a process: %q", s)
	}
	return ID{n, start}, nil
}

// String is "PID-START", fit for a file name.
func (id ID) String() string { return fmt.Sprintf("%d-%s", id.PID, id.Start) }

// Alive tells whether this very process is still running. A zombie is not.
func (id ID) Alive() bool {
	now, ok := Of(id.PID)
	return ok && now == id
}

// Exists tells whether the number is taken, be it by a zombie or by a stranger's process: what
// kill(2) and therefore PostgreSQL's own lock files look at.
func Exists(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// Start runs the command in a session of its own, so that a Ctrl-C at the terminal stops only us
// and we then stop it in order. With cred it runs as that user. Where the system can do it (Linux),
// the child gets the signal onDeath when this process dies, however it dies.
//
// The returned channel is closed when the child has ended; cmd.ProcessState is set then.
func Start(cmd *exec.Cmd, cred *syscall.Credential, onDeath syscall.Signal) (<-chan struct{}, error) {
	cmd.SysProcAttr = attributes(cred, onDeath)
	began := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		// The kernel sends the signal when the thread that forked ends, not the process: this
		// goroutine keeps that thread for itself until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		began <- err
		if err == nil {
			_ = cmd.Wait() // the status is in cmd.ProcessState
			close(ended)
		}
	}()
	return ended, <-began
}

// Await polls until the condition holds or the time is over, and tells which.
func Await(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); ; {
		if done() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Self is this process.
func Self() ID {
	id, _ := Of(os.Getpid())
	return id
}
