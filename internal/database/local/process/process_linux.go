package process

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

func attributes(cred *syscall.Credential, onDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: cred, Pdeathsig: onDeath}
}

// started returns field 22 of /proc/PID/stat (clock ticks since boot), or "" for none and zombies.
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in brackets may hold spaces and brackets itself: count from the last one.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// Command returns the command line of a process, its arguments separated by spaces; "" if there is none.
func Command(pid int) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})), " ")
}
