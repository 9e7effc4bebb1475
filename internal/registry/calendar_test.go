package registry_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	dayFields     = `{ id day working reason setByName clearedAt }`
	setDays       = `mutation($in: SetCalendarDaysInput!) { setCalendarDays(input: $in) { moved days ` + dayFields + ` } }`
	clearDays     = `mutation($in: ClearCalendarDaysInput!) { clearCalendarDays(input: $in) { moved days ` + dayFields + ` } }`
	listDays      = `query($where: CalendarDayWhereInput) { calendarDays(where: $where) { totalCount edges { node ` + dayFields + ` } } }`
	reportDefect  = `mutation($in: ReportDefectInput!) { reportDefect(input: $in) { defect { id acknowledgeBy resolveBy dueAt } } }`
	acknowledge   = `mutation($in: AcknowledgeDefectInput!) { acknowledgeDefect(input: $in) { defect { id } } }`
	defectOf      = `query($id: ID!) { node(id: $id) { ... on Defect { acknowledgeBy resolveBy dueAt } } }`
	complain      = `mutation($in: RecordComplaintInput!) { recordComplaint(input: $in) { complaint { id dueAt } } }`
	answerOf      = `mutation($in: AnswerComplaintInput!) { answerComplaint(input: $in) { complaint { id } } }`
	complaintOf   = `query($id: ID!) { node(id: $id) { ... on Complaint { dueAt } } }`
	openCase      = `mutation($in: OpenMailCaseInput!) { openMailCase(input: $in) { case { id answerBy } } }`
	caseOf        = `query($id: ID!) { node(id: $id) { ... on MailCase { answerBy } } }`
	obligationsOf = `query($id: ID!) { obligations(where: {subjectID: $id}) { edges { node { kind dueAt state } } } }`
)

// closing is closed days of an estate, or extra working days.
func closing(estate uuid.UUID, working bool, days ...string) vars {
	list := []vars{}
	for _, d := range days {
		list = append(list, vars{"day": d, "working": working, "reason": "台风"})
	}
	return vars{"in": vars{"estateID": estate, "days": list}}
}

func defectIn(app *stewardtest.App) vars {
	vacancy := app.IDs(`SELECT id FROM vacancies WHERE unit_id = $1 AND state = 'OPEN'`, app.A.Units[3])[0]
	return vars{"in": vars{"vacancyID": vacancy, "departmentID": app.A.EngineeringDepartment, "finding": "漏水"}}
}

func complaint(app *stewardtest.App) vars {
	return vars{"in": vars{"householdID": app.A.Household, "title": "噪音", "dated": "2026-03-01", "way": "TELEPHONE"}}
}

// A defect that was not put right is due anew, and moves as it did before.
func TestF3_AReopenedDefectMoves(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, engineer, manager := app.As(policy.CSOfficer), app.As(policy.Engineering), app.As(policy.ProjectManager)
	id := officer.Do(reportDefect, defectIn(app)).Get("reportDefect.defect.id").String()
	in := func(more vars) vars { more["id"] = id; return vars{"in": more} }
	engineer.Do(acknowledge, in(vars{}))
	engineer.Do(`mutation($in: ResolveDefectInput!) { resolveDefect(input: $in) { defect { id } } }`, in(vars{"resolution": "更换密封圈"}))
	app.Clock.Advance(time.Hour)
	officer.Do(`mutation($in: ReinspectDefectInput!) { reinspectDefect(input: $in) { defect { id } } }`, in(vars{"resolved": false, "finding": "仍有渗水"}))
	due := func() (of []string) {
		t.Helper()
		for _, text := range []string{manager.Do(defectOf, vars{"id": id}).Get("node.resolveBy").String(), manager.Do(obligationsOf, vars{"id": id}).Get(`obligations.edges.#(node.state="OPEN").node.dueAt`).String()} {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			of = append(of, at.Add(-time.Second).In(stewardtest.Start.Location()).Format("01-02"))
		}
		return of
	}
	if got := due(); got[0] != "03-09" || got[1] != "03-09" {
		t.Errorf("reopened, it is due on %v", got)
	}
	manager.Do(setDays, closing(app.A.ID, false, "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"))
	if got := due(); got[0] != "03-12" || got[1] != "03-12" {
		t.Errorf("closed until the 11th, it is due on %v", got)
	}
}

