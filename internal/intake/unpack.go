package intake

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A workbook is a zip file: half a megabyte may unpack to gigabytes. Sheets and shared strings are
// unpacked to temporary files; all other parts stay in memory, so they must be small.
const (
	unzipLimit = 256 << 20 // bytes of all parts: 100,000 lines of 20 columns are about 100 MiB
	keptLimit  = 64 << 20  // bytes of the parts that stay in memory
	partLimit  = 8 << 20   // bytes of one of them
	spillLimit = 1 << 20   // bytes above which a sheet is unpacked to a temporary file
	textLimit  = 1 << 20   // bytes from one tag to the next: a cell holds 32,767 characters
	mostParts  = 2_000
)

var errBomb = errors.New("the workbook unpacks to too much")

// checkParts refuses a workbook that would take too much memory or disk, before any part is kept.
// Sizes are first believed, then compared: a part that unpacks to another size is refused too.
func checkParts(file io.ReaderAt, size int64) error {
	book, err := zip.NewReader(file, size)
	if err != nil {
		return err
	}
	if len(book.File) > mostParts {
		return fmt.Errorf("%w: %d parts", errBomb, len(book.File))
	}
	var all, kept uint64
	seen := make(map[string]bool, len(book.File))
	for _, part := range book.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
		if seen[name] { // only the last one's temporary file would be removed
			return fmt.Errorf("two parts are called %q", name)
		}
		seen[name] = true
		limit := uint64(partLimit)
		if spilled(name, part.UncompressedSize64) {
			limit = unzipLimit
		} else {
			kept += min(part.UncompressedSize64, unzipLimit)
		}
		all += min(part.UncompressedSize64, unzipLimit)
		if part.UncompressedSize64 > limit || kept > keptLimit || all > unzipLimit {
			return fmt.Errorf("%w: %q of %d bytes", errBomb, name, part.UncompressedSize64)
		}
	}
	for _, part := range book.File {
		if err := checkPart(part); err != nil {
			return fmt.Errorf("%q: %w", part.Name, err)
		}
	}
	return nil
}

// spilled tells whether excelize unpacks the part to a temporary file.
func spilled(name string, size uint64) bool {
	return size > spillLimit && !strings.HasSuffix(name, "/") &&
		(name == "xl/sharedstrings.xml" || strings.HasPrefix(name, "xl/worksheets/sheet"))
}

// checkPart unpacks a part to nowhere: zip reports a wrong size or checksum, on which excelize would
// unpack a sheet a second time, into memory.
func checkPart(part *zip.File) (err error) {
	content, err := part.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	w := io.Discard
	if spilled(strings.ToLower(part.Name), part.UncompressedSize64) {
		w = &tags{}
	}
	_, err = io.Copy(w, content)
	return err
}

// tags measures the distance between tags, each of which is read into memory with the text after it.
// Comments and the like may hold what looks like tags: no program writes them into a sheet.
type tags struct {
	read, run int
	opened    bool
}

func (t *tags) Write(p []byte) (int, error) {
	for _, c := range p {
		t.read++
		t.run++
		if t.opened && (c == '!' || c == '?' && t.read > 100) { // but for the first line
			return 0, errors.New("a sheet holds a comment, a declaration or an instruction")
		}
		if t.opened = c == '<'; t.opened {
			t.run = 0
		}
		if t.run > textLimit {
			return 0, fmt.Errorf("%w: a text", errBomb)
		}
	}
	return len(p), nil
}
