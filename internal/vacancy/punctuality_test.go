package vacancy_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// counted are how often ventilation fell due from March to April, was done late and was missed.
func counted(p *stewardtest.Person, estate any) (due, late, missed int64) {
	for _, m := range p.Do(punctuality, vars{"e": []any{estate}, "from": "2026-03-01", "until": "2026-04-30"}).Get(`inspectionPunctuality.#(item.code=="VENTILATION")#`).Array() {
		due, late, missed = due+m.Get("due").Int(), late+m.Get("late").Int(), missed+m.Get("missed").Int()
	}
	return due, late, missed
}

// Two units stand empty for 40 days without ventilation; then somebody moves into one of them.
func TestV4_1_WhatWasMissedStaysMissed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	app.Clock.Advance(40 * 24 * hour)
	officer.SignIn()
	if due, late, missed := counted(officer, app.A.ID); due != 10 || late != 0 || missed != 10 { // on 03-09, 16, 23, 30 and 04-06
		t.Errorf("in 40 days %d fell due in two units, %d late, %d missed", due, late, missed)
	}
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	officer.Do(moveInto, vars{"in": vars{"estateID": app.A.ID, "name": "新户", "occupancy": vars{"unitID": app.A.Units[3], "movedInOn": "2026-04-11"}}})
	if due, _, missed := counted(officer, app.A.ID); due != 10 || missed != 10 {
		t.Errorf("after the move-in %d fell due, %d were missed", due, missed)
	}
	if n := overdueIn(officer, id); n != 0 {
		t.Errorf("%d are overdue where somebody lives", n)
	}
	app.Clock.Advance(18 * 24 * hour)
	officer.SignIn()
	if due, _, missed := counted(officer, app.A.ID); due != 13 || missed != 13 { // in the other one on 04-13, 20 and 27, too
		t.Errorf("later %d fell due, %d were missed", due, missed)
	}
}

// In 58 days weekly ventilation falls due eight times; the visit then is for the last of them, and late.
func TestV4_1_WhatFellDueAgainAndAgainIsCountedEachTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	app.SQL(`UPDATE units SET state = 'OCCUPIED' WHERE id = $1`, app.A.Units[1])
	app.SQL(`UPDATE inspection_dues SET ended_on = '2026-03-02' WHERE ended_on IS NOT NULL`) // its vacancy ended by the real clock
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	app.Clock.Advance(58 * 24 * hour)
	officer.SignIn()
	if due, late, missed := counted(officer, app.A.ID); due != 8 || late != 0 || missed != 8 {
		t.Errorf("in 58 days %d fell due, %d late, %d missed", due, late, missed)
	}
	visit := officer.Do(inspect, visited(officer, id, "VENTILATION")).Get("recordInspection.inspection.id").String()
	if due, late, missed := counted(officer, app.A.ID); due != 8 || late != 1 || missed != 7 {
		t.Errorf("after the visit %d fell due, %d late, %d missed", due, late, missed)
	}
	officer.Do(voidInspection, stewardtest.Void(visit, "录错房号"))
	if due, late, missed := counted(officer, app.A.ID); due != 8 || late != 0 || missed != 8 {
		t.Errorf("without it %d fell due, %d late, %d missed", due, late, missed)
	}
}
