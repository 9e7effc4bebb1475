package vacancy_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	list = `query($where: VacancyWhereInput, $overdue: Boolean) { vacancies(where: $where, overdue: $overdue) { totalCount edges { node {
		id version state sinceOn endedOn condition describedByName buildingID areaID dueOn ventilationDueOn cleaningDueOn keysHeld unit { id label }
		waterHundredths waterReadAt electricityHundredths gasHundredths readings { id meter valueHundredths voidedAt } } } } }`
	describe    = `mutation($in: DescribeVacancyInput!) { describeVacancy(input: $in) { vacancy { id version condition sinceOn ventilationDueOn cleaningDueOn dueOn describedByName } } }`
	readMeters  = `mutation($in: ReadMetersInput!) { readMeters(input: $in) { readings { id valueHundredths readAt recordedByName changeReason lateReason } vacancy { waterHundredths waterReadAt gasHundredths } } }`
	voidReading = `mutation($in: VoidMeterReadingInput!) { voidMeterReading(input: $in) { reading { id voidedAt voidReason voidedByName } } }`
	createUnit  = `mutation($in: CreateUnitInput!) { createUnit(input: $in) { unit { id } } }`
	updateUnit  = `mutation($in: UpdateUnitInput!) { updateUnit(input: $in) { unit { id version } } }`
	moveInto    = `mutation($in: CreateHouseholdInput!) { createHousehold(input: $in) { occupancy { id } } }`
	moveOut     = `mutation($in: MoveOutInput!) { moveOut(input: $in) { unit { state } } }`
)

// of are the vacancies of a unit.
func of(p *stewardtest.Person, unit any) []gjson.Result {
	return p.Do(list, vars{"where": vars{"unitID": unit}}).Get("vacancies.edges.#.node").Array()
}

// open is the unit's one vacancy that is open.
func open(t *testing.T, p *stewardtest.Person, unit any) gjson.Result {
	t.Helper()
	found := p.Do(list, vars{"where": vars{"unitID": unit, "state": "OPEN"}}).Get("vacancies.edges.#.node").Array()
	if len(found) != 1 {
		t.Fatalf("%d open vacancies of %v", len(found), unit)
	}
	return found[0]
}

// built is a new unit.
func built(app *stewardtest.App, number, kind string) string {
	return app.As(policy.ProjectManager).Do(createUnit, vars{"in": vars{"buildingID": app.A.Building, "number": number, "kind": kind}}).Get("createUnit.unit.id").String()
}

