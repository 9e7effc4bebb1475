package archives_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const documentLink = `query($id: ID!, $marked: Boolean) { documentLink(archiveDocumentID: $id, marked: $marked) { url expiresAt } }`

func linked(p *stewardtest.Person, document string) string {
	return p.Do(documentLink, vars{"id": document}).Get("documentLink.url").String()
}

// inBrowser is the person as a browser asks: by the cookie, or, signed out, by nothing.
func inBrowser(p *stewardtest.Person, signedIn bool) *stewardtest.Person {
	b := *p
	b.Token, b.Header = "", p.Header.Clone()
	if signedIn {
		b.Header.Set("Cookie", "steward_session="+p.Token)
	}
	return &b
}

// attempts counts the refused downloads on the estate's trail.
func attempts(app *stewardtest.App) int {
	return len(app.IDs(`SELECT id FROM audit.entries WHERE estate_id = $1 AND action = 'files.download' AND outcome = 'refused'`, app.A.ID))
}

func TestA6_ALinkOpensForWhoAskedForItForSomeMinutes(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, custodian := app.As(policy.CSOfficer), app.As(policy.KeyCustodian)
	d := holding(t, app, "a.pdf", scan())
	// A program asks with its token, and hands the link to a browser that knows nobody.
	link := linked(officer, d)
	if !strings.HasPrefix(link, "/files/"+d+"?link=") {
		t.Fatal(link)
	}
	nobody := inBrowser(officer, false)
	if open := get(t, nobody, link); open.status != http.StatusOK || open.body != scan() || !strings.HasPrefix(open.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("opened: %d %v", open.status, open.header)
	}
	if marked := get(t, nobody, officer.Do(documentLink, vars{"id": d, "marked": true}).Get("documentLink.url").String()); marked.status != http.StatusOK || marked.body == scan() {
		t.Errorf("marked: %d", marked.status)
	}
	// A browser that is signed in opens what it asked for itself, and nobody else does, signed in or not.
	browser := inBrowser(officer, true)
	own := linked(browser, d)
	if open := get(t, browser, own); open.status != http.StatusOK {
		t.Errorf("in the browser: %d %s", open.status, open.body)
	}
	before := attempts(app)
	get(t, nobody, own).refused(t, fault.Forbidden, "A6")
	get(t, custodian, own).refused(t, fault.Forbidden, "A6")
	get(t, inBrowser(custodian, true), link).refused(t, fault.Forbidden, "A6")
	get(t, app.As(policy.ProjectManager), link).refused(t, fault.Forbidden, "A6")
	other := holding(t, app, "b.pdf", scan())
	get(t, nobody, strings.Replace(link, d, other, 1)).refused(t, fault.Forbidden, "A6")
	get(t, nobody, altered(link)).refused(t, fault.Forbidden, "A6")
	get(t, nobody, "/files/"+d+"?link=x").refused(t, fault.Forbidden, "A6")
	if n := attempts(app) - before; n != 4 { // nobody, upon two documents; the custodian; the manager: the rest is counted with these
		t.Errorf("%d attempts on the estate's trail", n)
	}
	custodian.Refused(documentLink, vars{"id": d}, fault.NotFound)
	app.Clock.Advance(6 * time.Minute)
	get(t, nobody, link).refused(t, fault.Forbidden, "A6")
	get(t, browser, own).refused(t, fault.Forbidden, "A6")
}

// altered is the link with one letter of what is signed changed.
func altered(link string) string {
	at := strings.Index(link, "link=") + len("link=") + 4
	letter := "A"
	if link[at:at+1] == letter {
		letter = "B"
	}
	return link[:at] + letter + link[at+1:]
}

func TestA5_ALinkEndsWithWhatItRestsOn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	asker := app.As(policy.Receptionist)
	d := holding(t, app, "a.pdf", scan())
	permitted(app, asker, "VIEW", d)
	link, nobody := linked(asker, d), app.Nobody()
	if open := get(t, nobody, link); open.status != http.StatusOK || !strings.HasPrefix(open.header.Get("Content-Disposition"), "inline") || open.body == scan() {
		t.Fatalf("through a permit: %d %v", open.status, open.header)
	}
	permit := asker.Do(permitsOf, nil).Get("archivePermits.edges.0.node.id").String()
	app.As(policy.ProjectManager).Do(endPermit, because("permitID", permit))
	before := attempts(app)
	get(t, nobody, link).refused(t, fault.NotFound, "")
	asker.Refused(documentLink, vars{"id": d}, fault.NotFound)

	officer := app.As(policy.CSOfficer)
	link = linked(officer, d)
	officer.Do(`mutation { signOut { sessionID } }`, nil)
	get(t, nobody, link).refused(t, fault.Unauthenticated, "")
	officer.SignIn()
	get(t, nobody, link).refused(t, fault.Unauthenticated, "")
	link = linked(officer, d)
	app.SQL(`UPDATE identity.grants SET revoked_at = now() WHERE account_id = $1`, officer.Account)
	get(t, nobody, link).refused(t, fault.NotFound, "")

	archivist := app.As(policy.Archivist)
	link = linked(archivist, d)
	app.Super(`UPDATE archive_documents SET state = 'DESTROYED', destroyed_at = now(), certificate_number = 'C-1', title = '', name = '', content_type = '', sha256 = '', size = 0,
		handed_in_by_name = '', handed_in_by_id = NULL WHERE id = $1`, d)
	get(t, nobody, link).refused(t, fault.NotFound, "")
	if n := attempts(app) - before; n != 4 { // what is refused alike within a minute is counted
		t.Errorf("%d attempts on the estate's trail", n)
	}
}

func TestA6_UploadedFilesHaveLinks(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := upload(t, officer, app.A.Code, "a.pdf", "application/pdf", scan())
	const ask = `query($id: ID!) { fileLink(fileID: $id) { url } }`
	if open := get(t, app.Nobody(), officer.Do(ask, vars{"id": id}).Get("fileLink.url").String()); open.body != scan() {
		t.Errorf("opened: %d", open.status)
	}
	app.As(policy.Auditor).Refused(ask, vars{"id": id}, fault.Forbidden, "A6")
	app.Foreign(policy.ProjectManager).Refused(ask, vars{"id": id}, fault.NotFound)
	officer.Refused(documentLink, vars{"id": id}, fault.NotFound)
}
