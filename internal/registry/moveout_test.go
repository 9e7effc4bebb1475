package registry_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// home is the occupancy of A.Household in the first unit.
func home(app *stewardtest.App) string {
	return app.IDs(`SELECT id FROM occupancies WHERE unit_id = $1 AND until_on IS NULL`, app.A.Units[0])[0].String()
}

func TestMovingOutLeavesTheUnitVacant(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	in := vars{"in": vars{"occupancyID": home(app)}}
	app.Foreign(policy.CSOfficer).Refused(moveOut, in, fault.NotFound)
	app.As(policy.Archivist).Refused(moveOut, in, fault.Forbidden)
	officer.Refused(moveOut, vars{"in": vars{"occupancyID": home(app), "on": "2024-01-01"}}, fault.InvalidInput)
	out := officer.Do(moveOut, in).Get("moveOut")
	if out.Get("occupancy.state").String() != "MOVED_OUT" || out.Get("occupancy.untilOn").String() != "2026-03-02" || out.Get("unit.state").String() != "VACANT" || out.Get("payer").IsObject() {
		t.Errorf("moved out: %s", out.Raw)
	}
	officer.Refused(moveOut, in, fault.Conflict)
	officer.Do(giveNotice, vars{"in": vars{"householdID": app.A.OtherHousehold, "unitID": app.A.Units[0]}}) // the same day
}

func TestANoticeMayComeToNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	o := noticed(app, nil)
	out := app.As(policy.CSOfficer).Do(moveOut, on(o, nil)).Get("moveOut")
	if out.Get("unit.state").String() != "VACANT" || due(app, o).Get("state").String() != "CANCELLED" {
		t.Errorf("after: %s, due %s", out.Raw, due(app, o).Raw)
	}
}

func TestF1_AUnitHasOnePayerAtATime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	tenant := vars{"householdID": app.A.OtherHousehold, "unitID": app.A.Units[0], "capacity": "TENANT"}

	quiet := officer.Do(giveNotice, vars{"in": tenant}).Get("giveMoveInNotice.occupancy")
	if quiet.Get("payer").Bool() {
		t.Error("a tenant pays without being asked to, beside the owner")
	}
	if s := unitState(app, 0); s != "OCCUPIED" {
		t.Errorf("a notice to a tenant made the owner's home %s", s)
	}
	officer.Do(moveOut, on(quiet, nil))

	paying := officer.Do(giveNotice, vars{"in": with(tenant, vars{"payer": true})}).Get("giveMoveInNotice.occupancy")
	payers := func() int {
		return len(app.IDs(`SELECT id FROM occupancies WHERE unit_id = $1 AND payer AND until_on IS NULL`, app.A.Units[0]))
	}
	if !paying.Get("payer").Bool() || payers() != 1 {
		t.Errorf("the tenant takes over: %s, %d pay", paying.Raw, payers())
	}
	out := officer.Do(moveOut, on(paying, nil)).Get("moveOut")
	if out.Get("payer.capacity").String() != "OWNER" || payers() != 1 || out.Get("unit.state").String() != "OCCUPIED" {
		t.Errorf("after the tenant: %s", out.Raw)
	}
	// By day: the owner paid before, and no day has two payers, which the database holds too.
	days := app.IDs(`SELECT a.id FROM occupancies a JOIN occupancies b ON a.unit_id = b.unit_id AND a.id < b.id AND a.payer AND b.payer
		AND daterange(a.from_on, a.until_on) && daterange(b.from_on, b.until_on)`)
	if len(days) != 0 {
		t.Errorf("%d overlaps", len(days))
	}
}

func TestAHouseholdIsRegisteredWithItsUnit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	create := mutation("createHousehold", "household { id code residents { name relation phone } } occupancy { "+occupancy+" }")
	in := vars{"estateID": app.A.ID, "name": "新业户", "residents": []vars{{"name": "新业主", "relation": "HEAD", "phone": "+86 139-0000-0001"}}, "occupancy": vars{"unitID": app.A.Units[3], "movedInOn": "2026-02-20"}}
	made := officer.Do(create, vars{"in": in}).Get("createHousehold")
	if made.Get("household.code").String() != "1栋1单元104" || made.Get("household.residents.0.phone").String() != "13900000001" || made.Get("occupancy.state").String() != "MOVED_IN" {
		t.Errorf("made: %s", made.Raw)
	}
	if r := officer.Refused(create, vars{"in": in}, fault.Conflict); r.Field != "occupancy.unitID" {
		t.Errorf("twice: %+v", r)
	}
	officer.Do(moveOut, on(made.Get("occupancy"), nil))
	again := officer.Do(create, vars{"in": with(in, vars{"occupancy": vars{"unitID": app.A.Units[3]}})}).Get("createHousehold")
	if again.Get("household.code").String() != "1栋1单元104-2" || again.Get("occupancy.state").String() != "NOTICED" {
		t.Errorf("the next one: %s", again.Raw)
	}
	if r := officer.Refused(create, vars{"in": vars{"estateID": app.A.ID, "name": "甲"}}, fault.InvalidInput); r.Field != "code" {
		t.Errorf("without number and unit: %+v", r)
	}
	if r := officer.Refused(create, vars{"in": with(in, vars{"residents": []vars{{"name": ""}}})}, fault.InvalidInput); r.Field != "residents.0.name" {
		t.Errorf("nameless: %+v", r)
	}
	app.As(policy.ProjectManager).Refused(create, vars{"in": with(in, vars{"estateID": app.B.ID})}, fault.NotFound)
}
