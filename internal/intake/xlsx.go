package intake

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"

	"github.com/xuri/excelize/v2"

	"github.com/steward-pm/steward/internal/fault"
)

// xlsxSource reads the first sheet of a workbook row by row. Blank rows below the last filled one
// are not reported: a sheet has no end of its own, only rows that somebody once formatted.
type xlsxSource struct {
	book     *excelize.File
	rows     *excelize.Rows
	date1904 bool
	line     int
	blanks   int
	held     *row
}

func openXLSX(file io.Reader) (*xlsxSource, error) {
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	if err := checkParts(bytes.NewReader(content), int64(len(content))); err != nil {
		return nil, damaged(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: spillLimit,
	})
	if err != nil {
		return nil, damaged(err)
	}
	s := &xlsxSource{book: book}
	props, err := book.GetWorkbookProps()
	if err == nil {
		s.date1904 = props.Date1904 != nil && *props.Date1904
		s.rows, err = book.Rows(book.GetSheetName(0))
	}
	if err != nil {
		return nil, errors.Join(damaged(err), book.Close())
	}
	return s, nil
}

func damaged(err error) error {
	return fault.New(fault.InvalidInput, "工作簿打不开:文件已损坏、太大或不是 .xlsx,请用 Excel 打开后另存再导入。",
		"The workbook cannot be opened: damaged, too large or not an .xlsx; open it in Excel, save it again and import that.").Because(err)
}

func (s *xlsxSource) next() (row, error) {
	if s.held == nil {
		if err := s.read(); err != nil {
			return row{}, err
		}
	}
	s.line++
	if s.blanks > 0 {
		s.blanks--
		return row{line: s.line}, nil
	}
	r := *s.held
	s.held, r.line = nil, s.line
	return r, nil
}

func (s *xlsxSource) read() error {
	for s.rows.Next() {
		cells, err := s.rows.Columns()
		if err != nil {
			return damaged(err)
		}
		if blank(cells) {
			s.blanks++
			continue
		}
		for i, cell := range cells {
			cells[i] = shortNumber(cell)
		}
		s.held = &row{cells: cells}
		return nil
	}
	if err := s.rows.Error(); err != nil {
		return damaged(err)
	}
	return io.EOF
}

var (
	exponential = regexp.MustCompile(`^-?\d(\.\d+)?E[+-]\d{1,2}$`)
	longDecimal = regexp.MustCompile(`^-?\d+\.\d{10,}$`)
)

// shortNumber undoes how workbooks store numbers: 13809722233 as 1.3809722233E+10, and 78.13 as
// 78.129999999999995. Excel itself shows 15 digits of a number and no more.
func shortNumber(cell string) string {
	if !exponential.MatchString(cell) && !longDecimal.MatchString(cell) {
		return cell
	}
	stored, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	shown, err := strconv.ParseFloat(strconv.FormatFloat(stored, 'g', 15, 64), 64)
	if err != nil {
		return cell
	}
	return strconv.FormatFloat(shown, 'f', -1, 64)
}

// serialDay: workbooks keep a date as the number of days since 1900, or 1904.
func (s *xlsxSource) serialDay(text string) (float64, bool, bool) {
	serial, err := strconv.ParseFloat(text, 64)
	return serial, s.date1904, err == nil && serial >= 1
}

func (s *xlsxSource) Close() error { return errors.Join(s.rows.Close(), s.book.Close()) }