// It is Monday, 2 March 2026.
func TestF3_AClosedDayMovesWhatIsStillOpen(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, officer := app.As(policy.ProjectManager), app.As(policy.CSOfficer)
	open, done := officer.Do(reportDefect, defectIn(app)).Get("reportDefect.defect.id").String(), officer.Do(reportDefect, defectIn(app)).Get("reportDefect.defect.id").String()
	app.As(policy.Engineering).Do(acknowledge, vars{"in": vars{"id": done}})
	asked, answered := officer.Do(complain, complaint(app)).Get("recordComplaint.complaint.id").String(), officer.Do(complain, complaint(app)).Get("recordComplaint.complaint.id").String()
	officer.Do(answerOf, vars{"in": vars{"id": answered, "finding": "已劝止"}})
	person := app.IDs(`SELECT id FROM staffs WHERE estate_id = $1`, app.A.ID)[0]
	mail := app.As(policy.Supervisor).Do(openCase, vars{"in": vars{"estateID": app.A.ID, "kind": "LOSS", "responsibleID": person, "circumstances": "遗失", "day": "2026-03-01"}}).Get("openMailCase.case.id").String()

	due := func(document, id, field string) string {
		t.Helper()
		at, err := time.Parse(time.RFC3339, manager.Do(document, vars{"id": id}).Get("node."+field).String())
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(-time.Second).In(stewardtest.Start.Location()).Format("01-02") // the last day on which it is in time
	}
	want := func(when string, days map[string]string) {
		t.Helper()
		for what, got := range map[string]string{
			"acknowledge": due(defectOf, open, "acknowledgeBy"), "acknowledged": due(defectOf, done, "acknowledgeBy"), "resolve": due(defectOf, open, "resolveBy"), "step": due(defectOf, open, "dueAt"),
			"complaint": due(complaintOf, asked, "dueAt"), "answered": due(complaintOf, answered, "dueAt"), "case": due(caseOf, mail, "answerBy"),
		} {
			if got != days[what] {
				t.Errorf("%s: %s is due on %s, want %s", when, what, got, days[what])
			}
		}
	}
	before := map[string]string{"acknowledge": "03-03", "acknowledged": "03-03", "resolve": "03-09", "step": "03-03", "complaint": "03-05", "answered": "03-05", "case": "03-05"}
	want("before", before)

	out := manager.Do(setDays, closing(app.A.ID, false, "2026-03-03", "2026-03-04")).Get("setCalendarDays")
	if out.Get("days.#").Int() != 2 || out.Get("moved").Int() < 4 || out.Get("days.0.setByName").String() == "" {
		t.Errorf("set: %s", out.Raw)
	}
	want("closed on Tuesday and Wednesday", map[string]string{"acknowledge": "03-05", "acknowledged": "03-03", "resolve": "03-09", "step": "03-05", "complaint": "03-09", "answered": "03-05", "case": "03-09"})
	for id, day := range map[string]string{open: "03-05", asked: "03-09", mail: "03-13"} { // what is reminded of says the same
		found := false
		for _, at := range manager.Do(obligationsOf, vars{"id": id}).Get("obligations.edges.#.node.dueAt").Array() {
			if t, err := time.Parse(time.RFC3339, at.String()); err == nil && t.Add(-time.Second).In(stewardtest.Start.Location()).Format("01-02") == day {
				found = true
			}
		}
		if !found {
			t.Errorf("nothing about %s is due on %s", id, day)
		}
	}
	// All of the week: acknowledging comes after seven days, and resolving is not due before it.
	app.Clock.Advance(time.Second)
	manager.Do(setDays, closing(app.A.ID, false, "2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"))
	want("closed until Tuesday", map[string]string{"acknowledge": "03-11", "acknowledged": "03-03", "resolve": "03-11", "step": "03-11", "complaint": "03-13", "answered": "03-05", "case": "03-13"})
	// An extra working day takes it back, and clearing all of them to where it was.
	manager.Do(setDays, closing(app.A.ID, true, "2026-03-07"))
	want("Saturday is worked", map[string]string{"acknowledge": "03-07", "acknowledged": "03-03", "resolve": "03-09", "step": "03-07", "complaint": "03-12", "answered": "03-05", "case": "03-12"})
	app.Clock.Advance(time.Second)
	manager.Do(clearDays, vars{"in": vars{"estateID": app.A.ID, "days": []string{"2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-09", "2026-03-10"}}})
	want("cleared", before)
	if n := manager.Do(listDays, vars{"where": vars{"clearedAtIsNil": true, "dayLT": "2026-12-31"}}).Get("calendarDays.totalCount").Int(); n != 0 {
		t.Errorf("%d days are set yet", n)
	}
	// What begins now is counted by the days that are set.
	app.Clock.Advance(time.Second)
	manager.Do(setDays, closing(app.A.ID, false, "2026-03-03"))
	if got := due(defectOf, officer.Do(reportDefect, defectIn(app)).Get("reportDefect.defect.id").String(), "acknowledgeBy"); got != "03-04" {
		t.Errorf("reported on a day before a closed one, it is due on %s", got)
	}
	// A day later it still moves.
	app.Clock.Advance(24*time.Hour + 12*time.Hour)
	manager.SignIn()
	was := due(complaintOf, asked, "dueAt")
	manager.Do(setDays, closing(app.A.ID, false, "2026-03-04"))
	if got := due(complaintOf, asked, "dueAt"); got == was {
		t.Errorf("with today closed it is due on %s still", got)
	}
}

