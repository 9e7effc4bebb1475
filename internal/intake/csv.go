package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// maxRecord bounds one CSV record: a quotation mark that is never closed would otherwise swallow the
// rest of the file into one cell.
const maxRecord = 1 << 20

// csvSource reads with encoding/csv, which drops blank lines in silence. They count here, so their
// number is worked out from where each record starts and ended in the text.
type csvSource struct {
	meter  *meter
	reader *csv.Reader
	line   int  // of the last row given out
	end    int  // the line of the text on which the last record ended
	blanks int  // blank lines still to be given out
	held   *row // the record behind them
	done   bool
}

func openCSV(text io.Reader) (*csvSource, error) {
	buffered := bufio.NewReader(text)
	comma, err := separator(buffered)
	if err != nil {
		return nil, err
	}
	m := &meter{r: buffered}
	r := csv.NewReader(m)
	r.Comma, r.FieldsPerRecord = comma, -1
	return &csvSource{meter: m, reader: r}, nil
}

// separator looks at the first line: Excel's "Unicode text" has tabs, some locales semicolons.
func separator(r *bufio.Reader) (rune, error) {
	head, err := r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	head = bytes.TrimLeft(head, "\r\n")
	head, _, _ = bytes.Cut(head, []byte("\n"))
	for _, comma := range ",\t;" {
		if bytes.ContainsRune(head, comma) {
			return comma, nil
		}
	}
	return ',', nil
}

func (s *csvSource) next() (row, error) {
	if s.held == nil && s.blanks == 0 && !s.done {
		if err := s.read(); err != nil {
			return row{}, err
		}
	}
	switch {
	case s.blanks > 0:
		s.blanks--
		s.line++
		return row{line: s.line}, nil
	case s.held != nil:
		r := *s.held
		s.held = nil
		s.line++
		r.line = s.line
		return r, nil
	}
	return row{}, io.EOF
}

// read takes the next record and notes the blank lines before it, or those at the end of the text.
func (s *csvSource) read() error {
	cells, err := s.reader.Read()
	if errors.Is(err, io.EOF) {
		s.done = true
		s.blanks = max(s.meter.lines()-s.end, 0)
		return nil
	}
	s.meter.mark()
	r := row{cells: cells}
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		s.blanks = broken.StartLine - s.end - 1
		s.end = broken.Line
		r.broken = fault.New(fault.InvalidInput, "引号没有配对,这一行读不出来,请改正引号。",
			"The quotation marks do not match, so the line cannot be read; correct them.").Because(err)
	} else if err != nil {
		return err
	} else {
		last := len(cells) - 1
		start, _ := s.reader.FieldPos(0)
		s.blanks = start - s.end - 1
		s.end, _ = s.reader.FieldPos(last)
		s.end += strings.Count(cells[last], "\n")
	}
	s.held = &r
	return nil
}

// serialDay: a bare number in a CSV file is never a date.
func (s *csvSource) serialDay(string) (float64, bool, bool) { return 0, false, false }

func (s *csvSource) Close() error { return nil }

// meter counts the lines of a text and bounds the size of a record.
type meter struct {
	r               io.Reader
	newlines        int
	total, sinceEnd int
	last            byte
}

func (m *meter) Read(p []byte) (int, error) {
	if m.sinceEnd > maxRecord {
		return 0, fault.New(fault.InvalidInput, "第 %[1]d 行之前有一个引号没有结束,请改正后再导入。",
			"A quotation mark somewhere before line %[1]d is never closed; correct it and import again.", m.newlines+1)
	}
	n, err := m.r.Read(p)
	if n > 0 {
		m.newlines += bytes.Count(p[:n], []byte("\n"))
		m.last = p[n-1]
	}
	m.total += n
	m.sinceEnd += n
	return n, err
}

func (m *meter) mark() { m.sinceEnd = 0 }

// lines is the number of lines of the whole text, the last perhaps without a line break.
func (m *meter) lines() int {
	if m.total > 0 && m.last != '\n' {
		return m.newlines + 1
	}
	return m.newlines
}
