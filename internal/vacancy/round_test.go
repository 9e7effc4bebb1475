package vacancy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	planRound   = `mutation($in: PlanInspectionRoundInput!) { planInspectionRound(input: $in) { round { id state plannedOn units walkerName lines { position vacancyID unit { label } } } } }`
	startRound  = `mutation($in: StartInspectionRoundInput!) { startInspectionRound(input: $in) { round { id state startedAt keys { loan { id } } } } }`
	addKeys     = `mutation($in: AddInspectionRoundKeysInput!) { addInspectionRoundKeys(input: $in) { round { id keys { loan { id } } } } }`
	recordRound = `mutation($in: RecordRoundInspectionsInput!) { recordRoundInspections(input: $in) { inspections { id roundID lateReason withoutKeyReason inspectedAt results { doneOn } } refused { line key code message clause field }
		round { lines { inspectionID } } } }`
	closeRound  = `mutation($in: CloseInspectionRoundInput!) { closeInspectionRound(input: $in) { round { id state endedAt lines { skipReason inspectionID } } } }`
	cancelRound = `mutation($in: CancelInspectionRoundInput!) { cancelInspectionRound(input: $in) { round { id state cancelReason } } }`
	calendarOf  = `query($e: ID!, $m: Date!) { inspectionCalendar(estateID: $e, month: $m) { day planned underWay closed cancelled units visited due } }`
	lend        = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id } } }`
	giveBack    = `mutation($in: ReturnKeysInput!) { returnKeys(input: $in) { loan { state } } }`
)

// walk is a round in the making: on the day on which all but cleaning is due in the two vacant units.
type walk struct {
	t       *testing.T
	app     *stewardtest.App
	officer *stewardtest.Person // who walks
}

func walking(t *testing.T) walk {
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, officer.Account, app.A.Staff)
	app.SQL(`UPDATE inspection_round_lines SET open = false`) // of the seed's round
	w := walk{t, app, officer}
	w.later(7 * 24 * hour)
	return w
}

func (w walk) later(d time.Duration) {
	w.app.Clock.Advance(d)
	w.officer.SignIn()
}

func (w walk) plan(on string) vars {
	return vars{"in": vars{"estateID": w.app.A.ID, "plannedOn": on, "walkerID": w.app.A.Staff}}
}

// lent is a loan of keys of units to who walks.
func (w walk) lent(sets ...uuid.UUID) string {
	custodian := w.app.As(policy.KeyCustodian)
	custodian.SignIn()
	var lines []vars
	for _, set := range sets {
		lines = append(lines, vars{"setID": set, "count": 1})
	}
	return custodian.Do(lend, vars{"in": vars{"borrower": vars{"staffID": w.app.A.Staff}, "purpose": "空置房巡查", "signature": vars{"credential": stewardtest.Password},
		"lines": lines}}).Get("lendKeys.loan.id").String()
}

func (w walk) back(loan string) {
	w.app.As(policy.KeyCustodian).Do(giveBack, vars{"in": vars{"loanID": loan, "staffID": w.app.A.Staff, "signature": vars{"credential": stewardtest.Password}}})
}

// begun is a round that is under way with the keys of the second and fourth unit, its vacancies in order, and the loan.
func (w walk) begun() (round string, stops []string, loan string) {
	r := w.officer.Do(planRound, w.plan("2026-03-09")).Get("planInspectionRound.round")
	loan = w.lent(w.app.A.Sets[1], w.app.A.Sets[3])
	w.officer.Do(startRound, vars{"in": vars{"roundID": r.Get("id").String(), "loanIDs": []string{loan}}})
	for _, l := range r.Get("lines").Array() {
		stops = append(stops, l.Get("vacancyID").String())
	}
	return r.Get("id").String(), stops, loan
}

// line is what a phone noted, a second after the line before.
func (w walk) line(vacancy string, codes ...string) vars {
	w.app.Clock.Advance(time.Second)
	return vars{"key": uuid.NewString(), "vacancyID": vacancy, "inspectedAt": w.app.Clock.Now(), "results": visited(w.officer, vacancy, codes...)["in"].(vars)["results"]}
}

func TestV4_1_ARoundIsPlannedInWalkingOrder(t *testing.T) {
	t.Parallel()
	w := walking(t)
	manager := w.app.As(policy.ProjectManager)
	manager.SignIn()
	unit := func(building, entrance, number string) {
		manager.Do(createUnit, vars{"in": vars{"buildingID": building, "entrance": entrance, "number": number}})
	}
	other := manager.Do(`mutation($in: CreateBuildingInput!) { createBuilding(input: $in) { building { id } } }`, vars{"in": vars{"estateID": w.app.A.ID, "code": "2栋"}}).Get("createBuilding.building.id").String()
	unit(other, "", "201")
	for _, number := range []string{"1001", "901"} {
		unit(w.app.A.Building.String(), "2单元", number)
	}
	w.later(7 * 24 * hour)
	r := w.officer.Do(planRound, w.plan("2026-03-16")).Get("planInspectionRound.round")
	var way []string
	for i, l := range r.Get("lines").Array() {
		way = append(way, l.Get("unit.label").String())
		if l.Get("position").Int() != int64(i+1) {
			t.Errorf("out of place: %s", l.Raw)
		}
	}
	if want := "1栋1单元102 1栋1单元104 1栋2单元901 1栋2单元1001 2栋201"; strings.Join(way, " ") != want || r.Get("units").Int() != 5 {
		t.Errorf("the way is %v", way)
	}
	w.officer.Refused(planRound, w.plan("2026-03-16"), fault.Conflict, "V4.1") // all are on a round
}

func TestV4_1_WhatIsNoRound(t *testing.T) {
	t.Parallel()
	w := walking(t)
	for field, in := range map[string]vars{
		"plannedOn": w.plan("2026-03-08"), "walkerID": w.plan("2026-03-09"),
	} {
		if field == "walkerID" {
			w.app.SQL(`UPDATE staffs SET account_id = NULL WHERE id = $1`, w.app.A.Staff)
		}
		if r := w.officer.Refused(planRound, in, fault.InvalidInput, "V4.1"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
		w.app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, w.officer.Account, w.app.A.Staff)
	}
	for field, in := range map[string]vars{
		"walkerID": with(w.plan("2026-03-09"), func(in vars) { in["walkerID"] = w.app.B.Staff }),
		"areaID":   with(w.plan("2026-03-09"), func(in vars) { in["areaID"] = w.app.B.Area }),
	} {
		if r := w.officer.Refused(planRound, in, fault.NotFound); r.Field != field {
			t.Errorf("not found at %q, want %q", r.Field, field)
		}
	}
	for _, role := range []policy.Role{policy.Security, policy.Engineering, policy.KeyCustodian, policy.Auditor} {
		w.app.As(role).SignIn()
		w.app.As(role).Refused(planRound, w.plan("2026-03-09"), fault.Forbidden)
	}
	foreign := w.app.Foreign(policy.CSOfficer)
	foreign.SignIn()
	foreign.Refused(planRound, w.plan("2026-03-09"), fault.NotFound)
	round := w.officer.Do(planRound, w.plan("2026-03-09")).Get("planInspectionRound.round.id").String()
	cancelling := vars{"in": vars{"roundID": round, "reason": "下雨"}}
	foreign.Refused(cancelRound, cancelling, fault.NotFound)
	stewardtest.Race(t, w.officer, cancelRound, cancelling)
	w.officer.Do(planRound, w.plan("2026-03-09")) // its units are free again
}

func TestV4_1_ARoundIsWalkedWithItsKeys(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round := w.officer.Do(planRound, w.plan("2026-03-09")).Get("planInspectionRound.round.id").String()
	starting := func(loans ...string) vars {
		return vars{"in": vars{"roundID": round, "loanIDs": append([]string{}, loans...)}}
	}
	if r := w.officer.Refused(startRound, starting(), fault.InvalidInput, "V4.1"); r.Field != "loanIDs" {
		t.Errorf("refused at %q", r.Field)
	}
	lived := w.lent(w.app.A.Sets[0]) // of a unit that is lived in
	if r := w.officer.Refused(startRound, starting(lived), fault.RuleBroken, "V4.1"); r.Field != "loanIDs.0" {
		t.Errorf("keys of another unit are refused at %q", r.Field)
	}
	custodian := w.app.As(policy.KeyCustodian)
	others := custodian.Do(lend, vars{"in": vars{"borrower": vars{"externalPersonID": w.app.A.External}, "purpose": "看房", "signature": vars{},
		"lines": []vars{{"setID": w.app.A.Sets[3], "count": 1}}}}).Get("lendKeys.loan.id").String()
	w.officer.Refused(startRound, starting(others), fault.RuleBroken, "V4.1") // not lent to who walks
	loan := w.lent(w.app.A.Sets[3])
	supervisor := w.app.As(policy.Supervisor)
	supervisor.SignIn()
	supervisor.Refused(startRound, starting(loan), fault.Forbidden, "V4.1") // another walks
	if r := w.officer.Do(startRound, starting(loan)).Get("startInspectionRound.round"); r.Get("state").String() != "UNDER_WAY" || r.Get("keys.0.loan.id").String() != loan {
		t.Errorf("begun: %s", r.Raw)
	}
	w.officer.Refused(startRound, starting(loan), fault.Conflict, "V4.1")
	second := w.lent(w.app.A.Sets[1])
	if r := w.officer.Do(addKeys, vars{"in": vars{"roundID": round, "loanIDs": []string{second}}}); r.Get("addInspectionRoundKeys.round.keys.#").Int() != 2 {
		t.Errorf("added: %s", r.Raw)
	}
	stops := w.app.IDs(`SELECT vacancy_id FROM inspection_round_lines WHERE round_id = $1 ORDER BY position`, round)
	var skips []vars
	for _, s := range stops {
		skips = append(skips, vars{"vacancyID": s, "reason": "门锁损坏"})
	}
	w.officer.Refused(closeRound, closing(round, skips...), fault.RuleBroken, "V4.1") // both loans are out
	w.back(loan)
	w.officer.Refused(closeRound, closing(round, skips...), fault.RuleBroken, "V4.1") // one is
	w.app.SQL(`ALTER TABLE inspection_rounds DISABLE TRIGGER inspection_round_moves`)
	w.officer.Do(closeRound, closing(round, skips...)) // without the trigger it is closed with its keys out
}

func TestV4_1_ARoundIsClosedWithEachUnitVisited(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, loan := w.begun()
	w.later(hour)
	p := w.officer.Do(recordRound, batchOf(round, w.line(stops[0], "VENTILATION", "LEAKS", "FACILITIES", "HAZARDS"))).Get("recordRoundInspections")
	if p.Get("inspections.0.roundID").String() != round || p.Get("refused.#").Int() != 0 || p.Get("round.lines.0.inspectionID").String() == "" {
		t.Errorf("recorded: %s", p.Raw)
	}
	w.back(loan)
	if r := w.officer.Refused(closeRound, closing(round), fault.RuleBroken, "V4.1"); r.Field != "skips" {
		t.Errorf("with a unit that was not visited it is refused at %q", r.Field)
	}
	if r := w.officer.Refused(closeRound, closing(round, vars{"vacancyID": stops[0], "reason": "锁坏"}), fault.Conflict, "V4.1"); r.Field != "skips.0.vacancyID" {
		t.Errorf("passed by and visited: refused at %q", r.Field)
	}
	wrong := closing(round, vars{"vacancyID": stops[1], "reason": "门锁损坏"})
	wrong["in"].(vars)["signature"] = vars{"credential": "not the password"}
	w.officer.Refused(closeRound, wrong, fault.InvalidInput)
	w.officer.Refused(cancelRound, vars{"in": vars{"roundID": round, "reason": "下雨"}}, fault.Conflict, "V4.1") // a unit was visited
	r := w.officer.Do(closeRound, closing(round, vars{"vacancyID": stops[1], "reason": " 门锁  损坏 "})).Get("closeInspectionRound.round")
	if r.Get("state").String() != "CLOSED" || r.Get("lines.1.skipReason").String() != "门锁 损坏" {
		t.Errorf("closed: %s", r.Raw)
	}
	w.officer.Refused(closeRound, closing(round), fault.Conflict, "V4.1")
	signed := w.officer.Do(`query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node { capacity method } } } }`, vars{"s": round}).Get("signatures.edges.0.node")
	if signed.Get("capacity").String() != "walker" || signed.Get("method").String() != "CREDENTIAL" {
		t.Errorf("signed: %s", signed.Raw)
	}
	if n := len(w.app.IDs(`SELECT id FROM obligations WHERE kind = 'vacancy.round' AND subject_id = $1 AND state = 'MET'`, round)); n != 1 {
		t.Errorf("%d obligations are met", n)
	}
	day := w.officer.Do(calendarOf, vars{"e": w.app.A.ID, "m": "2026-03-20"}).Get("inspectionCalendar")
	if d := day.Get(`#(day=="2026-03-09")`); day.Get("#").Int() != 31 || d.Get("closed").Int() != 1 || d.Get("units").Int() != 2 || d.Get("visited").Int() != 1 {
		t.Errorf("the calendar: %s", day.Raw)
	}
	w.app.Foreign(policy.CSOfficer).SignIn()
	w.app.Foreign(policy.CSOfficer).Refused(calendarOf, vars{"e": w.app.A.ID, "m": "2026-03-20"}, fault.NotFound)
}

