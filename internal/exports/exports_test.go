package exports_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"
	"github.com/xuri/excelize/v2"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const lendKeys = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id lines { id } } } }`

// get asks for a register over HTTP.
func get(t *testing.T, p *stewardtest.Person, path string) (int, []byte) {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/registers/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// sheet is a register read back: title, estate and time, headings, rows.
func sheet(t *testing.T, p *stewardtest.Person, path string) [][]string {
	t.Helper()
	status, body := get(t, p, path)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, body)
	}
	if strings.Contains(path, ".csv") {
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// table is the headings and rows of a sheet, each row by its headings.
func table(t *testing.T, rows [][]string, heading string) (list []map[string]string) {
	t.Helper()
	at := slices.IndexFunc(rows, func(r []string) bool { return slices.Contains(r, heading) })
	if at < 0 {
		t.Fatalf("no heading %s in %q", heading, rows)
	}
	for _, r := range rows[at+1:] {
		m := map[string]string{}
		for i, cell := range r {
			m[rows[at][i]] = cell
		}
		list = append(list, m)
	}
	return list
}

// exported lists what the trail tells of exports that ended so.
func exported(t *testing.T, app *stewardtest.App, outcome string) (list []string) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT body::jsonb->>'reason' FROM audit.entries WHERE body::jsonb->>'action' = 'registers.export' AND body::jsonb->>'outcome' = $1 ORDER BY at, seq`, outcome)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestK2_1_TheLoanRegisterIsExported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	loan := officer.Do(lendKeys, vars{"in": vars{"borrower": vars{"externalPersonID": app.A.External}, "purpose": "=1+1 抄表", "signature": vars{},
		"lines": []vars{{"setID": app.A.Sets[1], "count": 1}, {"setID": app.A.Sets[0], "count": 2}}}}).Get("lendKeys.loan")
	officer.Do(`mutation($in: ReturnKeysInput!) { returnKeys(input: $in) { loan { id } } }`, vars{"in": vars{"loanID": loan.Get("id").String(), "signature": vars{}, "returnedBy": "小王",
		"lines": []vars{{"lineID": lineOf(officer, loan.Get("id").String(), app.A.Sets[0].String()), "count": 1}}}})

	for _, path := range []string{"keys-loans.csv?estate=A&lang=zh&from=2026-03-02", "keys-loans.xlsx?estate=A&lang=zh&from=2026-03-02&to=2026-03-02"} {
		rows := sheet(t, officer, path)
		if rows[0][0] != "钥匙借用登记表" || !strings.Contains(strings.Join(rows[1], " "), app.A.Name) {
			t.Errorf("%s starts %q", path, rows[:2])
		}
		list := table(t, rows, "借用人")
		if len(list) != 2 {
			t.Fatalf("%s: %d rows, want the lines of the one loan of the day: %q", path, len(list), list)
		}
		want := map[string]string{"区域": app.A.Name + "一区", "钥匙位置": "1栋1单元101 户门", "数量": "2", "借出时间": "2026-03-02 09:00", "应还时间": "2026-03-03 00:00",
			"归还数量": "1", "归还时间": "2026-03-02 09:00", "归还人": "小王", "状态": "部分归还"}
		for heading, cell := range want {
			if list[0][heading] != cell {
				t.Errorf("%s: %s is %q, want %q", path, heading, list[0][heading], cell)
			}
		}
		if purpose := list[0]["用途"]; strings.HasPrefix(purpose, "=") && strings.Contains(path, "csv") || !strings.HasSuffix(purpose, "=1+1 抄表") {
			t.Errorf("%s: the purpose is %q", path, purpose)
		}
		if list[1]["归还人"] != "" || list[1]["状态"] != "借用中" {
			t.Errorf("%s: the other line is %q", path, list[1])
		}
	}
	if list := table(t, sheet(t, officer, "keys-loans.csv?estate=A&lang=en"), "Borrower"); len(list) != 4 || list[0]["State"] != "Returned" ||
		!slices.ContainsFunc(list, func(l map[string]string) bool { return l["State"] == "Partly returned" }) {
		t.Errorf("in English, from the beginning: %q", list)
	}
	if got := exported(t, app, "read"); !slices.Equal(got, []string{"keys-loans.csv 2026-03-02", "keys-loans.xlsx 2026-03-02 2026-03-02", "keys-loans.csv"}) {
		t.Errorf("on the trail: %q", got)
	}
}

