package watermark

import "golang.org/x/sys/unix"

// limit bounds the memory, time and output of this process, and keeps it from leaving a dump of what it read.
func limit() error {
	if raced {
		return nil // its shadow memory is larger than any limit
	}
	for what, most := range map[int]uint64{
		unix.RLIMIT_DATA: maxMemory, unix.RLIMIT_CPU: uint64(maxTime.Seconds()), unix.RLIMIT_FSIZE: maxOutput, unix.RLIMIT_CORE: 0,
	} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	return nil
}