func TestF3_WhoSetsWhichDays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	in := closing(app.A.ID, false, "2026-03-03")
	for _, role := range []policy.Role{policy.Supervisor, policy.CSOfficer, policy.Accountant, policy.Auditor} {
		app.As(role).Refused(setDays, in, fault.Forbidden)
		app.As(role).Refused(clearDays, vars{"in": vars{"estateID": app.A.ID, "days": []string{"2026-03-03"}}}, fault.Forbidden)
	}
	app.Resident().Refused(setDays, in, fault.Forbidden)
	app.Nobody().Refused(setDays, in, fault.Unauthenticated)
	app.Foreign(policy.ProjectManager).Refused(setDays, in, fault.NotFound)
	for field, bad := range map[string]vars{
		"days.0": closing(app.A.ID, false, "2026-03-01"), "days.1": closing(app.A.ID, true, "2026-03-03", "2026-03-03"), "days": closing(app.A.ID, false),
		"days.0.reason": {"in": vars{"estateID": app.A.ID, "days": []vars{{"day": "2026-03-03", "working": false, "reason": strings.Repeat("长", 201)}}}},
	} {
		if r := manager.Refused(setDays, bad, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	manager.Refused(setDays, closing(app.A.ID, false, "2029-03-01"), fault.InvalidInput, "F3")
	if r := manager.Refused(clearDays, vars{"in": vars{"estateID": app.A.ID, "days": []string{"2026-03-04"}}}, fault.NotFound); r.Field != "days.0" {
		t.Errorf("not found at %q", r.Field)
	}
	// The same key is the same change; others wait for each other.
	once := manager.With("Idempotency-Key", uuid.NewString())
	first := once.Do(setDays, in).Get("setCalendarDays.days.0.id").String()
	if again := once.Do(setDays, in).Get("setCalendarDays.days.0.id").String(); again != first {
		t.Errorf("sent twice: %s and %s", first, again)
	}
	// Set while others make something due by it: whoever comes first, all of it is due by the calendar as it is after.
	var wg sync.WaitGroup
	officer := app.As(policy.CSOfficer)
	for i := range 12 {
		wg.Go(func() {
			if i == 5 {
				_, _ = manager.Try(setDays, closing(app.A.ID, false, "2026-03-04"))
				return
			}
			_, _ = officer.Try(complain, complaint(app))
		})
	}
	wg.Wait()
	if list := app.IDs(`SELECT DISTINCT ON (due_at) id FROM complaints WHERE estate_id = $1 AND created_at = $2`, app.A.ID, app.Clock.Now()); len(list) != 1 {
		t.Errorf("they are due at %d times", len(list))
	}
	// Staff see the days, of their estate; residents none.
	if n := app.As(policy.MailSorter).Do(listDays, vars{"where": vars{"dayLT": "2026-12-31"}}).Get("calendarDays.totalCount").Int(); n != 2 {
		t.Errorf("the sorter sees %d days", n)
	}
	if n := app.Resident().Ask(listDays, nil).Get("data.calendarDays.totalCount").Int(); n != 0 {
		t.Errorf("a resident sees %d days", n)
	}
	// The database holds that what is past stays; without its trigger it would not.
	past := `INSERT INTO calendar_days (id, created_at, estate_id, day, working, reason, set_by_id, set_by_name, set_at) VALUES (new_id(x'0110'::int), $2, $1, '2026-02-27', false, 'x', $1, 'x', $2)`
	if pg, ok := errors.AsType[*pgconn.PgError](app.TrySQL(past, app.A.ID, stewardtest.Start)); !ok || pg.ConstraintName != "calendar_days_past" {
		t.Errorf("a past day is refused by %v", pg)
	}
	app.Super(`ALTER TABLE calendar_days DISABLE TRIGGER calendar_day_to_come`)
	app.SQL(past, app.A.ID, stewardtest.Start)
}
