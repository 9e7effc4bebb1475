package exports_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// codeOf is the number of a household.
func codeOf(app *stewardtest.App, id uuid.UUID) string {
	return app.As(policy.CSOfficer).Do(`query($id: ID!) { node(id: $id) { ... on Household { code } } }`, vars{"id": id}).Get("node.code").String()
}

// What the seed has: a weekly to which each household subscribes for three copies and a department for one, of which one came and one was recovered.
func TestM1_TheRegisterOfSubscriptions(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	for _, path := range []string{"press-subscriptions.csv?estate=A&lang=zh", "press-subscriptions.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, receptionist, path)
		list := table(t, rows, "业户或部室")
		if rows[0][0] != "业户订阅邮件一览表" || len(list) != 3 {
			t.Fatalf("%s: %q", path, rows)
		}
		if last := list[2]; last["业户或部室"] != "财务部" || last["份数"] != "1" || last["报刊"] != "种子周报" {
			t.Errorf("departments come last: %v", last)
		}
		if first := list[0]; first["份数"] != "3" || first["起订日期"] != "2026-01-01" || first["止订日期"] != "2026-12-31" || first["停送"] != "2026-07-01 – 2026-07-31" || first["收据号"] != "S-1" {
			t.Errorf("a household: %v", first)
		}
	}
	one := table(t, sheet(t, receptionist, "press-subscriptions.csv?estate=A&lang=zh&household="+codeOf(app, app.A.Household)), "报刊")
	if len(one) != 1 {
		t.Errorf("of one household: %v", one)
	}
	if rows := table(t, sheet(t, receptionist, "press-subscriptions.csv?estate=A&lang=zh&from=2027-01-01"), "报刊"); len(rows) != 0 {
		t.Errorf("of another year: %v", rows)
	}
	for path, want := range map[string]int{
		"press-subscriptions.csv?estate=A&household=NOBODY": http.StatusNotFound, "vacancies.csv?estate=A&household=1": http.StatusBadRequest, "press-subscriptions.html?estate=A": http.StatusOK,
	} {
		if status, body := get(t, receptionist, path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestM5_TheRegisterOfPress(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	rows := table(t, sheet(t, app.As(policy.CSOfficer), "press-records.xlsx?estate=A&lang=zh&from=2026-02-23&to=2026-02-23"), "实收份数")
	given, later := 0, 0
	for _, r := range rows {
		if r["日期"] != "2026-02-23" || r["报刊"] != "种子周报" {
			t.Errorf("row: %v", r)
		}
		switch r["说明"] {
		case "补送":
			later++
		default:
			given += map[string]int{"0": 0, "1": 1}[r["实收份数"]]
		}
	}
	if len(rows) != 4 || given != 1 || later != 1 {
		t.Errorf("%d given, %d later: %v", given, later, rows)
	}
	if rows := table(t, sheet(t, app.As(policy.CSOfficer), "press-records.csv?estate=A&lang=zh&from=2026-02-24"), "实收份数"); len(rows) != 0 {
		t.Errorf("later: %v", rows)
	}
}

func TestM1_TheMailAndPressFileOfAHousehold(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	code := codeOf(app, app.A.Household)
	rows := table(t, sheet(t, app.As(policy.Receptionist), "mail-files.csv?estate=A&lang=zh&household="+code), "类别")
	var entries []string
	for _, r := range rows {
		if r["业户编号"] != code {
			t.Errorf("another's: %v", r)
		}
		entries = append(entries, r["日期"]+" "+r["类别"])
	}
	if !slices.IsSorted(entries) && !strings.HasPrefix(entries[0], "2026-01-01 订阅") || !slices.Contains(entries, "2026-02-23 邮件") || !slices.Contains(entries, "2026-02-23 报刊") {
		t.Errorf("the file: %v", entries)
	}
	all := column(t, app.As(policy.Receptionist), "mail-files.xlsx?estate=A&lang=zh", "业户编号")
	if len(slices.Compact(all)) < 2 {
		t.Errorf("of all households: %v", all)
	}
	for _, p := range []*stewardtest.Person{app.Resident(), app.Foreign(policy.Receptionist)} {
		if status, _ := get(t, p, "mail-files.csv?estate=A"); status != http.StatusNotFound {
			t.Errorf("%s: %d", p.Email, status)
		}
	}
	if status, _ := get(t, app.As(policy.Security), "mail-files.csv?estate=A"); status != http.StatusForbidden {
		t.Errorf("security: %d", status)
	}
	// A household asks for its own file.
	file := app.Resident().Do(`{ pressSubscriptions { edges { node { householdID } } } pressAllocations { edges { node { householdID } } } mailItems { edges { node { householdID } } } }`, nil)
	for _, list := range []string{"pressSubscriptions", "pressAllocations", "mailItems"} {
		of := file.Get(list + ".edges.#.node.householdID").Array()
		if len(of) == 0 {
			t.Errorf("the household sees no %s", list)
		}
		for _, h := range of {
			if h.String() != app.A.Household.String() {
				t.Errorf("%s of another household", list)
			}
		}
	}
}

func TestM5_TheRegisterOfMailIsOfAHouseholdAndATime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	all := table(t, sheet(t, app.As(policy.Receptionist), "mail-items.csv?estate=A&lang=zh"), "条码")
	one := table(t, sheet(t, app.As(policy.Receptionist), "mail-items.csv?estate=A&lang=zh&household="+codeOf(app, app.A.Household)), "条码")
	if len(one) == 0 || len(all) <= len(one) {
		t.Errorf("%d of one household, %d of all", len(one), len(all))
	}
	for _, item := range one {
		if whose := item["业户或部室"]; whose != one[0]["业户或部室"] || whose == "" {
			t.Errorf("among those of one household %q", item)
		}
	}
}
