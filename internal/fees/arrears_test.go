package fees_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	ageFields        = `{ notices notDue days1To30 days31To60 days61To90 over90 overdue }`
	arrearsQuery     = `query($e: [ID!]) { feeArrears(estateIDs: $e) { buildings { estate { id } building households ages ` + ageFields + ` } total ` + ageFields + ` } }`
	householdArrears = `query($e: [ID!], $b: String, $n: Int, $after: Cursor) { feeHouseholdArrears(estateIDs: $e, building: $b, first: $n, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { household { id } building since ages ` + ageFields + ` } } } }`
	collectionQuery  = `query($e: [ID!], $from: Date!, $until: Date!) { feeCollection(estateIDs: $e, from: $from, until: $until) { months { estate { id } month collected { notices billed credited collected open rateHundredths } } total { billed rateHundredths } } }`
)

// atNoon has it be noon of a day.
func atNoon(t *testing.T, app *stewardtest.App, day string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", stewardtest.Start.Location())
	if err != nil {
		t.Fatal(err)
	}
	app.Clock.Advance(at.Sub(app.Clock.Now()))
}

// February's notices of the seed are to be paid by 10 March: what is left of each is owed.
func TestF6_ArrearsByAge(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	ages := func() string {
		a := manager.Do(arrearsQuery, nil).Get("feeArrears.total")
		return fmt.Sprint(a.Get("notDue"), a.Get("days1To30"), a.Get("days31To60"), a.Get("days61To90"), a.Get("over90"), a.Get("overdue"))
	}
	both := 2 * owed
	for _, c := range []struct {
		day  string
		want string
	}{
		{"2026-03-10", fmt.Sprint(both, 0, 0, 0, 0, 0)}, {"2026-03-11", fmt.Sprint(0, both, 0, 0, 0, both)}, {"2026-04-09", fmt.Sprint(0, both, 0, 0, 0, both)}, {"2026-04-10", fmt.Sprint(0, 0, both, 0, 0, both)},
		{"2026-05-10", fmt.Sprint(0, 0, 0, both, 0, both)}, {"2026-06-08", fmt.Sprint(0, 0, 0, both, 0, both)}, {"2026-06-09", fmt.Sprint(0, 0, 0, 0, both, both)},
	} {
		atNoon(t, app, c.day)
		manager.SignIn()
		if got := ages(); got != c.want {
			t.Errorf("on %s: %s, want %s", c.day, got, c.want)
		}
	}
	app.As(policy.Accountant).SignIn()
	pays(app, app.A.Household, owed-500, nil)
	one := manager.Do(householdArrears, vars{"n": 1}).Get("feeHouseholdArrears")
	if one.Get("totalCount").Int() != 2 || one.Get("edges.0.node.household.id").String() != app.A.OtherHousehold.String() || one.Get("edges.0.node.ages.over90").Int() != owed ||
		one.Get("edges.0.node.since").String() != "2026-03-11" || !one.Get("pageInfo.hasNextPage").Bool() {
		t.Errorf("who owes most: %s", one.Raw)
	}
	two := manager.Do(householdArrears, vars{"n": 1, "after": one.Get("pageInfo.endCursor").String()}).Get("feeHouseholdArrears")
	if two.Get("totalCount").Int() != 2 || two.Get("edges.0.node.household.id").String() != app.A.Household.String() || two.Get("edges.0.node.ages.overdue").Int() != 500 || two.Get("pageInfo.hasNextPage").Bool() {
		t.Errorf("then: %s", two.Raw)
	}
	b := manager.Do(arrearsQuery, nil).Get("feeArrears.buildings.0")
	if b.Get("households").Int() != 2 || b.Get("ages.overdue").Int() != owed+500 || manager.Do(householdArrears, vars{"b": b.Get("building").String()}).Get("feeHouseholdArrears.totalCount").Int() != 2 ||
		manager.Do(householdArrears, vars{"b": "no such"}).Get("feeHouseholdArrears.totalCount").Int() != 0 {
		t.Errorf("by building: %s", b.Raw)
	}
	manager.Refused(householdArrears, vars{"after": "bm9uc2Vuc2U"}, fault.InvalidInput)
}

