package archives_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const fileName = `query($id: ID!) { node(id: $id) { ... on File { name } } }`

// What is uploaded for a staff file is its uploader's and the managers' until it is handed in: no colleague reads its name, or imports it (A6).
func TestA6_AnUploadIsItsUploadersOwn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	file := upload(t, archivist, app.A.Code, "李四处分决定.csv", "text/csv", "楼栋,房号,李四处分\n")
	for _, role := range []policy.Role{policy.CSOfficer, policy.Receptionist, policy.Accountant, policy.KeyCustodian, policy.Supervisor} {
		p := app.As(role)
		if status, body := download(t, p, file); status != http.StatusNotFound {
			t.Errorf("%s: %d %q", role, status, body)
		}
		if e := p.Ask(fileName, vars{"id": file}).Get("data.node.name"); e.Exists() {
			t.Errorf("%s reads %s", role, e)
		}
	}
	app.As(policy.KeyCustodian).Refused(`mutation($in: ImportKeysInput!) { importKeys(input: $in) { report } }`,
		vars{"in": vars{"estateID": app.A.ID, "fileID": file, "dryRun": true}}, fault.NotFound)
	for who, p := range map[string]*stewardtest.Person{"the uploader": archivist, "the project manager": app.As(policy.ProjectManager)} {
		if status, _ := download(t, p, file); status != http.StatusOK || p.Do(fileName, vars{"id": file}).Get("node.name").String() == "" {
			t.Errorf("%s gets %d", who, status)
		}
	}
}

// An upload that nothing takes over goes after a week, its content and the key of its digests with it; what was handed in stays (A6).
func TestA6_AnUploadThatNothingTakesOverGoes(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	left := upload(t, archivist, app.A.Code, "left.pdf", "application/pdf", "%PDF-1.7 left")
	d := handed(archivist, paper(app, set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", "%PDF-1.7 taken"))))
	app.Clock.Advance(6 * 24 * time.Hour)
	archivist.SignIn()
	fresh := upload(t, archivist, app.A.Code, "fresh.pdf", "application/pdf", "%PDF-1.7 fresh")
	expire := func() int {
		t.Helper()
		n, err := files.Expire(app.Context(), app.Runtime)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	expire() // what the seed uploaded
	if status, _ := download(t, archivist, left); status != http.StatusOK {
		t.Errorf("before its time: %d", status)
	}
	app.Clock.Advance(2 * 24 * time.Hour)
	archivist.SignIn()
	if n := expire(); n == 0 || expire() != 0 {
		t.Errorf("%d uploads went", n)
	}
	shredded(t, app)
	for name, c := range map[string]struct {
		id     string
		status int
	}{"left": {left, http.StatusNotFound}, "fresh": {fresh, http.StatusOK}, "taken": {d, http.StatusOK}} {
		if status, _ := download(t, archivist, c.id); status != c.status {
			t.Errorf("%s: %d", name, status)
		}
	}
	if _, err := app.Runtime.Keys.Key(t.Context(), uuid.MustParse(left)); !errors.Is(err, audit.ErrErased) {
		t.Errorf("its key: %v", err)
	}
}

// Digests of an upload's name and content on the trail cannot be compared once it is a document, whose own go with its destruction (A7).
func TestA7_DigestsOfTheUploadGoWithIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	file := upload(t, archivist, app.A.Code, "secret-name.pdf", "application/pdf", "%PDF-1.7 body")
	if _, err := app.Runtime.Keys.Key(t.Context(), uuid.MustParse(file)); err != nil {
		t.Fatal(err)
	}
	handed(archivist, paper(app, set("uploadID", file)))
	if _, err := app.Runtime.Keys.Key(t.Context(), uuid.MustParse(file)); !errors.Is(err, audit.ErrErased) {
		t.Errorf("the key of the upload: %v", err)
	}
}
