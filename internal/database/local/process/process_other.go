//go:build unix && !linux

package process

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// attributes ignores onDeath: only Linux has it. What is left running is stopped by the next start.
func attributes(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: cred}
}

func started(pid int) string {
	if strings.HasPrefix(ps(pid, "stat="), "Z") {
		return ""
	}
	return strings.NewReplacer(" ", "", ":", "").Replace(ps(pid, "lstart="))
}

// Command returns the command line of a process, its arguments separated by spaces; "" if there is none.
func Command(pid int) string { return ps(pid, "command=") }

func ps(pid int, column string) string {
	out, err := exec.Command("ps", "-ww", "-p", strconv.Itoa(pid), "-o", column).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
