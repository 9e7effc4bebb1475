package dbtest

import "syscall"

// memoryNeeded keeps clear of containers, where /dev/shm is often 64 MB, and leaves room for others.
const memoryNeeded = 4 << 30

// memoryHasRoom tells whether the cluster should be in memory. Cloning a database makes a thousand
// files: on a busy machine that took 20 to 30 ms in memory and 160 to 370 ms on disk, without fsync in both.
func memoryHasRoom() bool {
	const tmpfs, writable = 0x01021994, 2
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Type != tmpfs {
		return false
	}
	return fs.Bavail*uint64(fs.Bsize) >= memoryNeeded && syscall.Access(memory, writable) == nil
}
