package archives_test

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	dueOf       = `query($k: String!, $s: ID) { obligations(where: {kind: $k, subjectID: $s}) { totalCount edges { node { id title subjectID } } } }`
	tellBreach  = `mutation($in: TellBreachInput!) { tellBreach(input: $in) { obligation { title } } }`
	complaining = `mutation($in: RecordComplaintInput!) { recordComplaint(input: $in) { complaint { id } } }`
)

// What is due about a complaint is told to who may read the complaint, be it by a list, by its id, or by a reminder (A4).
func TestA4_1_A4_2_A4_3_WhatIsDueIsToldToWhoReadsWhatItIsAbout(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	complaint := officer.Do(complaining, vars{"in": vars{"householdID": app.A.Household, "title": "漏水", "dated": "2026-03-01", "way": "LETTER"}}).Get("recordComplaint.complaint.id").String()
	sees := func(p *stewardtest.Person) int64 {
		return p.Ask(dueOf, vars{"k": "archives.complaint", "s": complaint}).Get("data.obligations.totalCount").Int()
	}
	custodian := app.As(policy.KeyCustodian)
	for who, p := range map[string]*stewardtest.Person{
		"receptionist": app.As(policy.Receptionist), "mail sorter": app.As(policy.MailSorter), "accountant": app.As(policy.Accountant), "seal keeper": app.As(policy.SealKeeper),
		"key custodian": custodian, "a guard": app.As(policy.Security), "engineering": app.As(policy.Engineering), "the neighbour": app.Neighbour(),
		"engineering's supervisor": app.Member("eng-sup@a.example", inDepartment(app.GrantIn(policy.Supervisor, app.A), app.A.EngineeringDepartment)),
	} {
		if n := sees(p); n > 0 {
			t.Errorf("%s sees %d", who, n)
		}
	}
	for who, p := range map[string]*stewardtest.Person{
		"officer": officer, "supervisor": app.As(policy.Supervisor), "project manager": app.As(policy.ProjectManager), "general manager": app.As(policy.GeneralManager),
		"auditor": app.As(policy.Auditor), "archivist": app.As(policy.Archivist), "the household": app.Resident(),
	} {
		if n := sees(p); n != 1 {
			t.Errorf("%s sees %d", who, n)
		}
	}
	// The officer becomes a receptionist, and is not reminded any more.
	app.Super(`UPDATE identity.grants SET role = 'receptionist' WHERE account_id = $1`, officer.Account)
	due := app.IDs(`SELECT id FROM obligations WHERE subject_id = $1`, complaint)[0]
	app.Clock.Advance(10 * 24 * time.Hour)
	if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if n := len(app.IDs(`SELECT id FROM identity.inbox WHERE account_id = $1 AND title_zh LIKE '%投诉%'`, officer.Account)); n > 0 {
		t.Errorf("reminded %d times", n)
	}
	if n := len(app.IDs(`SELECT id FROM identity.inbox WHERE account_id = $1 AND title_zh LIKE '%投诉%'`, app.As(policy.Supervisor).Account)); n == 0 {
		t.Error("the leaders are not told")
	}
	custodian.SignIn()
	custodian.Refused(tellBreach, vars{"in": vars{"id": due, "reason": "忘了"}}, fault.NotFound)
}

// Orders of destruction are told to who may read them: not by the question, by what is due, by signatures, nor by the certificate.
func TestA7_OrdersAreToldToWhoReadsThem(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, pm := app.As(policy.Archivist), app.As(policy.ProjectManager)
	witness := member(app, app.As(policy.Receptionist), "监销员")
	d, _ := old(app, "ZZ-10")
	in := proposal(app, d)
	in["in"].(vars)["reason"] = "张三投诉已过期"
	id := archivist.Do(proposing, in).Get("proposeArchiveDestruction.destruction.id").String()
	count := func(p *stewardtest.Person, list string) int64 {
		return p.Ask(`query($id: ID!) { `+list+`(where: {subjectID: $id}) { totalCount } }`, vars{"id": id}).Get("data." + list + ".totalCount").Int()
	}
	decides := func(p *stewardtest.Person) bool {
		return strings.Contains(p.Ask(dueOf, vars{"k": "approval.decide"}).Raw, "销毁")
	}
	strangers := []policy.Role{policy.KeyCustodian, policy.CSOfficer, policy.Supervisor, policy.Security, policy.Engineering, policy.Receptionist, policy.Accountant}
	for _, role := range strangers {
		if p := app.As(role); count(p, "approvals") > 0 || decides(p) {
			t.Errorf("%s is told of the order", role)
		}
	}
	if count(pm, "approvals") != 1 || !decides(pm) || count(archivist, "approvals") != 1 {
		t.Error("who decides, and who asked, are not told")
	}
	if texts := inbox(t, app, "张三投诉已过期"); texts > 0 {
		t.Errorf("%d messages say why", texts)
	}
	approval := app.IDs(`SELECT approval_id FROM archive_destructions WHERE id = $1`, id)[0]
	pm.Do(approving, approved(id, witness))
	archivist.Do(destroying, executed(id, witness))
	for _, role := range strangers {
		p := app.As(role)
		signed := p.Ask(`query($id: ID!) { signatures(where: {subjectID: $id}) { totalCount } }`, vars{"id": approval}).Get("data.signatures.totalCount").Int()
		if count(p, "certificates") > 0 || count(p, "signatures") > 0 || signed > 0 {
			t.Errorf("%s is told of the destruction", role)
		}
	}
	if count(archivist, "certificates") != 1 || count(pm, "certificates") != 1 || count(pm, "signatures") != 3 || count(app.As(policy.Auditor), "signatures") != 3 {
		t.Error("the archivist, the project manager and the auditor do not see what was signed")
	}
}

// inbox counts the messages that hold a text.
func inbox(t *testing.T, app *stewardtest.App, text string) int {
	t.Helper()
	return len(app.IDs(`SELECT id FROM identity.inbox m WHERE to_jsonb(m)::text LIKE '%' || $1 || '%'`, text))
}
