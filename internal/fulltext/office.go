package fulltext

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What is unpacked of an office document, at most: a megabyte may unpack to gigabytes.
const (
	maxParts  = 5_000
	maxUnzip  = 256 << 20 // bytes of all parts that hold text
	maxTag    = 256 << 10 // bytes of one tag and the text behind it, which the parser keeps
	maxIndex  = 4 << 20   // bytes of the directory, whose entries are kept
	maxDepth  = 500       // tags within tags
	maxTokens = 20_000_000
)

// textParts are the parts that hold text, in the order in which they are read; what the number in the name counts is a page.
var textParts = []*regexp.Regexp{
	regexp.MustCompile(`^word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml$`),
	regexp.MustCompile(`^xl/sharedStrings\.xml$`), // of all sheets
	regexp.MustCompile(`^xl/worksheets/sheet(?P<page>\d+)\.xml$`),
	regexp.MustCompile(`^ppt/slides/slide(?P<page>\d+)\.xml$`),
	regexp.MustCompile(`^ppt/notesSlides/notesSlide(?P<page>\d+)\.xml$`),
	regexp.MustCompile(`^content\.xml$`), // OpenDocument
}

// part is a part that holds text.
type part struct {
	*zip.File
	rank, page int
}

// readOffice reads DOCX, XLSX, PPTX and OpenDocument: parts of a ZIP file that are XML, whose text is between tags.
func readOffice(ctx context.Context, file *watched, size int64, t *Terms) error {
	index := &directory{ReaderAt: file, left: maxIndex}
	book, err := zip.NewReader(index, size)
	index.known = true
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	if len(book.File) > maxParts {
		return fmt.Errorf("%w: %d parts", errUnreadable, len(book.File))
	}
	var parts []part
	for _, f := range book.File {
		if rank, page := rankOf(path.Clean(strings.ReplaceAll(f.Name, `\`, "/"))); rank >= 0 {
			parts = append(parts, part{f, rank, page})
		}
	}
	if len(parts) == 0 {
		return fmt.Errorf("%w: it is no office document", errUnreadable)
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Or(a.rank-b.rank, a.page-b.page) })
	left := &budget{bytes: maxUnzip, tokens: maxTokens}
	for _, p := range parts {
		if err := p.read(ctx, left, t); err != nil {
			return err
		}
	}
	return nil
}

func rankOf(name string) (rank, page int) {
	for i, pattern := range textParts {
		if m := pattern.FindStringSubmatch(name); m != nil {
			page = 1
			if at := pattern.SubexpIndex("page"); at > 0 {
				n, err := strconv.Atoi(m[at])
				if err != nil || n < 1 {
					return -1, 0
				}
				page = min(n, maxPages)
			}
			return i, page
		}
	}
	return -1, 0
}

// budget is what may still be unpacked.
type budget struct{ bytes, tokens int }

func (p part) read(ctx context.Context, left *budget, t *Terms) (err error) {
	content, err := p.Open()
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	d := xml.NewDecoder(bufio.NewReader(&frugal{Reader: content, ctx: ctx, left: left}))
	d.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("%w: it is written in %s", errUnreadable, charset)
	}
	shared := strings.HasSuffix(p.Name, "sharedStrings.xml") // numbers of cells are those of shared strings, and no text
	sheet := strings.Contains(p.Name, "worksheets/")
	for depth, quiet := 0, 0; ; {
		if left.tokens--; left.tokens < 0 || depth > maxDepth {
			return errEnough
		}
		token, err := d.RawToken() // entities are not expanded; what does not nest is read all the same
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(errUnreadable, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			if quiet == 0 && hidden(e, sheet) || shared && e.Name.Local == "rPh" { // how a text is read aloud
				quiet = depth
			}
		case xml.EndElement:
			if depth == quiet {
				quiet = 0
			}
			depth--
			if ends(e.Name.Local) {
				t.Break()
			}
		case xml.CharData:
			if quiet == 0 {
				if err := t.more(p.page, string(e)); err != nil {
					return err
				}
			}
		}
	}
}

// hidden are elements whose text is none that anybody sees: what was deleted, fields' instructions, formulas, the numbers of shared strings.
func hidden(e xml.StartElement, sheet bool) bool {
	switch e.Name.Local {
	case "delText", "instrText", "f":
		return true
	case "c":
		return sheet && slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == "t" && a.Value == "s" })
	}
	return false
}

// ends tells whether what stands behind the element does not go on what is in it: a paragraph, a cell, a line break.
func ends(name string) bool {
	switch name {
	case "p", "h", "tab", "br", "cr", "si", "c", "is", "line-break", "table-cell":
		return true
	}
	return false
}

// frugal reads until the budget is spent, or a tag and its text are longer than any program writes them: the parser keeps them whole, as it
// does comments, declarations and instructions, which no program writes into the text.
type frugal struct {
	io.Reader
	ctx       context.Context //nolint:containedctx // it lives as long as the call of Read
	left      *budget
	read, run int
	opened    bool
}

// Read implements io.Reader.
func (f *frugal) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := f.Reader.Read(p[:min(len(p), 32<<10)])
	if f.left.bytes -= n; f.left.bytes < 0 {
		return 0, errEnough
	}
	for _, c := range p[:n] {
		f.read++
		f.run++
		if f.opened && (c == '!' || c == '?' && f.read > 100) {
			return 0, fmt.Errorf("%w: a comment, a declaration or an instruction", errUnreadable)
		}
		if f.opened = c == '<'; f.opened {
			f.run = 0
		}
		if f.run > maxTag {
			return 0, fmt.Errorf("%w: a tag and its text of more than %d bytes", errUnreadable, maxTag)
		}
	}
	return n, err
}

// directory lets so much be read before the directory is known.
type directory struct {
	io.ReaderAt
	left  int
	known bool
}

// ReadAt implements io.ReaderAt.
func (d *directory) ReadAt(p []byte, at int64) (int, error) {
	if d.left -= len(p); d.left < 0 && !d.known {
		return 0, fmt.Errorf("%w: too many parts", errUnreadable)
	}
	return d.ReaderAt.ReadAt(p, at)
}
