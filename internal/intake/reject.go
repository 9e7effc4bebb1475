package intake

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/registers"
)

// ReasonHeading is the heading of the column that a RejectWriter adds; Open passes over it in silence.
const ReasonHeading = "原因"

// RejectWriter writes rejected lines back as CSV, each with its own cells and the reasons, so that
// the office can correct them there and import that file. What nobody sees is left out, and formula text
// neutralised; Open undoes that, so a line that was only passed through comes back the same.
type RejectWriter struct {
	csv      *csv.Writer
	lang     language.Tag
	headings int
	reason   int // index of the column of reasons
}

// NewRejectWriter starts the file with a byte-order mark, for Excel, and the sheet's headings.
func NewRejectWriter(w io.Writer, sheet *Sheet, lang language.Tag) (_ *RejectWriter, err error) {
	defer fault.Wrap(&err, "write rejected lines")
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	out := &RejectWriter{csv: csv.NewWriter(w), lang: lang, headings: len(sheet.headings)}
	out.csv.UseCRLF = true
	out.reason = slices.Index(sheet.headings, ReasonHeading) // a file of rejects, rejected again
	if out.reason < 0 {
		out.reason = out.headings
	}
	err = out.write(sheet.headings, ReasonHeading)
	return out, err
}

// Write adds the record with the reasons for which it was rejected.
func (w *RejectWriter) Write(r *Record) (err error) {
	defer fault.Wrap(&err, "write rejected line %d", r.Line)
	var reasons []string
	for _, p := range r.problems {
		if p.Severity == Reject {
			reasons = append(reasons, fmt.Sprintf("%s: %s", p.Column, p.In(w.lang)))
		}
	}
	return w.write(r.cells, strings.Join(reasons, " "))
}

func (w *RejectWriter) write(cells []string, reason string) error {
	line := make([]string, max(w.headings, w.reason+1))
	copy(line[:w.headings], cells)
	line[w.reason] = reason
	for i, cell := range line {
		line[i] = registers.Neutral(strings.Map(seen, cell))
	}
	return w.csv.Write(line)
}

// Flush writes what is still held back.
func (w *RejectWriter) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}
