package archives_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	unbinding  = `mutation($in: UnbindDocumentInput!) { unbindDocument(input: $in) { document { id version state } } }`
	voidingDoc = `mutation($in: VoidDocumentInput!) { voidDocument(input: $in) { document { id state } } }`
	correcting = `mutation($in: CorrectDocumentInput!) { correctDocument(input: $in) { document { id version title dated pages state } } }`
	closing    = `mutation($in: CloseVolumeInput!) { closeVolume(input: $in) { volume { state } } }`
)

func unbound(id string) vars { return vars{"in": vars{"id": id, "reason": "归错卷"}} }

// corrected describes a document of 2026-02-10 with two pages anew.
func corrected(id string, change ...func(vars)) vars {
	in := vars{"id": id, "expectedVersion": 1, "title": "投诉单", "dated": "2026-02-10", "pages": 2}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

// filedAs is the document of the household that bears the title.
func filedAs(app *stewardtest.App, title string) string {
	return app.IDs(`SELECT id FROM archive_documents WHERE title = $1`, title)[0].String()
}

// What is held is bound, and nothing else: by whom it is held makes no difference.
func TestA7_WhatIsHeldStaysAsItIs(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager, officer := app.As(policy.Archivist), app.As(policy.ProjectManager), app.As(policy.CSOfficer)
	d, volume := old(app, "HK-01", set("title", "原件"))
	file := archivist.Do(`query($h: ID!) { archiveFiles(where: {householdID: $h}) { edges { node { id } } } }`, vars{"h": app.A.Household}).Get("archiveFiles.edges.0.node.id").String()
	for field, id := range map[string]string{"documentID": d, "volumeID": volume, "fileID": file} {
		h := manager.Do(hold, held(field, id)).Get("placeArchiveHold.hold.id").String()
		archivist.Refused(unbinding, unbound(d), fault.RuleBroken, "A7")
		if err := app.TrySQL(`UPDATE archive_documents SET title = 'x' WHERE id = $1`, d); err == nil {
			t.Errorf("%s: the database has it rewritten", field)
		}
		manager.Do(release, vars{"in": vars{"id": h, "reason": "了结"}})
	}
	waiting := handed(archivist, paper(app))
	complaint := made(officer, recordComplaint, about(app, set("way", "LETTER"), set("title", "漏水诉讼")))
	manager.Do(hold, held("fileID", file))
	archivist.Refused(correcting, corrected(waiting, set("title", "空白")), fault.RuleBroken, "A7")
	archivist.Refused(voidingDoc, stewardtest.Void(waiting, "重复"), fault.RuleBroken, "A7")
	app.As(policy.Supervisor).Refused(voidComplaint, stewardtest.Void(complaint, "误登"), fault.RuleBroken, "A7")
	archivist.Do(bind, into(opened(archivist, volumeOf(app, "HK-02")), waiting)) // it may go onto the shelf
	archivist.Refused(unbinding, unbound(waiting), fault.RuleBroken, "A7")
}

// Another's hold is a manager's to release, and whose it is releases it.
func TestA7_WhoPlacedAHoldReleasesIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, general, manager := app.As(policy.Archivist), app.As(policy.GeneralManager), app.As(policy.ProjectManager)
	d, _ := old(app, "HR-01")
	lift := func(by *stewardtest.Person) vars {
		return vars{"in": vars{"id": by.Do(hold, held("documentID", d)).Get("placeArchiveHold.hold.id").String(), "reason": "了结"}}
	}
	of := lift(general)
	if r := archivist.Refused(release, of, fault.Forbidden, "A7"); r.Field != "id" {
		t.Errorf("refused at %q", r.Field)
	}
	if err := app.TrySQL(`UPDATE archive_holds SET released_at = now(), release_reason = 'x', released_by_id = $2, released_by_name = 'x' WHERE id = $1`,
		of["in"].(vars)["id"], archivist.Account); err == nil {
		t.Error("the database has another's hold released by the archivist")
	}
	manager.Do(release, of)
	archivist.Do(release, lift(archivist))
}

