//go:build unix && !linux

package dbtest

func memoryHasRoom() bool { return false }
