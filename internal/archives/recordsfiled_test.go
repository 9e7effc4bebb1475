package archives_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A complaint is to be answered within three working days: its obligation is the officer's, is met by the answer, and is
// reported to the leaders when it is not.
func TestA1_4_AComplaintIsAnsweredWithinThreeWorkingDays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	complain := records(app)["complaint"].in
	due := func(id string) (state, at string) {
		o := officer.Do(`query($id: ID!) { obligations(where: {subjectID: $id}) { edges { node { state dueAt clause } } } }`, vars{"id": id}).Get("obligations.edges.0.node")
		if o.Get("clause").String() != "A1.4" {
			t.Errorf("what is due is %s", o.Raw)
		}
		return o.Get("state").String(), o.Get("dueAt").String()
	}
	c := officer.Do(recordComplaint, complain).Get("recordComplaint.complaint")
	answered, late, voided := c.Get("id").String(), made(officer, recordComplaint, complain), made(officer, recordComplaint, complain)
	// Monday, 2 March: until the end of Thursday.
	want := time.Date(2026, 3, 6, 0, 0, 0, 0, stewardtest.Start.Location())
	state, at := due(answered)
	if got, err := time.Parse(time.RFC3339, at); err != nil || !got.Equal(want) || state != "OPEN" || !c.Get("dueAt").Time().Equal(want) {
		t.Errorf("due at %s (%s), not %s", at, state, want)
	}
	officer.Do(answerComplaint, finding(answered))
	officer.Do(voidComplaint, stewardtest.Void(voided, "录错"))
	app.Clock.Advance(want.Add(time.Hour).Sub(app.Clock.Now()))
	officer.SignIn()
	app.As(policy.Supervisor).Do(answerComplaint, finding(late))
	for id, want := range map[string]string{answered: "MET", voided: "CANCELLED", late: "BREACHED"} {
		if state, _ := due(id); state != want {
			t.Errorf("it is %s, not %s", state, want)
		}
	}
}

// An emergency contact files itself, too, and its name follows while its document is in the inbox.
func TestA1_4_AnEmergencyContactFilesItself(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist := app.As(policy.CSOfficer), app.As(policy.Archivist)
	add := `mutation($in: AddEmergencyContactInput!) { addEmergencyContact(input: $in) { emergencyContact { id version } } }`
	change := `mutation($in: UpdateEmergencyContactInput!) { updateEmergencyContact(input: $in) { emergencyContact { version } } }`
	id := made(officer, add, vars{"in": vars{"householdID": app.A.Household, "name": "李阿姨", "phone": stewardtest.Phone}})
	for what, want := range map[string]string{"category": "SUPPLEMENTS", "state": "INBOX", "title": "紧急联系人:李阿姨", "dated": "2026-03-02"} {
		if got := field(t, archivist, id, what); got != want {
			t.Errorf("its document's %s is %q", what, got)
		}
	}
	if by := field(t, archivist, id, "handedInByName"); by == "" || by == "系统" {
		t.Errorf("it was handed in by %q", by)
	}
	officer.Do(change, vars{"in": vars{"id": id, "expectedVersion": 1, "name": "李奶奶"}})
	document := field(t, archivist, id, "id")
	if got := field(t, archivist, id, "title"); got != "紧急联系人:李奶奶" {
		t.Errorf("its document is %q", got)
	}
	archivist.Do(bind, into(opened(archivist, volumeOf(app, "BC-01", set("category", "SUPPLEMENTS"))), document))
	officer.Do(change, vars{"in": vars{"id": id, "expectedVersion": 2, "name": "王叔叔"}})
	if got := field(t, archivist, id, "title"); got != "紧急联系人:李奶奶" {
		t.Errorf("bound, its document is %q", got)
	}
}

// The household, its file and its department are of one piece, whoever writes it; and nobody else files in a record's name.
func TestA1_4_ARecordIsInItsHouseholdsFile(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	insert := `INSERT INTO violations (id, created_at, estate_id, household_id, file_id, department_id, kind, title, dated, recorded_by_id, recorded_by_name, recorded_at)
		SELECT new_id(x'0606'::int), now(), $1, $2, f.id, $4, 'VIOLATION', 'x', '2026-02-01', gen_random_uuid(), 'x', now() FROM archive_files f WHERE f.household_id = $3`
	if err := app.TrySQL(insert, app.A.ID, app.A.Household, app.A.Household, app.A.Department); err != nil {
		t.Fatal(err)
	}
	if err := app.TrySQL(insert, app.A.ID, app.A.Household, app.A.OtherHousehold, app.A.Department); err == nil {
		t.Error("it is in a neighbour's file")
	}
	if err := app.TrySQL(insert, app.A.ID, app.A.Household, app.A.Household, app.A.SecurityDepartment); err == nil {
		t.Error("it is another department's")
	}
	if err := app.TrySQL(`INSERT INTO archive_documents SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid()))).* FROM archive_documents d
		WHERE subject_id = (SELECT id FROM violations WHERE household_id = $1 LIMIT 1)`, app.A.Household); err == nil {
		t.Error("a record is filed twice")
	}
}

// Of a void and a binding at once both are done, or the void takes the document along: never a bound document that is voided.
func TestA1_4_AVoidAndABindingAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist := app.As(policy.CSOfficer), app.As(policy.Archivist)
	volume := opened(archivist, volumeOf(app, "TS-01"))
	for range 6 {
		id := made(officer, recordComplaint, records(app)["complaint"].in)
		document, done := field(t, archivist, id, "id"), make(chan string)
		go func() {
			a, _ := archivist.Try(bind, into(volume, document))
			done <- a.Get("errors.0.extensions.code").String()
		}()
		officer.Do(voidComplaint, stewardtest.Void(id, "录错"))
		code := <-done
		if state := field(t, archivist, id, "state"); state != map[string]string{"": "BOUND", string(fault.Conflict): "VOIDED"}[code] {
			t.Errorf("the document is %s after %q", state, code)
		}
	}
}

// Households that were imported before the estate had a department for them are customer service's from when it has one (A4.2).
func TestA1_4_FilesFromBeforeTheDepartments(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	e := app.As(policy.GeneralManager).Do(`mutation { createEstate(input: {code: "C", name: "丙小区"}) { estate { id } } }`, nil).Get("createEstate.estate.id").String()
	manager := app.As(policy.GeneralManager)
	home := made(manager, `mutation($in: CreateHouseholdInput!) { createHousehold(input: $in) { household { id } } }`, vars{"in": vars{"estateID": e, "code": "101", "name": "早到的业户", "residents": []vars{{"name": "早到的业户"}}}})
	before := made(manager, recordComplaint, records(app, set("householdID", home))["complaint"].in)
	department := made(manager, `mutation($in: CreateDepartmentInput!) { createDepartment(input: $in) { department { id } } }`, vars{"in": vars{"estateID": e, "name": "客服部", "kind": "CUSTOMER_SERVICE"}})
	after := made(manager, recordComplaint, records(app, set("householdID", home))["complaint"].in)
	if n := len(app.IDs(`SELECT c.id FROM complaints c JOIN archive_documents d ON d.subject_id = c.id JOIN archive_files f ON f.id = d.file_id
		WHERE c.id = ANY ($1) AND c.department_id = $2 AND d.department_id = $2 AND f.department_id = $2`, []string{before, after}, department)); n != 2 {
		t.Errorf("%d of two records are customer service's, with their file", n)
	}
}
