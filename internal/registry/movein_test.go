package registry_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const occupancy = `id version state capacity payer fromOn untilOn noticedOn deadlineOn movedInOn`

var (
	giveNotice = mutation("giveMoveInNotice", "occupancy { "+occupancy+" }")
	moveIn     = mutation("moveIn", "occupancy { "+occupancy+" } unit { state }")
	moveOut    = mutation("moveOut", "occupancy { "+occupancy+" } unit { state } payer { "+occupancy+" }")
)

// noticed gives A.Household the notice for the vacant unit.
func noticed(app *stewardtest.App, more vars) gjson.Result {
	in := with(vars{"householdID": app.A.Household, "unitID": app.A.Units[3]}, more)
	return app.As(policy.CSOfficer).Do(giveNotice, vars{"in": in}).Get("giveMoveInNotice.occupancy")
}

func unitState(app *stewardtest.App, i int) string {
	return app.As(policy.CSOfficer).Do(`query($id: ID!) { node(id: $id) { ... on Unit { state } } }`, vars{"id": app.A.Units[i]}).Get("node.state").String()
}

func due(app *stewardtest.App, o gjson.Result) gjson.Result {
	return app.As(policy.CSOfficer).Do(`query($s: ID!) { obligations(where: {subjectID: $s}) { edges { node { kind clause state dueAt title titleEn } } } }`,
		vars{"s": o.Get("id").String()}).Get("obligations.edges.0.node")
}

func on(o gjson.Result, more vars) vars {
	return vars{"in": with(vars{"occupancyID": o.Get("id").String()}, more)}
}

func TestF1_ANoticeHasADeadlineAndMovingInMeetsIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, day := range []string{"2026-03-01", "2028-03-03", "9999-12-31"} { // before the notice, and beyond two years
		app.As(policy.CSOfficer).Refused(giveNotice, vars{"in": vars{"householdID": app.A.Household, "unitID": app.A.Units[3], "deadlineOn": day}}, fault.InvalidInput)
	}
	o := noticed(app, nil)
	if o.Get("state").String() != "NOTICED" || o.Get("noticedOn").String() != "2026-03-02" || o.Get("deadlineOn").String() != "2026-04-01" || !o.Get("payer").Bool() {
		t.Errorf("noticed: %s", o.Raw)
	}
	if got := unitState(app, 3); got != "AWAITING_MOVE_IN" {
		t.Errorf("the unit is %s", got)
	}
	if d := due(app, o); d.Get("clause").String() != "F1" || !d.Get("dueAt").Time().Equal(time.Date(2026, 4, 2, 0, 0, 0, 0, stewardtest.Start.Location())) {
		t.Errorf("due: %s", d.Raw)
	}
	if d := due(app, o); d.Get("title").String() != "办理入伙:1栋1单元104" || d.Get("titleEn").String() != "See to the move-in of 1栋1单元104" {
		t.Errorf("the titles are %s", d.Raw)
	}
	app.Clock.Advance(10 * 24 * time.Hour)
	officer := app.As(policy.CSOfficer)
	officer.SignIn()
	if r := officer.Refused(moveIn, on(o, vars{"on": "2026-03-01"}), fault.InvalidInput, "F1"); r.Field != "on" {
		t.Errorf("before the notice: %+v", r)
	}
	officer.Refused(moveIn, on(o, vars{"on": "2026-03-13"}), fault.InvalidInput, "F1") // tomorrow
	in := officer.Do(moveIn, on(o, nil)).Get("moveIn")
	if in.Get("occupancy.state").String() != "MOVED_IN" || in.Get("occupancy.movedInOn").String() != "2026-03-12" || in.Get("unit.state").String() != "OCCUPIED" {
		t.Errorf("moved in: %s", in.Raw)
	}
	if d := due(app, o); d.Get("state").String() != "MET" {
		t.Errorf("due: %s", d.Raw)
	}
	officer.Refused(moveIn, on(o, nil), fault.Conflict, "F1")
}

