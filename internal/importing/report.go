package importing

import (
	"encoding/json"
	"fmt"

	"github.com/steward-pm/steward/internal/intake"
)

// Report is what came of a file. Lines count from the heading, which is line 1.
type Report struct {
	Estate   string `json:"estate"` // its name
	Code     string `json:"code"`
	Encoding string `json:"encoding"`
	*Units
	Keys *Keys `json:"keys,omitempty"`

	Warnings []Cell   `json:"warnings"`          // taken, but somebody should look
	Skipped  []int    `json:"skipped"`           // blank lines and totals
	Ignored  []Cell   `json:"ignored,omitempty"` // fields left out, of lines that were taken
	Unread   []string `json:"unread,omitempty"`  // headings that mean nothing here

	Created      int     `json:"created"` // lines that made a new unit, or key set
	Changed      int     `json:"changed"` // fields that differ from what was on record
	CreatedLines []Lines `json:"createdLines"`
	ChangedCells []Cell  `json:"changedCells"`
	DryRun       bool    `json:"dryRun"` // nothing was written
}

// Units is what came of 业户资料.
type Units struct {
	Units         int    `json:"units"`      // lines taken
	Households    int    `json:"households"` // distinct ones among them
	Vacant        int    `json:"vacant"`
	NotYetMovedIn int    `json:"notYetMovedIn"`
	Rejected      []Cell `json:"rejected"`
}

// Keys is what came of 钥匙清单, in keys.
type Keys struct {
	Sets           int    `json:"sets"` // lines taken
	Accepted       int    `json:"accepted"`
	Outstanding    int    `json:"outstanding"`
	WithHouseholds int    `json:"withHouseholds"`
	InCabinet      int    `json:"inCabinet"`
	Rejected       []Cell `json:"rejected"`
}

// Cell is a line and a column heading, written [229,"面积(㎡)"]. It never holds the cell's content.
type Cell struct {
	Line   int
	Column string
}

// MarshalJSON writes the pair.
func (c Cell) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{c.Line, c.Column}) }

// UnmarshalJSON reads the pair.
func (c *Cell) UnmarshalJSON(b []byte) error {
	pair := []any{&c.Line, &c.Column}
	return json.Unmarshal(b, &pair)
}

// Lines are the lines from the first to the last.
type Lines [2]int

// OfUnits makes the report of 业户资料.
func OfUnits() *Report {
	r := newReport()
	r.Units = &Units{Rejected: []Cell{}}
	return r
}

// OfKeys makes the report of 钥匙清单.
func OfKeys() *Report {
	r := newReport()
	r.Keys = &Keys{Rejected: []Cell{}}
	return r
}

func newReport() *Report {
	return &Report{Warnings: []Cell{}, Skipped: []int{}, CreatedLines: []Lines{}, ChangedCells: []Cell{}}
}

// Rejected are the cells for which lines were not taken.
func (r *Report) Rejected() []Cell { return *r.rejected() }

func (r *Report) rejected() *[]Cell {
	if r.Keys != nil {
		return &r.Keys.Rejected
	}
	return &r.Units.Rejected
}

// JSON is the report as text.
func (r *Report) JSON() (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("import report: %w", err)
	}
	return string(text), nil
}

// create notes a line that made something new.
func (r *Report) create(line int) {
	r.Created++
	if n := len(r.CreatedLines); n > 0 && r.CreatedLines[n-1][1] == line-1 {
		r.CreatedLines[n-1][1] = line
		return
	}
	r.CreatedLines = append(r.CreatedLines, Lines{line, line})
}

// change notes a field that differs from what was on record.
func (r *Report) change(line int, heading string) {
	r.Changed++
	r.ChangedCells = append(r.ChangedCells, Cell{line, heading})
}

// problems notes what is wrong with a line.
func (r *Report) problems(rec *intake.Record, ignored bool) {
	for _, p := range rec.Problems() {
		c := Cell{p.Line, p.Column}
		switch {
		case p.Severity == intake.Warn:
			r.Warnings = append(r.Warnings, c)
		case ignored:
			r.Ignored = append(r.Ignored, c)
		default:
			list := r.rejected()
			*list = append(*list, c)
		}
	}
}
