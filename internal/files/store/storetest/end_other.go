//go:build !linux

package storetest

import "os/exec"

func endWithUs(*exec.Cmd) {}
