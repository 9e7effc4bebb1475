package vacancy_test

import (
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV4_4_AVoidedInspectionDidNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	did := func(codes ...string) gjson.Result {
		return officer.Do(inspect, visited(officer, id, codes...)).Get("recordInspection.inspection")
	}
	before := duesOf(officer, id)
	first := did("VENTILATION", "CLEANING").Get("id").String()
	app.Clock.Advance(3 * 24 * hour)
	officer.SignIn()
	wrong := did("VENTILATION", "CLEANING").Get("id").String()
	app.Clock.Advance(time.Minute)
	third := did("VENTILATION")
	if third.Get("results.0.dueOn").String() != "2026-03-12" {
		t.Errorf("the third was due: %s", third.Raw)
	}
	void := func(id string) vars { return stewardtest.Void(id, " 录错  房号 ") }
	for _, role := range []policy.Role{policy.Security, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(voidInspection, void(wrong), fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(voidInspection, void(wrong), fault.NotFound)
	if i := officer.Do(voidInspection, void(wrong)).Get("voidInspection.inspection"); i.Get("voidReason").String() != "录错 房号" || !i.Get("results.1.voided").Bool() {
		t.Errorf("voided: %s", i.Raw)
	}
	officer.Refused(voidInspection, void(wrong), fault.Conflict)
	if v := open(t, officer, app.A.Units[3]); v.Get("cleaningDueOn").String() != "2026-04-02" || v.Get("ventilationDueOn").String() != "2026-03-12" {
		t.Errorf("what was due before is not due again: %s", v.Raw)
	}
	if r := app.IDs(`SELECT id FROM inspection_results WHERE inspection_id = $1 AND due_on = '2026-03-09'`, third.Get("id").String()); len(r) != 1 {
		t.Error("the time after counts from what does not count")
	}
	app.Clock.Advance(16 * time.Minute)
	officer.Refused(voidInspection, void(third.Get("id").String()), fault.Forbidden)
	stewardtest.Race(t, app.As(policy.Supervisor), voidInspection, void(third.Get("id").String()))
	app.As(policy.Supervisor).Do(voidInspection, void(first))
	if after := duesOf(officer, id); after["VENTILATION"] != before["VENTILATION"] || after["CLEANING"] != before["CLEANING"] {
		t.Errorf("with all voided %v is due, before it was %v", after, before)
	}
}
