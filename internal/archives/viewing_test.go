package archives_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What each sees: managers and the archivist all, a supervisor the department's, CS officers the households', others what
// concerns themselves (A4), and nobody of what is hidden that it is there.
func TestA4_3_A4_1_A4_2_WhoSeesWhat(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	security := app.IDs(`SELECT id FROM departments WHERE estate_id = $1 AND kind = 'SECURITY'`, app.A.ID)[0]
	guard := app.As(policy.Security)
	member := uuid.New()
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from)
		VALUES ($1, $2, $3, '保安', 'b', $4, $5, '', '2025-01-01')`, member, stewardtest.Start, app.A.ID, security, guard.Account)
	handed(archivist, paper(app, without("householdID"), set("category", "WORK"), set("staffID", member), set("title", "保安的合同")))
	handed(archivist, paper(app, without("householdID"), set("category", "LAW"), set("departmentID", security), set("title", "保安条例")))
	handed(archivist, paper(app, without("householdID"), set("category", "LAW"), set("title", "物业法")))
	handed(archivist, paper(app, set("title", "业户的投诉")))
	handed(archivist, paper(app, set("householdID", app.A.OtherHousehold), set("title", "邻居的投诉")))
	all := []string{"保安的合同", "保安条例", "物业法", "业户的投诉", "邻居的投诉"}
	for name, c := range map[string]struct {
		who  *stewardtest.Person
		sees []string
	}{
		"general manager": {app.As(policy.GeneralManager), all}, "project manager": {app.As(policy.ProjectManager), all},
		"auditor": {app.As(policy.Auditor), all}, "archivist": {archivist, all},
		"supervisor of customer service": {app.As(policy.Supervisor), []string{"业户的投诉", "邻居的投诉"}},
		"supervisor of security":         {app.Member("security-supervisor@a.example", inDepartment(app.GrantIn(policy.Supervisor, app.A), security)), []string{"保安的合同", "保安条例"}},
		"CS officer":                     {app.As(policy.CSOfficer), []string{"业户的投诉", "邻居的投诉"}},
		"the guard":                      {guard, []string{"保安的合同"}},
		"accountant":                     {app.As(policy.Accountant), nil}, "key custodian": {app.As(policy.KeyCustodian), nil},
		"resident": {app.Resident(), []string{"业户的投诉"}}, "neighbour": {app.Neighbour(), []string{"邻居的投诉"}},
		"another estate's manager": {app.Foreign(policy.ProjectManager), nil},
	} {
		got := titles(c.who, nil)
		for _, title := range all {
			if slices.Contains(got, title) != slices.Contains(c.sees, title) {
				t.Errorf("%s sees %v of %q", name, got, title)
			}
		}
		total := c.who.Do(`{ archiveDocuments { totalCount } }`, nil).Get("archiveDocuments.totalCount").Int()
		if int(total) != len(got) {
			t.Errorf("%s sees %d and is told of %d", name, len(got), total)
		}
	}
	// The file goes with its person: to another department, and no further.
	app.SQL(`UPDATE staffs SET department_id = $1, account_id = NULL WHERE id = $2`, app.A.Department, member)
	if got := titles(guard, nil); slices.Contains(got, "保安的合同") {
		t.Errorf("the former account sees %v", got)
	}
	if got := titles(app.As(policy.Supervisor), nil); !slices.Contains(got, "保安的合同") {
		t.Errorf("the new supervisor sees %v", got)
	}
}

// A permit lets one person read one document, while it lasts (A5).
func TestA5_APermitLetsOnePersonReadOneDocumentForATime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, custodian := app.As(policy.Archivist), app.As(policy.KeyCustodian)
	d := handed(archivist, paper(app, set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", scan()))))
	handed(archivist, paper(app))
	one := `query($id: ID!) { node(id: $id) { ... on ArchiveDocument { title } } }`
	sees := func(want bool) {
		t.Helper()
		got := titles(custodian, nil)
		status, _ := download(t, custodian, d)
		if (len(got) == 1) != want || (len(got) > 1) || (status == http.StatusOK) != want || custodian.Ask(one, vars{"id": d}).Get("data.node.title").Exists() != want {
			t.Errorf("want it seen: %v; listed %v, downloaded %d", want, got, status)
		}
	}
	sees(false)
	app.SQL(`INSERT INTO archive_permits (id, created_at, estate_id, subject_id, account_id, valid_from, valid_until)
		VALUES (new_id(x'0605'::int), $1, $2, $3, $4, $1::timestamptz + interval '1 hour', $1::timestamptz + interval '3 hours')`, stewardtest.Start, app.A.ID, d, custodian.Account)
	sees(false)
	app.Clock.Advance(2 * time.Hour)
	sees(true)
	if got := titles(app.As(policy.Accountant), nil); len(got) != 0 {
		t.Errorf("another sees %v", got)
	}
	app.SQL(`UPDATE archive_permits SET valid_until = valid_until + interval '3 hours' WHERE subject_id = $1`, d)
	app.Clock.Advance(2 * time.Hour)
	sees(true)
	app.SQL(`UPDATE archive_permits SET ended_at = now(), end_reason = '收回' WHERE subject_id = $1`, d)
	sees(false)
	custodian.Refused(`mutation($id: ID!) { voidDocument(input: {id: $id, reason: "x"}) { document { id } } }`, vars{"id": d}, fault.Forbidden)
}

// What was uploaded is the archive's once it is handed in: only the document shows it, each download is on the audit trail, and
// the upload is nobody's any more (A6).
func TestA6_ContentIsShownByTheDocumentOnly(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist := app.As(policy.CSOfficer), app.As(policy.Archivist)
	file := upload(t, officer, app.A.Code, "complaint.pdf", "application/pdf", "%PDF-1.7 complaint")
	archivist.Refused(handIn, paper(app, set("uploadID", file)), fault.NotFound) // another's upload
	d := officer.Do(handIn, paper(app, set("uploadID", file), set("pages", 0))).Get("handInDocument.document")
	if d.Get("name").String() != "complaint.pdf" || d.Get("size").Int() != 18 {
		t.Errorf("it holds %s", d.Raw)
	}
	officer.Refused(handIn, paper(app, set("uploadID", file)), fault.NotFound)
	id := d.Get("id").String()
	if status, _ := download(t, officer, file); status != http.StatusNotFound {
		t.Errorf("the upload is answered with %d", status)
	}
	for name, c := range map[string]struct {
		who    *stewardtest.Person
		status int
	}{
		"officer": {officer, 200}, "archivist": {archivist, 200}, "the household": {app.Resident(), 200}, "auditor": {app.As(policy.Auditor), 200},
		"the neighbour": {app.Neighbour(), 404}, "a guard": {app.As(policy.Security), 404}, "another estate": {app.Foreign(policy.ProjectManager), 404}, "nobody": {app.Nobody(), 401},
	} {
		status, body := download(t, c.who, id)
		if status != c.status || (status == 200) != (body == "%PDF-1.7 complaint") {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
	reads := app.IDs(`SELECT e.id FROM audit.entries e WHERE e.action = 'files.download' AND e.subject_id = $1`, id)
	if len(reads) != 7 {
		t.Errorf("%d reads and refusals are on the trail, of 4 and 3", len(reads))
	}
}

// inDepartment is a grant held in another department.
func inDepartment(g account.NewGrant, department uuid.UUID) account.NewGrant {
	g.Department = department
	return g
}
