package exports_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// tidy has the program remove what is over.
func tidy(t *testing.T, app *stewardtest.App, content *files.Content) int {
	t.Helper()
	n, err := exports.Tidy(app.Context(), app.Runtime, content)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestA4_3_OnlyWhoAskedDownloads(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.Member("asks@a.example", app.GrantIn(policy.CSOfficer, app.A))
	x := ask(officer, app, "households", "CSV", nil)
	path := "/files/" + x.Get("id").String()
	if status, _ := download(t, officer, path); status != http.StatusConflict {
		t.Errorf("before it is done it answers %d", status)
	}
	work(t, app, x)
	for p, want := range map[*stewardtest.Person]int{
		app.As(policy.ProjectManager): http.StatusForbidden, app.As(policy.Auditor): http.StatusForbidden, app.As(policy.GeneralManager): http.StatusForbidden,
		app.As(policy.CSOfficer): http.StatusNotFound, app.Foreign(policy.CSOfficer): http.StatusNotFound, app.Resident(): http.StatusNotFound, app.Nobody(): http.StatusUnauthorized,
	} {
		if status, body := download(t, p, path); status != want {
			t.Errorf("%s is answered %d %s", p.Email, status, body)
		}
	}
	app.As(policy.ProjectManager).Refused(`query($id: ID!) { registerExportLink(registerExportID: $id) { url } }`, vars{"id": x.Get("id").String()}, fault.Forbidden, "A4.3")
	if n := len(app.IDs(`SELECT estate_id FROM audit.entries WHERE action = 'files.download' AND kind = 'read' AND outcome = 'refused'`)); n < 4 {
		t.Errorf("%d refusals are on the trail", n)
	}
	if status, _ := download(t, officer, path); status != http.StatusOK {
		t.Errorf("who asked is answered %d", status)
	}
	app.Super(`UPDATE identity.grants SET role = 'engineering' WHERE account_id = $1`, officer.Account)
	if status, _ := download(t, officer, path); status != http.StatusForbidden {
		t.Errorf("without the right it answers %d", status)
	}
	if now := again(officer, x); now.Get("path").Type != gjson.Null || now.Get("checksum").Type != gjson.Null {
		t.Errorf("without the right it is shown as %s", now.Raw)
	}
}

func TestA7_AnExportExpires(t *testing.T) {
	t.Parallel()
	s := watch(t)
	app := stewardtest.New(t, stewardtest.Options{Files: s})
	content, err := files.NewContent(s, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	officer := app.As(policy.CSOfficer)
	x, cancelled := ask(officer, app, "units", "XLSX", nil), ask(officer, app, "units", "CSV", nil)
	work(t, app, x)
	officer.Do(cancelExport, vars{"id": cancelled.Get("id").String()})
	if n := tidy(t, app, content); n != 0 || s.count() != 1 {
		t.Errorf("%d dealt with, %d contents are there", n, s.count())
	}
	app.Clock.Advance(7 * 24 * time.Hour)
	officer.SignIn()
	path := "/files/" + x.Get("id").String()
	if status, _ := download(t, officer, path); status != http.StatusConflict {
		t.Errorf("after its time, before it is removed, it answers %d", status)
	}
	if n := tidy(t, app, content); n != 2 || s.count() != 0 { // it expires, and is removed
		t.Errorf("%d dealt with, %d contents are there", n, s.count())
	}
	if n := tidy(t, app, content); n != 0 {
		t.Errorf("%d dealt with again", n)
	}
	now := again(officer, x)
	if now.Get("state").String() != "EXPIRED" || now.Get("rows").Int() == 0 || now.Get("path").Type != gjson.Null {
		t.Errorf("it is %s", now.Raw)
	}
	if status, _ := download(t, officer, path); status != http.StatusConflict {
		t.Errorf("removed it answers %d", status)
	}
	if err := app.TrySQL(`UPDATE register_exports SET state = 'DONE' WHERE id = $1`, x.Get("id").String()); err == nil {
		t.Error("what has expired is done again")
	}
}

// An export whose job is gone is not waited for.
func TestA4_3_AnExportWhoseJobIsGoneFailed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	x, other := ask(officer, app, "units", "CSV", nil), ask(officer, app, "units", "HTML", nil)
	app.Super(`DELETE FROM river.river_job WHERE args ->> 'export' = $1`, x.Get("id").String())
	if n := tidy(t, app, nil); n != 0 {
		t.Errorf("at once %d are given up", n)
	}
	app.Clock.Advance(11 * time.Minute)
	if n := tidy(t, app, nil); n != 1 {
		t.Errorf("%d are given up", n)
	}
	if a, b := again(officer, x), again(officer, other); a.Get("state").String() != "FAILED" || a.Get("reason").String() == "" || b.Get("state").String() != "WAITING" {
		t.Errorf("they are %s and %s", a.Raw, b.Raw)
	}
}
