package vacancy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	inspect = `mutation($in: RecordInspectionInput!) { recordInspection(input: $in) { inspection { id inspectedAt inspectedByName lateReason note
		results { id result finding doneOn dueOn voided departmentID item { code } photos { id contentType } } }
		vacancy { ventilatedOn ventilationDueOn cleanedOn cleaningDueOn dueOn } } }`
	voidInspection = `mutation($in: VoidInspectionInput!) { voidInspection(input: $in) { inspection { id voidedAt voidReason results { voided } } } }`
	dues           = `query($where: InspectionDueWhereInput, $overdue: Boolean) { inspectionDues(first: 200, where: $where, overdue: $overdue) { totalCount edges { node { doneOn dueOn item { code } unit { id } } } } }`
	inspections    = `query($where: InspectionWhereInput) { inspections(where: $where) { edges { node { id unit { label } results { item { code } result } } } } }`
)

// items are an estate's items by code.
func items(p *stewardtest.Person) map[string]string {
	out := map[string]string{}
	p.Do(`query { inspectionItems { edges { node { id code } } } }`, nil).Get("inspectionItems.edges.#.node").ForEach(func(_, i gjson.Result) bool {
		out[i.Get("code").String()] = i.Get("id").String()
		return true
	})
	return out
}

// visited is an inspection at which all is in order.
func visited(p *stewardtest.Person, vacancy string, codes ...string) vars {
	known, results := items(p), []vars{}
	for _, code := range codes {
		results = append(results, vars{"itemID": known[code], "result": "NORMAL"})
	}
	return vars{"in": vars{"vacancyID": vacancy, "results": results}}
}

// with changes an input.
func with(in vars, change func(in vars)) vars {
	change(in["in"].(vars))
	return in
}

// abnormal makes the first result one that is.
func abnormal(in vars, department any, finding string) vars {
	return with(in, func(in vars) {
		r := in["results"].([]vars)[0]
		r["result"], r["departmentID"], r["finding"] = "ABNORMAL", department, finding
	})
}

// duesOf are the days by which a vacancy's items are due.
func duesOf(p *stewardtest.Person, vacancy string) map[string]string {
	out := map[string]string{}
	p.Do(dues, vars{"where": vars{"vacancyID": vacancy}}).Get("inspectionDues.edges.#.node").ForEach(func(_, d gjson.Result) bool {
		out[d.Get("item.code").String()] = d.Get("dueOn").String()
		return true
	})
	return out
}

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

func TestV5_WhatIsAbnormalGoesToADepartment(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	for field, in := range map[string]vars{
		"results.0.departmentID": abnormal(visited(officer, id, "LEAKS"), nil, "厨房水管渗水"),
		"results.0.finding":      abnormal(visited(officer, id, "LEAKS"), app.A.EngineeringDepartment, " "),
	} {
		if r := officer.Refused(inspect, in, fault.RuleBroken, "V5"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	if r := officer.Refused(inspect, abnormal(visited(officer, id, "LEAKS"), app.B.EngineeringDepartment, "渗水"), fault.NotFound); r.Field != "results.0.departmentID" {
		t.Errorf("another estate's department is not found at %q", r.Field)
	}
	r := officer.Do(inspect, abnormal(visited(officer, id, "LEAKS", "HAZARDS"), app.A.EngineeringDepartment, " 厨房水管  渗水 ")).Get("recordInspection.inspection.results")
	if a := r.Get(`#(result=="ABNORMAL")`); a.Get("finding").String() != "厨房水管 渗水" || a.Get("departmentID").String() != app.A.EngineeringDepartment.String() || a.Get("item.code").String() != "LEAKS" {
		t.Errorf("recorded: %s", r.Raw)
	}
	for _, what := range []string{"department_id = NULL", "finding = ''"} {
		if err := app.TrySQL(`UPDATE inspection_results SET ` + what + ` WHERE result = 'ABNORMAL'`); err == nil || !strings.Contains(err.Error(), "inspection_results_passed") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestV4_3_AFindingIsPhotographed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	upload := func(content string) string {
		r, err := officer.Request(http.MethodPost, "/files?name=1.png&estate=A", strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/octet-stream")
		status, body, err := officer.Send(r)
		if err != nil || status != http.StatusCreated {
			t.Fatalf("upload: %d %s %v", status, body, err)
		}
		return gjson.GetBytes(body, "id").String()
	}
	showing := func(photos ...string) vars {
		return with(visited(officer, id, "FACILITIES"), func(in vars) { in["results"].([]vars)[0]["photoIDs"] = photos })
	}
	picture := upload("\x89PNG\r\n\x1a\n a picture")
	for field, photos := range map[string][]string{"results.0.photoIDs.1": {picture, picture}, "results.0.photoIDs.0": {upload("a text")}} {
		if r := officer.Refused(inspect, showing(photos...), fault.InvalidInput, "V4.2"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	officer.Refused(inspect, showing(app.IDs(`SELECT id FROM files WHERE estate_id = $1 ORDER BY id LIMIT 1`, app.A.ID)[0].String()), fault.NotFound) // another's
	photo := officer.Do(inspect, showing(picture)).Get("recordInspection.inspection.results.0.photos.0")
	if photo.Get("contentType").String() != "image/png" {
		t.Fatalf("photographed: %s", photo.Raw)
	}
	officer.Refused(inspect, showing(picture), fault.NotFound) // it was taken over
	open := func(p *stewardtest.Person) int {
		r, err := p.Request(http.MethodGet, "/files/"+photo.Get("id").String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		status, _, err := p.Send(r)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	if open(officer) != http.StatusOK || open(app.As(policy.Engineering)) != http.StatusOK || open(app.Foreign(policy.CSOfficer)) != http.StatusNotFound || open(app.As(policy.MailSorter)) != http.StatusNotFound {
		t.Errorf("opened: %d, %d, %d, %d", open(officer), open(app.As(policy.Engineering)), open(app.Foreign(policy.CSOfficer)), open(app.As(policy.MailSorter)))
	}
	if link := officer.Do(`query($id: ID!) { inspectionPhotoLink(inspectionPhotoID: $id) { url } }`, vars{"id": photo.Get("id").String()}).Get("inspectionPhotoLink.url").String(); link == "" {
		t.Error("there is no link")
	}
}

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
