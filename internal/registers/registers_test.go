package registers_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/registers"
)

type loan struct {
	area  string
	count int
	fee   int64
	day   calendar.Day
	at    *time.Time
	phone contact.Phone
	note  *string
}

var loans = registers.Register[loan]{
	Name: "keyLoans", ZH: "钥匙借用登记表", EN: "Key loans",
	Columns: []registers.Column[loan]{
		{ZH: "领用区域", EN: "Area", Value: func(l loan) any { return l.area }},
		{ZH: "数量", EN: "Count", Kind: registers.Int, Value: func(l loan) any { return l.count }},
		{ZH: "押金", EN: "Deposit", Kind: registers.Hundredths, Value: func(l loan) any { return l.fee }},
		{ZH: "日期", EN: "Date", Kind: registers.Date, Value: func(l loan) any { return l.day }},
		{ZH: "归还时间", EN: "Returned", Kind: registers.Time, Value: func(l loan) any { return l.at }},
		{ZH: "电话", EN: "Phone", Kind: registers.Contact, Value: func(l loan) any { return l.phone }},
		{ZH: "备注", EN: "Remark", Width: 40, Value: func(l loan) any { return l.note }},
	},
}

var (
	shanghai = time.FixedZone("CST", 8*60*60)
	head     = registers.Head{Estate: "翠湖花园", At: time.Date(2025, 10, 13, 16, 30, 0, 0, time.UTC), Zone: shanghai}
	returned = time.Date(2025, 10, 12, 23, 5, 59, 0, time.UTC)
	formula  = `=HYPERLINK("http://127.0.0.1","x")`
	two      = []loan{
		{"1栋,1单元", 2, 11327, calendar.Date(2025, 10, 13), &returned, contact.New("13809722233").Reveal(), &formula},
		{"＝1+1", -1, -5, calendar.Day{}, nil, contact.New("13809722233"), nil},
	}
)

