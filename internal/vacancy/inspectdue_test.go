package vacancy_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV4_1_VentilationIsDueSevenDaysAfterTheLast(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	late := func(overdue bool) int64 {
		return officer.Do(dues, vars{"overdue": overdue, "where": vars{"vacancyID": id}}).Get("inspectionDues.totalCount").Int()
	}
	if d := duesOf(officer, id); d["VENTILATION"] != "2026-03-09" || d["CLEANING"] != "2026-04-02" || len(d) != 5 || late(true) != 0 {
		t.Errorf("due at first: %v", d)
	}
	app.Clock.Advance(8 * 24 * hour) // 2026-03-10
	officer.SignIn()
	if late(true) != 4 || late(false) != 1 { // all but the monthly
		t.Errorf("%d are overdue", late(true))
	}
	p := officer.Do(inspect, visited(officer, id, "VENTILATION")).Get("recordInspection")
	if p.Get("vacancy.ventilatedOn").String() != "2026-03-10" || p.Get("vacancy.ventilationDueOn").String() != "2026-03-17" || p.Get("vacancy.dueOn").String() != "2026-03-09" {
		t.Errorf("after it was ventilated: %s", p.Raw)
	}
	if r := p.Get("inspection.results.0"); r.Get("doneOn").String() != "2026-03-10" || r.Get("dueOn").String() != "2026-03-09" {
		t.Errorf("a day late: %s", r.Raw)
	}
	if p.Get("inspection.inspectedByName").String() == "" || late(true) != 3 {
		t.Errorf("%d are overdue: %s", late(true), p.Raw)
	}
	p = officer.Do(inspect, visited(officer, id, "LEAKS", "FACILITIES", "HAZARDS")).Get("recordInspection")
	if late(true) != 0 || p.Get("vacancy.dueOn").String() != "2026-03-17" {
		t.Errorf("%d are overdue: %s", late(true), p.Raw)
	}
	signed := officer.Do(`query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node { capacity method } } } }`, vars{"s": p.Get("inspection.id").String()}).Get("signatures.edges")
	if signed.Get("#").Int() != 1 || signed.Get("0.node.method").String() != "SESSION" {
		t.Errorf("signed: %s", signed.Raw)
	}
}

func TestV4_4_CleaningIsDueACalendarMonthAfterTheLast(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	for _, c := range []struct{ done, due string }{{"2026-03-31", "2026-04-30"}, {"2026-04-30", "2026-05-30"}, {"2026-12-15", "2027-01-15"}, {"2027-01-31", "2027-02-28"}} {
		at, _ := time.ParseInLocation(time.DateTime, c.done+" 10:00:00", stewardtest.Start.Location())
		app.Clock.Advance(at.Sub(app.Clock.Now()))
		officer.SignIn()
		if v := officer.Do(inspect, visited(officer, id, "CLEANING")).Get("recordInspection.vacancy"); v.Get("cleanedOn").String() != c.done || v.Get("cleaningDueOn").String() != c.due {
			t.Errorf("cleaned on %s: %s", c.done, v.Raw)
		}
	}
}