func TestV4_2_APhoneThatWasOfflineSendsItsLinesTogether(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, _ := w.begun()
	w.later(10 * time.Minute)
	first, second := w.line(stops[0], "LEAKS"), w.line(stops[1], "LEAKS")
	w.later(50 * hour)
	in := batchOf(round, first, second)
	if p := w.officer.Do(recordRound, in).Get("recordRoundInspections.refused"); p.Get("#").Int() != 2 || p.Get("0.field").String() != "lateReason" {
		t.Errorf("without a reason: %s", p.Raw)
	}
	in["in"].(vars)["lateReason"] = "地下室无信号"
	abnormal := vars{"itemID": items(w.officer)["HAZARDS"], "result": "ABNORMAL", "finding": "窗户破损"} // to nobody
	second["results"] = []vars{abnormal}
	stray := w.line(w.app.IDs(`SELECT id FROM vacancies WHERE state = 'CLOSED' AND estate_id = $1`, w.app.A.ID)[0].String(), "LEAKS")
	tomorrow := w.line(stops[1], "LEAKS")
	tomorrow["inspectedAt"] = w.app.Clock.Now().Add(hour)
	nobody := w.line(stops[1], "LEAKS")
	nobody["key"] = "7"
	in["in"].(vars)["lines"] = []vars{first, second, stray, tomorrow, nobody}
	p := w.officer.Do(recordRound, in).Get("recordRoundInspections")
	if p.Get("inspections.#").Int() != 1 || p.Get("inspections.0.lateReason").String() != "地下室无信号" || p.Get("inspections.0.results.0.doneOn").String() != "2026-03-09" {
		t.Errorf("taken: %s", p.Raw)
	}
	for i, want := range []struct{ code, clause, field string }{
		{"RULE", "V5", "results.0.departmentID"}, {"CONFLICT", "V4.1", "vacancyID"}, {"INVALID_INPUT", "V4.1", "inspectedAt"}, {"INVALID_INPUT", "V4.1", "key"},
	} {
		if r := p.Get("refused").Array()[i]; r.Get("line").Int() != int64(i+1) || r.Get("code").String() != want.code || r.Get("clause").String() != want.clause || r.Get("field").String() != want.field || r.Get("message").String() == "" {
			t.Errorf("line %d: %s", i+1, r.Raw)
		}
	}
	// It is sent again, since the phone did not hear the answer; the second line is right by now.
	abnormal["departmentID"] = w.app.A.EngineeringDepartment
	in["in"].(vars)["lines"] = []vars{first, second}
	again := w.officer.Do(recordRound, in).Get("recordRoundInspections")
	if again.Get("inspections.#").Int() != 2 || again.Get("inspections.0.id").String() != p.Get("inspections.0.id").String() || again.Get("refused.#").Int() != 0 {
		t.Errorf("sent again: %s", again.Raw)
	}
	if n := len(w.app.IDs(`SELECT id FROM inspections WHERE round_id = $1`, round)); n != 2 {
		t.Errorf("%d inspections are on record", n)
	}
	other := w.line(stops[0], "VENTILATION")
	if r := w.officer.Do(recordRound, batchOf(round, other)).Get("recordRoundInspections.refused.0"); r.Get("code").String() != "CONFLICT" {
		t.Errorf("visited twice: %s", r.Raw)
	}
	w.app.As(policy.Supervisor).SignIn()
	w.app.As(policy.Supervisor).Refused(recordRound, batchOf(round, other), fault.Forbidden, "V4.1") // another walks
	if err := w.app.TrySQL(`INSERT INTO inspections (id, created_at, estate_id, vacancy_id, unit_id, round_id, line_key, inspected_at, inspected_on, inspected_by_id, inspected_by_name, late_reason)
		SELECT new_id(x'0705'::int), created_at, estate_id, vacancy_id, unit_id, round_id, line_key, inspected_at, inspected_on, inspected_by_id, inspected_by_name, late_reason
		FROM inspections WHERE round_id = $1 LIMIT 1`, round); err == nil || !strings.Contains(err.Error(), "inspections_line_key_once") {
		t.Errorf("a line twice: %v", err)
	}

	// What was recorded by mistake can be recorded anew on the round, with another key.
	w.app.As(policy.Supervisor).Do(voidInspection, stewardtest.Void(p.Get("inspections.0.id").String(), "看错门牌"))
	refused := w.officer.Do(recordRound, batchOf(round, first)).Get("recordRoundInspections.refused.0")
	if refused.Get("code").String() != "CONFLICT" || refused.Get("field").String() != "key" {
		t.Errorf("voided, and sent again: %s", refused.Raw)
	}
	if p := w.officer.Do(recordRound, batchOf(round, other)).Get("recordRoundInspections"); p.Get("inspections.#").Int() != 1 {
		t.Errorf("anew: %s", p.Raw)
	}
}
