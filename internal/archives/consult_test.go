package archives_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	consult       = `mutation($in: ConsultStaffFileInput!) { consultStaffFile(input: $in) { consultation { id purpose reason workDocuments trainingDocuments consultedByName } work { title } training { title } } }`
	consultations = `{ staffFileConsultations(where: {consultedAtGTE: "2026-03-02T00:00:00Z"}) { totalCount edges { node { purpose reason consultedByName staff { name } } } } }`
)

func reading(staff string, change ...func(vars)) vars {
	in := vars{"staffID": staff, "purpose": "PROMOTION", "reason": "竞聘主管"}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

// Both parts of a staff file are read for promotion or pay, and that is on record: the person, the own supervisor and the manager see it.
func TestA1_3_AStaffFileIsReadForPromotion(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, sup, pm, person := app.As(policy.Archivist), app.As(policy.Supervisor), app.As(policy.ProjectManager), app.As(policy.Receptionist)
	staff := member(app, person, "小王")
	for _, d := range []struct{ category, title, dated string }{{"WORK", "聘任书", "2026-01-03"}, {"WORK", "考核表", "2025-12-31"}, {"TRAINING", "上岗证", "2026-02-01"}} {
		handed(archivist, paper(app, without("householdID"), set("staffID", staff), set("category", d.category), set("title", d.title), set("dated", d.dated)))
	}
	if n := sup.Do(consultations, nil).Get("staffFileConsultations.totalCount").Int(); n != 0 {
		t.Errorf("%d before", n)
	}
	got := sup.Do(consult, reading(staff)).Get("consultStaffFile")
	if got.Get("work.#.title").Raw != `["考核表","聘任书"]` || got.Get("training.#.title").Raw != `["上岗证"]` || got.Get("consultation.workDocuments").Int() != 2 || got.Get("consultation.trainingDocuments").Int() != 1 {
		t.Errorf("read: %s", got.Raw)
	}
	id := got.Get("consultation.id").String()
	pm.Do(consult, reading(staff, set("purpose", "PAY"), set("reason", "年度调薪")))
	for who, want := range map[*stewardtest.Person]int64{
		person: 2, sup: 2, pm: 2, app.As(policy.Auditor): 2, archivist: 0, app.As(policy.Accountant): 0, app.As(policy.CSOfficer): 0, app.Foreign(policy.ProjectManager): 0, app.Foreign(policy.Supervisor): 0,
	} {
		if n := who.Do(consultations, nil).Get("staffFileConsultations.totalCount").Int(); n != want {
			t.Errorf("%s sees %d", who.Email, n)
		}
	}
	if n := len(app.IDs(`SELECT id FROM identity.inbox WHERE account_id = $1 AND kind = 'archives.consulted'`, person.Account)); n != 2 {
		t.Errorf("the person was told %d times", n)
	}
	if n := len(app.IDs(`SELECT gen_random_uuid() FROM audit.entries e WHERE action = 'archives.consultStaffFile' AND subject_id = $1 AND body::jsonb ->> 'reason' = 'PROMOTION'`, id)); n != 1 {
		t.Errorf("%d entries on the trail", n)
	}
	keyed := sup.With("Idempotency-Key", "read-once")
	first := keyed.Do(consult, reading(staff)).Get("consultStaffFile").Raw
	if again := keyed.Do(consult, reading(staff)).Get("consultStaffFile").Raw; again != first {
		t.Errorf("read %s, then %s", first, again)
	}
	// With the person it goes to another department, whose supervisor sees it from then on.
	app.SQL(`UPDATE staffs SET department_id = (SELECT id FROM departments WHERE estate_id = $2 AND kind = 'SECURITY') WHERE id = $1`, staff, app.A.ID)
	head := app.Member("head@a.example", inDepartment(app.GrantIn(policy.Supervisor, app.A), app.A.SecurityDepartment))
	if a, b := sup.Do(consultations, nil).Get("staffFileConsultations.totalCount").Int(), head.Do(consultations, nil).Get("staffFileConsultations.totalCount").Int(); a != 0 || b != 3 {
		t.Errorf("the old supervisor sees %d, the new one %d", a, b)
	}
}

func TestA1_3_WhoDoesNotReadForPromotion(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sup, pm, person := app.As(policy.Supervisor), app.As(policy.ProjectManager), app.As(policy.Receptionist)
	staff, self, boss := member(app, person, "小王"), member(app, sup, "王主管"), member(app, pm, "王经理")
	for _, p := range []*stewardtest.Person{person, app.As(policy.Archivist), app.As(policy.CSOfficer), app.As(policy.Accountant), app.As(policy.Auditor), app.Resident()} {
		p.Refused(consult, reading(staff), fault.Forbidden)
	}
	app.Nobody().Refused(consult, reading(staff), fault.Unauthenticated)
	sup.Refused(consult, reading(self), fault.RuleBroken, "A1.3")
	pm.Refused(consult, reading(boss), fault.RuleBroken, "A1.3")
	pm.Do(consult, reading(self))
	app.Foreign(policy.ProjectManager).Refused(consult, reading(staff), fault.NotFound)
	app.Foreign(policy.Supervisor).Refused(consult, reading(staff), fault.NotFound)
	head := app.Member("head@a.example", inDepartment(app.GrantIn(policy.Supervisor, app.A), app.A.SecurityDepartment))
	if r := head.Refused(consult, reading(staff), fault.NotFound); r.Field != "staffID" {
		t.Errorf("refused at %q", r.Field)
	}
	sup.Refused(consult, reading(staff, set("reason", " ")), fault.InvalidInput)
	sup.Refused(consult, reading(app.A.Household.String()), fault.NotFound)
	app.SQL(`UPDATE staffs SET employed_until = '2026-03-01' WHERE id = $1`, staff)
	sup.Refused(consult, reading(staff), fault.Conflict, "A1.3")
	if n := person.Do(consultations, nil).Get("staffFileConsultations.totalCount").Int(); n != 0 {
		t.Errorf("%d are on record", n)
	}
	if got := refusedBy(app.TrySQL(`INSERT INTO staff_file_consultations (id, created_at, estate_id, staff_id, file_id, department_id, account_id, purpose, reason, work_documents, training_documents, consulted_by_id, consulted_by_name, consulted_at)
		SELECT new_id(x'0616'::int), now(), estate_id, staff_id, id, department_id, account_id, 'PAY', 'x', 0, 0, account_id, 'x', now() FROM archive_files WHERE staff_id = $1`, self)); got != "staff_file_consultations_own" {
		t.Errorf("refused by %q", got)
	}
}
