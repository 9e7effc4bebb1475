// Package registers writes a register, which is a named form of the rulebook (《钥匙借用登记表》), as
// XLSX, CSV, or HTML to print: title, estate and time, headings, and one row after another as they come from an
// iterator. Memory does not grow with the rows; the workbook prints on A4.
//
//	var Loans = registers.Register[*ent.KeyLoan]{
//		Name: "keyLoans", ZH: "钥匙借用登记表", EN: "Key loans",
//		Columns: []registers.Column[*ent.KeyLoan]{
//			{ZH: "领用区域", EN: "Area", Value: func(l *ent.KeyLoan) any { return l.Area }},
//			{ZH: "数量", EN: "Count", Kind: registers.Int, Value: func(l *ent.KeyLoan) any { return l.Count }},
//		},
//	}
//	err := Loans.Write(ctx, w, registers.XLSX, language.Chinese, head, rows)
package registers

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/fault"
)

// Format is a kind of file.
type Format string

// The formats; each is the file name's extension.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
	HTML Format = "html" // to be printed
	PDF  Format = "pdf"  // sheets to be printed, which are no register: their chapter writes them
)

// ContentType is the format's media type for HTTP.
func (f Format) ContentType() string {
	switch f {
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case HTML:
		return "text/html; charset=utf-8"
	case PDF:
		return "application/pdf"
	}
	return "text/csv; charset=utf-8"
}

// Formats lists the formats.
var Formats = []Format{XLSX, CSV, HTML}

// Register describes a form whose rows are made from values of type T.
type Register[T any] struct {
	Name    string // for programs: "keyLoans"
	ZH, EN  string // the title
	Columns []Column[T]
}

// Column is one column of a register.
type Column[T any] struct {
	ZH, EN string      // the heading
	Kind   Kind        // Text unless said otherwise
	Width  float64     // in characters; 0 is what the kind usually needs
	Value  func(T) any // see the kinds for what it may return; nil and nil pointers leave the cell empty
}

// Head is what stands above the headings.
type Head struct {
	Estate string         // the estate's name
	At     time.Time      // when the register was made
	Zone   *time.Location // the estate's, for this and every Time in the rows
}

// Write writes the register in the language (Chinese for any zh, otherwise English).
//
// Errors: INVALID_INPUT for an unknown format or more rows than a workbook holds; else what rows
// yielded, what ctx or w failed with. After an error nothing, or a part that is no workbook, was
// written as XLSX; of a CSV file the first rows may have been, and the caller must not pass them off
// as the whole (over HTTP: abort the connection).
func (r Register[T]) Write(ctx context.Context, w io.Writer, format Format, lang language.Tag, head Head, rows iter.Seq2[T, error]) (err error) {
	defer fault.Wrap(&err, "write register %s", r.Name)
	out, err := newWriter(contextWriter{ctx, w}, format, r.form(lang, head))
	if err != nil {
		return err
	}
	defer func() {
		if failed := out.close(); err == nil {
			err = failed
		}
	}()
	cells := make([]any, len(r.Columns))
	for value, err := range rows {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, c := range r.Columns {
			if cells[i], err = c.Kind.plain(c.Value(value)); err != nil {
				return fmt.Errorf("column %s: %w", c.EN, err)
			}
		}
		if err := out.row(cells); err != nil {
			return err
		}
	}
	return out.finish()
}

// FileName is a name for the file: 翠湖花园-钥匙借用登记表-20251013.xlsx.
func (r Register[T]) FileName(format Format, lang language.Tag, head Head) string {
	return fmt.Sprintf("%s-%s-%s.%s", head.Estate, pick(lang, r.ZH, r.EN), head.at().Format("20060102"), format)
}

// form is a register in one language, without the type of its rows.
type form struct {
	lang, title, line, footer string
	maker, checker            string // who signs below, on paper
	columns                   []formColumn
	zone                      *time.Location
}

type formColumn struct {
	heading string
	kind    Kind
	width   float64
}

func (r Register[T]) form(lang language.Tag, head Head) form {
	f := form{
		lang:  pick(lang, "zh", "en"),
		title: pick(lang, r.ZH, r.EN),
		maker: pick(lang, "制表:", "Made by: "), checker: pick(lang, "审核:", "Checked by: "),
		line:   pick(lang, "小区:", "Estate: ") + head.Estate + "    " + pick(lang, "制表时间:", "Made: ") + head.at().Format(minute),
		footer: pick(lang, "&C第 &P 页,共 &N 页", "&CPage &P of &N"),
		zone:   head.at().Location(),
	}
	for _, c := range r.Columns {
		heading := pick(lang, c.ZH, c.EN)
		f.columns = append(f.columns, formColumn{heading, c.Kind, max(c.Width, c.Kind.width(), 2+displayWidth(heading))})
		if c.Width > 0 {
			f.columns[len(f.columns)-1].width = c.Width
		}
	}
	return f
}

func (h Head) at() time.Time {
	if h.Zone == nil {
		return h.At.UTC()
	}
	return h.At.In(h.Zone)
}

func pick(lang language.Tag, zh, en string) string {
	if base, _ := lang.Base(); base.String() == "zh" {
		return zh
	}
	return en
}

// writer writes one file: rows, then finish; close in any case.
type writer interface {
	row(cells []any) error
	finish() error
	close() error
}

func newWriter(w io.Writer, format Format, f form) (writer, error) {
	switch format {
	case XLSX:
		return newWorkbook(w, f)
	case CSV:
		return newCSV(w, f)
	case HTML:
		return newPage(w, f)
	}
	return nil, NoFormat(string(format))
}

// NoFormat refuses what is none of the formats.
func NoFormat(format string) *fault.Error {
	return fault.Invalid("format", "没有“%[1]s”这种格式,请用 xlsx、csv 或 html。", "There is no format %[1]q; use xlsx, csv or html.", format)
}

// contextWriter fails once its context is done, so that a cancelled download ends in the middle.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (w contextWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}
