package vacancy_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const vacancyDashboard = `query($e: [ID!]) { vacancyDashboard(estateIDs: $e) { at estates { estate { code } ...f } total { estate { id } ...f } } }
	fragment f on VacancyFigures { vacancies vacanciesOverdue itemsOverdue items { code name overdue dueToday } defectsOpen defectsReported defectsToReinspect defectsOverdue }`

func TestV4_1_V5_TheDashboardCountsWhatIsOverdueAndWrong(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	board := func() gjson.Result {
		manager.SignIn()
		return manager.Do(vacancyDashboard, nil).Get("vacancyDashboard.estates.0")
	}
	differs := func(when string, before, after gjson.Result, want map[string]int64) {
		t.Helper()
		for figure, more := range want {
			if got := after.Get(figure).Int() - before.Get(figure).Int(); got != more {
				t.Errorf("%s: %s grew by %d, want %d", when, figure, got, more)
			}
		}
	}
	first := board()
	if first.Get("vacancies").Int() != 2 || first.Get("items.#").Int() != 5 || first.Get("items.0.code").String() != "VENTILATION" || first.Get("itemsOverdue").Int() != 0 {
		t.Fatalf("at first: %s", first.Raw)
	}
	id := resolved(app)
	security := reporting(app, vars{"departmentID": app.A.SecurityDepartment})
	app.As(policy.CSOfficer).Do(reportDefect, security)
	second := board()
	differs("after two reports", first, second, map[string]int64{"defectsOpen": 2, "defectsReported": 1, "defectsToReinspect": 1, "defectsOverdue": 0})
	app.Clock.Advance(7 * 24 * hour) // the day on which it is due
	third := board()
	differs("on the seventh day", second, third, map[string]int64{"vacanciesOverdue": 0, "items.0.dueToday": 2, "items.0.overdue": 0})
	app.Clock.Advance(24 * hour)
	fourth := board()
	differs("on the eighth", third, fourth, map[string]int64{"vacanciesOverdue": 2, "itemsOverdue": 8, "items.0.overdue": 2, "items.0.dueToday": -2})
	if fourth.Get("defectsOverdue").Int() != fourth.Get("defectsOpen").Int() {
		t.Errorf("of defects: %s", fourth.Raw)
	}
	officer := app.As(policy.CSOfficer)
	officer.SignIn()
	officer.Do(reinspectDefect, upon(id, vars{"resolved": true}))
	officer.Do(inspect, visited(officer, open(t, officer, app.A.Units[3]).Get("id").String(), "VENTILATION"))
	differs("after a visit", fourth, board(), map[string]int64{"vacanciesOverdue": 0, "itemsOverdue": -1, "items.0.overdue": -1, "defectsOpen": -1, "defectsToReinspect": -1})

	app.As(policy.Security).SignIn()
	if d := app.As(policy.Security).Do(vacancyDashboard, nil).Get("vacancyDashboard.estates.0"); d.Get("defectsOpen").Int() != 1 || d.Get("vacancies").Int() != 2 {
		t.Errorf("security counts %s", d.Raw)
	}
}

func TestV3_TheDashboardOfEachRole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := app.As(policy.GeneralManager).Do(vacancyDashboard, nil).Get("vacancyDashboard")
	if d.Get("estates.#").Int() != 2 || d.Get("total.vacancies").Int() != 4 || d.Get("total.items.#").Int() != 5 || d.Get("total.estate").Type != gjson.Null {
		t.Errorf("the portfolio: %s", d.Raw)
	}
	app.As(policy.ProjectManager).Refused(vacancyDashboard, vars{"e": []uuid.UUID{app.A.ID, app.B.ID}}, fault.NotFound)
	app.Nobody().Refused(vacancyDashboard, nil, fault.Unauthenticated)
	if d := app.Resident().Do(vacancyDashboard, nil).Get("vacancyDashboard"); d.Get("estates.#").Int() != 0 || d.Get("total.vacancies").Type != gjson.Null {
		t.Errorf("a resident sees %s", d.Raw)
	}
}
