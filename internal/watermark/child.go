package watermark

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// childName is how the program is called to mark what is open as 3, into what is open as 4.
const childName = "steward-watermark"

// The child's exit codes besides 0; whatever else it ends with is the end of its memory or time.
var codes = map[int]Why{10: Encrypted, 11: Broken, 12: Large}

// The program marks before it becomes anything else: so every program that imports this can, the ones of tests, too.
func init() {
	if len(os.Args) == 3 && os.Args[0] == childName {
		os.Exit(child(os.Args[1], os.Args[2]))
	}
}

func child(media, text string) int {
	if err := limit(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	debug.SetMemoryLimit(maxMemory * 3 / 4)
	debug.SetGCPercent(50)
	err := mark(media, text, os.NewFile(3, "original"), os.NewFile(4, "copy"))
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	if e, ok := errors.AsType[*Error](err); ok {
		for code, why := range codes {
			if why == e.Why {
				return code
			}
		}
	}
	return 1
}

// verdict is what the end of the child means.
func verdict(code int, said string) error {
	why, known := codes[code]
	if !known {
		why = Costly
	}
	return &Error{why, strings.TrimSpace(said)}
}

func mark(media, text string, in, out *os.File) error {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	letters, err := newLetters()
	if err != nil {
		return err
	}
	switch media {
	case PDF:
		return markPDF(letters, text, in, out)
	case JPEG, PNG:
		return markPicture(letters, text, media, in, out)
	}
	return &Error{Broken, "nothing that is marked: " + media}
}