func TestV3_AVacancyOpensAndClosesWithItsUnit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager := app.As(policy.CSOfficer), app.As(policy.ProjectManager)
	flat, shop, parking := built(app, "901", "FLAT"), built(app, "S1", "SHOP"), built(app, "P1", "PARKING")
	for _, unit := range []string{flat, shop} {
		if v := open(t, officer, unit); v.Get("sinceOn").String() != "2026-03-02" || v.Get("buildingID").String() != app.A.Building.String() || v.Get("areaID").String() != app.A.Area.String() {
			t.Errorf("opened: %s", v.Raw)
		}
	}
	if n := len(of(officer, parking)); n != 0 {
		t.Errorf("a parking place has %d vacancies", n)
	}
	open(t, officer, app.A.Units[1]) // whoever was given notice has not moved in yet
	if v := of(officer, app.A.Units[0]); len(v) != 1 || v[0].Get("state").String() != "CLOSED" {
		t.Errorf("of a flat that is lived in: %v", v)
	}

	in := vars{"estateID": app.A.ID, "name": "新户", "occupancy": vars{"unitID": flat, "noticedOn": "2026-02-20", "movedInOn": "2026-03-02"}}
	o := officer.Do(moveInto, vars{"in": in}).Get("createHousehold.occupancy.id").String()
	if v := of(officer, flat); len(v) != 1 || v[0].Get("state").String() != "CLOSED" || v[0].Get("endedOn").String() != "2026-03-02" || v[0].Get("dueOn").String() != "" {
		t.Errorf("after the move-in: %v", v)
	}
	officer.Refused(describe, vars{"in": vars{"id": of(officer, flat)[0].Get("id").String(), "expectedVersion": 1, "condition": "毛坯"}}, fault.Conflict, "V3")
	app.Clock.Advance(72 * hour)
	officer.SignIn()
	manager.SignIn()
	officer.Do(moveOut, vars{"in": vars{"occupancyID": o, "on": "2026-03-04"}})
	if v := open(t, officer, flat); v.Get("sinceOn").String() != "2026-03-04" || len(of(officer, flat)) != 2 {
		t.Errorf("after the move-out: %s", v.Raw)
	}
	manager.Do(updateUnit, vars{"in": vars{"id": shop, "expectedVersion": 1, "kind": "PARKING"}})
	if v := of(officer, shop); len(v) != 1 || v[0].Get("state").String() != "CLOSED" {
		t.Errorf("what is no flat and no shop any more: %v", v)
	}
	err := app.TrySQL(`INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, sort_key, since_on)
		SELECT new_id(x'0701'::int), created_at, estate_id, unit_id, building_id, sort_key, since_on FROM vacancies WHERE unit_id = $1 AND state = 'OPEN'`, flat)
	if err == nil || !strings.Contains(err.Error(), "vacancies_one") {
		t.Errorf("a second one of the unit: %v", err)
	}
}

// One statement imports thousands, and each that is vacant has its vacancy; the area follows the building.
func TestV3_UnitsThatAreImportedVacantHaveTheirVacancies(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.SQL(`INSERT INTO units (id, created_at, estate_id, building_id, number, label, sort_key, state)
		SELECT new_id(x'0104'::int), $1, $2, $3, 'I' || i, 'I' || i, lpad(i::text, 8, '0'), CASE WHEN i % 10 = 0 THEN 'OCCUPIED' ELSE 'VACANT' END FROM generate_series(1, 2000) i`,
		stewardtest.Start, app.A.ID, app.A.Building)
	const imported = `SELECT v.id FROM vacancies v JOIN units u ON u.id = v.unit_id WHERE u.number ~ '^I[0-9]' AND v.state = $1`
	if n := len(app.IDs(imported, "OPEN")); n != 1800 {
		t.Errorf("%d vacancies of 1800", n)
	}
	app.SQL(`UPDATE units SET state = 'OCCUPIED' WHERE number ~ '^I[0-9]'`)
	if n := len(app.IDs(imported, "CLOSED")); n != 1800 {
		t.Errorf("%d closed of 1800", n)
	}
	app.SQL(`UPDATE buildings SET area_id = NULL WHERE id = $1`, app.A.Building)
	if n := len(app.IDs(`SELECT id FROM vacancies WHERE building_id = $1 AND area_id IS NOT NULL`, app.A.Building)); n != 0 {
		t.Errorf("%d are in the area that the building left", n)
	}
}

