package vacancy_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV5_ADefectGoesFromItsReportToItsClosing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, engineer := app.As(policy.CSOfficer), app.As(policy.Engineering)
	d := officer.Do(reportDefect, reporting(app, nil)).Get("reportDefect.defect")
	id := d.Get("id").String()
	// Monday 9:00: the next working day ends on Tuesday at 24:00, seven days on the Monday after.
	want := map[string]string{"state": "REPORTED", "acknowledgeBy": "2026-03-03T16:00:00Z", "resolveBy": "2026-03-09T16:00:00Z", "dueAt": "2026-03-03T16:00:00Z"}
	for field, value := range want {
		if got := d.Get(field).String(); !sameTime(got, value) {
			t.Errorf("%s is %s, not %s", field, got, value)
		}
	}
	if got := messages(engineer, id); got != "vacancy.defect.acknowledge" {
		t.Errorf("engineering was told %q", got)
	}
	if got := messages(app.As(policy.Security), id) + messages(officer, id); got != "" {
		t.Errorf("others were told %q", got)
	}
	if got := obligations(t, app, id); got != "acknowledge OPEN, resolve OPEN" {
		t.Errorf("due: %s", got)
	}
	engineer.Refused(resolveDefect, upon(id, vars{"resolution": "修好"}), fault.Conflict, "V5") // not acknowledged yet
	if d = engineer.Do(acknowledgeDefect, upon(id, nil)).Get("acknowledgeDefect.defect"); d.Get("state").String() != "ACKNOWLEDGED" || d.Get("acknowledgedByName").String() == "" || !sameTime(d.Get("dueAt").String(), "2026-03-09T16:00:00Z") {
		t.Errorf("acknowledged: %s", d.Raw)
	}
	engineer.Refused(acknowledgeDefect, upon(id, nil), fault.Conflict, "V5")
	officer.Refused(reinspectDefect, upon(id, vars{"resolved": true}), fault.Conflict, "V5") // nothing closes it before it is resolved
	if d = engineer.Do(resolveDefect, upon(id, vars{"resolution": "更换密封圈"})).Get("resolveDefect.defect"); d.Get("state").String() != "RESOLVED" || !sameTime(d.Get("dueAt").String(), "2026-03-05T16:00:00Z") {
		t.Errorf("resolved: %s", d.Raw)
	}
	if got := messages(officer, id); got != "vacancy.defect.reinspect" {
		t.Errorf("customer service was told %q", got)
	}
	officer.Refused(reinspectDefect, upon(id, vars{"resolved": false}), fault.InvalidInput) // without a finding
	d = officer.Do(reinspectDefect, upon(id, vars{"resolved": false, "finding": "仍有渗水"})).Get("reinspectDefect.defect")
	if d.Get("state").String() != "REOPENED" || d.Get("reopened").Int() != 1 || d.Get("resolvedAt").Type != gjson.Null || d.Get("resolution").String() != "" {
		t.Errorf("reopened: %s", d.Raw)
	}
	if got := messages(engineer, id); !strings.HasPrefix(got, "vacancy.defect.resolve ") {
		t.Errorf("engineering was told %q", got)
	}
	engineer.Do(resolveDefect, upon(id, vars{"resolution": "重做防水"}))
	d = officer.Do(reinspectDefect, upon(id, vars{"resolved": true})).Get("reinspectDefect.defect")
	if d.Get("state").String() != "CLOSED" || d.Get("dueAt").Type != gjson.Null || d.Get("resolution").String() != "重做防水" ||
		d.Get("events.#.kind").Raw != `["ACKNOWLEDGED","RESOLVED","REOPENED","RESOLVED","CLOSED"]` {
		t.Errorf("closed: %s", d.Raw)
	}
	if got := obligations(t, app, id); strings.Contains(got, "OPEN") {
		t.Errorf("due: %s", got)
	}
	officer.Refused(reinspectDefect, upon(id, vars{"resolved": true}), fault.Conflict, "V5")
}

func sameTime(got, want string) bool {
	a, err := time.Parse(time.RFC3339, got)
	b, wrong := time.Parse(time.RFC3339, want)
	return got == want || err == nil && wrong == nil && a.Equal(b)
}

