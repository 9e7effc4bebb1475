package archives_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	recordViolation  = `mutation($in: RecordViolationInput!) { recordViolation(input: $in) { violation { id state kind amount currency recordedByName file { code } } } }`
	resolveViolation = `mutation($in: ResolveViolationInput!) { resolveViolation(input: $in) { violation { state finding answeredByName answeredAt } } }`
	voidViolation    = `mutation($in: VoidViolationInput!) { voidViolation(input: $in) { violation { state voidReason } } }`
	recordComplaint  = `mutation($in: RecordComplaintInput!) { recordComplaint(input: $in) { complaint { id state dueAt } } }`
	answerComplaint  = `mutation($in: AnswerComplaintInput!) { answerComplaint(input: $in) { complaint { state finding answeredByName } } }`
	voidComplaint    = `mutation($in: VoidComplaintInput!) { voidComplaint(input: $in) { complaint { state } } }`
	recordLetter     = `mutation($in: RecordCorrespondenceInput!) { recordCorrespondence(input: $in) { correspondence { id state } } }`
	answerLetter     = `mutation($in: AnswerCorrespondenceInput!) { answerCorrespondence(input: $in) { correspondence { state finding } } }`
	voidLetter       = `mutation($in: VoidCorrespondenceInput!) { voidCorrespondence(input: $in) { correspondence { state } } }`
	applyRenovation  = `mutation($in: ApplyRenovationInput!) { applyRenovation(input: $in) { renovation { id state steps { step doneByName } } } }`
	voidRenovation   = `mutation($in: VoidRenovationInput!) { voidRenovation(input: $in) { renovation { state } } }`
)

