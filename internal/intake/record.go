package intake

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// Severity says what a problem does to its line.
type Severity string

// The severities.
const (
	Reject Severity = "reject" // the line is not taken
	Warn   Severity = "warn"   // the line is taken, and somebody should look at it
)

// Problem is what is wrong with a cell.
type Problem struct {
	Line     int // the heading is line 1
	Column   string
	Severity Severity
	ZH, EN   string
}

// In is the message in the language: Chinese for any zh, otherwise English.
func (p Problem) In(lang language.Tag) string {
	return fault.New(fault.InvalidInput, p.ZH, p.EN).In(lang)
}

// Record is one line. Its readers return the zero value for an empty cell or an absent column, and
// for a cell that they cannot read, which they also note among the problems.
type Record struct {
	Line     int
	sheet    *Sheet
	cells    []string
	problems []Problem
}

func newRecord(s *Sheet, r row) *Record {
	rec := &Record{Line: r.line, sheet: s, cells: r.cells}
	if r.broken != nil {
		rec.note(s.headings[0], Reject, r.broken)
		return rec
	}
	for i, cell := range r.cells {
		heading := s.headings[min(i, len(s.headings)-1)]
		switch {
		case strings.ContainsRune(cell, '\uFFFD'):
			rec.note(heading, Reject, fault.New(fault.InvalidInput, "有无法识别的字符,请检查文件编码。", "There are unreadable characters; check the file's encoding."))
		case i >= len(s.headings) && clean(cell) != "":
			rec.note(heading, Warn, fault.New(fault.InvalidInput, "后面多出一格没有表头的内容,未导入。", "A further cell without a heading was not imported."))
		}
	}
	return rec
}

// Cells are the line's cells as in the file.
func (r *Record) Cells() []string { return slices.Clone(r.cells) }

// Problems lists what was found wrong so far.
func (r *Record) Problems() []Problem { return slices.Clone(r.problems) }

// Rejected tells whether the line cannot be taken.
func (r *Record) Rejected() bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Severity == Reject })
}

// Reject notes that the line cannot be taken because of the column. The args fill both messages.
func (r *Record) Reject(column, zh, en string, args ...any) {
	r.note(r.sheet.Heading(column), Reject, fault.New(fault.InvalidInput, zh, en, args...))
}

// Warn notes that somebody should look at the column.
func (r *Record) Warn(column, zh, en string, args ...any) {
	r.note(r.sheet.Heading(column), Warn, fault.New(fault.InvalidInput, zh, en, args...))
}

func (r *Record) note(heading string, severity Severity, e *fault.Error) {
	r.problems = append(r.problems, Problem{Line: r.Line, Column: heading, Severity: severity, ZH: shown(e.ZH), EN: shown(e.EN)})
}

// Need rejects the line if one of the columns is empty.
func (r *Record) Need(columns ...string) {
	for _, c := range columns {
		if r.Text(c) == "" {
			r.Reject(c, "没有填写。", "It is not filled in.")
		}
	}
}

// Check rejects the line if a check of texts, as typed into a form, refuses what the column says. An empty
// text is for Need to judge.
func (r *Record) Check(column, text string, check func(field, text string) error) {
	if text == "" {
		return
	}
	if wrong := fault.From(check(column, text)); wrong != nil {
		r.note(r.sheet.Heading(column), Reject, wrong)
	}
}

// Text is the cell with full-width letters and digits made ordinary, without space around it.
func (r *Record) Text(column string) string {
	r.sheet.Heading(column) // a misspelt name fails even when the file lacks the column
	if i, ok := r.sheet.at[column]; ok && i < len(r.cells) {
		return clean(r.cells[i])
	}
	return ""
}

// Code is the cell as a code of a building, unit or room: compatibility forms made ordinary (Ａ－１
// is A-1), no space in it.
func (r *Record) Code(column string) string { return code(r.Text(column)) }

// Int is the cell as a whole number from least to most; a counter such as 把 may follow.
func (r *Record) Int(column string, least, most int64) int64 {
	return number(r, column, parseInt, least, most, func(n int64) string { return hundredthsText(n * 100) })
}

// Hundredths is the cell in exact hundredths (113.27 ㎡ is 11327) from least to most.
func (r *Record) Hundredths(column string, least, most int64) int64 {
	return number(r, column, parseHundredths, least, most, hundredthsText)
}

func number(r *Record, column string, parse func(string) (int64, *fault.Error), least, most int64, show func(int64) string) int64 {
	text := r.Text(column)
	if text == "" {
		return 0
	}
	n, wrong := parse(text)
	if wrong != nil {
		r.note(r.sheet.Heading(column), Reject, wrong)
		return 0
	}
	if n < least || n > most {
		r.Reject(column, "“%[1]s”超出范围,应在 %[2]s 到 %[3]s 之间。", "%[1]q is out of range; it must be from %[2]s to %[3]s.",
			text, show(least), show(most))
		return 0
	}
	return n
}

// Date is the cell as a day, written 2022-11-02, 2022/7/3, 2018.07.28 or 2025年10月13日, or as a date
// of the workbook. No day is calendar.Day{}.
func (r *Record) Date(column string) calendar.Day {
	text := r.Text(column)
	if text == "" {
		return calendar.Day{}
	}
	var day calendar.Day
	var wrong *fault.Error
	if serial, date1904, ok := r.sheet.source.serialDay(text); ok {
		day, wrong = fromSerial(serial, date1904)
	} else {
		day, wrong = parseDate(text)
	}
	if wrong != nil {
		r.note(r.sheet.Heading(column), Reject, wrong)
	}
	return day
}

// Phone is the cell as a telephone number, or several. One that does not look like a Chinese mobile
// or landline number is a warning: the household exists, whatever its number.
func (r *Record) Phone(column string) string {
	text, plausible := parsePhones(r.Text(column))
	if !plausible {
		r.Warn(column, "电话号码不像手机(11 位)或固定电话,请核对。", "This looks neither like a mobile number (11 digits) nor a landline; check it.")
	}
	return text
}

// Choice is the cell as one of the given words; any other word, and an empty cell unless "" is one
// of the words, rejects the line.
func Choice[T any](r *Record, column string, words map[string]T) T {
	text := r.Text(column)
	value, ok := words[text]
	if !ok {
		allowed := strings.Join(slices.Sorted(maps.Keys(words)), "、")
		r.Reject(column, "“%[1]s”不在可选项之内:%[2]s。", "%[1]q is none of: %[2]s.", text, allowed)
	}
	return value
}