func TestV5_WhoMayDoWhatWithADefect(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor, engineer, guard := app.As(policy.CSOfficer), app.As(policy.Supervisor), app.As(policy.Engineering), app.As(policy.Security)
	foreman := app.Member("foreman@a.example", account.NewGrant{Role: string(policy.Supervisor), Estate: app.A.ID, Department: app.A.EngineeringDepartment, From: calendar.DayOf(stewardtest.Start)})
	for _, role := range []policy.Role{policy.Engineering, policy.Security, policy.KeyCustodian, policy.Auditor} {
		app.As(role).Refused(reportDefect, reporting(app, nil), fault.Forbidden)
	}
	app.Nobody().Refused(reportDefect, reporting(app, nil), fault.Unauthenticated)
	app.Foreign(policy.CSOfficer).Refused(reportDefect, reporting(app, nil), fault.NotFound)
	if r := officer.Refused(reportDefect, reporting(app, vars{"departmentID": app.B.EngineeringDepartment}), fault.NotFound); r.Field != "departmentID" {
		t.Errorf("a foreign department is refused at %q", r.Field)
	}
	id := reported(app)
	guard.Refused(acknowledgeDefect, upon(id, nil), fault.NotFound) // what was passed to another department is not there
	officer.Refused(acknowledgeDefect, upon(id, nil), fault.Forbidden)
	supervisor.Refused(acknowledgeDefect, upon(id, nil), fault.Forbidden, "V5") // sees it, and is not of engineering
	app.Foreign(policy.Engineering).Refused(acknowledgeDefect, upon(id, nil), fault.NotFound)
	if seenAs(guard, id).Get("id").Exists() || !seenAs(engineer, id).Get("id").Exists() || !seenAs(app.As(policy.KeyCustodian), id).Get("id").Exists() || seenAs(app.As(policy.MailSorter), id).Get("id").Exists() {
		t.Error("a defect is seen by customer service and by its department")
	}
	if n := guard.Do(listDefects, nil).Get("defects.totalCount").Int(); n != 0 {
		t.Errorf("security lists %d of engineering's", n)
	}
	foreman.Do(acknowledgeDefect, upon(id, nil))
	foreman.Refused(extendTerm, upon(id, vars{"until": "2026-03-20", "reason": "等材料"}), fault.Forbidden, "V5") // the department proposes, customer service gives
	foreman.Refused(reassignDefect, upon(id, vars{"departmentID": app.A.SecurityDepartment, "reason": "不归我们管"}), fault.Forbidden, "V5")
	foreman.Do(resolveDefect, upon(id, vars{"resolution": "已换"}))
	foreman.Refused(reinspectDefect, upon(id, vars{"resolved": true}), fault.Forbidden, "V5")
	engineer.Refused(reinspectDefect, upon(id, vars{"resolved": true}), fault.Forbidden)
	supervisor.Do(reinspectDefect, upon(id, vars{"resolved": true}))

	// Who holds both roles does not inspect the own work again, nor does a manager.
	manager, own := app.As(policy.ProjectManager), reported(app)
	manager.Do(acknowledgeDefect, upon(own, nil))
	manager.Do(resolveDefect, upon(own, vars{"resolution": "已换"}))
	manager.Refused(reinspectDefect, upon(own, vars{"resolved": true}), fault.RuleBroken, "V5")
	can := manager.Do(`query($id: ID!) { can(checks: [{action: "vacancy.reinspectDefect", id: $id}]) { allowed code clause } }`, vars{"id": own}).Get("can.0")
	if can.Get("allowed").Bool() || can.Get("clause").String() != "V5" {
		t.Errorf("may the manager: %s", can.Raw)
	}
	officer.Do(reinspectDefect, upon(own, vars{"resolved": true}))
}

func TestV5_ADefectIsReassignedAndItsTimeExtended(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor, engineer, guard := app.As(policy.CSOfficer), app.As(policy.Supervisor), app.As(policy.Engineering), app.As(policy.Security)
	id := reported(app)
	engineer.Do(acknowledgeDefect, upon(id, nil))
	to := vars{"departmentID": app.A.SecurityDepartment, "reason": "门禁归安全部"}
	if r := officer.Refused(reassignDefect, upon(id, vars{"departmentID": app.A.EngineeringDepartment, "reason": "x"}), fault.InvalidInput, "V5"); r.Field != "departmentID" {
		t.Errorf("refused at %q", r.Field)
	}
	app.Clock.Advance(2 * time.Hour)
	d := officer.Do(reassignDefect, upon(id, to)).Get("reassignDefect.defect")
	if d.Get("state").String() != "REPORTED" || d.Get("departmentID").String() != app.A.SecurityDepartment.String() || !sameTime(d.Get("notifiedAt").String(), app.Clock.Now().UTC().Format(time.RFC3339)) || d.Get("acknowledgedAt").Type != gjson.Null {
		t.Errorf("reassigned: %s", d.Raw)
	}
	if messages(guard, id) != "vacancy.defect.acknowledge" || seenAs(engineer, id).Get("id").Exists() {
		t.Errorf("security was told %q", messages(guard, id))
	}
	if got := len(seenAs(guard, id).Get("events").Array()); got != 2 {
		t.Errorf("the department sees %d steps of the whole history", got)
	}
	if got := obligations(t, app, id); got != "acknowledge MET met, resolve CANCELLED, acknowledge OPEN, resolve OPEN" {
		t.Errorf("due: %s", got)
	}
	guard.Do(acknowledgeDefect, upon(id, nil))

	term := func(until string) vars { return upon(id, vars{"until": until, "reason": "配件三周到货"}) }
	for _, until := range []string{"2026-03-09", "2026-07-01"} {
		if r := guard.Refused(proposeTerm, term(until), fault.InvalidInput, "V5"); r.Field != "until" {
			t.Errorf("until %s is refused at %q", until, r.Field)
		}
	}
	guard.Do(proposeTerm, term("2026-03-23"))
	if got := messages(supervisor, id); !strings.HasPrefix(got, "vacancy.defect.propose") {
		t.Errorf("the supervisor was told %q", got)
	}
	officer.Refused(extendTerm, term("2026-03-20"), fault.Forbidden)
	d = supervisor.Do(extendTerm, term("2026-03-20")).Get("extendDefectTerm.defect")
	if !sameTime(d.Get("resolveBy").String(), "2026-03-20T16:00:00Z") || d.Get("proposedUntil").Type != gjson.Null || !sameTime(d.Get("dueAt").String(), "2026-03-20T16:00:00Z") {
		t.Errorf("extended: %s", d.Raw)
	}
	manager := app.As(policy.ProjectManager)
	manager.Do(proposeTerm, term("2026-03-25"))
	manager.Refused(extendTerm, term("2026-03-25"), fault.RuleBroken, "V5") // nobody gives what they proposed
	supervisor.Do(extendTerm, term("2026-03-25"))
	if got := texts(t, app, `SELECT (due_at AT TIME ZONE 'Asia/Shanghai')::text FROM obligations WHERE subject_id = $1 AND kind = 'vacancy.defect.resolve' AND state = 'OPEN'`, id); got != "2026-03-26 00:00:00" {
		t.Errorf("due at %s", got)
	}
}

