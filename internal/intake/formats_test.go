package intake_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/steward-pm/steward/internal/intake"
)

// The sample portfolio of testdata is read here in every format that offices send. What an import makes of it is
// told in internal/importing, to the last line of its -expected.json.

var unitColumns = []intake.Column{
	{Name: "building", Headings: []string{"楼栋", "栋号", "楼号"}, Required: true},
	{Name: "entrance", Headings: []string{"单元"}},
	{Name: "room", Headings: []string{"房号", "房间号"}, Required: true},
	{Name: "area", Headings: []string{"面积", "建筑面积"}, Required: true},
	{Name: "state", Headings: []string{"状态"}, Required: true},
	{Name: "name", Headings: []string{"业户姓名", "姓名"}},
	{Name: "phone", Headings: []string{"联系电话"}},
	{Name: "notice", Headings: []string{"入伙通知日期"}},
	{Name: "movedIn", Headings: []string{"入伙日期"}},
	{Name: "emergency", Headings: []string{"紧急联系人"}},
	{Name: "emergencyPhone", Headings: []string{"紧急联系电话"}},
	{Name: "remark", Headings: []string{"备注"}},
}

// reading is what a file says: its encoding, its lines as typed values with their problems, the lines skipped.
type reading struct {
	encoding string
	lines    []string
	skipped  []int
}

func readAll(t *testing.T, file io.ReadSeeker) (out reading) {
	t.Helper()
	sheet := open(t, file, unitColumns)
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(rec.Line, rec.Code("building"), rec.Code("entrance"), rec.Code("room"), rec.Hundredths("area", 1, 1_000_000_00),
			rec.Text("state"), rec.Text("name"), rec.Phone("phone"), rec.Date("notice"), rec.Date("movedIn"), rec.Text("emergency"), rec.Phone("emergencyPhone"), rec.Text("remark"))
		for _, p := range rec.Problems() {
			line += fmt.Sprint(" ", p.Column, p.Severity, p.ZH)
		}
		out.lines = append(out.lines, line)
	}
	out.encoding, out.skipped = sheet.Encoding(), sheet.Skipped()
	return out
}

func TestAFileReadsTheSameInEveryFormat(t *testing.T) {
	t.Parallel()
	utf8 := bytes.TrimPrefix(read(t, "CHHY-业户资料.csv"), []byte("\ufeff"))
	gb18030, err := simplifiedchinese.GB18030.NewEncoder().Bytes(utf8)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(utf8)
	if err != nil {
		t.Fatal(err)
	}
	want := readAll(t, bytes.NewReader(read(t, "CHHY-业户资料.csv")))
	if want.encoding != "utf-8-sig" || len(want.lines) < 400 || len(want.skipped) == 0 {
		t.Fatalf("%s, %d lines, skipped %v", want.encoding, len(want.lines), want.skipped)
	}
	for encoding, file := range map[string][]byte{
		"utf-8": utf8, "gb18030": gb18030, "utf-16le": utf16, "xlsx": workbook(t, utf8, false), "xlsx1904": workbook(t, utf8, true),
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			want := want
			want.encoding = strings.TrimSuffix(encoding, "1904")
			if diff := cmp.Diff(want, readAll(t, bytes.NewReader(file)), cmp.AllowUnexported(reading{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// workbook writes the CSV as Excel would: numbers and dates as such, the rest as text.
func workbook(t *testing.T, text []byte, date1904 bool) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	if err := book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &date1904}); err != nil {
		t.Fatal(err)
	}
	noColumns := open(t, bytes.NewReader(text), []intake.Column{
		{Name: "notice", Headings: []string{"入伙通知日期"}}, {Name: "movedIn", Headings: []string{"入伙日期"}},
	})
	set := func(column, line int, value any) {
		name, err := excelize.CoordinatesToCellName(column+1, line)
		if err == nil {
			err = book.SetCellValue("Sheet1", name, value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range noColumns.Headings() {
		set(i, 1, h)
	}
	for rec, err := range noColumns.Records() {
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range rec.Cells() {
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				set(i, rec.Line, n)
			} else if text != "" {
				set(i, rec.Line, text)
			}
		}
		for i, column := range map[int]string{7: "notice", 8: "movedIn"} {
			if day := rec.Date(column); !day.IsZero() {
				set(i, rec.Line, day.UTC())
			}
		}
	}
	for _, skipped := range noColumns.Skipped()[1:] {
		set(0, skipped, "合计")
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRejectedLinesAreReadBack(t *testing.T) {
	t.Parallel()
	sheet := open(t, bytes.NewReader(read(t, "CHHY-业户资料.csv")), unitColumns)
	var file bytes.Buffer
	out, err := intake.NewRejectWriter(&file, sheet, zh)
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Line < 360 {
			continue
		}
		rec.Reject("room", "试试", "A test")
		want = append(want, rec.Cells())
		if err := out.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(file.String(), `"'=HYPERLINK(`) || !strings.Contains(file.String(), "房号: 试试") {
		t.Errorf("formula text or reason is not in the file:\n%s", file.String())
	}
	again := open(t, bytes.NewReader(file.Bytes()), unitColumns)
	if len(again.Unknown()) > 0 {
		t.Errorf("unknown headings: %v", again.Unknown())
	}
	n := 0
	for rec, err := range again.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if got := rec.Text("remark"); got != strings.TrimSpace(want[n][11]) {
			t.Errorf("line %d: remark %q, want %q", rec.Line, got, want[n][11])
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d lines came back, want %d", n, len(want))
	}
}

func open(t *testing.T, file io.ReadSeeker, columns []intake.Column) *intake.Sheet {
	t.Helper()
	sheet, err := intake.Open(file, columns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sheet.Close(); err != nil {
			t.Error(err)
		}
	})
	return sheet
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
