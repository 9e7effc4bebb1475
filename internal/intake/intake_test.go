package intake_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/intake"
)

var zh = language.Chinese

var roomAndArea = []intake.Column{
	{Name: "room", Headings: []string{"房号"}, Required: true},
	{Name: "area", Headings: []string{"面积", "建筑面积"}, Required: true},
	{Name: "remark", Headings: []string{"备注"}},
}

func TestHeadingsInAnyOrderAndWording(t *testing.T) {
	t.Parallel()
	for _, heading := range []string{
		"房号,面积(㎡)", "面积（m²）,房号", " 建筑面积 ( 平方米 ) , 房 号 ", "建筑面积㎡,*房号:", "面积,房号（必填）", "\"建筑\n面积\",房号", "房号\t面积", "房号;面积;颜色",
	} {
		sheet, err := intake.Open(strings.NewReader(heading+"\n"), roomAndArea)
		if err != nil {
			t.Errorf("%q: %v", heading, err)
			continue
		}
		if sheet.Has("remark") || !sheet.Has("area") {
			t.Errorf("%q: has remark %t, area %t", heading, sheet.Has("remark"), sheet.Has("area"))
		}
		if want := strings.Contains(heading, "颜色"); slices.Equal(sheet.Unknown(), []string{"颜色"}) != want {
			t.Errorf("%q: unknown %v", heading, sheet.Unknown())
		}
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, says string }{
		"empty":       {"", "文件是空的"},
		"blank":       {"\n\n , \n", "文件是空的"},
		"no area":     {"房号,备注\n", "表头缺少:面积"},
		"both":        {"备注\n", "表头缺少:房号、面积"},
		"twice":       {"房号,面积,建筑面积\n", "同一列"},
		"old xls":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xlsx"},
		"no zip":      {"PK\x03\x04 not really", "工作簿打不开"},
		"bad quote":   {"房号,面\"积\n", "引号"},
		"wrong bytes": {"\xff\xff\xff,\xff\n", "表头缺少"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.Open(strings.NewReader(c.file), roomAndArea)
			refused := fault.From(err)
			if refused == nil || refused.Code != fault.InvalidInput || !strings.Contains(refused.ZH, c.says) || refused.EN == "" {
				t.Errorf("got %v, want INVALID_INPUT %s", err, c.says)
			}
		})
	}
}

func TestLineNumbers(t *testing.T) {
	t.Parallel()
	// Blank lines of every kind count, also the last ones; a line break in a cell starts no new line.
	file := "房号,面积,备注\r\n" + // 1
		"101,1,\"a\r\nb\r\n\r\nc\"\r\n" + // 2
		"\r\n" + // 3
		"102,1,\r\n" + // 4
		"\r\n\r\n" + // 5, 6
		"103,1,\"x\ny\"\r\n" + // 7
		" ,,\r\n" + // 8
		"小 计：,2\r\n" + // 9
		"合计楼,1\r\n" + // 10: not a total
		"104,1\r\n" + // 11
		"总计432户\r\n" + // 12
		",,,\r\n\r\n" // 13, 14
	sheet := open(t, strings.NewReader(file), roomAndArea)
	got := map[int]string{}
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		got[rec.Line] = rec.Text("room")
	}
	if diff := cmp.Diff(map[int]string{2: "101", 4: "102", 7: "103", 10: "合计楼", 11: "104"}, got); diff != "" {
		t.Error(diff)
	}
	if want := []int{3, 5, 6, 8, 9, 12, 13, 14}; !slices.Equal(sheet.Skipped(), want) {
		t.Errorf("skipped %v, want %v", sheet.Skipped(), want)
	}
}

func TestProblemsNameTheCell(t *testing.T) {
	t.Parallel()
	file := "房号,建筑面积 ㎡,备注\n" + "101,-3,\n" + "102,一,\n" + "10\"3,1,\n" + "104,1,\xff\xff\n" + "105,1,x,y\n" + ",1\n"
	sheet := open(t, strings.NewReader("\ufeff"+file), roomAndArea)
	var got []string
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if !rec.Rejected() {
			rec.Need("room")
			rec.Hundredths("area", 0, 100)
		}
		for _, p := range rec.Problems() {
			got = append(got, fmt.Sprint(p.Line, " ", p.Column, " ", p.Severity))
			if p.ZH == "" || p.EN == "" || p.In(zh) != p.ZH || p.In(language.English) != p.EN {
				t.Errorf("problem without words: %+v", p)
			}
		}
	}
	want := []string{"2 建筑面积 ㎡ reject", "3 建筑面积 ㎡ reject", "4 房号 reject", "5 备注 reject", "6 备注 warn", "7 房号 reject"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAQuoteThatNeverEndsIsRefused(t *testing.T) {
	t.Parallel()
	sheet := open(t, strings.NewReader("房号,面积\n\"101,1\n"+strings.Repeat("102,1\n", 1<<20)), roomAndArea)
	for _, err := range sheet.Records() {
		if !fault.Is(err, fault.InvalidInput) {
			t.Errorf("got %v, want INVALID_INPUT", err)
		}
		return
	}
	t.Error("the file was read to its end")
}

func TestWorkbookCells(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	defer book.Close()
	for i, line := range [][]any{
		{"房号", "面积", "备注"}, {101, 0.1 + 0.2, 13809722233.0}, {}, {}, {102, 78.13, "1.3E+10"}, {103, "1.3809722233E+10", nil}, {nil, nil, " "},
	} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &line); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	sheet := open(t, bytes.NewReader(file.Bytes()), roomAndArea)
	var got []string
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(rec.Line, " ", rec.Text("room"), " ", rec.Hundredths("area", 0, 1<<60), " ", rec.Text("remark")))
	}
	want := []string{"2 101 30 13809722233", "5 102 7813 13000000000", "6 103 1380972223300 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(sheet.Skipped(), []int{3, 4}) {
		t.Errorf("skipped %v", sheet.Skipped())
	}
}

// Of what a file holds nothing is shown back that nobody sees, in a heading no more than in a cell.
func TestReportsShowOnlyWhatPeopleSee(t *testing.T) {
	t.Parallel()
	const hidden = "\x00\x07\x1b\u202e\u2066\u200b\ufeff\uffff"
	file := strings.ReplaceAll("房?号,\"面积\n(㎡)?\",颜?色\n10?1,\"一?\n二\"\n10?2,?=1\n", "?", hidden)
	sheet := open(t, strings.NewReader(file), roomAndArea)
	var rejects bytes.Buffer
	w, err := intake.NewRejectWriter(&rejects, sheet, zh)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		rec.Hundredths("area", 0, 100)
		for _, p := range rec.Problems() {
			got = append(got, p.Column+": "+p.In(zh))
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := []string{"面积 (㎡): “一 二”不是数字。", "面积 (㎡): “=1”不是数字。"}
	if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(sheet.Unknown(), []string{"颜色"}) {
		t.Errorf("unknown %q, problems (-want +got):\n%s", sheet.Unknown(), diff)
	}
	file = "\ufeff房号,面积 (㎡),颜色,原因\r\n101,\"一\r\n二\",,面积 (㎡): “一 二”不是数字。\r\n102,'=1,,面积 (㎡): “=1”不是数字。\r\n"
	if diff := cmp.Diff(file, rejects.String()); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
}
