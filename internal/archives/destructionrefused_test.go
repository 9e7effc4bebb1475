package archives_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestA7_WhoDestroys(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager := app.As(policy.Archivist), app.As(policy.ProjectManager)
	d, _ := old(app, "TS-01")
	witness := member(app, app.As(policy.Security), "监销员")
	for _, role := range []policy.Role{policy.GeneralManager, policy.ProjectManager, policy.Supervisor, policy.CSOfficer, policy.Auditor, policy.Security} {
		app.As(role).Refused(proposing, proposal(app, d), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(proposing, proposal(app, d), fault.NotFound)
	id := proposed(app, d)
	for _, p := range []*stewardtest.Person{archivist, app.As(policy.GeneralManager), app.As(policy.Supervisor), app.Resident()} {
		p.Refused(approving, approved(id, witness), fault.Forbidden)
	}
	app.Foreign(policy.ProjectManager).Refused(approving, approved(id, witness), fault.NotFound)
	approval := app.IDs(`SELECT approval_id FROM archive_destructions WHERE id = $1`, id)[0]
	manager.Refused(`mutation($id: ID!, $s: SignatureInput!) { giveApproval(input: {approvalID: $id, note: "", signature: $s}) { approval { id } } }`,
		vars{"id": approval, "s": own()}, fault.RuleBroken, "A7") // it names no witness
	manager.Do(approving, approved(id, witness))
	for _, role := range []policy.Role{policy.ProjectManager, policy.GeneralManager, policy.CSOfficer, policy.Security} {
		app.As(role).Refused(destroying, executed(id, witness), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(destroying, executed(id, witness), fault.NotFound)
	for _, p := range []*stewardtest.Person{app.As(policy.Supervisor), app.As(policy.Security)} {
		p.Refused(cancelling, vars{"in": vars{"destructionID": id, "reason": "x"}}, fault.Forbidden)
	}
	if r := archivist.Refused(cancelling, vars{"in": vars{"destructionID": id, "reason": ""}}, fault.InvalidInput); r.Field != "reason" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := manager.Do(cancelling, vars{"in": vars{"destructionID": id, "reason": "补录"}}).Get("cancelArchiveDestruction.destruction"); r.Raw != `{"state":"CANCELLED","cancelReason":"补录"}` {
		t.Errorf("cancelled: %s", r.Raw)
	}
	// What the manager declines has ended, and may be proposed again.
	again := proposed(app, d)
	manager.Do(`mutation($id: ID!) { declineApproval(input: {approvalID: $id, note: "再留一年"}) { approval { state } } }`,
		vars{"id": app.IDs(`SELECT approval_id FROM archive_destructions WHERE id = $1`, again)[0]})
	archivist.Refused(destroying, executed(again, witness), fault.RuleBroken, "A7")
	proposed(app, d)
}

func TestA7_BadProposals(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	d, _ := old(app, "TS-01")
	permanent, _ := old(app, "TS-02", set("category", "MOVE_IN"))
	inbox := handed(archivist, paper(app, set("dated", "2010-01-01")))
	change := func(field string, value any, documents ...string) vars {
		in := proposal(app, documents...)
		in["in"].(vars)[field] = value
		return in
	}
	for name, c := range map[string]struct {
		in     vars
		code   fault.Code
		field  string
		clause []string
	}{
		"nothing":           {change("documentIDs", []string{}), fault.InvalidInput, "documentIDs", []string{"A7"}},
		"twice":             {proposal(app, d, d), fault.InvalidInput, "documentIDs.1", []string{"A7"}},
		"unknown":           {proposal(app, d, uuid.NewString()), fault.NotFound, "documentIDs.1", nil},
		"permanent":         {proposal(app, permanent), fault.RuleBroken, "documentIDs.0", []string{"A7"}},
		"in the inbox":      {proposal(app, inbox), fault.RuleBroken, "documentIDs.0", []string{"A7"}},
		"paper is not data": {change("method", "ERASURE", d), fault.InvalidInput, "method", []string{"A7"}},
		"without a reason":  {change("reason", " ", d), fault.InvalidInput, "reason", nil},
	} {
		if r := archivist.Refused(proposing, c.in, c.code, c.clause...); r.Field != c.field {
			t.Errorf("%s: refused at %q", name, r.Field)
		}
	}
}

// The witness is neither the archivist nor who approves, compared as members of staff, whatever accounts are theirs by then.
func TestA7_TheWitnessIsAThirdPerson(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager := app.As(policy.Archivist), app.As(policy.ProjectManager)
	a, m := member(app, archivist, "档案员"), member(app, manager, "经理")
	d, _ := old(app, "TS-01")
	id := proposed(app, d)
	for name, who := range map[string]string{"the archivist": a, "who approves": m, "who has no account": member(app, nil, "无账号")} {
		if r := manager.Refused(approving, approved(id, who), fault.RuleBroken, "A7"); r.Field != "witnessID" {
			t.Errorf("%s: refused at %q", name, r.Field)
		}
	}
	if r := manager.Refused(approving, approved(id, uuid.NewString()), fault.NotFound); r.Field != "witnessID" {
		t.Errorf("refused at %q", r.Field)
	}
	second := app.Member("second@a.example", app.GrantIn(policy.Security, app.A))
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, second.Account, a) // the archivist's second account
	manager.Refused(approving, approved(id, a), fault.RuleBroken, "A7")
	left := member(app, app.As(policy.Receptionist), "离职的")
	app.SQL(`UPDATE staffs SET employed_until = '2025-06-01' WHERE id = $1`, left)
	manager.Refused(approving, approved(id, left), fault.RuleBroken, "A7")
	own := app.IDs(`SELECT approval_id FROM archive_destructions WHERE id = $1`, id)[0]
	if n := len(app.IDs(`SELECT id FROM approvals WHERE id = $1 AND state = 'ASKED'`, own)); n != 1 {
		t.Error("a witness who cannot be one has used the approval up")
	}
	witness := member(app, app.As(policy.Security), "监销员")
	manager.Do(approving, approved(id, witness))

	// By the time it is carried out the witness's account is the archivist's own: the same account is the same person.
	app.SQL(`UPDATE staffs SET account_id = NULL WHERE id = $1`, a)
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, archivist.Account, witness)
	archivist.Refused(destroying, executed(id, witness), fault.RuleBroken, "A7")
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, app.As(policy.Security).Account, witness)
	archivist.Do(destroying, executed(id, witness))
}

func TestA7_TheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d, _ := old(app, "TS-01")
	young, volume := old(app, "TS-02", set("dated", "2024-02-10"))
	id := proposed(app, d)
	witness := member(app, app.As(policy.Security), "监销员")
	line := `INSERT INTO archive_destruction_lines (id, created_at, estate_id, destruction_id, document_id, category, volume_code, dated, pages, years, basis, eligible_on)
		SELECT new_id(x'0613'::int), now(), $1, $2, $3, 'COMPLAINTS', 'TS-02', '2024-02-10', 2, 10, '档案保管期限表 4.6', '2025-02-10'`
	order := `INSERT INTO archive_destructions (id, created_at, estate_id, method, reason, quantity, pages, dated_from, dated_until, eligible_on, proposed_by_id, proposed_by_name, proposed_at)
		VALUES ($1, now(), $2, 'SHREDDING', 'x', 1, 1, '2015-01-01', '2015-01-01', '2025-01-01', gen_random_uuid(), 'x', '2026-03-02')`
	other := uuid.New()
	app.SQL(order, other, app.A.ID)
	for want, err := range map[string]error{
		"archive_destructions_frozen":    app.TrySQL(line, app.A.ID, id, young),
		"archive_destructions_retention": app.TrySQL(line, app.A.ID, other, young),
		"archive_destruction_lines_open": app.TrySQL(`INSERT INTO archive_destruction_lines (id, created_at, estate_id, destruction_id, document_id, category, volume_code, dated, pages, years, basis, eligible_on)
			SELECT new_id(x'0613'::int), now(), estate_id, $2, document_id, category, volume_code, dated, pages, years, basis, eligible_on FROM archive_destruction_lines WHERE destruction_id = $1`, id, other),
		"archive_destructions_approved": app.TrySQL(`UPDATE archive_destructions SET state = 'APPROVED', approved_by_id = gen_random_uuid(), approved_at = now(), witness_id = $2, content = 'x' WHERE id = $1`, id, witness),
		"archive_destructions_step":     app.TrySQL(`SELECT archive_destroy($1, $2, now())`, app.A.ID, id),
		"archive_documents_destroyed":   app.TrySQL(`UPDATE archive_documents SET state = 'DESTROYED', destroyed_at = now(), certificate_number = 'A' WHERE id = $1`, d),
		"archive_documents_ordered":     app.TrySQL(`UPDATE archive_documents SET state = 'INBOX', volume_id = NULL, bound_at = NULL WHERE id = $1`, d),
		"archive_holds_of":              app.TrySQL(`INSERT INTO archive_holds (id, created_at, estate_id, subject_id, document_id, volume_id, reason, placed_by_id, placed_by_name, placed_at) VALUES (new_id(x'0611'::int), now(), $1, $2, $2, $3, 'x', $2, 'x', now())`, app.A.ID, d, volume),
		"archive_retentions_years":      app.TrySQL(`UPDATE archive_retentions SET years = 0 WHERE estate_id = $1`, app.A.ID),
	} {
		if got := refusedBy(err); got != want {
			t.Errorf("want %s, got %s %v", want, got, err)
		}
	}
	app.As(policy.ProjectManager).Do(approving, approved(id, witness))
	if got := refusedBy(app.TrySQL(`SELECT archive_destroy($1, $2, '2026-03-02')`, app.A.ID, id)); got != "archive_destructions_certified" {
		t.Errorf("unsigned: refused by %q", got)
	}
	app.As(policy.Archivist).Do(destroying, executed(id, witness))
	if got := refusedBy(app.TrySQL(`UPDATE archive_documents SET title = 'x' WHERE id = $1`, d)); got != "archive_documents_stub" {
		t.Errorf("a stub: refused by %q", got)
	}
}
