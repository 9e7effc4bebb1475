// Package watermark makes copies of documents that say on every page whose copy it is (A5): PDF, JPEG and PNG.
//
// What is marked was made by strangers. So it is read by a process of its own, of the same program, that gets two open files and
// nothing else, and may use only so much memory and time; a document that is broken or made to do harm ends that process, and the
// server answers that no copy can be made. The original is never given instead.
package watermark

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sync/semaphore"
)

// The limits of one marking.
const (
	maxPages  = 5_000
	maxPixels = 80_000_000 // A3 at 600 dpi
	maxMemory = 1 << 30
	maxOutput = 1 << 30
	maxTime   = 60 * time.Second
	atOnce    = 2
)

// The media types that can be marked.
const (
	PDF  = "application/pdf"
	JPEG = "image/jpeg"
	PNG  = "image/png"
)

// Can tells whether content of the media type can be marked.
func Can(media string) bool { return media == PDF || media == JPEG || media == PNG }

// Why says why there is no copy.
type Why string

// The reasons. What is Costly may be whole, but takes more memory or time than a copy may.
const (
	Encrypted Why = "encrypted"
	Broken    Why = "broken"
	Large     Why = "large"
	Costly    Why = "costly"
)

// Error tells that content cannot be marked.
type Error struct {
	Why    Why
	Detail string // for the log
}

func (e *Error) Error() string { return "watermark: " + string(e.Why) + ": " + e.Detail }

var places = semaphore.NewWeighted(atOnce)

// Copy is a marked copy, in a file that has no name: it is gone when it is closed.
type Copy struct {
	*os.File
	Size int64
}

// Make marks content with the text. At most two are made at once; others wait for as long as ctx allows.
//
// Errors: *Error for what cannot be marked.
func Make(ctx context.Context, media string, content io.Reader, text string) (_ *Copy, err error) {
	if err := places.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer places.Release(1)
	in, err := nameless()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if _, err := io.Copy(in, content); err != nil {
		return nil, err
	}
	out, err := nameless()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(run(ctx, media, text, in, out)); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	size, err := out.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = out.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return &Copy{out, size}, nil
}

// nameless is an empty file that nobody else finds, and that nothing leaves behind.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "steward-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// run has the other process do it.
func run(ctx context.Context, media, text string, in, out *os.File) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(limited, program)
	cmd.Args = []string{childName, media, text}
	cmd.Env = []string{"GOMAXPROCS=1", "GOTRACEBACK=none", "TZ=UTC"} // no secrets of the server's
	cmd.Dir = os.TempDir()
	cmd.ExtraFiles = []*os.File{in, out}
	cmd.Stderr = &tail{&said, 4 << 10}
	switch err := cmd.Run(); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			return fmt.Errorf("watermark: %w", err)
		}
		return verdict(cmd.ProcessState.ExitCode(), said.String())
	}
}

// tail keeps the first bytes of what is written, and swallows the rest.
type tail struct {
	to   *bytes.Buffer
	left int
}

func (t *tail) Write(p []byte) (int, error) {
	n := min(len(p), t.left)
	t.left -= n
	t.to.Write(p[:n])
	return len(p), nil
}
