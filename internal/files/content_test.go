package files

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
)

func newContent(t *testing.T) *Content {
	t.Helper()
	c, err := OpenContent(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContentIsKeptOncePerEstate(t *testing.T) {
	t.Parallel()
	c, estate := newContent(t), uuid.New()
	var sum string
	for range 2 {
		in, err := c.receive(strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.place(in, estate); err != nil {
			t.Fatal(err)
		}
		in.discard()
		sum = in.sum
	}
	f, err := c.Open(t.Context(), sum, estate)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "hello" {
		t.Errorf("%q %v", b, err)
	}
	if n := len(kept(t, c)); n != 1 {
		t.Errorf("%d files are kept: %v", n, kept(t, c))
	}
	if _, err := c.Open(t.Context(), sum, uuid.New()); !fault.Is(err, fault.NotFound) {
		t.Errorf("another estate's content: %v", err)
	}
	for _, trick := range []string{"", "../" + sum, strings.ToUpper(sum), sum[:62] + "/x"} {
		if _, err := c.Open(t.Context(), trick, estate); err == nil {
			t.Errorf("%q was opened", trick)
		}
	}
}

func TestABrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	c, cut := newContent(t), errors.New("cut off")
	if _, err := c.receive(io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(cut))); !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
	if list := kept(t, c); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

func TestLeftOverUploadsAreSweptAway(t *testing.T) {
	t.Parallel()
	c := newContent(t)
	in, err := c.receive(strings.NewReader("a server was killed here"))
	if err != nil {
		t.Fatal(err)
	}
	_ = in.file.Close()
	if err := c.sweep(time.Now().Add(leftOver / 2)); err != nil || len(kept(t, c)) != 1 {
		t.Errorf("an upload under way was swept away: %v", err)
	}
	if err := c.sweep(time.Now().Add(leftOver + time.Hour)); err != nil || len(kept(t, c)) != 0 {
		t.Errorf("left behind: %v %v", kept(t, c), err)
	}
}

// kept lists everything in the directory.
func kept(t *testing.T, c *Content) (list []string) {
	t.Helper()
	err := filepath.WalkDir(c.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