// lineOf finds the line of a loan with the set.
func lineOf(p *stewardtest.Person, loan, set string) (id string) {
	lines := p.Do(`query($id: ID!) { node(id: $id) { ... on KeyLoan { lines { id set { id } } } } }`, vars{"id": loan}).Get("node.lines")
	lines.ForEach(func(_, l gjson.Result) bool {
		if l.Get("set.id").String() == set {
			id = l.Get("id").String()
		}
		return true
	})
	return id
}

func TestK1_1_K1_4_K4_1_TheKeyRegistersAreExported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	accepted := table(t, sheet(t, custodian, "keys-acceptance.xlsx?estate=A&lang=zh"), "应交数量")
	if len(accepted) != 4 || accepted[0]["钥匙位置"] != "1栋1单元101 户门" || accepted[0]["实交数量"] != "5" || accepted[0]["经手人"] != "钥匙管理员" || accepted[3]["钥匙位置"] != "1栋1单元104 户门" {
		t.Errorf("accepted: %q", accepted)
	}
	owed := table(t, sheet(t, custodian, "keys-outstanding.csv?estate=A&lang=zh"), "未移交数量")
	if len(owed) != 4 || owed[0]["未移交数量"] != "1" || owed[0]["交验人"] != "工程部" {
		t.Errorf("outstanding: %q", owed)
	}
	officer := app.As(policy.CSOfficer)
	officer.Do(lendKeys, vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": app.A.Sets[0], "count": 1}}}})
	where := table(t, sheet(t, custodian, "keys-distribution.csv?estate=A&lang=zh"), "钥匙柜")
	if len(where) != 5 || where[0]["接收总数"] != "5" || where[0]["钥匙柜"] != "3" || where[0]["前台"] != "1" || where[0]["借出"] != "1" || where[0]["业户"] != "0" {
		t.Errorf("distribution: %q", where)
	}
}

func TestK4_2_TheStatisticsAreExportedMonthByMonth(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	custodian.Do(`mutation($in: CloseKeyMonthInput!) { closeKeyMonth(input: $in) { statement { id } } }`, vars{"in": vars{"estateID": app.A.ID, "month": "2026-02-01"}})
	for _, path := range []string{"keys-statistics.csv?estate=A&lang=zh", "keys-statistics.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, custodian, path)
		list := table(t, rows, "期末保管")
		if rows[0][0] != "钥匙月度统计表" || len(list) != 4 {
			t.Fatalf("%s: %q", path, rows)
		}
		for i, want := range []map[string]string{
			{"月份": "2026-02", "区域": app.A.Name + "一区", "类别": "房屋", "期初": "0", "验收": "20", "移交": "0", "期末保管": "20", "业户签收": "0", "状态": "已结账", "结账人": custodian.Email},
			{"月份": "2026-02", "类别": "公共区域", "验收": "0", "期末保管": "0"},
			{"月份": "2026-03", "类别": "房屋", "期初": "20", "验收": "0", "期末保管": "20", "状态": "未结账", "结账人": ""},
			{"月份": "2026-03", "类别": "公共区域"},
		} {
			for heading, cell := range want {
				if list[i][heading] != cell {
					t.Errorf("%s: row %d: %s is %q, want %q", path, i, heading, list[i][heading], cell)
				}
			}
		}
	}
	for days, want := range map[string]int{"&from=2026-03-31": 2, "&to=2026-02-28": 2, "&from=2024-01-01&to=2026-02-01": 2, "&from=2026-02-28&to=2026-03-01": 4, "&to=2025-12-31": 0} {
		if list := table(t, sheet(t, custodian, "keys-statistics.csv?estate=A&lang=en"+days), "Closing"); len(list) != want {
			t.Errorf("%s: %d rows, want %d: %q", days, len(list), want, list)
		}
	}
	if status, body := get(t, app.As(policy.CSOfficer), "keys-statistics.csv?estate=A"); status != http.StatusForbidden {
		t.Errorf("an officer: %d %s", status, body)
	}
}

