// Package intake reads an office's spreadsheet as a stream of records: CSV in UTF-8, UTF-16 or
// GB18030, and XLSX, told apart by content and never by name. Memory does not grow with the file.
//
// A caller declares the columns it understands and reads them record by record; what is wrong with
// a cell is collected in the record, so that the code for a line reads like the line:
//
//	sheet, err := intake.Open(file, []intake.Column{
//		{Name: "room", Headings: []string{"房号"}, Required: true},
//		{Name: "area", Headings: []string{"面积", "建筑面积"}, Required: true},
//	})
//	…
//	for rec, err := range sheet.Records() {
//		if err != nil { return err }
//		rec.Need("room", "area")
//		unit := Unit{Room: rec.Code("room"), Area: rec.Hundredths("area", 1, 1_000_000_00)}
//		if rec.Rejected() { report(rec.Problems()); continue }
//		…
//	}
//
// The heading is line 1. A line break inside a quoted cell starts no new line, a blank line counts.
package intake

import (
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/steward-pm/steward/internal/fault"
)

// Column is a column that the caller understands.
type Column struct {
	Name     string   // how the caller calls it: "area"
	Headings []string // what offices write above it, the usual wording first; units and brackets may be left out
	Required bool     // without it the file is refused
}

// Sheet is an open spreadsheet. It is read once, by one goroutine.
type Sheet struct {
	encoding string
	columns  []Column
	headings []string       // as in the file, but for what nobody sees
	at       map[string]int // column name -> index of the cell
	source   source
	skipped  []int
}

// source yields the records of one file format. A blank line yields no cells.
type source interface {
	next() (row, error) // io.EOF after the last
	serialDay(text string) (serial float64, date1904, ok bool)
	Close() error
}

type row struct {
	line   int
	cells  []string
	broken *fault.Error // the line could not be taken apart: cells may be incomplete
}

// Open finds out the file's format and reads its heading. The caller closes the sheet.
//
// Errors: INVALID_INPUT for a file that is no spreadsheet, is empty, lacks a required heading, or
// has two columns of one meaning.
func Open(file io.ReadSeeker, columns []Column) (_ *Sheet, err error) {
	defer fault.Wrap(&err, "open spreadsheet")
	src, encoding, err := openSource(file)
	if err != nil {
		return nil, err
	}
	s := &Sheet{encoding: encoding, columns: columns, source: src}
	if err := s.readHeading(); err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return s, nil
}

// Close frees what the sheet holds, and not the file.
func (s *Sheet) Close() error { return s.source.Close() }

// Encoding is utf-8-sig, utf-8, gb18030, utf-16le, utf-16be, or xlsx.
func (s *Sheet) Encoding() string { return s.encoding }

// Headings are the file's headings as they stand there, each on one line, without what nobody sees.
func (s *Sheet) Headings() []string { return slices.Clone(s.headings) }

// Unknown lists the headings that belong to no column: their cells are not read.
func (s *Sheet) Unknown() []string {
	known := make(map[int]bool, len(s.at))
	for _, i := range s.at {
		known[i] = true
	}
	var unknown []string
	for i, h := range s.headings {
		if !known[i] && clean(h) != "" && h != ReasonHeading {
			unknown = append(unknown, h)
		}
	}
	return unknown
}

// Has tells whether the file has the column.
func (s *Sheet) Has(column string) bool {
	_, ok := s.at[column]
	return ok
}

// Heading is the column's heading as in the file, or its usual wording if the file has none.
func (s *Sheet) Heading(column string) string {
	if i, ok := s.at[column]; ok {
		return s.headings[i]
	}
	for _, c := range s.columns {
		if c.Name == column {
			return c.Headings[0]
		}
	}
	panic("intake: no column is called " + column) // a slip in our own code, found by its first test
}

// Skipped lists the blank lines and total lines that Records has passed so far.
func (s *Sheet) Skipped() []int { return slices.Clone(s.skipped) }

// Records yields the lines below the heading, without blank lines and total lines (合计, 总计, 小计).
// An error ends it: INVALID_INPUT if the file is damaged.
func (s *Sheet) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for {
			r, err := s.source.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if r.broken == nil && (blank(r.cells) || total(r.cells)) {
				s.skipped = append(s.skipped, r.line)
				continue
			}
			if !yield(newRecord(s, r), nil) {
				return
			}
		}
	}
}
