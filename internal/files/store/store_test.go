package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/files/store"
	"github.com/steward-pm/steward/internal/files/store/storetest"
)

// each runs a test over every kind of store.
func each(t *testing.T, test func(t *testing.T, s store.Store)) {
	t.Run("directory", func(t *testing.T) {
		s, err := store.OpenDirectory(filepath.Join(t.TempDir(), "files"))
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
	t.Run("S3", func(t *testing.T) { test(t, storetest.New(t).Store()) })
}

// file is an upload with this content.
func file(t *testing.T, content string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "upload")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := io.WriteString(f, content); err != nil {
		t.Fatal(err)
	}
	return f
}

func key(t *testing.T, estate uuid.UUID, content string) store.Key {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	k, err := store.KeyOf(estate, hex.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// put keeps a content.
func put(t *testing.T, s store.Store, estate uuid.UUID, content string) store.Key {
	t.Helper()
	k := key(t, estate, content)
	if err := s.Put(t.Context(), k, file(t, content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
	return k
}

func read(t *testing.T, s store.Store, k store.Key) string {
	t.Helper()
	f, err := s.Open(t.Context(), k)
	if errors.Is(err, fs.ErrNotExist) {
		return "(not there)"
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWhatIsPutIsReadAndRemoved(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s store.Store) {
		a, b := uuid.New(), uuid.New()
		for _, content := range []string{"hello", ""} {
			k, other := put(t, s, a, content), put(t, s, b, content)
			put(t, s, a, content) // again
			if got := read(t, s, k); got != content {
				t.Errorf("%q was put, %q is read", content, got)
			}
			for range 2 {
				if err := s.Remove(t.Context(), k); err != nil {
					t.Error(err)
				}
			}
			if got := read(t, s, k); got != "(not there)" {
				t.Errorf("removed: %q", got)
			}
			if got := read(t, s, other); got != content {
				t.Errorf("the other estate's: %q", got)
			}
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestContentIsReadFromAnyPlace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s store.Store) {
		content := strings.Repeat("0123456789", 100_000)
		f, err := s.Open(t.Context(), put(t, s, uuid.New(), content))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, c := range []struct {
			offset int64
			whence int
			at     int64
		}{{500_003, io.SeekStart, 500_003}, {-10, io.SeekCurrent, 499_993}, {-4, io.SeekEnd, 999_996}, {0, io.SeekEnd, 1_000_000}, {7, io.SeekEnd, 1_000_007}, {0, io.SeekStart, 0}} {
			at, err := f.Seek(c.offset, c.whence)
			if err != nil || at != c.at {
				t.Fatalf("seek %v: %d %v", c, at, err)
			}
			got, err := io.ReadAll(io.LimitReader(f, 4))
			want := content[min(at, int64(len(content))):min(at+4, int64(len(content)))]
			if err != nil || string(got) != want {
				t.Errorf("at %d is %q, want %q: %v", at, got, want, err)
			}
			if _, err := f.Seek(at, io.SeekStart); err != nil { // for the next, that is from the current place
				t.Fatal(err)
			}
		}
		if _, err := f.Seek(-1, io.SeekStart); err == nil {
			t.Error("there is something before the start")
		}
	})
}

func TestAPutThatFailsKeepsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s store.Store) {
		k := key(t, uuid.New(), "hello")
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Put(cancelled, k, file(t, "hello"), 5); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if got := read(t, s, k); got != "(not there)" {
			t.Errorf("there is %q", got)
		}
	})
	// Only what has the hash that it is named by is taken by the server, whatever happened on the way.
	s, k := storetest.New(t).Store(), key(t, uuid.New(), "hello")
	if err := s.Put(t.Context(), k, file(t, "hallo"), 5); err == nil {
		t.Error("another content was taken")
	}
	if got := read(t, s, k); got != "(not there)" {
		t.Errorf("there is %q", got)
	}
}

func TestWhatWasMovedAndRemovedIsPutAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s store.Store) {
		upload, k := file(t, "hello"), key(t, uuid.New(), "hello")
		for range 3 {
			if err := s.Put(t.Context(), k, upload, 5); err != nil {
				t.Fatal(err)
			}
			if got := read(t, s, k); got != "hello" {
				t.Errorf("there is %q", got)
			}
			if err := s.Remove(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Not parallel: it measures what the process allocates.
func TestAHundredMebibytesTakeNoMemory(t *testing.T) {
	each(t, func(t *testing.T, s store.Store) {
		const size = 100 << 20
		upload := file(t, "")
		hash := sha256.New()
		chunk := make([]byte, 1<<20)
		for i := range size / len(chunk) {
			chunk[0] = byte(i)
			hash.Write(chunk)
			if _, err := upload.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		k, err := store.KeyOf(uuid.New(), hex.EncodeToString(hash.Sum(nil)))
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := s.Put(t.Context(), k, upload, size); err != nil {
			t.Fatal(err)
		}
		f, err := s.Open(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		again := sha256.New()
		if n, err := io.Copy(again, f); err != nil || n != size || hex.EncodeToString(again.Sum(nil)) != hex.EncodeToString(hash.Sum(nil)) {
			t.Fatalf("%d bytes are read: %v", n, err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%d bytes were allocated", used)
		} else {
			t.Logf("%d KiB were allocated", used>>10)
		}
	})
}

func TestAKeyIsAHashAndNoPath(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("ab", 32)
	for _, trick := range []string{"", "../" + sum, strings.ToUpper(sum), sum[:62] + "/x", sum + "\n", sum[:62]} {
		if k, err := store.KeyOf(uuid.New(), trick); err == nil {
			t.Errorf("%q is %q", trick, k)
		}
	}
}