func TestTheRegistryIsExportedMaskedForWhoMayNotSeeContactData(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	units := table(t, sheet(t, app.As(policy.CSOfficer), "units.csv?estate=A&lang=zh"), "房号")
	if len(units) != 4 || units[0]["楼栋"] != "1栋" || units[0]["房号"] != "101" || units[0]["建筑面积(平方米)"] != "89.50" || units[0]["状态"] != "已入住" {
		t.Errorf("units: %q", units)
	}
	for _, c := range []struct {
		p     *stewardtest.Person
		phone string
	}{
		{app.As(policy.CSOfficer), stewardtest.Phone}, {app.As(policy.ProjectManager), stewardtest.Phone}, {app.As(policy.Auditor), "*******5678"},
	} {
		for _, format := range []string{"csv", "xlsx"} {
			list := table(t, sheet(t, c.p, "households."+format+"?estate=A&lang=zh"), "联系电话")
			if len(list) != 2 {
				t.Fatalf("%s: %q", c.p.Email, list)
			}
			for _, h := range list {
				if h["联系电话"] != c.phone || h["紧急联系电话"] != c.phone || h["联系人"] == "" || h["身份"] != "业主" || h["人数"] != "1" {
					t.Errorf("%s sees %q in %s", c.p.Email, h, format)
				}
			}
		}
	}
}

func TestExportsThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	for _, c := range []struct {
		who    string
		p      *stewardtest.Person
		path   string
		status int
	}{
		{"nobody", app.Nobody(), "keys-loans.csv?estate=A", http.StatusUnauthorized},
		{"another estate's officer", app.Foreign(policy.CSOfficer), "keys-loans.csv?estate=A", http.StatusNotFound},
		{"a resident", app.Resident(), "keys-loans.csv?estate=A", http.StatusNotFound},
		{"a custodian, of households", app.As(policy.KeyCustodian), "households.csv?estate=A", http.StatusForbidden},
		{"an officer, of the acceptance", officer, "keys-acceptance.csv?estate=A", http.StatusForbidden},
		{"security, of the distribution", app.As(policy.Security), "keys-distribution.csv?estate=A", http.StatusForbidden},
		{"an unknown register", officer, "secrets.csv?estate=A", http.StatusNotFound},
		{"an unknown estate", officer, "keys-loans.csv?estate=Z", http.StatusNotFound},
		{"no estate", officer, "keys-loans.csv", http.StatusBadRequest},
		{"an unknown language", officer, "keys-loans.csv?estate=A&lang=fr", http.StatusBadRequest},
		{"no day", officer, "keys-loans.csv?estate=A&from=2026-02-30", http.StatusBadRequest},
		{"days the wrong way round", officer, "keys-loans.csv?estate=A&from=2026-03-02&to=2026-03-01", http.StatusBadRequest},
		{"days of a register that has none", officer, "units.csv?estate=A&from=2026-03-02", http.StatusBadRequest},
	} {
		status, body := get(t, c.p, c.path)
		if status != c.status || gjson.GetBytes(body, "errors.0.message").String() == "" {
			t.Errorf("%s: %d %s, want %d", c.who, status, body, c.status)
		}
	}
	if got := exported(t, app, "read"); len(got) != 0 {
		t.Errorf("exported: %q", got)
	}
	if got := exported(t, app, "refused"); len(got) != 6 {
		t.Errorf("refusals on the trail: %q", got)
	}
}

func TestTheCommandLineExportsAsTheProgram(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, name := range exports.Names() {
		format, params := "csv", exports.Params{Estate: "B"}
		if strings.HasSuffix(name, "-sheets") {
			format, params.From = "pdf", calendar.Date(2026, 2, 1)
		}
		if name == "fee-evidence" {
			format, params.Household = "pdf", app.Foreign(policy.CSOfficer).Do(`query($id: ID!) { node(id: $id) { ... on Household { code } } }`, vars{"id": app.B.Household}).Get("node.code").String()
		}
		var b bytes.Buffer
		if err := exports.Write(app.Context(), name, format, params, &b); err != nil || b.Len() == 0 {
			t.Errorf("%s: %d bytes, %v", name, b.Len(), err)
		}
	}
}
