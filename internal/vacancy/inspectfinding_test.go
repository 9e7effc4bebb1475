package vacancy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestV5_WhatIsAbnormalGoesToADepartment(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	for field, in := range map[string]vars{
		"results.0.departmentID": abnormal(visited(officer, id, "LEAKS"), nil, "厨房水管渗水"),
		"results.0.finding":      abnormal(visited(officer, id, "LEAKS"), app.A.EngineeringDepartment, " "),
	} {
		if r := officer.Refused(inspect, in, fault.RuleBroken, "V5"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	if r := officer.Refused(inspect, abnormal(visited(officer, id, "LEAKS"), app.B.EngineeringDepartment, "渗水"), fault.NotFound); r.Field != "results.0.departmentID" {
		t.Errorf("another estate's department is not found at %q", r.Field)
	}
	r := officer.Do(inspect, abnormal(visited(officer, id, "LEAKS", "HAZARDS"), app.A.EngineeringDepartment, " 厨房水管  渗水 ")).Get("recordInspection.inspection.results")
	if a := r.Get(`#(result=="ABNORMAL")`); a.Get("finding").String() != "厨房水管 渗水" || a.Get("departmentID").String() != app.A.EngineeringDepartment.String() || a.Get("item.code").String() != "LEAKS" {
		t.Errorf("recorded: %s", r.Raw)
	}
	for _, what := range []string{"department_id = NULL", "finding = ''"} {
		if err := app.TrySQL(`UPDATE inspection_results SET ` + what + ` WHERE result = 'ABNORMAL'`); err == nil || !strings.Contains(err.Error(), "inspection_results_passed") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestV4_3_AFindingIsPhotographed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	upload := func(content string) string {
		r, err := officer.Request(http.MethodPost, "/files?name=1.png&estate=A", strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/octet-stream")
		status, body, err := officer.Send(r)
		if err != nil || status != http.StatusCreated {
			t.Fatalf("upload: %d %s %v", status, body, err)
		}
		return gjson.GetBytes(body, "id").String()
	}
	showing := func(photos ...string) vars {
		return with(visited(officer, id, "FACILITIES"), func(in vars) { in["results"].([]vars)[0]["photoIDs"] = photos })
	}
	picture := upload("\x89PNG\r\n\x1a\n a picture")
	for field, photos := range map[string][]string{"results.0.photoIDs.1": {picture, picture}, "results.0.photoIDs.0": {upload("a text")}} {
		if r := officer.Refused(inspect, showing(photos...), fault.InvalidInput, "V4.2"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	officer.Refused(inspect, showing(app.IDs(`SELECT id FROM files WHERE estate_id = $1 ORDER BY id LIMIT 1`, app.A.ID)[0].String()), fault.NotFound) // another's
	photo := officer.Do(inspect, showing(picture)).Get("recordInspection.inspection.results.0.photos.0")
	if photo.Get("contentType").String() != "image/png" {
		t.Fatalf("photographed: %s", photo.Raw)
	}
	officer.Refused(inspect, showing(picture), fault.NotFound) // it was taken over
	open := func(p *stewardtest.Person) int {
		r, err := p.Request(http.MethodGet, "/files/"+photo.Get("id").String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		status, _, err := p.Send(r)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	if open(officer) != http.StatusOK || open(app.As(policy.Engineering)) != http.StatusOK || open(app.Foreign(policy.CSOfficer)) != http.StatusNotFound || open(app.As(policy.MailSorter)) != http.StatusNotFound {
		t.Errorf("opened: %d, %d, %d, %d", open(officer), open(app.As(policy.Engineering)), open(app.Foreign(policy.CSOfficer)), open(app.As(policy.MailSorter)))
	}
	if link := officer.Do(`query($id: ID!) { inspectionPhotoLink(inspectionPhotoID: $id) { url } }`, vars{"id": photo.Get("id").String()}).Get("inspectionPhotoLink.url").String(); link == "" {
		t.Error("there is no link")
	}
}
