package intake_test

import (
	"bytes"
	"encoding/json"
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

// The two estates of testdata are read here by the rules that a registry would apply, and must come
// out exactly as their -expected.json says.

type cell struct {
	line    int
	heading string
}

func (c *cell) UnmarshalJSON(b []byte) error {
	pair := []any{&c.line, &c.heading}
	return json.Unmarshal(b, &pair)
}

type outcome struct {
	Encoding      string
	Units         int
	Households    int
	Vacant        int
	Rejected      []cell
	Warnings      []cell
	Skipped       []int
	NotYetMovedIn int
	Keys          keysOutcome
}

type keysOutcome struct {
	Sets, Accepted, Outstanding, WithHouseholds, InCabinet int
	Rejected                                               []cell
}

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

var keyColumns = []intake.Column{
	{Name: "building", Headings: []string{"楼栋"}, Required: true},
	{Name: "entrance", Headings: []string{"单元"}},
	{Name: "room", Headings: []string{"房号"}, Required: true},
	{Name: "place", Headings: []string{"位置"}, Required: true},
	{Name: "due", Headings: []string{"应交数量"}, Required: true},
	{Name: "delivered", Headings: []string{"实交数量"}, Required: true},
	{Name: "state", Headings: []string{"状态"}, Required: true},
	{Name: "deliverer", Headings: []string{"交验人"}},
	{Name: "followUp", Headings: []string{"跟进情况"}},
}

type unitState struct{ occupied, movedIn bool }

var unitStates = map[string]unitState{"空置": {}, "待入伙": {occupied: true}, "装修中": {true, true}, "已入住": {true, true}}

func unitKey(rec *intake.Record) string {
	return strings.Join([]string{rec.Code("building"), rec.Code("entrance"), rec.Code("room")}, "/")
}

func readUnits(t *testing.T, file io.ReadSeeker) (outcome, map[string]bool) {
	t.Helper()
	sheet := open(t, file, unitColumns)
	out, units, households := outcome{Encoding: sheet.Encoding()}, map[string]bool{}, map[string]bool{}
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		rec.Need("building", "room", "area")
		rec.Hundredths("area", 1, 1_000_000_00)
		state := intake.Choice(rec, "state", unitStates)
		if state.occupied {
			rec.Need("name")
		}
		notice, movedIn := rec.Date("notice"), rec.Date("movedIn")
		if !notice.IsZero() && !movedIn.IsZero() && movedIn.Before(notice) {
			rec.Reject("movedIn", "入伙早于通知。", "Moved in before the notice.")
		}
		phone := rec.Phone("phone")
		rec.Phone("emergencyPhone")
		key := unitKey(rec)
		if units[key] {
			rec.Reject("room", "房号重复。", "The unit is there twice.")
		}
		out.Rejected, out.Warnings = sort(rec, out.Rejected, out.Warnings)
		if rec.Rejected() {
			continue
		}
		units[key] = true
		switch {
		case !state.occupied:
			out.Vacant++
		case !state.movedIn:
			out.NotYetMovedIn++
		}
		if state.occupied {
			households[rec.Text("name")+phone] = true
		}
	}
	out.Units, out.Households, out.Skipped = len(units), len(households), sheet.Skipped()
	return out, units
}

func readKeys(t *testing.T, file io.ReadSeeker, units map[string]bool) (out keysOutcome) {
	t.Helper()
	sets := map[string]bool{}
	for rec, err := range open(t, file, keyColumns).Records() {
		if err != nil {
			t.Fatal(err)
		}
		rec.Need("room", "place", "due", "delivered", "state")
		due := rec.Int("due", 0, 10_000)
		delivered := rec.Int("delivered", 0, due)
		withHousehold := intake.Choice(rec, "state", map[string]bool{"完好": false, "已移交业主": true})
		if !units[unitKey(rec)] {
			rec.Reject("room", "没有这个房号。", "There is no such unit.")
		}
		set := unitKey(rec) + "/" + rec.Text("place")
		if sets[set] {
			rec.Reject("place", "重复。", "It is there twice.")
		}
		out.Rejected, _ = sort(rec, out.Rejected, nil)
		if rec.Rejected() {
			continue
		}
		sets[set] = true
		out.Accepted += int(delivered)
		out.Outstanding += int(due - delivered)
		if withHousehold {
			out.WithHouseholds += int(delivered)
		} else {
			out.InCabinet += int(delivered)
		}
	}
	out.Sets = len(sets)
	return out
}

func sort(rec *intake.Record, rejected, warned []cell) ([]cell, []cell) {
	for _, p := range rec.Problems() {
		if p.Severity == intake.Reject {
			rejected = append(rejected, cell{p.Line, p.Column})
		} else {
			warned = append(warned, cell{p.Line, p.Column})
		}
	}
	return rejected, warned
}

func TestEstatesComeOutAsExpected(t *testing.T) {
	t.Parallel()
	for _, estate := range []string{"CHHY", "JXL"} {
		want := expected(t, estate)
		t.Run(estate, func(t *testing.T) {
			t.Parallel()
			got, units := readUnits(t, bytes.NewReader(read(t, estate+"-业户资料.csv")))
			got.Keys = readKeys(t, bytes.NewReader(read(t, estate+"-钥匙清单.csv")), units)
			equal(t, want, got)
		})
	}
}

func TestAnEstateComesOutTheSameInEveryFormat(t *testing.T) {
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
	for encoding, file := range map[string][]byte{
		"utf-8": utf8, "gb18030": gb18030, "utf-16le": utf16, "xlsx": workbook(t, utf8, false), "xlsx1904": workbook(t, utf8, true),
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			want := expected(t, "CHHY")
			want.Encoding, want.Keys = strings.TrimSuffix(encoding, "1904"), keysOutcome{}
			got, _ := readUnits(t, bytes.NewReader(file))
			equal(t, want, got)
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

func expected(t *testing.T, estate string) (want outcome) {
	t.Helper()
	if err := json.Unmarshal(read(t, estate+"-expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func equal(t *testing.T, want, got outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(cell{})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}
