package archives_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	handIn     = `mutation($in: HandInDocumentInput!) { handInDocument(input: $in) { document { id version class category title state pages edition name size handedInByName file { code } } } }`
	openVolume = `mutation($in: OpenVolumeInput!) { openVolume(input: $in) { volume { id version code class state bound pages } } }`
	bind       = `mutation($in: BindDocumentsInput!) { bindDocuments(input: $in) { volume { bound pages } documents { id state boundByName volume { code } } } }`
	documents  = `query($w: ArchiveDocumentWhereInput) { archiveDocuments(where: $w) { edges { node { id title class category dated state } } } }`
)

// paper is a paper of the household of the estate, unless changed.
func paper(app *stewardtest.App, change ...func(vars)) vars {
	in := vars{"estateID": app.A.ID, "category": "COMPLAINTS", "householdID": app.A.Household, "title": "投诉单", "dated": "2026-02-10", "pages": 2}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

// volumeOf is a volume for complaints of the household of the estate, unless changed.
func volumeOf(app *stewardtest.App, code string, change ...func(vars)) vars {
	in := vars{"estateID": app.A.ID, "category": "COMPLAINTS", "householdID": app.A.Household, "code": code, "title": "投诉", "periodFrom": "2026-01-01"}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

func set(field string, value any) func(vars) { return func(in vars) { in[field] = value } }

func without(field string) func(vars) { return func(in vars) { delete(in, field) } }

func handed(p *stewardtest.Person, in vars) string {
	return p.Do(handIn, in).Get("handInDocument.document.id").String()
}

func opened(p *stewardtest.Person, in vars) string {
	return p.Do(openVolume, in).Get("openVolume.volume.id").String()
}

func into(volume string, documents ...string) vars {
	if documents == nil {
		documents = []string{}
	}
	return vars{"in": vars{"volumeID": volume, "documentIDs": documents}}
}

// titles are those of the documents that a list shows, in its order.
func titles(p *stewardtest.Person, where vars) []string {
	var list []string
	for _, t := range p.Do(documents, vars{"w": where}).Get("archiveDocuments.edges.#.node.title").Array() {
		list = append(list, t.String())
	}
	return list
}

// upload posts a file to the estate, and gives its id.
func upload(t *testing.T, p *stewardtest.Person, estate, name, media, content string) string {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?estate="+estate+"&name="+name, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("upload: %d %s %v", status, body, err)
	}
	return gjson.GetBytes(body, "id").String()
}

// download asks for content by the id of what holds it.
func download(t *testing.T, p *stewardtest.Person, id string) (status int, body string) {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/files/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, b, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(b)
}

func TestA2_FromTheInboxToTheShelf(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist := app.As(policy.CSOfficer), app.As(policy.Archivist)
	d := officer.Do(handIn, paper(app)).Get("handInDocument.document")
	if d.Get("state").String() != "INBOX" || d.Get("class").String() != "HOUSEHOLD" || !strings.HasPrefix(d.Get("file.code").String(), "H-") || d.Get("handedInByName").String() == "" {
		t.Errorf("handed in: %s", d.Raw)
	}
	older := handed(officer, paper(app, set("title", "更早的投诉"), set("dated", "2026-01-05"), set("pages", 3)))
	volume := opened(archivist, volumeOf(app, "TS-01"))
	done := archivist.Do(bind, into(volume, d.Get("id").String(), older)).Get("bindDocuments")
	if done.Get("volume.bound").Int() != 2 || done.Get("volume.pages").Int() != 5 || done.Get("documents.1.state").String() != "BOUND" || done.Get("documents.0.volume.code").String() != "TS-01" {
		t.Errorf("bound: %s", done.Raw)
	}
	if got := titles(archivist, vars{"volumeID": volume}); strings.Join(got, " ") != "更早的投诉 投诉单" {
		t.Errorf("the volume is in the order %v", got)
	}
	archivist.Refused(bind, into(volume, older), fault.RuleBroken, "A2")
	archivist.Refused(`mutation($in: CorrectDocumentInput!) { correctDocument(input: $in) { document { id } } }`,
		vars{"in": vars{"id": older, "expectedVersion": 2, "title": "改", "dated": "2026-01-05", "pages": 1}}, fault.RuleBroken, "A2")

	unbind := `mutation($in: UnbindDocumentInput!) { unbindDocument(input: $in) { document { state volume { id } } } }`
	out := vars{"in": vars{"id": older, "reason": "归错卷"}}
	if d := archivist.Do(unbind, out).Get("unbindDocument.document"); d.Get("state").String() != "INBOX" || d.Get("volume.id").Exists() {
		t.Errorf("taken out: %s", d.Raw)
	}
	archivist.Refused(unbind, out, fault.Conflict, "A2")
	closing := `mutation($in: CloseVolumeInput!) { closeVolume(input: $in) { volume { state bound pages } } }`
	if r := archivist.Refused(closing, vars{"in": vars{"id": volume}}, fault.InvalidInput, "A3"); r.Field != "periodUntil" {
		t.Errorf("refused at %q", r.Field)
	}
	if v := archivist.Do(closing, vars{"in": vars{"id": volume, "periodUntil": "2026-02-28"}}).Get("closeVolume.volume"); v.Raw != `{"state":"CLOSED","bound":1,"pages":2}` {
		t.Errorf("closed: %s", v.Raw)
	}
	archivist.Refused(bind, into(volume, older), fault.RuleBroken, "A2")
	reopen := `mutation($in: ReopenVolumeInput!) { reopenVolume(input: $in) { volume { state } } }`
	again := vars{"in": vars{"id": volume, "reason": "补一份"}}
	archivist.Do(reopen, again)
	archivist.Refused(reopen, again, fault.Conflict, "A2")
	archivist.Do(bind, into(volume, older))
	voiding := `mutation($in: VoidDocumentInput!) { voidDocument(input: $in) { document { state voidReason } } }`
	archivist.Refused(voiding, vars{"in": vars{"id": older, "reason": "重复"}}, fault.RuleBroken, "A2")
	wrong := handed(officer, paper(app))
	if d := archivist.Do(voiding, vars{"in": vars{"id": wrong, "reason": "重复"}}).Get("voidDocument.document"); d.Get("state").String() != "VOIDED" {
		t.Errorf("voided: %s", d.Raw)
	}
	archivist.Refused(voiding, vars{"in": vars{"id": wrong, "reason": "重复"}}, fault.Conflict)
	archivist.Refused(bind, into(volume, wrong), fault.Conflict)
}

// Only the archivist binds, managers too hand in and leave that to them; of who hands in, each has the own bounds.
func TestA2_WhoHandsInAndWhoBinds(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	volume := opened(archivist, volumeOf(app, "TS-01"))
	document := handed(archivist, paper(app))
	for _, role := range []policy.Role{policy.GeneralManager, policy.ProjectManager, policy.Supervisor, policy.CSOfficer, policy.Auditor, policy.Security} {
		app.As(role).Refused(bind, into(volume, document), fault.Forbidden)
		app.As(role).Refused(openVolume, volumeOf(app, "TS-02"), fault.Forbidden)
	}
	app.Resident().Refused(bind, into(volume, document), fault.Forbidden)
	app.Foreign(policy.Archivist).Refused(bind, into(volume, document), fault.NotFound)
	app.Foreign(policy.Archivist).Refused(handIn, paper(app), fault.NotFound)
	app.Resident().Refused(handIn, paper(app), fault.Forbidden)
	app.As(policy.Auditor).Refused(handIn, paper(app), fault.Forbidden)
	app.Nobody().Refused(handIn, paper(app), fault.Unauthenticated)
	handed(app.As(policy.ProjectManager), paper(app))
	// A desk hands in what concerns households, a department what is its own.
	law := paper(app, without("householdID"), set("category", "LAW"))
	app.As(policy.Receptionist).Refused(handIn, law, fault.NotFound)
	app.As(policy.Security).Refused(handIn, paper(app), fault.NotFound)
	own := app.IDs(`SELECT id FROM departments WHERE estate_id = $1 AND kind = 'SECURITY'`, app.A.ID)[0]
	handed(app.As(policy.Security), paper(app, without("householdID"), set("category", "LAW"), set("departmentID", own)))

	// Of two who bind the same document at once one does.
	other := opened(archivist, volumeOf(app, "TS-03"))
	var group sync.WaitGroup
	results := make([]string, 2)
	for i, v := range []string{volume, other} {
		group.Go(func() { results[i] = archivist.Ask(bind, into(v, document)).Get("errors.0.extensions.code").String() })
	}
	group.Wait()
	if (results[0] == "") == (results[1] == "") {
		t.Errorf("of two who bound it: %q", results)
	}
}

func TestA2_WhatIsNotBoundThere(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	volume := opened(archivist, volumeOf(app, "TS-01", set("periodUntil", "2026-02-28")))
	for name, in := range map[string]vars{
		"another category":  paper(app, set("category", "PAYMENTS")),
		"another household": paper(app, set("householdID", app.A.OtherHousehold)),
		"an earlier time":   paper(app, set("dated", "2025-12-31")),
	} {
		if r := archivist.Refused(bind, into(volume, handed(archivist, in)), fault.RuleBroken, "A2"); r.Field == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	archivist.Refused(openVolume, volumeOf(app, "ＴＳ-01"), fault.Conflict, "A2")
	archivist.Refused(openVolume, volumeOf(app, "TS-09", set("periodUntil", "2025-12-31")), fault.InvalidInput, "A3")
	for _, c := range []struct {
		in    vars
		field string
	}{
		{into(volume), "documentIDs"},
		{into(volume, volume, volume), "documentIDs.1"},
	} {
		if r := archivist.Refused(bind, c.in, fault.InvalidInput, "A2"); r.Field != c.field {
			t.Errorf("refused at %q", r.Field)
		}
	}
	if r := archivist.Refused(bind, into(volume, uuid.NewString()), fault.NotFound); r.Field != "documentIDs.0" {
		t.Errorf("refused at %q", r.Field)
	}
}
