package vacancy_test

import (
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// overdueIn is how much of the plan is overdue in a vacancy.
func overdueIn(p *stewardtest.Person, vacancy string) int64 {
	return p.Do(dues, vars{"overdue": true, "where": vars{"vacancyID": vacancy}}).Get("inspectionDues.totalCount").Int()
}

// since says since when a unit stands empty; reason may be nil.
func since(p *stewardtest.Person, t *testing.T, unit any, day string, reason any) vars {
	v := open(t, p, unit)
	return vars{"in": vars{"id": v.Get("id").String(), "expectedVersion": v.Get("version").Int(), "sinceOn": day, "reason": reason}}
}

func TestV4_1_WhatIsOverdueIsNotDescribedAway(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	flat := built(app, "902", "FLAT")
	id := open(t, officer, flat).Get("id").String()
	app.Clock.Advance(5 * 24 * hour)
	officer.SignIn()
	officer.Do(describe, since(officer, t, flat, "2026-03-05", nil)) // nothing was due yet
	app.Clock.Advance(35 * 24 * hour)
	officer.SignIn()
	supervisor.SignIn()
	before := overdueIn(officer, id)
	for _, reason := range []any{nil, "写错了"} {
		if r := officer.Refused(describe, since(officer, t, flat, "2026-04-11", reason), fault.RuleBroken, "V4.1"); r.Field != "reason" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	supervisor.Refused(describe, since(supervisor, t, flat, "2026-04-11", nil), fault.RuleBroken, "V4.1")
	supervisor.Refused(describe, since(supervisor, t, flat, "2026-04-11", " "), fault.InvalidInput)
	if n := overdueIn(officer, id); n != before || n == 0 {
		t.Errorf("%d are overdue, %d were", n, before)
	}
	officer.Do(describe, since(officer, t, flat, "2026-03-01", nil)) // an earlier day makes more of it due, not less
	supervisor.Do(describe, since(supervisor, t, flat, "2026-04-11", " 四月十一日 才收房 "))
	if n := overdueIn(officer, id); n != 0 {
		t.Errorf("%d are overdue since who leads said that it fell vacant today", n)
	}
	app.As(policy.ProjectManager).SignIn()
	if told := messages(app.As(policy.ProjectManager), id); !strings.Contains(told, "vacancy.since") {
		t.Errorf("the leaders hear of %q", told)
	}
	if reason := texts(t, app, `SELECT since_reason FROM vacancies WHERE id = $1`, id); reason != "四月十一日 才收房" {
		t.Errorf("the reason is %q", reason)
	}
}

// What is not due yet is not put off from week to week.
func TestV4_1_WhatFallsDueIsNotPutOff(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, unit := app.As(policy.CSOfficer), app.A.Units[1]
	app.SQL(`UPDATE vacancies SET created_at = $1`, stewardtest.Start)
	app.Clock.Advance(3 * 24 * hour)
	officer.SignIn()
	officer.Do(describe, since(officer, t, unit, "2026-03-05", nil))
	app.Clock.Advance(6 * 24 * hour) // due on 03-12 by now, and on 03-09 at first
	officer.SignIn()
	officer.Refused(describe, since(officer, t, unit, "2026-03-11", nil), fault.RuleBroken, "V4.1")
}

func TestV4_1_AUnitStandsEmptySinceBeforeItWasInspected(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	officer.Do(inspect, visited(officer, id, "VENTILATION"))
	app.Clock.Advance(24 * hour)
	officer.SignIn()
	officer.Refused(describe, since(officer, t, app.A.Units[3], "2026-03-03", nil), fault.RuleBroken, "V4.1")
	app.SQL(`ALTER TABLE vacancies DISABLE TRIGGER vacancy_described`)
	officer.Do(describe, since(officer, t, app.A.Units[3], "2026-03-03", nil)) // without the trigger it stands empty since after it was inspected
	app.SQL(`ALTER TABLE vacancies ENABLE TRIGGER vacancy_described`)
	app.Clock.Advance(20 * 24 * hour)
	supervisor.SignIn()
	officer.SignIn()
	officer.Refused(describe, since(officer, t, app.A.Units[3], "2026-03-22", nil), fault.RuleBroken, "V4.1")
	supervisor.Do(describe, since(supervisor, t, app.A.Units[3], "2026-03-22", "前户到三月二十二日才搬完"))
}

// A flat is made a parking place and a flat again: it stands empty as before.
func TestV3_AUnitThatIsAFlatAgainStandsEmptyAsBefore(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	flat := built(app, "901", "FLAT")
	app.Clock.Advance(40 * 24 * hour)
	officer.SignIn()
	before := open(t, officer, flat)
	id, late := before.Get("id").String(), overdueIn(officer, before.Get("id").String())
	version := 0
	turn := func(kind string) {
		version++
		officer.Do(updateUnit, vars{"in": vars{"id": flat, "expectedVersion": version, "kind": kind}})
	}
	turn("PARKING")
	if v := of(officer, flat); len(v) != 1 || v[0].Get("state").String() != "CLOSED" || overdueIn(officer, id) != 0 {
		t.Errorf("of a parking place: %v", v)
	}
	turn("SHOP")
	v := open(t, officer, flat)
	if v.Get("id").String() != id || v.Get("sinceOn").String() != before.Get("sinceOn").String() || v.Get("dueOn").String() != before.Get("dueOn").String() || v.Get("endedOn").String() != "" {
		t.Errorf("it was %s, and is %s", before.Raw, v.Raw)
	}
	if n := overdueIn(officer, id); n != late || n == 0 {
		t.Errorf("%d are overdue, %d were", n, late)
	}

	// Somebody had it meanwhile, so it falls vacant anew.
	turn("PARKING")
	o := officer.Do(moveInto, vars{"in": vars{"estateID": app.A.ID, "name": "新户", "occupancy": vars{"unitID": flat, "movedInOn": "2026-04-11"}}}).Get("createHousehold.occupancy.id").String()
	officer.Do(moveOut, vars{"in": vars{"occupancyID": o, "on": "2026-04-11"}})
	version = int(officer.Do(`query($id: ID!) { node(id: $id) { ... on Unit { version } } }`, vars{"id": flat}).Get("node.version").Int()) - 1
	turn("FLAT")
	if v := open(t, officer, flat); v.Get("id").String() == id || v.Get("sinceOn").String() != "2026-04-11" {
		t.Errorf("after a household: %s", v.Raw)
	}
}