func all(loans ...loan) iter.Seq2[loan, error] {
	return func(yield func(loan, error) bool) {
		for _, l := range loans {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func write(t *testing.T, format registers.Format, lang language.Tag, rows ...loan) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := loans.Write(t.Context(), &out, format, lang, head, all(rows...)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCSV(t *testing.T) {
	t.Parallel()
	for lang, top := range map[language.Tag][][]string{
		language.SimplifiedChinese: {{"钥匙借用登记表"}, {"小区:翠湖花园    制表时间:2025-10-14 00:30"}, {"领用区域", "数量", "押金", "日期", "归还时间", "电话", "备注"}},
		language.AmericanEnglish:   {{"Key loans"}, {"Estate: 翠湖花园    Made: 2025-10-14 00:30"}, {"Area", "Count", "Deposit", "Date", "Returned", "Phone", "Remark"}},
	} {
		file, ok := bytes.CutPrefix(write(t, registers.CSV, lang, two...), []byte("\ufeff"))
		if !ok {
			t.Error("no byte-order mark")
		}
		reader := csv.NewReader(bytes.NewReader(file))
		reader.FieldsPerRecord = -1
		got, err := reader.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := append(top,
			[]string{"1栋,1单元", "2", "113.27", "2025-10-13", "2025-10-13 07:05", "13809722233", "'" + formula},
			[]string{"'＝1+1", "-1", "-0.05", "", "", "*******2233", ""})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", lang, diff)
		}
	}
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	book, err := excelize.OpenReader(bytes.NewReader(write(t, registers.XLSX, language.Chinese, two...)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheet := book.GetSheetName(0)
	got, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"钥匙借用登记表"}, {"小区:翠湖花园    制表时间:2025-10-14 00:30"}, {"领用区域", "数量", "押金", "日期", "归还时间", "电话", "备注"},
		{"1栋,1单元", "2", "113.27", "2025-10-13", "2025-10-13 07:05", "13809722233", formula},
		{"＝1+1", "-1", "-0.05", "", "", "*******2233"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if sheet != "钥匙借用登记表" {
		t.Errorf("the sheet is called %q", sheet)
	}
	for cell, want := range map[string]excelize.CellType{"B4": excelize.CellTypeUnset, "C4": excelize.CellTypeUnset, "F4": excelize.CellTypeInlineString, "G4": excelize.CellTypeInlineString} {
		if got, err := book.GetCellType(sheet, cell); err != nil || got != want {
			t.Errorf("%s is of type %v, want %v (%v)", cell, got, want, err)
		}
	}
	if f, err := book.GetCellFormula(sheet, "G4"); f != "" || err != nil {
		t.Errorf("G4 holds the formula %q (%v)", f, err)
	}
}

func TestXLSXPrintsOnA4(t *testing.T) {
	t.Parallel()
	book, err := excelize.OpenReader(bytes.NewReader(write(t, registers.XLSX, language.Chinese, two...)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheet := book.GetSheetName(0)
	layout, err := book.GetPageLayout(sheet)
	if err != nil || *layout.Size != 9 || *layout.Orientation != "landscape" || *layout.FitToWidth != 1 || *layout.FitToHeight != 0 {
		t.Errorf("layout %+v (%v)", layout, err)
	}
	if props, err := book.GetSheetProps(sheet); err != nil || !*props.FitToPage {
		t.Errorf("the page is not fitted (%v)", err)
	}
	if footer, err := book.GetHeaderFooter(sheet); err != nil || footer.OddFooter != "&C第 &P 页,共 &N 页" {
		t.Errorf("footer %+v (%v)", footer, err)
	}
	if names := book.GetDefinedName(); len(names) != 1 || names[0].Name != "_xlnm.Print_Titles" || names[0].RefersTo != "'钥匙借用登记表'!$1:$3" {
		t.Errorf("names %+v", names)
	}
	if width, err := book.GetColWidth(sheet, "G"); err != nil || width != 40 {
		t.Errorf("width %v (%v)", width, err)
	}
	if merged, err := book.GetMergeCells(sheet); err != nil || len(merged) != 2 || merged[0].GetEndAxis() != "G1" {
		t.Errorf("merged %v (%v)", merged, err)
	}
	if panes, err := book.GetPanes(sheet); err != nil || !panes.Freeze || panes.YSplit != 3 {
		t.Errorf("panes %+v (%v)", panes, err)
	}
}

func TestANarrowRegisterStandsUpright(t *testing.T) {
	t.Parallel()
	narrow := registers.Register[string]{ZH: "一:[列]", EN: "One", Columns: []registers.Column[string]{{ZH: "列", EN: "Column", Value: func(s string) any { return s }}}}
	var out bytes.Buffer
	rows := func(yield func(string, error) bool) { yield("a\x00\x0b<b>&\n", nil) }
	if err := narrow.Write(t.Context(), &out, registers.XLSX, language.Chinese, registers.Head{}, rows); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	layout, err := book.GetPageLayout("一列")
	if err != nil || layout.Orientation != nil && *layout.Orientation != "portrait" {
		t.Errorf("layout %+v (%v)", layout, err)
	}
	if text, err := book.GetCellValue("一列", "A4"); err != nil || text != "a\uFFFD\uFFFD<b>&\n" {
		t.Errorf("cell %q (%v)", text, err)
	}
}

func TestAnErrorIsNotPassedOffAsAFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database went away")
	for name, rows := range map[string]func(cancel func()) iter.Seq2[loan, error]{
		"error": func(func()) iter.Seq2[loan, error] {
			return func(yield func(loan, error) bool) { _ = yield(two[0], nil) && yield(loan{}, broken) }
		},
		"cancelled": func(cancel func()) iter.Seq2[loan, error] {
			return func(yield func(loan, error) bool) {
				if yield(two[0], nil) {
					cancel()
					yield(two[1], nil)
				}
			}
		},
		"cancelled after the last row": func(cancel func()) iter.Seq2[loan, error] {
			return func(yield func(loan, error) bool) {
				yield(two[0], nil)
				cancel()
			}
		},
	} {
		for _, format := range []registers.Format{registers.XLSX, registers.CSV} {
			ctx, cancel := context.WithCancel(t.Context())
			want := broken
			if name != "error" {
				want = context.Canceled
			}
			var out bytes.Buffer
			if err := loans.Write(ctx, &out, format, language.Chinese, head, rows(cancel)); !errors.Is(err, want) {
				t.Errorf("%s, %s: %v", format, name, err)
			}
			if format == registers.XLSX && out.Len() > 0 {
				t.Errorf("%s, %s: %d bytes were written", format, name, out.Len())
			}
			cancel()
		}
	}
}

func TestAFullDiskLeavesNoWorkbook(t *testing.T) {
	t.Parallel()
	whole := write(t, registers.XLSX, language.Chinese, two...)
	for room := 0; room < len(whole); room += 97 {
		out := &disk{room: room}
		if err := loans.Write(t.Context(), out, registers.XLSX, language.Chinese, head, all(two...)); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if book, err := excelize.OpenReader(&out.Buffer); err == nil {
			t.Errorf("room for %d bytes: a workbook came out", room)
			_ = book.Close()
		}
	}
}

type disk struct {
	bytes.Buffer
	room int
}

func (d *disk) Write(p []byte) (int, error) {
	if d.Len()+len(p) > d.room {
		return 0, io.ErrShortWrite
	}
	return d.Buffer.Write(p)
}

func TestWrongValuesAndFormats(t *testing.T) {
	t.Parallel()
	wrong := registers.Register[string]{EN: "Wrong", Columns: []registers.Column[string]{{EN: "Count", Kind: registers.Int, Value: func(s string) any { return s }}}}
	rows := func(yield func(string, error) bool) { yield("x", nil) }
	if err := wrong.Write(t.Context(), io.Discard, registers.CSV, language.English, head, rows); err == nil || !strings.Contains(err.Error(), "column Count") {
		t.Errorf("got %v", err)
	}
	if err := loans.Write(t.Context(), io.Discard, "pdf", language.English, head, all()); !fault.Is(err, fault.InvalidInput) {
		t.Errorf("got %v, want INVALID_INPUT", err)
	}
	if name := loans.FileName(registers.XLSX, language.Chinese, head); name != "翠湖花园-钥匙借用登记表-20251014.xlsx" {
		t.Error(name)
	}
}

func TestNeutralProperties(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.RuneFrom([]rune("'=+-@\t\r\n＝＋－＠a1 中")))
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		safe := registers.Neutral(s)
		if safe != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(safe)[0]) {
			t.Fatalf("%q is written as %q", s, safe)
		}
		if back := registers.Original(safe); back != s {
			t.Fatalf("%q is written as %q and read as %q", s, safe, back)
		}
	})
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0.00", 5: "0.05", -5: "-0.05", 11327: "113.27", -100: "-1.00", -1 << 63: "-92233720368547758.08"} {
		if got := registers.Decimal(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestMemoryIsConstant is not parallel: it measures the heap.
func TestMemoryIsConstant(t *testing.T) {
	for _, format := range []registers.Format{registers.XLSX, registers.CSV} {
		small, large := held(t, format, 50_000), held(t, format, 100_000)
		if large > small+small/4+1<<20 {
			t.Errorf("%s: 50,000 rows hold %d bytes, 100,000 rows %d", format, small, large)
		}
	}
}

// held is the most that the heap grew while n rows were written.
func held(t *testing.T, format registers.Format, n int) int64 {
	t.Helper()
	note := strings.Repeat("住户约定", 5)
	before := heap()
	var most int64
	rows := func(yield func(loan, error) bool) {
		for i := range n {
			if !yield(loan{area: fmt.Sprint(i), count: i, day: calendar.Date(2025, 1, i), note: &note}, nil) {
				return
			}
			if i%10_000 == 0 {
				most = max(most, heap()-before)
			}
		}
	}
	out := &sink{peak: func() { most = max(most, heap()-before) }}
	if err := loans.Write(t.Context(), out, format, language.Chinese, registers.Head{}, rows); err != nil {
		t.Fatal(err)
	}
	return most
}

// sink measures now and then while the file is written out.
type sink struct {
	n, next int
	peak    func()
}

func (s *sink) Write(p []byte) (int, error) {
	if s.n += len(p); s.n > s.next {
		s.next = s.n + 1<<20
		s.peak()
	}
	return len(p), nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
