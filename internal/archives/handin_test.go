package archives_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestA1_1_A1_3_A1_4_FourClassesWithFixedCategories(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	for category, class := range map[string]string{
		"DEVELOPER": "EXTERNAL", "LAW": "EXTERNAL", "OTHER_EXTERNAL": "EXTERNAL", "MANAGEMENT_MANUAL": "INTERNAL", "TRAINING_MANUAL": "INTERNAL",
		"WORK": "STAFF", "TRAINING": "STAFF", "MOVE_IN": "HOUSEHOLD", "RENOVATION_PAPERS": "HOUSEHOLD", "PAYMENTS": "HOUSEHOLD", "VIOLATIONS": "HOUSEHOLD",
		"RENOVATION_RECORDS": "HOUSEHOLD", "COMPLAINTS": "HOUSEHOLD", "CORRESPONDENCE": "HOUSEHOLD", "SUPPLEMENTS": "HOUSEHOLD",
	} {
		change := []func(vars){set("category", category)}
		if class != "HOUSEHOLD" {
			change = append(change, without("householdID"))
		}
		if class == "STAFF" {
			change = append(change, set("staffID", app.A.Staff))
		}
		if got := archivist.Do(handIn, paper(app, change...)).Get("handInDocument.document.class").String(); got != class {
			t.Errorf("%s is of class %s", category, got)
		}
	}
	// The database holds them to it, whoever writes.
	for _, sql := range []string{
		`UPDATE archive_documents SET class = 'EXTERNAL' WHERE category = 'COMPLAINTS'`,
		`UPDATE archive_volumes SET category = 'LAW' WHERE class = 'HOUSEHOLD'`,
		`INSERT INTO archive_files (id, created_at, estate_id, class, code, household_id) SELECT new_id(x'0601'::int), now(), estate_id, 'HOUSEHOLD', 'again', household_id FROM archive_files WHERE class = 'HOUSEHOLD'`,
	} {
		if app.TrySQL(sql) == nil {
			t.Errorf("passes: %s", sql)
		}
	}
}

// By class, then by time: external, internal, staff, households (A3).
func TestA3_ByClassThenByTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	handed(archivist, paper(app, set("dated", "2020-05-01")))
	handed(archivist, paper(app, without("householdID"), set("category", "LAW"), set("dated", "2026-02-20")))
	handed(archivist, paper(app, without("householdID"), set("category", "DEVELOPER"), set("dated", "2026-02-19")))
	list := archivist.Do(documents, nil).Get("archiveDocuments.edges.#.node").Array()
	rank := map[string]string{"EXTERNAL": "1", "INTERNAL": "2", "STAFF": "3", "HOUSEHOLD": "4"}
	var keys []string
	for _, n := range list {
		keys = append(keys, rank[n.Get("class").String()]+n.Get("dated").String())
	}
	if len(keys) < 8 || !slices.IsSorted(keys) {
		t.Errorf("listed in the order %v", keys)
	}
	// What is in the inbox is listed by how long it has waited.
	waiting := archivist.Do(`{ archiveDocuments(where: {state: INBOX, subjectIDIsNil: true}, orderBy: {field: HANDED_IN_AT}) { edges { node { handedInAt waitingDays } } } }`, nil).Get("archiveDocuments.edges")
	if n := len(waiting.Array()); n != 5 {
		t.Errorf("%d wait: %s", n, waiting.Raw)
	}
	app.Clock.Advance(50 * time.Hour)
	archivist.SignIn()
	if days := archivist.Do(`{ archiveDocuments(where: {state: INBOX}) { edges { node { waitingDays } } } }`, nil).Get("archiveDocuments.edges.#.node.waitingDays").Raw; !strings.HasPrefix(days, "[2,2") {
		t.Errorf("after two days they have waited %s", days)
	}
	if days := archivist.Do(`{ archiveDocuments(where: {state: BOUND}) { edges { node { waitingDays } } } }`, nil).Get("archiveDocuments.edges.0.node.waitingDays"); days.Raw != "null" {
		t.Errorf("what is bound waits %s", days.Raw)
	}
}

