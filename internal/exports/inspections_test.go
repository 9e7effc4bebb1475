package exports_test

import (
	"net/http"
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV4_2_TheRecordOfInspectionsIsExported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	one := func(sql string, args ...any) string { return app.IDs(sql, args...)[0].String() }
	officer.Do(`mutation($in: RecordInspectionInput!) { recordInspection(input: $in) { inspection { id } } }`, vars{"in": vars{
		"vacancyID": one(`SELECT id FROM vacancies WHERE unit_id = $1 AND state = 'OPEN'`, app.A.Units[3]), "note": "已拍照",
		"results": []vars{{"itemID": one(`SELECT id FROM inspection_items WHERE estate_id = $1 AND code = 'HAZARDS'`, app.A.ID), "result": "ABNORMAL",
			"finding": "=门锁松动", "departmentID": app.A.EngineeringDepartment}}}})
	for _, path := range []string{"inspections.csv?estate=A&lang=zh", "inspections.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, officer, path)
		list := table(t, rows, "检查项目")
		if rows[0][0] != "空置房检查记录" || len(list) != 3 { // and the seed's
			t.Fatalf("%s: %q", path, rows)
		}
		for heading, cell := range map[string]string{"房屋": "1栋1单元104", "检查项目": "检查安全隐患", "结果": "异常", "转交部门": "工程部", "应完成日期": "2026-03-09", "是否按时": "按时", "备注": "已拍照"} {
			if list[2][heading] != cell {
				t.Errorf("%s: %s is %q, not %q", path, heading, list[2][heading], cell)
			}
		}
	}
	if status, _ := get(t, officer, "inspections.html?estate=A&lang=en&from=2026-03-01&to=2026-03-31"); status != http.StatusOK {
		t.Errorf("to print: %d", status)
	}
	for _, role := range []policy.Role{policy.MailSorter, policy.Engineering} {
		if status, _ := get(t, app.As(role), "inspections.csv?estate=A"); status != http.StatusForbidden {
			t.Errorf("%s is answered %d", role, status)
		}
	}
}
