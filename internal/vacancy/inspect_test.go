package vacancy_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV4_2_WhoInspects(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	in := visited(officer, id, "LEAKS", "FACILITIES", "HAZARDS")
	for _, role := range []policy.Role{policy.Security, policy.Engineering, policy.KeyCustodian, policy.Archivist, policy.Receptionist, policy.Auditor} {
		app.As(role).Refused(inspect, in, fault.Forbidden)
	}
	app.Resident().Refused(inspect, in, fault.Forbidden)
	app.Nobody().Refused(inspect, in, fault.Unauthenticated)
	if r := app.Foreign(policy.CSOfficer).Refused(inspect, in, fault.NotFound); r.Field != "vacancyID" {
		t.Errorf("not found at %q", r.Field)
	}
	foreign := visited(app.Foreign(policy.CSOfficer), id, "LEAKS")
	if r := officer.Refused(inspect, foreign, fault.NotFound); r.Field != "results.0.itemID" {
		t.Errorf("another estate's item is not found at %q", r.Field)
	}
	once := officer.With("Idempotency-Key", uuid.NewString())
	first, again := once.Do(inspect, in).Get("recordInspection.inspection.id"), once.Do(inspect, in).Get("recordInspection.inspection.id")
	if first.String() != again.String() {
		t.Errorf("repeated: %s and %s", first, again)
	}
	for _, p := range []*stewardtest.Person{officer, app.As(policy.Engineering), app.As(policy.Auditor)} {
		if n := p.Do(inspections, vars{"where": vars{"vacancyID": id}}).Get("inspections.edges.#").Int(); n != 2 { // and the seed's
			t.Errorf("%s sees %d", p.Email, n)
		}
	}
	for _, p := range []*stewardtest.Person{app.As(policy.MailSorter), app.Foreign(policy.CSOfficer)} {
		if n := p.Do(inspections, vars{"where": vars{"vacancyID": id}}).Get("inspections.edges.#").Int(); n != 0 {
			t.Errorf("%s sees %d", p.Email, n)
		}
	}
}

func TestV4_5_WhatIsNoInspection(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	hazards := func(change func(in vars)) vars { return with(visited(officer, id, "HAZARDS"), change) }
	for field, in := range map[string]vars{
		"results":                hazards(func(in vars) { in["results"] = []vars{} }),
		"results.1.itemID":       with(visited(officer, id, "HAZARDS", "HAZARDS"), func(vars) {}),
		"results.0.departmentID": hazards(func(in vars) { in["results"].([]vars)[0]["departmentID"] = app.A.EngineeringDepartment }),
		"note":                   hazards(func(in vars) { in["note"] = "\x07" }),
		"lateReason":             hazards(func(in vars) { in["occurredAt"] = app.Clock.Now().Add(-hour) }),
		"occurredAt":             hazards(func(in vars) { in["occurredAt"], in["lateReason"] = app.Clock.Now().Add(-10*hour), "补录" }), // it fell vacant today
	} {
		if r := officer.Refused(inspect, in, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	app.Clock.Advance(24 * hour)
	officer.SignIn()
	i := officer.Do(inspect, hazards(func(in vars) {
		in["occurredAt"], in["lateReason"], in["note"] = app.Clock.Now().Add(-2*hour), " 停电 ", "阳台有杂物"
	})).Get("recordInspection.inspection")
	if i.Get("lateReason").String() != "停电" || i.Get("note").String() != "阳台有杂物" {
		t.Errorf("recorded late: %s", i.Raw)
	}

	flat := built(app, "902", "FLAT")
	empty := open(t, officer, flat).Get("id").String()
	officer.Do(moveInto, vars{"in": vars{"estateID": app.A.ID, "name": "新户", "occupancy": vars{"unitID": flat, "noticedOn": "2026-02-20", "movedInOn": "2026-03-03"}}})
	app.Clock.Advance(24 * hour)
	officer.SignIn()
	officer.Refused(inspect, visited(officer, empty, "HAZARDS"), fault.Conflict, "V3")
	if d := duesOf(officer, empty); len(d) != 0 {
		t.Errorf("due of what is over: %v", d)
	}
}
