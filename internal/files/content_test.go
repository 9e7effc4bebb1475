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
	"github.com/steward-pm/steward/internal/files/store/storetest"
)

// each runs a test over every kind of store; kept lists what is on disk: uploads under way, and content, by what it holds.
func each(t *testing.T, test func(t *testing.T, c *Content, kept func(content string) []string)) {
	t.Run("directory", func(t *testing.T) {
		dir := t.TempDir()
		c, err := OpenContent(dir)
		if err != nil {
			t.Fatal(err)
		}
		test(t, c, func(content string) []string { return holding(t, dir, content) })
	})
	t.Run("S3", func(t *testing.T) {
		server, dir := storetest.New(t), t.TempDir()
		c, err := NewContent(server.Store(), dir)
		if err != nil {
			t.Fatal(err)
		}
		test(t, c, func(content string) []string { return append(holding(t, dir, content), server.Holds(content)...) })
	})
}

// holding lists the files of a directory that hold the content.
func holding(t *testing.T, dir, content string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, []byte(content)) {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestContentIsKeptOncePerEstate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *Content, kept func(string) []string) {
		estate := uuid.New()
		var sum string
		for range 2 {
			in, err := c.receive(strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // before the transaction and in it
				if err := c.place(t.Context(), in, estate); err != nil {
					t.Fatal(err)
				}
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
		if list := kept("hello"); len(list) != 1 || !strings.HasSuffix(list[0], "/"+estate.String()+"/"+sum[:2]+"/"+sum) {
			t.Errorf("kept are: %v", list)
		}
		if _, err := c.Open(t.Context(), sum, uuid.New()); !fault.Is(err, fault.NotFound) {
			t.Errorf("another estate's content: %v", err)
		}
		for _, trick := range []string{"", "../" + sum, strings.ToUpper(sum), sum[:62] + "/x"} {
			if _, err := c.Open(t.Context(), trick, estate); err == nil || fault.From(err) != nil {
				t.Errorf("%q: %v", trick, err)
			}
		}
	})
}

func TestABrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *Content, kept func(string) []string) {
		cut := errors.New("cut off")
		if _, err := c.receive(io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(cut))); !errors.Is(err, cut) {
			t.Errorf("got %v", err)
		}
		if list := kept(string(make([]byte, 1<<10))); len(list) != 0 {
			t.Errorf("left behind: %v", list)
		}
	})
}

func TestLeftOverUploadsAreSweptAway(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *Content, kept func(string) []string) {
		const content = "a server was killed here"
		in, err := c.receive(strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		_ = in.file.Close()
		if err := c.sweep(time.Now().Add(leftOver / 2)); err != nil || len(kept(content)) != 1 {
			t.Errorf("an upload under way was swept away: %v", err)
		}
		if err := c.sweep(time.Now().Add(leftOver + time.Hour)); err != nil || len(kept(content)) != 0 {
			t.Errorf("left behind: %v %v", kept(content), err)
		}
	})
}
