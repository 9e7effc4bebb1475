//go:build !linux

package oidctest

import "os/exec"

func endWithUs(*exec.Cmd) {}
