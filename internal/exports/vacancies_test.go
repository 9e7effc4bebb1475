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
