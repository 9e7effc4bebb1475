package oidctest

import (
	"os/exec"
	"syscall"
)

// endWithUs has the server end with the test binary, also when that is killed.
func endWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