// Retention counts from the day first said, and of a record from when it was settled: who dates back gains nothing.
func TestA7_DatedBackIsNoSoonerDestroyed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, officer := app.As(policy.Archivist), app.As(policy.CSOfficer)
	made(officer, recordComplaint, about(app, set("way", "LETTER"), set("title", "昨天的漏水"), set("dated", "2014-03-01")))
	d := filedAs(app, "昨天的漏水")
	if r := archivist.Refused(correcting, corrected(d, set("dated", "2010-03-01"), set("pages", 0)), fault.RuleBroken, "A1.4"); r.Field != "dated" {
		t.Errorf("refused at %q", r.Field)
	}
	typed := handed(archivist, paper(app))
	archivist.Do(correcting, corrected(typed, set("dated", "2010-03-01")))
	archivist.Do(bind, into(opened(archivist, volumeOf(app, "DB-01", set("periodFrom", "2010-01-01"))), d, typed))
	for what, id := range map[string]string{"the complaint": d, "what was corrected": typed} {
		archivist.Refused(proposing, proposal(app, id), fault.RuleBroken, "A7")
		if n := archivist.Do(dueList, vars{"w": vars{"id": id}}).Get("archiveRetentionDue.totalCount").Int(); n != 0 {
			t.Errorf("%s is due", what)
		}
	}
	// Who approves sees since when the document is here, whatever day it bears.
	long, _ := old(app, "DB-02")
	order := proposed(app, long)
	content := app.As(policy.ProjectManager).Do(`query($id: ID!) { approvals(where: {subjectID: $id}) { edges { node { content } } } }`, vars{"id": order}).Get("approvals.edges.0.node.content.documents.0")
	if content.Get("handedInOn").String() != "2026-03-02" || content.Get("dated").String() != "2015-02-10" {
		t.Errorf("who approves sees %s", content.Raw)
	}
}

// What was filed to the wrong household is hidden from it, and destroyed by an order as all else.
func TestA6_WhatWasVoidedConcernsNobody(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist, wrong := app.As(policy.CSOfficer), app.As(policy.Archivist), app.Neighbour()
	file := upload(t, officer, app.A.Code, "a.pdf", "application/pdf", "%PDF-1.7 of household one")
	d := handed(officer, paper(app, set("householdID", app.A.OtherHousehold), set("title", "一户的离婚协议"), set("uploadID", file)))
	arrears := made(officer, recordViolation, about(app, set("householdID", app.A.OtherHousehold), set("kind", "VIOLATION"), set("title", "记错户")))
	sees := func(p *stewardtest.Person) (int, int64) {
		status, _ := download(t, p, d)
		return status, p.Do(`query($id: ID!) { violations(where: {id: $id}) { totalCount } }`, vars{"id": arrears}).Get("violations.totalCount").Int()
	}
	if status, n := sees(wrong); status != http.StatusOK || n != 1 {
		t.Fatalf("before, the household sees %d %d", status, n)
	}
	archivist.Do(voidingDoc, stewardtest.Void(d, "归错户"))
	officer.Do(voidViolation, stewardtest.Void(arrears, "记错户"))
	if status, n := sees(wrong); status != http.StatusNotFound || n != 0 {
		t.Errorf("afterwards it sees %d %d", status, n)
	}
	if status, n := sees(officer); status != http.StatusOK || n != 1 {
		t.Errorf("the office sees %d %d", status, n)
	}
	for _, table := range []string{"archive_documents", "violations"} { // the database alone
		if n := visible(t, app, table, app.A.OtherHousehold, map[string]string{"archive_documents": d, "violations": arrears}[table]); n != 0 {
			t.Errorf("row-level security shows the household what was voided in %s", table)
		}
	}
	witness := member(app, app.As(policy.Security), "监销员")
	order := proposed(app, d)
	app.As(policy.ProjectManager).Do(approving, approved(order, witness))
	archivist.Do(destroying, executed(order, witness))
	shredded(t, app)
	if found := after(t, app, "一户的离婚协议"); len(found) > 0 {
		t.Errorf("it is still in %v", found)
	}
}

// visible counts a row as the app role sees it for a household's residents.
func visible(t *testing.T, app *stewardtest.App, table string, household uuid.UUID, id string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `SELECT set_config('app.households', $1, false), set_config('role', 'steward_app', false)`, "{"+household.String()+"}"); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` WHERE id = $1`, id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A volume ends with its last document or later, and paper stays paper.
func TestA2_AVolumeEndsAfterItsDocuments(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	v, d := opened(archivist, volumeOf(app, "VE-01")), handed(archivist, paper(app))
	archivist.Do(bind, into(v, d))
	if r := archivist.Refused(closing, vars{"in": vars{"id": v, "periodUntil": "2026-01-31"}}, fault.RuleBroken, "A2"); r.Field != "periodUntil" {
		t.Errorf("refused at %q", r.Field)
	}
	archivist.Do(closing, vars{"in": vars{"id": v, "periodUntil": "2026-02-10"}})
	scanned := handed(archivist, paper(app, set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", "%PDF-1.7 x"))))
	if r := archivist.Refused(correcting, corrected(scanned, set("pages", 0)), fault.InvalidInput, "A7"); r.Field != "pages" {
		t.Errorf("refused at %q", r.Field)
	}
}
