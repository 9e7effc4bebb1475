package importing_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

const heading = "楼栋,单元,房号,面积,状态,业户姓名,联系电话,入伙通知日期,入伙日期,紧急联系人,紧急联系电话,备注\n"

// text is a request to import lines into an estate of its own.
func text(lines string) importing.Request {
	return importing.Request{EstateCode: "X", CreateEstate: "某小区", Source: &importing.Source{Name: "x.csv", File: strings.NewReader(lines)}}
}

// units imports lines of 业户资料.
func units(t *testing.T, app *stewardtest.App, lines ...string) *importing.Report {
	t.Helper()
	return run(t, app, registry.ImportUnits, text(heading+strings.Join(lines, "\n")+"\n")).Report
}

func TestWhatDiffersIsChanged(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	units(t, app, "1栋,,101,89.5,待入伙,张三,13800000001,2026-02-20,,李四,13900000001,", "1栋,,102,70,空置,,,,,,,")
	got := units(t, app, "1栋,,101,90,已入住,张三丰,13800000001,2026-02-20,2026-03-01,李四,13900000002,有狗", "1栋,,102,70,已入住,王五,13800000002,,2026-03-02,,,")
	want := []importing.Cell{{Line: 2, Column: "面积"}, {Line: 2, Column: "备注"}, {Line: 2, Column: "状态"}, {Line: 2, Column: "业户姓名"},
		{Line: 2, Column: "紧急联系电话"}, {Line: 2, Column: "入伙日期"}, {Line: 3, Column: "状态"}, {Line: 3, Column: "业户姓名"}}
	if diff := cmp.Diff(want, got.ChangedCells); diff != "" || got.Created != 0 || got.Changed != len(want) {
		t.Errorf("changed %d, created %d (-want +got):\n%s", got.Changed, got.Created, diff)
	}
	for sql, n := range map[string]float64{
		`SELECT count(*) FROM units u JOIN estates e ON e.id = u.estate_id WHERE e.code = 'X' AND state = 'OCCUPIED'`:                               2,
		`SELECT count(*) FROM occupancies WHERE unit_label = '1栋101' AND state = 'MOVED_IN' AND moved_in_on = '2026-03-01'`:                         1,
		`SELECT count(*) FROM households WHERE name = '张三丰' AND code = '1栋101'`:                                                                     1,
		`SELECT count(*) FROM residents WHERE name = '张三丰' AND phone = '13800000001'`:                                                               1,
		`SELECT count(*) FROM emergency_contacts WHERE name = '李四' AND phone = '13900000002'`:                                                       1,
		`SELECT count(*) FROM obligations o JOIN estates e ON e.id = o.estate_id WHERE e.code = 'X' AND kind = 'registry.moveIn' AND state = 'MET'`: 1,
	} {
		if got := count(t, app, sql); got != n {
			t.Errorf("%s: %v, want %v", sql, got, n)
		}
	}
}

func TestAnEmptyCellLeavesWhatIsOnRecord(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	units(t, app, "1栋,,101,89.5,已入住,张三,13800000001,2026-02-20,2026-03-01,李四,13900000001,有狗")
	if got := units(t, app, "1栋,,101,89.5,已入住,张三,,,,,,"); got.Changed != 0 {
		t.Errorf("changed %v", got.ChangedCells)
	}
}

func TestA6_AHouseholdWithFlatAndParkingIsOne(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	lines := []string{"1栋,,101,89.5,已入住,张三,13800000001,,2026-02-01,李四,13900000001,", "B1,,5,12,已入住,张三,13800000001,,2026-02-01,李四,13900000002,",
		"1栋,,102,89.5,已入住,张三,,,2026-02-01,,,"}
	if got := units(t, app, lines...); got.Households != 2 {
		t.Errorf("%d households, want 2: the third line names somebody of the same name only", got.Households)
	}
	if got := units(t, app, lines...); got.Changed+got.Created != 0 || got.Households != 2 {
		t.Errorf("a second run changed %v", got.ChangedCells)
	}
	if got := units(t, app, "B1,,6,12,已入住,张三,13800000001,,2026-02-01,,,"); got.Created != 1 {
		t.Errorf("created %d", got.Created)
	}
	if n := count(t, app, `SELECT count(*) FROM households WHERE name = '张三'`); n != 2 {
		t.Errorf("%v households of the name, want 2", n)
	}
}