// A defect that a step of is overdue rises to the project manager: once, however often it is looked for.
func TestV5_WhatIsOverdueRisesToTheManagerOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, engineer := app.As(policy.ProjectManager), app.As(policy.Engineering)
	id := reported(app)
	overdue := func(p *stewardtest.Person, is bool) bool {
		return p.Do(listDefects, vars{"overdue": is, "where": vars{"id": id}}).Get("defects.totalCount").Int() == 1
	}
	if overdue(manager, true) || !overdue(manager, false) {
		t.Error("it is overdue at once")
	}
	app.Clock.Advance(40 * time.Hour) // Wednesday, 1:00
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { _, _ = obligation.Remind(app.Context(), app.Runtime) })
	}
	all.Wait()
	remind(t, app)
	manager.SignIn()
	engineer.SignIn()
	if got := messages(manager, id); got != "obligation.escalated" {
		t.Errorf("the manager was told %q", got)
	}
	d := seenAs(manager, id)
	if d.Get("events.#.kind").Raw != `["ESCALATED"]` || d.Get("escalatedAt").Type == gjson.Null || !overdue(manager, true) {
		t.Errorf("it rose: %s", d.Raw)
	}
	engineer.Do(acknowledgeDefect, upon(id, nil))
	if overdue(engineer, true) {
		t.Error("it is overdue still")
	}
	app.Clock.Advance(8 * 24 * time.Hour)
	remind(t, app)
	remind(t, app)
	manager.SignIn()
	if got := messages(manager, id); got != "obligation.escalated obligation.escalated" { // of another step
		t.Errorf("the manager was told %q", got)
	}
}

// Whoever is of the department that is to resolve it gives it no more time, be it the supervisor of customer service.
func TestV5_ADepartmentGivesItselfNoMoreTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.ProjectManager)
	id := app.As(policy.CSOfficer).Do(reportDefect, reporting(app, vars{"departmentID": app.A.Department})).Get("reportDefect.defect.id").String()
	term := upon(id, vars{"until": "2026-05-01", "reason": "人手不足"})
	supervisor.Refused(extendTerm, term, fault.RuleBroken, "V5")
	supervisor.Do(acknowledgeDefect, upon(id, nil))
	supervisor.Refused(extendTerm, term, fault.RuleBroken, "V5")
	given := func(by uuid.UUID, days int) error {
		return app.TrySQL(`INSERT INTO defect_events (id, created_at, estate_id, defect_id, department_id, kind, note, acted_by_id, acted_by_name, acted_at, due_at)
			SELECT new_id(x'070a'::int), created_at, estate_id, id, department_id, 'EXTENDED', '人手不足', $2, '', created_at, resolve_by + make_interval(days => $3) FROM defects WHERE id = $1`, id, by, days)
	}
	if err := given(supervisor.Account, 1); err == nil || !strings.Contains(err.Error(), "given by the department itself") {
		t.Errorf("in the database: %v", err)
	}
	app.SQL(`ALTER TABLE defect_events DISABLE TRIGGER defect_term_given`)
	if err := given(supervisor.Account, 1); err != nil {
		t.Errorf("without the trigger it is given: %v", err)
	}
	app.SQL(`ALTER TABLE defect_events ENABLE TRIGGER defect_term_given`)
	manager.Do(extendTerm, term)
}
