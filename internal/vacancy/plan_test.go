package vacancy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

const (
	plan        = `query($where: InspectionItemWhereInput) { inspectionItems(where: $where) { edges { node { id code name clause intervalCount intervalUnit active version } } } }`
	addItem     = `mutation($in: AddInspectionItemInput!) { addInspectionItem(input: $in) { item { id code version sinceOn position } } }`
	changeItem  = `mutation($in: ChangeInspectionItemInput!) { changeInspectionItem(input: $in) { item { id version intervalCount intervalUnit active } } }`
	punctuality = `query($e: [ID!], $from: Date!, $until: Date!) { inspectionPunctuality(estateIDs: $e, from: $from, until: $until) { estate { id } item { code } month due onTime late missed perMille } }`
)

func TestV4_1_AnEstateHasThePlanOfTheRulebook(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	var got []string
	app.As(policy.CSOfficer).Do(plan, vars{"where": vars{"estateID": app.A.ID}}).Get("inspectionItems.edges.#.node").ForEach(func(_, i gjson.Result) bool {
		got = append(got, i.Get("clause").String()+" "+i.Get("code").String()+" "+i.Get("intervalCount").String()+" "+i.Get("intervalUnit").String())
		return true
	})
	if want := "V4.1 VENTILATION 7 DAY, V4.2 LEAKS 7 DAY, V4.3 FACILITIES 7 DAY, V4.4 CLEANING 1 MONTH, V4.5 HAZARDS 7 DAY"; strings.Join(got, ", ") != want {
		t.Errorf("the plan is %s", strings.Join(got, ", "))
	}
	if n := app.As(policy.MailSorter).Do(plan, nil).Get("inspectionItems.edges.#").Int(); n != 0 {
		t.Errorf("the mail sorter sees %d", n)
	}
}

