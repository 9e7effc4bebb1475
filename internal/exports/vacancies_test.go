package exports_test

import (
	"net/http"
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV3_TheRegisterOfVacantUnitsIsExported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := officer.Do(`query($unit: ID!) { vacancies(where: {unitID: $unit}) { edges { node { id } } } }`, vars{"unit": app.A.Units[3]}).Get("vacancies.edges.0.node.id").String()
	officer.Do(`mutation($in: DescribeVacancyInput!) { describeVacancy(input: $in) { vacancy { id } } }`,
		vars{"in": vars{"id": id, "expectedVersion": 1, "condition": "=毛坯", "sinceOn": "2026-01-31"}})
	for _, path := range []string{"vacancies.csv?estate=A&lang=zh", "vacancies.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, officer, path)
		list := table(t, rows, "房屋状况")
		if rows[0][0] != "空置房登记表" || len(list) != 2 {
			t.Fatalf("%s: %q", path, rows)
		}
		want := map[string]string{"区域": app.A.Name + "一区", "房屋": "1栋1单元104", "建筑面积(平方米)": "89.50", "空置起始": "2026-01-31", "水表读数": "", "电表读数": "1200.50",
			"电表抄表时间": "2026-03-02 09:00", "在管钥匙": "5", "下次通风": "2026-02-07", "下次清扫": "2026-02-28"}
		for heading, cell := range want {
			if list[1][heading] != cell {
				t.Errorf("%s: %s is %q, not %q", path, heading, list[1][heading], cell)
			}
		}
	}
	if status, _ := get(t, officer, "vacancies.html?estate=A&lang=en"); status != http.StatusOK {
		t.Errorf("to print: %d", status)
	}
	if status, _ := get(t, app.As(policy.MailSorter), "vacancies.csv?estate=A"); status != http.StatusForbidden {
		t.Errorf("the mail sorter is answered %d", status)
	}
}

func TestV5_TheRegisterOfDefectsIsExported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, engineer := app.As(policy.CSOfficer), app.As(policy.Engineering)
	vacancy := officer.Do(`query($unit: ID!) { vacancies(where: {unitID: $unit}) { edges { node { id } } } }`, vars{"unit": app.A.Units[3]}).Get("vacancies.edges.0.node.id").String()
	report := func(department any, finding string) {
		officer.Do(`mutation($in: ReportDefectInput!) { reportDefect(input: $in) { defect { id } } }`, vars{"in": vars{"vacancyID": vacancy, "departmentID": department, "finding": finding}})
	}
	report(app.A.EngineeringDepartment, "=渗水")
	report(app.A.SecurityDepartment, "门磁失灵")
	for _, path := range []string{"defects.csv?estate=A&lang=zh", "defects.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, officer, path)
		list := table(t, rows, "异常情况")
		if rows[0][0] != "空置房异常处理记录" || len(list) != 3 {
			t.Fatalf("%s: %q", path, rows)
		}
		want := map[string]string{"房屋": "1栋1单元104", "异常情况": "门磁失灵", "责任部门": "安全部", "通知时间": "2026-03-02 09:00", "确认时间": "", "状态": "已通知", "复检不合格次数": "0"}
		for heading, cell := range want {
			if list[2][heading] != cell {
				t.Errorf("%s: %s is %q, not %q", path, heading, list[2][heading], cell)
			}
		}
	}
	if list := table(t, sheet(t, engineer, "defects.csv?estate=A&lang=zh"), "异常情况"); len(list) != 2 { // what was passed to it, and no more
		t.Errorf("engineering's: %q", list)
	}
	if status, _ := get(t, officer, "defects.html?estate=A&lang=en"); status != http.StatusOK {
		t.Errorf("to print: %d", status)
	}
	if status, _ := get(t, app.As(policy.KeyCustodian), "defects.csv?estate=A"); status != http.StatusForbidden {
		t.Errorf("the key custodian is answered %d", status)
	}
}
