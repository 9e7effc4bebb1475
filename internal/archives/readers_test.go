package archives_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const readings = `query($h: ID!, $n: Int, $a: Cursor) { householdFileReadings(householdID: $h, first: $n, after: $a) {
	edges { node { actorName actorRoles download refused documentID } } pageInfo { hasNextPage endCursor } } }`

func readingsOf(p *stewardtest.Person, household any) []gjson.Result {
	return p.Do(readings, vars{"h": household}).Get("householdFileReadings.edges.#.node").Array()
}

// Every view, download and refused attempt is on the trail before the answer leaves, and the household sees it (A5, A6).
func TestA6_TheHouseholdSeesWhoReadItsFile(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist, resident := app.As(policy.CSOfficer), app.As(policy.Archivist), app.Resident()
	d := officer.Do(handIn, paper(app, set("uploadID", upload(t, officer, app.A.Code, "a.pdf", "application/pdf", "%PDF-1.7 x")))).Get("handInDocument.document.id").String()
	before := len(readingsOf(resident, app.A.Household))

	titles(resident, nil) // the own file is the household's own to read
	if n := len(readingsOf(resident, app.A.Household)); n != before {
		t.Errorf("the household's own reading is listed: %d, then %d", before, n)
	}
	app.Clock.Advance(time.Minute)
	titles(officer, nil)
	app.Clock.Advance(time.Minute)
	archivist.Do(`query($id: ID!) { node(id: $id) { ... on ArchiveDocument { pages } } }`, vars{"id": d})
	app.Clock.Advance(time.Minute)
	download(t, app.As(policy.Auditor), d)
	app.Clock.Advance(time.Minute)
	if status, _ := download(t, app.As(policy.Security), d); status != http.StatusNotFound {
		t.Errorf("a guard is answered with %d", status)
	}
	list := readingsOf(resident, app.A.Household)
	if len(list) != before+4 {
		t.Fatalf("listed: %v", list)
	}
	for i, want := range []struct {
		role              string
		download, refused bool
		one               bool
	}{{"security", true, true, true}, {"auditor", true, false, true}, {"archivist", false, false, true}, {"cs-officer", false, false, false}} {
		r := list[i]
		if r.Get("actorRoles.0").String() != want.role || r.Get("download").Bool() != want.download || r.Get("refused").Bool() != want.refused || (r.Get("documentID").String() == d) != want.one {
			t.Errorf("%d: %s, want %+v", i, r.Raw, want)
		}
	}
	page := resident.Do(readings, vars{"h": app.A.Household, "n": 2}).Get("householdFileReadings")
	next := resident.Do(readings, vars{"h": app.A.Household, "a": page.Get("pageInfo.endCursor").String()}).Get("householdFileReadings.edges")
	if !page.Get("pageInfo.hasNextPage").Bool() || len(next.Array()) != before+2 || next.Get("0.node.actorRoles.0").String() != "archivist" {
		t.Errorf("pages: %s then %s", page.Raw, next.Raw)
	}
	// The neighbours' file is theirs, and nobody else is told whether there is one.
	for _, p := range []*stewardtest.Person{app.Neighbour(), app.As(policy.Security), app.Foreign(policy.ProjectManager)} {
		p.Refused(readings, vars{"h": app.A.Household}, fault.NotFound)
	}
	app.Nobody().Refused(readings, vars{"h": app.A.Household}, fault.Unauthenticated)
	if n := len(readingsOf(app.Neighbour(), app.A.OtherHousehold)); n == 0 {
		t.Error("the list that the officer read held the neighbour's documents, too")
	}
}

// Without the trail there is no answer: what cannot be recorded is not shown.
func TestA6_NothingIsShownThatIsNotOnTheTrail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	app.SQL(`CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no trail''; END';
		CREATE TRIGGER broken BEFORE INSERT ON audit.entries FOR EACH ROW EXECUTE FUNCTION broken()`)
	if answer := officer.Ask(documents, nil); answer.Get("data.archiveDocuments").Exists() || answer.Get("errors.0.extensions.code").String() != string(fault.Internal) {
		t.Errorf("answered: %s", answer.Raw)
	}
}