func TestV3_AVacantUnitIsDescribed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, unit := app.As(policy.CSOfficer), app.A.Units[3]
	id := open(t, officer, unit).Get("id").String()
	in := func(more vars) vars {
		v := vars{"id": id, "expectedVersion": 1}
		for k, x := range more {
			v[k] = x
		}
		return vars{"in": v}
	}
	v := officer.Do(describe, in(vars{"condition": " 毛坯,窗户完好 ", "sinceOn": "2026-01-31"})).Get("describeVacancy.vacancy")
	want := map[string]string{"condition": "毛坯,窗户完好", "sinceOn": "2026-01-31", "ventilationDueOn": "2026-02-07", "cleaningDueOn": "2026-02-28", "dueOn": "2026-02-07", "version": "2"}
	for field, value := range want {
		if v.Get(field).String() != value {
			t.Errorf("%s is %s, not %s", field, v.Get(field), value)
		}
	}
	officer.Refused(describe, in(vars{"condition": "旧"}), fault.Conflict)
	current := vars{"expectedVersion": 2, "condition": "精装"}
	later := in(current)
	later["in"].(vars)["sinceOn"] = "2026-03-03"
	if r := officer.Refused(describe, later, fault.InvalidInput, "V3"); r.Field != "sinceOn" {
		t.Errorf("refused at %q", r.Field)
	}
	for _, role := range []policy.Role{policy.Security, policy.Engineering, policy.KeyCustodian, policy.Auditor} {
		app.As(role).Refused(describe, in(current), fault.Forbidden)
		open(t, app.As(role), unit) // they see it
	}
	if seen := of(app.As(policy.MailSorter), unit); len(seen) != 0 {
		t.Errorf("the mail sorter sees %v", seen)
	}
	app.Foreign(policy.CSOfficer).Refused(describe, in(current), fault.NotFound)
	app.Nobody().Refused(describe, in(current), fault.Unauthenticated)
	app.As(policy.Supervisor).Do(describe, in(current))
}

func TestV3_AUnitStandsEmptySinceItsLastMoveOut(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	home := app.IDs(`SELECT id FROM occupancies WHERE unit_id = $1 AND until_on IS NULL`, app.A.Units[0])[0]
	officer.Do(moveOut, vars{"in": vars{"occupancyID": home, "on": "2026-02-10"}})
	v := open(t, officer, app.A.Units[0])
	if v.Get("sinceOn").String() != "2026-02-10" {
		t.Errorf("since %s", v.Get("sinceOn"))
	}
	since := func(day string) vars {
		return vars{"in": vars{"id": v.Get("id").String(), "expectedVersion": 1, "sinceOn": day}}
	}
	if r := officer.Refused(describe, since("2026-02-09"), fault.InvalidInput, "V3"); r.Field != "sinceOn" {
		t.Errorf("refused at %q", r.Field)
	}
	officer.Do(describe, since("2026-02-10"))
}

func TestV3_WhatIsOverdueIsListed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	count := func(overdue bool) int64 {
		return officer.Do(list, vars{"overdue": overdue}).Get("vacancies.totalCount").Int()
	}
	if late, others := count(true), count(false); late != 0 || others != 2 {
		t.Errorf("on the first day %d are overdue, %d are not", late, others)
	}
	app.Clock.Advance(7 * 24 * hour) // the seventh day is in time
	officer.SignIn()
	if late := count(true); late != 0 {
		t.Errorf("on the seventh day %d are overdue", late)
	}
	app.Clock.Advance(15 * hour) // the estate's midnight, not London's
	officer.SignIn()
	if late, others := count(true), count(false); late != 2 || others != 0 {
		t.Errorf("on the eighth day %d are overdue, %d are not", late, others)
	}
}

func TestV3_TheKeysHeldAreThoseOfTheLedger(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, unit := app.As(policy.CSOfficer), app.A.Units[3]
	before := open(t, officer, unit).Get("keysHeld").Int()
	if before != int64(app.A.AtDesk+app.A.InCabinet) {
		t.Errorf("%d keys are held", before)
	}
	officer.Do(`mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id } } }`, vars{"in": vars{"borrower": vars{"externalPersonID": app.A.External},
		"purpose": "看房", "signature": vars{}, "lines": []vars{{"setID": app.A.Sets[3], "count": 2}}}})
	v := open(t, officer, unit)
	if n := v.Get("keysHeld").Int(); n != before-2 {
		t.Errorf("with two out, %d keys are held", n)
	}
	if n := officer.Do(`query($id: ID!) { node(id: $id) { ... on Vacancy { keysHeld } } }`, vars{"id": uuid.MustParse(v.Get("id").String())}).Get("node.keysHeld").Int(); n != before-2 {
		t.Errorf("asked for alone, %d keys are held", n)
	}
}