func TestWhatContradictsTheRecordIsRejected(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	units(t, app, "1栋,,101,89.5,已入住,张三,13800000001,,2026-02-01,,,", "1栋,,102,89.5,待入伙,李四,13800000002,2026-03-01,,,,")
	got := units(t, app,
		"1栋,,101,89.5,空置,,,,,,,",                         // with a household
		"1栋,,101,89.5,待入伙,张三,13800000001,2026-02-01,,,,", // moved in already
		"1栋,,101,89.5,已入住,赵六,13800000009,,2026-02-01,,,", // somebody else: who would then read 张三's file
		"1栋,,102,89.5,已入住,李四,13800000002,,2026-02-01,,,", // before the notice
		"1栋,,103,89.5,待入伙,孙七,13800000003,2026-03-03,,,,", // tomorrow
		"1栋,,104,89.5,已入住,周八,13800000004,,2026-02-01,,,"+strings.Repeat("长", 2001))
	want := []importing.Cell{{Line: 2, Column: "状态"}, {Line: 3, Column: "状态"}, {Line: 4, Column: "业户姓名"}, {Line: 5, Column: "入伙日期"},
		{Line: 6, Column: "入伙通知日期"}, {Line: 7, Column: "备注"}}
	if diff := cmp.Diff(want, got.Rejected()); diff != "" || got.Changed+got.Created != 0 {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}

func TestPoliciesForLinesThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	lines := heading + "1栋,,101,很大,已入住,张三,13800000001,,昨天,,,\n1栋,,102,89.5,不详,,,,,,,\n1栋,,103,89.5,空置,,,,,,,\n"
	bad := []importing.Cell{{Line: 2, Column: "面积"}, {Line: 2, Column: "入伙日期"}, {Line: 3, Column: "状态"}}

	all := text(lines)
	all.Policy = importing.RejectAll
	out, err := importing.Do(app.Context(), registry.ImportUnits, all)
	if f := fault.From(err); f == nil || f.Code != fault.InvalidInput || cmp.Diff(bad, out.Report.Rejected()) != "" {
		t.Errorf("REJECT_ALL: %v", err)
	}
	if n := len(app.IDs(`SELECT id FROM estates WHERE code = 'X'`)); n != 0 {
		t.Error("REJECT_ALL left an estate behind")
	}

	rejects, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rejects.Close() }()
	rows := text(lines)
	rows.Rejects, rows.Language = rejects, language.Chinese
	if got := run(t, app, registry.ImportUnits, rows).Report; got.Units.Units != 1 || cmp.Diff(bad, got.Rejected()) != "" {
		t.Errorf("REJECT_ROWS: %+v", got.Units)
	}
	b, err := os.ReadFile(rejects.Name())
	if err != nil || bytes.Count(b, []byte("\n")) != 3 || !bytes.Contains(b, []byte("不是数字")) || !bytes.Contains(b, []byte("13800000001")) {
		t.Errorf("reject file %v:\n%s", err, b)
	}

	fields := text(lines)
	fields.Policy = importing.IgnoreFields
	got := run(t, app, registry.ImportUnits, fields).Report
	if got.Units.Units != 2 || got.Created != 1 || cmp.Diff(bad[:2], got.Ignored) != "" || cmp.Diff(bad[2:], got.Rejected()) != "" {
		t.Errorf("IGNORE_FIELDS: %+v, ignored %v", got.Units, got.Ignored)
	}
}

func TestWorkbooksAreReadAsCSVIs(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	for i, row := range [][]any{
		{"备注", "房号", "楼栋", "面积(㎡)", "状态", "业户姓名", "联系电话", "入伙通知日期"}, // any order
		{"", 101, "１栋", 89.5, "待入伙", "张三", 13800000001, stewardtest.Start},
		{nil},
		{"", "合计", "", 89.5},
	} {
		if err := book.SetSheetRow("Sheet1", "A"+string(rune('1'+i)), &row); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	req := importing.Request{EstateCode: "X", CreateEstate: "某小区", Source: &importing.Source{Name: "x.xlsx", File: bytes.NewReader(file.Bytes())}}
	got := run(t, app, registry.ImportUnits, req).Report
	if got.Encoding != "xlsx" || got.Units.Units != 1 || cmp.Diff([]int{3, 4}, got.Skipped) != "" {
		t.Errorf("%+v %+v", got, got.Units)
	}
	if n := count(t, app, `SELECT count(*) FROM occupancies WHERE unit_label = '1栋101' AND noticed_on = '2026-03-02' AND deadline_on = '2026-04-01'`); n != 1 {
		t.Error("the workbook's date came out otherwise")
	}
}

func TestK1_1_ALaterListMovesTheDifference(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	units(t, app, "1栋,,101,89.5,已入住,张三,13800000001,,2026-02-01,,,", "1栋,,102,89.5,空置,,,,,,,")
	list := func(lines ...string) *importing.Report {
		return run(t, app, keys.Import, text("楼栋,单元,房号,位置,应交数量,实交数量,状态,交验人,跟进情况\n"+strings.Join(lines, "\n")+"\n")).Report
	}
	if got := list("1栋,,101,户门,5,2,完好,工程部,待补交", "1栋,,102,户门,5,5,完好,工程部,"); got.Keys.Outstanding != 3 || got.Keys.InCabinet != 7 {
		t.Errorf("%+v", got.Keys)
	}
	got := list("1栋,,101,户门,5,5,已移交业主,工程部,", "1栋,,102,户门,5,5,完好,工程部,")
	if got.Created != 0 || got.Changed != 3 || got.Keys.WithHouseholds != 5 {
		t.Errorf("changed %v %+v", got.ChangedCells, got.Keys)
	}
	estate := app.IDs(`SELECT id FROM estates WHERE code = 'X'`)[0]
	for kind, n := range map[string]float64{`'SOURCE'`: -10, `'CABINET'`: 5, `'HOUSEHOLD'`: 5} {
		if got := count(t, app, ledger+kind, estate); got != n {
			t.Errorf("%s holds %v, want %v", kind, got, n)
		}
	}
	got = list("1栋,,101,户门,5,4,完好,,", "1栋,,102,户门,5,5,已移交业主,,", "1栋,,109,户门,5,6,完好,,", "1栋,,102,户门,5,5,完好,,", "1栋,,102,户门,5,5,完好,,")
	want := []importing.Cell{{Line: 2, Column: "实交数量"}, {Line: 2, Column: "状态"}, {Line: 3, Column: "状态"}, {Line: 4, Column: "实交数量"},
		{Line: 4, Column: "房号"}, {Line: 6, Column: "位置"}}
	if diff := cmp.Diff(want, got.Rejected()); diff != "" || got.Changed != 0 {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}