func TestV4_1_AnIntervalIsNeverLongerThanTheRulebooks(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	known := items(manager)
	version := map[string]int{"VENTILATION": 1, "CLEANING": 1}
	in := func(code string, more vars) vars {
		v := vars{"id": known[code], "expectedVersion": version[code], "reason": "梅雨季节"}
		for k, x := range more {
			v[k] = x
		}
		return vars{"in": v}
	}
	for _, c := range []struct {
		code, clause, field string
		change              vars
	}{
		{"VENTILATION", "V4.1", "intervalCount", vars{"intervalCount": 8}}, {"VENTILATION", "V4.1", "intervalCount", vars{"intervalUnit": "MONTH", "intervalCount": 1}},
		{"VENTILATION", "V4.1", "active", vars{"active": false}}, {"CLEANING", "V4.4", "intervalCount", vars{"intervalCount": 2}},
		{"CLEANING", "V4.4", "intervalCount", vars{"intervalUnit": "DAY", "intervalCount": 29}}, {"CLEANING", "V4.4", "active", vars{"active": false}},
	} {
		if r := manager.Refused(changeItem, in(c.code, c.change), fault.RuleBroken, c.clause); r.Field != c.field {
			t.Errorf("%s %v is refused at %q", c.code, c.change, r.Field)
		}
	}
	manager.Refused(changeItem, in("VENTILATION", vars{"intervalCount": 0}), fault.InvalidInput)
	manager.Refused(changeItem, in("VENTILATION", vars{"reason": " "}), fault.InvalidInput)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(changeItem, in("VENTILATION", vars{"intervalCount": 5}), fault.Forbidden)
	}
	app.Foreign(policy.ProjectManager).Refused(changeItem, in("VENTILATION", vars{"intervalCount": 5}), fault.NotFound)

	id := open(t, manager, app.A.Units[3]).Get("id").String()
	manager.Do(changeItem, in("VENTILATION", vars{"intervalCount": 5}))
	if v := open(t, manager, app.A.Units[3]); v.Get("ventilationDueOn").String() != "2026-03-07" || v.Get("dueOn").String() != "2026-03-07" || duesOf(manager, id)["VENTILATION"] != "2026-03-07" {
		t.Errorf("each five days: %s", v.Raw)
	}
	manager.Refused(changeItem, in("VENTILATION", vars{"intervalCount": 6}), fault.Conflict) // the version was read before
	version["VENTILATION"] = 2
	stewardtest.Race(t, manager, changeItem, in("VENTILATION", vars{"intervalCount": 7}))
	manager.Do(changeItem, in("CLEANING", vars{"intervalUnit": "DAY", "intervalCount": 14}))
	if v := open(t, manager, app.A.Units[3]); v.Get("ventilationDueOn").String() != "2026-03-09" || v.Get("cleaningDueOn").String() != "2026-03-16" {
		t.Errorf("each fortnight: %s", v.Raw)
	}
	for constraint, sql := range map[string]string{"inspection_items_weekly": `interval_count = 8`, "inspection_items_demanded": `active = false`} {
		if err := app.TrySQL(`UPDATE inspection_items SET ` + sql + ` WHERE code = 'VENTILATION'`); err == nil || !strings.Contains(err.Error(), constraint) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestV4_5_AManagerAddsAnItem(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, officer := app.As(policy.ProjectManager), app.As(policy.CSOfficer)
	app.Clock.Advance(10 * 24 * hour)
	manager.SignIn()
	officer.SignIn()
	adding := func(code string) vars {
		return vars{"in": vars{"estateID": app.A.ID, "code": code, "name": code + "查白蚁", "intervalCount": 3, "intervalUnit": "MONTH", "reason": "木地板"}}
	}
	officer.Refused(addItem, adding("TERMITES"), fault.Forbidden)
	app.Foreign(policy.ProjectManager).Refused(addItem, adding("TERMITES"), fault.NotFound)
	manager.Refused(addItem, with(adding("TERMITES"), func(in vars) { in["intervalCount"] = 13 }), fault.InvalidInput)
	item := manager.Do(addItem, with(adding("TERMITES"), func(in vars) { in["code"] = " TER MITES " })).Get("addInspectionItem.item")
	if item.Get("code").String() != "TERMITES" || item.Get("sinceOn").String() != "2026-03-12" || item.Get("position").Int() != 6 {
		t.Errorf("added: %s", item.Raw)
	}
	if r := manager.Refused(addItem, adding("TERMITES"), fault.Conflict, "V4.1"); r.Field != "code" {
		t.Errorf("refused at %q", r.Field)
	}
	same := func(code, name string) vars {
		return with(adding(code), func(in vars) { in["name"] = name })
	}
	for field, in := range map[string]vars{"code": same("ｔｅｒｍｉｔｅｓ", "除白蚁"), "name": same("ANTS", "termites查白蚁")} {
		if r := manager.Refused(addItem, in, fault.Conflict, "V4.1"); r.Field != field {
			t.Errorf("alike but for its case, refused at %q, want %q", r.Field, field)
		}
	}
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	if d := duesOf(officer, id)["TERMITES"]; d != "2026-06-12" { // from today on, though it stands empty for longer
		t.Errorf("due on %s", d)
	}
	officer.Do(inspect, visited(officer, id, "TERMITES"))
	off := func(version int, active bool) vars {
		return vars{"in": vars{"id": item.Get("id").String(), "expectedVersion": version, "active": active, "reason": "换了地板"}}
	}
	manager.Do(changeItem, off(1, false))
	if d, ok := duesOf(officer, id)["TERMITES"]; ok {
		t.Errorf("due on %s", d)
	}
	if r := officer.Refused(inspect, visited(officer, id, "TERMITES"), fault.Conflict, "V4.1"); r.Field != "results.0.itemID" {
		t.Errorf("refused at %q", r.Field)
	}
	app.Clock.Advance(24 * hour)
	manager.SignIn()
	manager.Do(changeItem, off(2, true))
	if d := duesOf(manager, id)["TERMITES"]; d != "2026-06-12" {
		t.Errorf("again in the plan it is due on %s", d)
	}
}

func TestV4_1_TheShareDoneOnTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	for _, days := range []int{7, 8, 7} { // on time, late, on time: 03-09, 03-17 (due 03-16), 03-24
		app.Clock.Advance(time.Duration(days) * 24 * hour)
		officer.SignIn()
		officer.Do(inspect, visited(officer, id, "VENTILATION"))
	}
	app.Clock.Advance(8 * 24 * hour) // 04-01: what was due on 03-31 is overdue
	officer.SignIn()
	of := func(p *stewardtest.Person, estate any) gjson.Result {
		return p.Do(punctuality, vars{"e": []any{estate}, "from": "2026-03-05", "until": "2026-03-31"}).Get(`inspectionPunctuality.#(item.code=="VENTILATION")`)
	}
	// The other vacancy was never ventilated: due on 03-09, 03-16, 03-23 and 03-30.
	if p := of(officer, app.A.ID); p.Get("month").String() != "2026-03-01" || p.Get("due").Int() != 8 || p.Get("onTime").Int() != 2 || p.Get("late").Int() != 1 || p.Get("missed").Int() != 5 || p.Get("perMille").Int() != 250 {
		t.Errorf("in March: %s", p.Raw)
	}
	if r := officer.Refused(punctuality, vars{"e": []any{app.B.ID}, "from": "2026-03-01", "until": "2026-03-01"}, fault.NotFound); r.Field != "estateIDs" {
		t.Errorf("another estate's is not found at %q", r.Field)
	}
	officer.Refused(punctuality, vars{"from": "2026-04-01", "until": "2026-03-01"}, fault.InvalidInput)
	if n := app.As(policy.MailSorter).Do(punctuality, vars{"from": "2026-03-01", "until": "2026-03-01"}).Get("inspectionPunctuality.#").Int(); n != 0 {
		t.Errorf("the mail sorter is told of %d", n)
	}
}

func TestV4_1_WhatIsOverdueIsRemindedOfOnceADay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	run := func() int {
		n, err := vacancy.Remind(app.Context(), app.Runtime)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	told := func() int {
		return len(app.IDs(`SELECT id FROM obligations WHERE estate_id = $1 AND kind = 'vacancy.overdue'`, app.A.ID))
	}
	if n := run(); n != 0 {
		t.Errorf("%d reminders while nothing is overdue", n)
	}
	app.Clock.Advance(8*24*hour - 2*hour) // at seven in the morning of the eighth day
	if n := run(); n != 0 {
		t.Errorf("%d reminders at night", n)
	}
	app.Clock.Advance(hour)
	if n := run(); n != 2 || told() != 1 { // both estates
		t.Errorf("%d estates are reminded", n)
	}
	app.Clock.Advance(3 * hour)
	if n := run(); n != 0 || told() != 1 {
		t.Errorf("reminded again on the same day, %d", n)
	}
	app.Clock.Advance(24 * hour)
	if run(); told() != 2 {
		t.Errorf("%d reminders after two days", told())
	}
	officer := app.As(policy.CSOfficer)
	for _, unit := range []int{1, 3} {
		id := open(t, officer, app.A.Units[unit]).Get("id").String()
		officer.Do(inspect, visited(officer, id, "VENTILATION", "LEAKS", "FACILITIES", "CLEANING", "HAZARDS"))
	}
	app.Clock.Advance(hour)
	if run(); len(app.IDs(`SELECT id FROM obligations WHERE estate_id = $1 AND kind = 'vacancy.overdue' AND met_at IS NULL`, app.A.ID)) != 0 || told() != 2 {
		t.Error("nothing is overdue any more, and it is reminded of")
	}
}