func TestA1_1_HandingInIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	foreign := app.IDs(`SELECT id FROM archive_manuals WHERE estate_id = $1`, app.B.ID)[0]
	manual := app.IDs(`SELECT id FROM archive_manuals WHERE estate_id = $1`, app.A.ID)[0]
	internal := []func(vars){without("householdID"), set("category", "MANAGEMENT_MANUAL")}
	for name, c := range map[string]struct {
		in     vars
		code   fault.Code
		clause string
		field  string
	}{
		"no title":               {paper(app, set("title", " ")), fault.InvalidInput, "", "title"},
		"a day to come":          {paper(app, set("dated", "2026-03-09")), fault.InvalidInput, "A3", "dated"},
		"less than nothing":      {paper(app, set("pages", -1)), fault.InvalidInput, "A2", "pages"},
		"nothing at all":         {paper(app, set("pages", 0)), fault.InvalidInput, "A2", "pages"},
		"no household":           {paper(app, without("householdID")), fault.InvalidInput, "A1.4", "householdID"},
		"a household of a law":   {paper(app, set("category", "LAW")), fault.InvalidInput, "A1.4", "householdID"},
		"no member of staff":     {paper(app, without("householdID"), set("category", "WORK")), fault.InvalidInput, "A1.3", "staffID"},
		"a foreign household":    {paper(app, set("householdID", app.B.Household)), fault.NotFound, "", "householdID"},
		"a foreign department":   {paper(app, append(internal, set("departmentID", app.B.Department))...), fault.NotFound, "", "departmentID"},
		"a department of theirs": {paper(app, set("departmentID", app.A.Department)), fault.InvalidInput, "A4.2", "departmentID"},
		"a foreign manual":       {paper(app, append(internal, set("manualID", foreign), set("edition", "一"))...), fault.NotFound, "", "manualID"},
		"no edition":             {paper(app, append(internal, set("manualID", manual))...), fault.InvalidInput, "A1.2", "edition"},
		"another kind of manual": {paper(app, without("householdID"), set("category", "TRAINING_MANUAL"), set("manualID", manual), set("edition", "一")), fault.InvalidInput, "A1.2", "manualID"},
		"no upload":              {paper(app, set("uploadID", uuid.New())), fault.NotFound, "", "uploadID"},
	} {
		var clauses []string
		if c.clause != "" {
			clauses = []string{c.clause}
		}
		if r := archivist.Refused(handIn, c.in, c.code, clauses...); r.Field != c.field {
			t.Errorf("%s: refused at %q", name, r.Field)
		}
	}
}

func TestA1_2_OneEditionOfAManualIsInForce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	create := `mutation($in: CreateManualInput!) { createManual(input: $in) { manual { id kind name } } }`
	in := vars{"in": vars{"estateID": app.A.ID, "kind": "TRAINING", "name": "培训手册"}}
	manual := archivist.Do(create, in).Get("createManual.manual.id").String()
	archivist.Refused(create, in, fault.Conflict, "A1.2")
	app.As(policy.CSOfficer).Refused(create, in, fault.Forbidden)
	edition := func(name string) vars {
		return paper(app, without("householdID"), set("category", "TRAINING_MANUAL"), set("manualID", manual), set("edition", name))
	}
	first, second := handed(archivist, edition("第一版")), handed(archivist, edition("第二版"))
	force := `mutation($id: ID!) { putManualInForce(input: {documentID: $id}) { document { edition current } replaced { edition current } } }`
	archivist.Refused(force, vars{"id": first}, fault.RuleBroken, "A1.2")
	volume := opened(archivist, volumeOf(app, "PX-01", without("householdID"), set("category", "TRAINING_MANUAL")))
	archivist.Do(bind, into(volume, first, second))
	archivist.Do(force, vars{"id": first})
	if done := archivist.Do(force, vars{"id": second}).Get("putManualInForce"); done.Raw != `{"document":{"edition":"第二版","current":true},"replaced":{"edition":"第一版","current":false}}` {
		t.Errorf("in force: %s", done.Raw)
	}
	archivist.Refused(force, vars{"id": second}, fault.Conflict, "A1.2")
	archivist.Refused(`mutation($id: ID!) { unbindDocument(input: {id: $id, reason: "误"}) { document { id } } }`, vars{"id": second}, fault.RuleBroken, "A1.2")
	app.Foreign(policy.Archivist).Refused(force, vars{"id": first}, fault.NotFound)
	if app.TrySQL(`UPDATE archive_documents SET current = true WHERE id = $1`, first) == nil {
		t.Error("two editions are in force")
	}
}
