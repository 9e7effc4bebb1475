package exports_test

import (
	"net/http"
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What the seed has: March, with three shifts of two.
func TestD1_1_TheRosterIsAGridOfTheMonth(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	for _, path := range []string{"duty-roster.csv?estate=A&lang=zh&from=2026-03-15", "duty-roster.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, officer, path)
		list := table(t, rows, "姓名")
		if rows[0][0] != "客服部值班表 2026-03" || len(list) != 2 {
			t.Fatalf("%s: %q", path, rows)
		}
		byName := map[string]map[string]string{list[0]["姓名"]: list[0], list[1]["姓名"]: list[1]}
		for heading, cell := range map[string]string{"5四": "值", "6五": "", "9一": "", "10二": "值", "31二": "", "班次": "2", "工时": "16.00"} {
			if got, ok := byName["甲小区员工"][heading]; got != cell || !ok {
				t.Errorf("%s: %s is %q, not %q", path, heading, got, cell)
			}
		}
		if got := byName["甲小区同事"]; got["6五"] != "值" || got["班次"] != "1" {
			t.Errorf("%s: %v", path, got)
		}
	}
	if rows := sheet(t, officer, "duty-roster.csv?estate=A&lang=en&from=2026-04-01"); rows[0][0] != "Duty roster 2026-04" || len(table(t, rows, "Name")) != 0 {
		t.Errorf("of another month: %q", rows)
	}
	for role, want := range map[policy.Role]int{policy.Supervisor: http.StatusOK, policy.ProjectManager: http.StatusOK, policy.Auditor: http.StatusOK, policy.MailSorter: http.StatusForbidden, policy.Security: http.StatusForbidden} {
		if status, _ := get(t, app.As(role), "duty-roster.html?estate=A"); status != want {
			t.Errorf("%s is answered %d", role, status)
		}
	}
	if status, _ := get(t, app.Foreign(policy.CSOfficer), "duty-roster.csv?estate=A"); status != http.StatusNotFound {
		t.Errorf("another estate is answered %d", status)
	}
}

func TestD2_TheRegisterOfHandovers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	list := table(t, sheet(t, app.As(policy.CSOfficer), "duty-handovers.csv?estate=A&lang=zh&from=2026-02-01&to=2026-02-28"), "交班时间")
	if len(list) != 1 {
		t.Fatalf("%v", list)
	}
	for heading, cell := range map[string]string{"交班人": "甲小区同事", "状态": "未签署", "事项": "未还钥匙", "内容": "设备间", "数量": "1", "接收": "未处理", "责任人": ""} {
		if list[0][heading] != cell {
			t.Errorf("%s is %q, not %q", heading, list[0][heading], cell)
		}
	}
	if list := table(t, sheet(t, app.As(policy.CSOfficer), "duty-handovers.csv?estate=A&lang=zh&from=2026-03-01"), "交班时间"); len(list) != 0 {
		t.Errorf("of another month: %v", list)
	}
	if status, _ := get(t, app.As(policy.Security), "duty-handovers.csv?estate=A"); status != http.StatusForbidden {
		t.Errorf("security is answered %d", status)
	}
}
