package registers

import (
	"archive/zip"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

const (
	headRows      = 3    // title, estate and time, headings: repeated on every page
	portraitWidth = 90.0 // characters that fit an upright A4 page; wider registers lie on their side
	paperA4       = 9
)

// workbook writes the rows through excelize's stream writer, which keeps them in a temporary file;
// only when all are there is anything written to the destination.
type workbook struct {
	to     io.Writer
	form   form
	book   *excelize.File
	sheet  *excelize.StreamWriter
	at     int // the last row written
	styles map[Kind]int
	cells  []any
}

func newWorkbook(to io.Writer, f form) (_ *workbook, err error) {
	b := &workbook{to: to, form: f, book: excelize.NewFile(), cells: make([]any, len(f.columns))}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	name := sheetName(f.title)
	if err := b.book.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	if err := b.layOut(name); err != nil {
		return nil, err
	}
	// Written by the stream writer when it starts and ends, so all layout must be set before.
	if b.sheet, err = b.book.NewStreamWriter(name); err != nil {
		return nil, err
	}
	err = b.writeHead()
	return b, err
}

// layOut sets what the printer needs.
func (b *workbook) layOut(name string) error {
	width := 0.0
	for _, c := range b.form.columns {
		width += c.width
	}
	orientation := "portrait"
	if width > portraitWidth {
		orientation = "landscape"
	}
	fit, margin := true, 0.5
	return errors.Join(
		b.book.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}),
		b.book.SetPageLayout(name, &excelize.PageLayoutOptions{
			Size: new(paperA4), Orientation: &orientation, FitToWidth: new(1), FitToHeight: new(0),
		}),
		b.book.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin, Horizontally: &fit}),
		b.book.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: b.form.footer}),
		b.book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + name + "'!$1:$3", Scope: name}),
	)
}

// writeHead writes the rows above the data, and the widths, which must come before any row.
func (b *workbook) writeHead() error {
	title, err := b.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center"}})
	if err != nil {
		return err
	}
	heading, err := b.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Border: thin, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EDEDED"}}})
	if err != nil {
		return err
	}
	if err := b.addStyles(); err != nil {
		return err
	}
	for i, c := range b.form.columns {
		if err := b.sheet.SetColWidth(i+1, i+1, c.width); err != nil {
			return err
		}
		b.cells[i] = excelize.Cell{StyleID: heading, Value: c.heading}
	}
	b.at = headRows
	return errors.Join(
		b.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: headRows, TopLeftCell: "A4", ActivePane: "bottomLeft"}),
		b.sheet.SetRow("A1", []any{excelize.Cell{StyleID: title, Value: b.form.title}}, excelize.RowOpts{Height: 30}),
		b.sheet.SetRow("A2", []any{b.form.line}),
		b.sheet.SetRow("A3", b.cells),
		b.merge(1),
		b.merge(2),
	)
}

// merge lets the row's first cell reach over all columns.
func (b *workbook) merge(row int) error {
	if len(b.form.columns) < 2 {
		return nil
	}
	first, err := excelize.CoordinatesToCellName(1, row)
	if err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(len(b.form.columns), row)
	if err != nil {
		return err
	}
	return b.sheet.MergeCell(first, last)
}

var thin = []excelize.Border{
	{Type: "left", Color: "000000", Style: 1}, {Type: "right", Color: "000000", Style: 1},
	{Type: "top", Color: "000000", Style: 1}, {Type: "bottom", Color: "000000", Style: 1},
}

func (b *workbook) addStyles() error {
	b.styles = make(map[Kind]int)
	for kind, format := range map[Kind]string{Text: "@", Int: "0", Hundredths: "0.00", Date: "yyyy-mm-dd", Time: "yyyy-mm-dd hh:mm", Contact: "@"} {
		style, err := b.book.NewStyle(&excelize.Style{CustomNumFmt: &format, Border: thin, Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}})
		if err != nil {
			return err
		}
		b.styles[kind] = style
	}
	return nil
}

func (b *workbook) row(cells []any) error {
	if b.at == excelize.TotalRows {
		return fault.New(fault.InvalidInput, "内容超过工作簿的 %[1]d 行,请缩小范围或导出 CSV。",
			"There are more rows than the %[1]d of a workbook; narrow the range or export CSV.", excelize.TotalRows)
	}
	b.at++
	for i, cell := range cells {
		kind := b.form.columns[i].kind
		b.cells[i] = excelize.Cell{StyleID: b.styles[kind], Value: b.value(kind, cell)}
	}
	name, err := excelize.CoordinatesToCellName(1, b.at)
	if err != nil {
		return err
	}
	return b.sheet.SetRow(name, b.cells)
}

// value is the cell as the stream writer wants it. It writes strings as strings, never as formulas.
func (b *workbook) value(kind Kind, cell any) any {
	switch v := cell.(type) {
	case int64:
		if kind == Hundredths {
			return float64(v) / 100 // a workbook has no other numbers
		}
	case calendar.Day:
		return v.UTC()
	case time.Time:
		local := v.In(b.form.zone) // workbooks know no zones: they are given what the wall clock shows
		return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	}
	return cell
}

// finish packs the workbook straight into the destination; excelize by itself would pack it in memory.
func (b *workbook) finish() error {
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	out := zip.NewWriter(b.to)
	b.book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return openEnd{out} })
	if _, err := b.book.WriteToBuffer(); err != nil {
		return err
	}
	return out.Close()
}

// openEnd keeps excelize from closing the archive after an error, which would make it look whole.
type openEnd struct{ *zip.Writer }

func (openEnd) Close() error { return nil }

func (b *workbook) close() error { return b.book.Close() }

// sheetName is the title as far as the name of a sheet may hold it.
func sheetName(title string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return -1
		}
		return r
	}, title)
	runes := []rune(name)
	return string(runes[:min(len(runes), excelize.MaxSheetNameLength)])
}