func TestF6_ArrearsAreSeenByWhoSeesAllNotices(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	month := vars{"from": "2026-01-01", "until": "2026-03-01"}
	in := func(estates ...uuid.UUID) vars {
		v := vars{"e": estates}
		for k, x := range month {
			v[k] = x
		}
		return v
	}
	for _, document := range []string{arrearsQuery, householdArrears, collectionQuery} {
		for _, role := range []policy.Role{policy.Accountant, policy.Supervisor, policy.CSOfficer, policy.SealKeeper, policy.ProjectManager} {
			app.As(role).Do(document, in(app.A.ID))
			if r := app.As(role).Refused(document, in(app.A.ID, app.B.ID), fault.NotFound); r.Field != "estateIDs" {
				t.Errorf("not found at %q", r.Field)
			}
		}
		for _, role := range []policy.Role{policy.Resident, policy.Security, policy.MailSorter} {
			app.As(role).Refused(document, in(app.A.ID), fault.NotFound)
		}
		app.As(policy.GeneralManager).Do(document, in(app.A.ID, app.B.ID))
		app.Nobody().Refused(document, in(app.A.ID), fault.Unauthenticated)
	}
	// Residents have none in lists of all, either; a general manager has both estates.
	if n := len(app.Resident().Do(arrearsQuery, nil).Get("feeArrears.buildings").Array()); n != 0 {
		t.Errorf("a resident sees %d buildings", n)
	}
	if n := len(app.As(policy.GeneralManager).Do(arrearsQuery, nil).Get("feeArrears.buildings").Array()); n != 2 {
		t.Errorf("the general manager sees %d buildings", n)
	}
	if n := len(app.As(policy.Accountant).Do(arrearsQuery, nil).Get("feeArrears.buildings").Array()); n != 1 {
		t.Errorf("the accountant sees %d buildings", n)
	}
}

func TestF6_ArrearsAndCollectionByMonth(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	billed(app, "2026-03-01")
	pays(app, app.A.Household, owed+1000, nil)
	c := accountant.Do(collectionQuery, vars{"from": "2026-02-15", "until": "2026-03-01"}).Get("feeCollection")
	// Of each February's notice 100 fen were credited, and 10000 paid before.
	want := map[string]string{
		"2026-02-01": fmt.Sprint(2, 2*whole, 200, 2*whole-200-owed, owed, rateOf(2*whole-200-owed, 2*whole-200)),
	}
	for _, m := range c.Get("months").Array() {
		s := m.Get("collected")
		got := fmt.Sprint(s.Get("notices"), s.Get("billed"), s.Get("credited"), s.Get("collected"), s.Get("open"), s.Get("rateHundredths"))
		if w := want[m.Get("month").String()]; w != "" && w != got {
			t.Errorf("%s: %s, want %s", m.Get("month"), got, w)
		}
		if m.Get("month").String() == "2026-03-01" && s.Get("collected").Int() != 1000 {
			t.Errorf("March: %s", s.Raw)
		}
	}
	if n := len(c.Get("months").Array()); n != 2 {
		t.Errorf("%d months", n)
	}
	accountant.Refused(collectionQuery, vars{"from": "2026-03-01", "until": "2026-02-01"}, fault.InvalidInput, "F6")
	accountant.Refused(collectionQuery, vars{"from": "2020-03-01", "until": "2026-02-01"}, fault.InvalidInput, "F6")
	if got := accountant.Do(collectionQuery, vars{"from": "2020-01-01", "until": "2020-02-01"}).Get("feeCollection.total.rateHundredths"); got.Exists() && got.Value() != nil {
		t.Errorf("of nothing the rate is %s", got.Raw)
	}
	atNoon(t, app, "2026-05-01")
	accountant.SignIn()
	for path, want := range map[string]string{
		"fee-arrears.csv?estate=A&lang=zh": "欠费账龄表", "fee-arrears-buildings.html?estate=A&lang=zh": "楼栋欠费汇总表", "fee-collection.csv?estate=A&lang=zh&from=2026-02-01&to=2026-03-31": "收缴率",
		"fee-arrears.xlsx?estate=A": "", "fee-collection.xlsx?estate=A": "", "fee-refunds.csv?estate=A&lang=zh": "退款",
	} {
		r, err := accountant.Request(http.MethodGet, "/registers/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		status, body, err := accountant.Send(r)
		if err != nil || status != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %v %.300s", path, status, err, body)
		}
		r, err = app.Resident().Request(http.MethodGet, "/registers/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, err := app.Resident().Send(r); err != nil || status == http.StatusOK {
			t.Errorf("a resident took %s: %d %v", path, status, err)
		}
	}
}

func rateOf(part, of int) int { return (part*20000 + of) / (2 * of) }