func TestF1_WhoDoesNotComeIsDeemedMovedIn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	o := noticed(app, vars{"deadlineOn": "2026-03-05"})
	deem := func(at time.Time, want int) {
		t.Helper()
		app.Clock.Advance(at.Sub(app.Clock.Now()))
		if n, err := registry.DeemOverdue(app.Context()); err != nil || n != want {
			t.Fatalf("%s: %d deemed, %v, want %d", at, n, err, want)
		}
	}
	zone := stewardtest.Start.Location()
	deem(time.Date(2026, 3, 5, 23, 59, 0, 0, zone), 0) // the last day is theirs, in the estate's time zone
	deem(time.Date(2026, 3, 6, 0, 1, 0, 0, zone), 1)
	deem(time.Date(2026, 3, 6, 0, 2, 0, 0, zone), 0)
	officer := app.As(policy.CSOfficer)
	officer.SignIn()
	got := officer.Do(`query($id: ID!) { node(id: $id) { ... on Occupancy { `+occupancy+` } } }`, vars{"id": o.Get("id").String()}).Get("node")
	if got.Get("state").String() != "DEEMED_MOVED_IN" || got.Get("movedInOn").String() != "2026-03-05" {
		t.Errorf("deemed: %s", got.Raw)
	}
	if d := due(app, o); d.Get("state").String() != "BREACHED" {
		t.Errorf("due: %s", d.Raw)
	}
	if s := unitState(app, 3); s != "AWAITING_MOVE_IN" {
		t.Errorf("nobody came, and the unit is %s", s)
	}
	in := officer.Do(moveIn, on(o, nil)).Get("moveIn") // they come at last: fees ran from the deadline, and still do
	if in.Get("occupancy.state").String() != "MOVED_IN" || in.Get("occupancy.movedInOn").String() != "2026-03-05" || in.Get("unit.state").String() != "OCCUPIED" {
		t.Errorf("came late: %s", in.Raw)
	}
}

func TestF1_WhoComesAfterTheDeadlinePaysFromIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	o := noticed(app, vars{"noticedOn": "2026-02-01", "deadlineOn": "2026-02-20"})
	in := app.As(policy.CSOfficer).Do(moveIn, on(o, nil)).Get("moveIn.occupancy") // before the clockwork got to it
	if in.Get("movedInOn").String() != "2026-02-20" {
		t.Errorf("fees from %s, want the deadline", in.Get("movedInOn"))
	}
}

func TestF1_NobodyIsDeemedBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	noticed(app, nil)
	id := app.IDs(`SELECT id FROM occupancies WHERE estate_id = $1 AND unit_id = $2`, app.A.ID, app.A.Units[3])[0]
	_, err := registry.DeemMovedIn.Do(app.Context(), registry.DeemMovedInInput{OccupancyID: id})
	if f := fault.From(err); f == nil || f.Code != fault.RuleBroken || f.Clause != "F1" {
		t.Errorf("deemed: %v", err)
	}
}

func TestF1_EachEstateHasItsOwnDay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Super(`UPDATE estates SET time_zone = 'America/New_York' WHERE id = $1`, app.B.ID)
	noticed(app, vars{"deadlineOn": "2026-03-02"})
	app.Foreign(policy.CSOfficer).Do(giveNotice, vars{"in": vars{"householdID": app.B.Household, "unitID": app.B.Units[3], "noticedOn": "2026-03-01", "deadlineOn": "2026-03-02"}})
	app.Clock.Advance(16 * time.Hour) // 3 March in Shanghai, 2 March in New York
	if n, err := registry.DeemOverdue(app.Context()); err != nil || n != 1 {
		t.Errorf("%d deemed, %v, want the one in Shanghai", n, err)
	}
}

func TestF1_NoticesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	base := vars{"householdID": app.A.Household, "unitID": app.A.Units[3]}
	for field, day := range map[string]string{"noticedOn": "2026-03-03", "deadlineOn": "2026-03-01"} {
		if r := officer.Refused(giveNotice, vars{"in": with(base, vars{field: day})}, fault.InvalidInput, "F1"); r.Field != field {
			t.Errorf("%s is refused at %s", field, r.Field)
		}
	}
	if r := officer.Refused(giveNotice, vars{"in": with(base, vars{"unitID": app.A.Units[0], "payer": false})}, fault.Conflict); r.Field != "unitID" {
		t.Errorf("a second owner is refused at %q", r.Field)
	}
	for _, role := range []policy.Role{policy.Archivist, policy.KeyCustodian, policy.Auditor, policy.Resident} {
		app.As(role).Refused(giveNotice, vars{"in": base}, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(giveNotice, vars{"in": base}, fault.NotFound)
}

func TestOneHouseholdGetsTheUnit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	var group sync.WaitGroup
	answers := make([]gjson.Result, 10)
	for i := range answers {
		group.Go(func() {
			household := app.A.Household
			if i%2 == 0 {
				household = app.A.OtherHousehold
			}
			answers[i], _ = officer.Try(giveNotice, vars{"in": vars{"householdID": household, "unitID": app.A.Units[3]}})
		})
	}
	group.Wait()
	won := 0
	for _, a := range answers {
		if a.Get("data.giveMoveInNotice").IsObject() {
			won++
		} else if a.Get("errors.0.extensions.code").String() != string(fault.Conflict) {
			t.Errorf("an unclear loser: %s", a.Raw)
		}
	}
	if won != 1 {
		t.Errorf("%d households got the unit", won)
	}
}
