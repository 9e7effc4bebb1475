package registers

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// csvWriter writes UTF-8 with a byte-order mark, without which Excel takes it for GBK.
type csvWriter struct {
	out  *csv.Writer
	form form
	line []string
}

func newCSV(w io.Writer, f form) (*csvWriter, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	c := &csvWriter{out: csv.NewWriter(w), form: f, line: make([]string, len(f.columns))}
	c.out.UseCRLF = true
	headings := make([]string, len(f.columns))
	for i, column := range f.columns {
		headings[i] = Neutral(column.heading)
	}
	return c, c.out.WriteAll([][]string{{Neutral(f.title)}, {Neutral(f.line)}, headings})
}

func (c *csvWriter) row(cells []any) error {
	for i, cell := range cells {
		c.line[i] = c.text(c.form.columns[i].kind, cell)
	}
	return c.out.Write(c.line)
}

func (c *csvWriter) text(kind Kind, cell any) string {
	switch v := cell.(type) {
	case string:
		return Neutral(v)
	case int64:
		if kind == Hundredths {
			return Decimal(v)
		}
		return strconv.FormatInt(v, 10)
	case time.Time:
		return v.In(c.form.zone).Format(minute)
	case interface{ String() string }:
		return v.String()
	}
	return ""
}

func (c *csvWriter) finish() error {
	c.out.Flush()
	return c.out.Error()
}

func (c *csvWriter) close() error { return nil }