// about is what every record of the household says, unless changed.
func about(app *stewardtest.App, change ...func(vars)) vars {
	in := vars{"householdID": app.A.Household, "title": "记录", "dated": "2026-02-10"}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

func finding(id string) vars { return vars{"in": vars{"id": id, "finding": "已处理"}} }

// kept is a kind of record: how it is made, settled and voided, and into which category it files itself.
type kept struct {
	record, settle, void string
	in                   vars
	list, category       string
	settled              string // the state, once it is; empty: by steps of its own
}

func records(app *stewardtest.App, change ...func(vars)) map[string]kept {
	with := func(own ...func(vars)) vars { return about(app, slices.Concat(own, change)...) }
	return map[string]kept{
		"violation":      {recordViolation, resolveViolation, voidViolation, with(set("kind", "VIOLATION")), "violations", "VIOLATIONS", "RESOLVED"},
		"complaint":      {recordComplaint, answerComplaint, voidComplaint, with(set("way", "TELEPHONE")), "complaints", "COMPLAINTS", "ANSWERED"},
		"renovation":     {applyRenovation, "", voidRenovation, with(set("beginsOn", "2026-03-10"), set("endsOn", "2026-04-10")), "renovations", "RENOVATION_RECORDS", ""},
		"correspondence": {recordLetter, answerLetter, voidLetter, with(set("direction", "IN"), set("way", "LETTER"), set("awaits", true)), "correspondences", "CORRESPONDENCE", "ANSWERED"},
	}
}

// made records something and gives its id, which is in the answer wherever it stands.
func made(p *stewardtest.Person, document string, in vars) string {
	return p.Do(document, in).Get("*.*.id").String()
}

// filed are the documents of a record.
func filed(p *stewardtest.Person, record string) string {
	return p.Do(`query($id: ID!) { archiveDocuments(where: {subjectID: $id}) { edges { node { id category state title pages dated handedInByName voidReason file { code } } } } }`,
		vars{"id": record}).Get("archiveDocuments.edges.#.node").Raw
}

// field is one field of the record's one document.
func field(t *testing.T, p *stewardtest.Person, record, name string) string {
	t.Helper()
	list := p.Do(`query($id: ID!) { archiveDocuments(where: {subjectID: $id}) { edges { node { id category state title pages dated handedInByName voidReason file { code } } } } }`,
		vars{"id": record}).Get("archiveDocuments.edges.#.node").Array()
	if len(list) != 1 {
		t.Fatalf("%d documents are of the record: %s", len(list), filed(p, record))
	}
	return list[0].Get(name).String()
}

func TestA1_4_EachRecordFilesItself(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist, supervisor := app.As(policy.CSOfficer), app.As(policy.Archivist), app.As(policy.Supervisor)
	for name, r := range records(app) {
		id := made(officer, r.record, r.in)
		for what, want := range map[string]string{"category": r.category, "state": "INBOX", "title": "记录", "pages": "0", "dated": "2026-02-10"} {
			if got := field(t, archivist, id, what); got != want {
				t.Errorf("%s: its document's %s is %q", name, what, got)
			}
		}
		if code := field(t, archivist, id, "file.code"); !strings.HasPrefix(code, "H-") || field(t, archivist, id, "handedInByName") == "" {
			t.Errorf("%s is in the file %q", name, code)
		}
		// Voided, it takes its document along.
		officer.Do(r.void, stewardtest.Void(id, "录错"))
		if field(t, archivist, id, "state") != "VOIDED" || field(t, archivist, id, "voidReason") != "录错" {
			t.Errorf("%s, voided: %s", name, filed(archivist, id))
		}
		officer.Refused(r.void, stewardtest.Void(id, "又一次"), fault.Conflict)
		if r.settle != "" {
			officer.Refused(r.settle, finding(id), fault.Conflict)
		}
		// What is bound is not changed by what happens to the record.
		id = made(officer, r.record, r.in)
		volume := opened(archivist, volumeOf(app, "JL-"+r.category, set("category", r.category)))
		archivist.Do(bind, into(volume, field(t, archivist, id, "id")))
		if r.settle != "" {
			if got := officer.Do(r.settle, finding(id)).Get("*.*.state").String(); got != r.settled {
				t.Errorf("%s, settled: %s", name, got)
			}
			officer.Refused(r.settle, finding(id), fault.Conflict, "A1.4")
		}
		supervisor.Do(r.void, stewardtest.Void(id, "录错"))
		if got := field(t, archivist, id, "state"); got != "BOUND" {
			t.Errorf("%s: its bound document is %s after", name, got)
		}
	}
}

func TestA1_4_WhoKeepsTheRecords(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	security := app.Member("security-supervisor@a.example", inDepartment(app.GrantIn(policy.Supervisor, app.A), app.A.SecurityDepartment))
	for name, r := range records(app) {
		id := made(officer, r.record, r.in)
		sees := func(p *stewardtest.Person) bool {
			ids := p.Do(`{ `+r.list+`(first: 200) { edges { node { id } } } }`, nil).Get(r.list + ".edges.#.node.id").Array()
			return slices.ContainsFunc(ids, func(x gjson.Result) bool { return x.String() == id })
		}
		for _, role := range []policy.Role{policy.GeneralManager, policy.ProjectManager, policy.Supervisor, policy.CSOfficer, policy.Archivist, policy.Auditor} {
			if !sees(app.As(role)) {
				t.Errorf("%s does not see the %s", role, name)
			}
		}
		for who, p := range map[string]*stewardtest.Person{
			"guard": app.As(policy.Security), "accountant": app.As(policy.Accountant), "receptionist": app.As(policy.Receptionist), "custodian": app.As(policy.KeyCustodian),
			"another department's supervisor": security, "neighbour": app.Neighbour(), "another estate": app.Foreign(policy.ProjectManager),
		} {
			if sees(p) {
				t.Errorf("the %s sees the %s", who, name)
			}
		}
		if !sees(app.Resident()) {
			t.Errorf("the household does not see its %s", name)
		}
		for _, role := range []policy.Role{policy.Archivist, policy.Auditor, policy.Receptionist, policy.Security, policy.Accountant, policy.KeyCustodian} {
			app.As(role).Refused(r.record, r.in, fault.Forbidden)
			app.As(role).Refused(r.void, stewardtest.Void(id, "x"), fault.Forbidden)
		}
		app.Resident().Refused(r.record, r.in, fault.Forbidden)
		app.Nobody().Refused(r.record, r.in, fault.Unauthenticated)
		for who, p := range map[string]*stewardtest.Person{"another estate": app.Foreign(policy.CSOfficer), "another department": security} {
			p.Refused(r.record, r.in, fault.NotFound)
			if f := p.Refused(r.void, stewardtest.Void(id, "x"), fault.NotFound); f.Field != "id" {
				t.Errorf("%s, %s: refused at %q", who, name, f.Field)
			}
			if r.settle != "" {
				p.Refused(r.settle, finding(id), fault.NotFound)
			}
		}
		for _, role := range []policy.Role{policy.Supervisor, policy.ProjectManager, policy.GeneralManager} {
			made(app.As(role), r.record, r.in)
		}
		// Who recorded it voids it at once, and later who leads.
		app.Member(name+"@a.example", app.GrantIn(policy.CSOfficer, app.A)).Refused(r.void, stewardtest.Void(id, "x"), fault.Forbidden, "A1.4")
		app.Clock.Advance(16 * time.Minute)
		officer.Refused(r.void, stewardtest.Void(id, "x"), fault.Forbidden, "A1.4")
		stewardtest.Race(t, app.As(policy.Supervisor), r.void, stewardtest.Void(id, "重复登记"))
	}
}

func TestA1_4_WhatIsNoRecord(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	refused := func(document string, in vars, field string) {
		t.Helper()
		if f := officer.Refused(document, in, fault.InvalidInput); f.Field != field {
			t.Errorf("refused at %q, not %q", f.Field, field)
		}
	}
	for name, r := range records(app) {
		changed := func(c func(vars)) vars { return records(app, c)[name].in }
		refused(r.record, changed(set("title", " ")), "title")
		refused(r.record, changed(set("dated", "2027-01-01")), "dated")
		refused(r.record, changed(set("particulars", strings.Repeat("长", 2001))), "particulars")
		if f := officer.Refused(r.record, changed(set("householdID", uuid.NewString())), fault.NotFound); f.Field != "householdID" {
			t.Errorf("refused at %q", f.Field)
		}
		id := made(officer, r.record, r.in)
		refused(r.void, stewardtest.Void(id, " "), "reason")
		if r.settle != "" {
			refused(r.settle, vars{"in": vars{"id": id, "finding": ""}}, "finding")
			stewardtest.Race(t, officer, r.settle, finding(id))
		}
	}
	arrears := func(c ...func(vars)) vars { return about(app, append([]func(vars){set("kind", "ARREARS")}, c...)...) }
	refused(recordViolation, arrears(), "amount")
	refused(recordViolation, arrears(set("amount", 0), set("currency", "CNY")), "amount")
	refused(recordViolation, arrears(set("amount", -5), set("currency", "CNY")), "amount")
	refused(recordViolation, arrears(set("amount", 5)), "currency")
	refused(recordViolation, arrears(set("amount", 5), set("currency", "元")), "currency")
	if v := officer.Do(recordViolation, arrears(set("amount", 36050), set("currency", "CNY"))).Get("recordViolation.violation"); v.Get("amount").Int() != 36050 || v.Get("currency").String() != "CNY" {
		t.Errorf("arrears: %s", v.Raw)
	}
	refused(recordLetter, about(app, set("direction", "OUT"), set("way", "LETTER"), set("awaits", true)), "awaits")
	out := made(officer, recordLetter, about(app, set("direction", "OUT"), set("way", "LETTER")))
	officer.Refused(answerLetter, finding(out), fault.Conflict, "A1.4")
	refused(applyRenovation, about(app, set("beginsOn", "2026-03-10"), set("endsOn", "2026-03-09")), "endsOn")
}
