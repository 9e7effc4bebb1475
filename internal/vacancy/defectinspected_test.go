package vacancy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// found is the defect that an inspection of the flat that stands empty opened, and the inspection.
func found(t *testing.T, app *stewardtest.App) (defect, inspection string) {
	t.Helper()
	officer := app.As(policy.CSOfficer)
	in := abnormal(visited(officer, open(t, officer, app.A.Units[3]).Get("id").String(), "LEAKS", "HAZARDS"), app.A.EngineeringDepartment, "厨房水管渗水")
	i := officer.Do(inspect, in).Get("recordInspection.inspection")
	result := i.Get(`results.#(result=="ABNORMAL").id`).String()
	list := officer.Do(listDefects, vars{"where": vars{"inspectionResultID": result}}).Get("defects.edges.#.node.id").Array()
	if len(list) != 1 {
		t.Fatalf("%d defects of the result", len(list))
	}
	return list[0].String(), i.Get("id").String()
}

func TestV5_AnAbnormalFindingOpensADefectAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, engineer := app.As(policy.CSOfficer), app.As(policy.Engineering)
	id, _ := found(t, app)
	d := seenAs(engineer, id)
	if d.Get("state").String() != "REPORTED" || d.Get("finding").String() != "厨房水管渗水" || !sameTime(d.Get("notifiedAt").String(), app.Clock.Now().UTC().Format(time.RFC3339)) {
		t.Errorf("opened: %s", d.Raw)
	}
	if got := messages(engineer, id); got != "vacancy.defect.acknowledge" {
		t.Errorf("engineering was told %q", got)
	}
	of := officer.Do(`query($id: ID!) { defects(where: {id: $id}) { edges { node { inspectionResult { finding item { code } defects { id } } } } } }`, vars{"id": id}).Get("defects.edges.0.node.inspectionResult")
	if of.Get("item.code").String() != "LEAKS" || of.Get("defects.0.id").String() != id {
		t.Errorf("it comes from %s", of.Raw)
	}
	if n := len(app.IDs(`SELECT d.id FROM defects d JOIN inspection_results r ON r.id = d.inspection_result_id WHERE r.result = 'NORMAL'`)); n != 0 {
		t.Errorf("%d defects of what is in order", n)
	}
}

// What is abnormal is not there without its defect, whoever writes it: so it is the trigger that refuses.
func TestV5_TheDatabaseHoldsThatAFindingIsPassedOn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id, _ := found(t, app)
	again := `INSERT INTO inspection_results (id, created_at, estate_id, inspection_id, vacancy_id, item_id, result, finding, department_id, done_on)
		SELECT new_id(x'0706'::int), r.created_at, r.estate_id, r.inspection_id, r.vacancy_id, i.id, r.result, r.finding, r.department_id, r.done_on
		FROM inspection_results r JOIN defects d ON d.inspection_result_id = r.id JOIN inspection_items i ON i.estate_id = r.estate_id AND i.code = $2 WHERE d.id = $1`
	if err := app.TrySQL(again, id, "FACILITIES"); err == nil || !strings.Contains(err.Error(), "passed to nobody") {
		t.Errorf("an abnormal result without a defect: %v", err)
	}
	other := `INSERT INTO defects (id, created_at, estate_id, vacancy_id, unit_id, inspection_result_id, department_id, finding, found_at, reported_by_id, reported_by_name, notified_at, acknowledge_by, resolve_by)
		SELECT new_id(x'0709'::int), d.created_at, d.estate_id, d.vacancy_id, d.unit_id, %s, d.department_id, 'x', d.found_at, d.reported_by_id, 'x', d.notified_at, d.acknowledge_by, d.resolve_by FROM defects d WHERE d.id = $1`
	normal := `(SELECT r.id FROM inspection_results r JOIN inspection_results a ON a.inspection_id = r.inspection_id WHERE a.id = d.inspection_result_id AND r.result = 'NORMAL')`
	if err := app.TrySQL(strings.Replace(other, "%s", normal, 1), id); err == nil || !strings.Contains(err.Error(), "not what the inspection found") {
		t.Errorf("a defect of what is in order: %v", err)
	}
	if err := app.TrySQL(strings.Replace(other, "%s", "d.inspection_result_id", 1), id); err == nil || !strings.Contains(err.Error(), "defects_one") {
		t.Errorf("a second defect of a result: %v", err)
	}
	app.SQL(`ALTER TABLE inspection_results DISABLE TRIGGER inspection_result_has_defect`)
	if err := app.TrySQL(again, id, "FACILITIES"); err != nil {
		t.Errorf("without the trigger: %v", err)
	}
}

func TestV5_ADefectStandsWhileItsInspectionDoes(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id, inspection := found(t, app)
	officer.Refused(voidDefect, upon(id, vars{"reason": "看错"}), fault.Conflict, "V5")
	officer.Do(voidInspection, vars{"in": vars{"id": inspection, "reason": "走错房间"}})
	if d := seenAs(officer, id); d.Get("state").String() != "REPORTED" { // nothing closes it silently
		t.Errorf("after its inspection was voided: %s", d.Raw)
	}
	officer.Do(voidDefect, upon(id, vars{"reason": "走错房间"}))
}
