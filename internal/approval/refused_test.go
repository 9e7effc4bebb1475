package approval_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestWhoMayNotDecide(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id, high := asked(t, app, plain), asked(t, app, top)
	for _, role := range []policy.Role{policy.CSOfficer, policy.KeyCustodian, policy.Engineering, policy.Auditor, policy.Resident} {
		app.As(role).Refused(give, yes(id), fault.Forbidden)
		app.As(role).Refused(decline, no(id), fault.Forbidden)
	}
	app.As(policy.Auditor).Refused(withdraw, back(id), fault.Forbidden)
	for _, p := range []*stewardtest.Person{app.Foreign(policy.Supervisor), app.Foreign(policy.ProjectManager)} {
		for document, in := range map[string]vars{give: yes(id), decline: no(id), withdraw: back(id)} {
			if r := p.Refused(document, in, fault.NotFound); r.Field != "approvalID" {
				t.Errorf("refused at %q", r.Field)
			}
		}
	}
	if _, err := use.Do(as(app, app.Foreign(policy.KeyCustodian), policy.KeyCustodian, app.B), useInput{plain, id}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a foreign approval is used: %v", err)
	}
	// What only a general manager may decide is refused to managers of the estate, with its clause.
	for _, role := range []policy.Role{policy.Supervisor, policy.ProjectManager} {
		app.As(role).Refused(give, yes(high), fault.Forbidden, "K2.2")
		app.As(role).Refused(decline, no(high), fault.Forbidden, "K2.2")
	}
	app.As(policy.GeneralManager).Do(give, yes(high))
}

func TestNobodyDecidesTheOwnQuestion(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager)
	own := askedBy(as(app, pm, policy.ProjectManager, app.A), t, plain, question(app.A))
	pm.Refused(give, yes(own), fault.RuleBroken, "K2.3")
	pm.Refused(decline, no(own), fault.RuleBroken, "K2.3")
	if n := len(inbox(t, app, pm, own)); n != 0 {
		t.Errorf("who asked was put the question %d times", n)
	}
	app.As(policy.GeneralManager).Do(give, yes(own))

	// The same member of staff with another account is the same person.
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, pm.Account, app.A.Staff)
	again := askedBy(as(app, pm, policy.ProjectManager, app.A), t, plain, question(app.A))
	second := app.Member("second@a.example", app.GrantIn(policy.ProjectManager, app.A))
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, second.Account, app.A.Staff)
	second.Refused(give, yes(again), fault.RuleBroken, "K2.3")
	second.Refused(decline, no(again), fault.RuleBroken, "K2.3")
	refusedByDatabase(t, app, "approvals_not_own", `UPDATE approvals SET state = 'DECLINED', decided_by_id = $2, decided_at = asked_at, decision_note = 'x' WHERE id = $1`, again, second.Account)
}

func TestCanAnswersAsTheActDoes(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := asked(t, app, plain)
	can := func(p *stewardtest.Person) string {
		return p.Do(`query($id: ID!) { can(checks: [{action: "approval.give", id: $id}, {action: "approval.decline", id: $id}, {action: "approval.withdraw", id: $id}]) { allowed } }`,
			vars{"id": id}).Get("can.#.allowed").Raw
	}
	for role, want := range map[policy.Role]string{
		policy.Supervisor: "[true,true,false]", policy.ProjectManager: "[true,true,true]", policy.KeyCustodian: "[false,false,true]",
		policy.CSOfficer: "[false,false,false]", policy.Auditor: "[false,false,false]",
	} {
		if got := can(app.As(role)); got != want {
			t.Errorf("%s may %s, want %s", role, got, want)
		}
	}
	app.As(policy.Supervisor).Do(give, yes(id))
	if got := can(app.As(policy.ProjectManager)); got != "[false,false,true]" {
		t.Errorf("when it is given: %s", got)
	}
}

// refusedByDatabase runs plain SQL as the app role, in the project manager's estates, and wants the constraint.
func refusedByDatabase(t *testing.T, app *stewardtest.App, constraint, sql string, args ...any) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err == nil && tag.RowsAffected() == 0 {
			t.Errorf("no row was there for %s", sql)
		}
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.ConstraintName != constraint {
		t.Errorf("%s\nis not refused by %s: %v", sql, constraint, err)
	}
}

// What the rules refuse the database refuses too, whoever writes.
func TestTheDatabaseHoldsTheSteps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sup := app.As(policy.Supervisor)
	made := map[string]uuid.UUID{}
	for _, s := range []string{"ASKED", "GIVEN", "DECLINED", "WITHDRAWN", "EXPIRED", "USED"} {
		made[s] = asked(t, app, plain)
	}
	for _, s := range []string{"GIVEN", "USED"} {
		sup.Do(give, yes(made[s]))
	}
	sup.Do(decline, no(made["DECLINED"]))
	app.As(policy.KeyCustodian).Do(withdraw, back(made["WITHDRAWN"]))
	if _, err := use.Do(custodian(app), useInput{plain, made["USED"]}); err != nil {
		t.Fatal(err)
	}
	app.SQL(`UPDATE approvals SET state = 'EXPIRED' WHERE id = $1`, made["EXPIRED"])

	steps := map[string]string{
		"ASKED":     `state = 'ASKED'`,
		"GIVEN":     `state = 'GIVEN', decided_by_id = '` + sup.Account.String() + `', decided_at = asked_at`,
		"DECLINED":  `state = 'DECLINED', decided_by_id = '` + sup.Account.String() + `', decided_at = asked_at, decision_note = '不'`,
		"WITHDRAWN": `state = 'WITHDRAWN', withdrawn_by_id = asked_by_id, withdrawn_at = asked_at, withdraw_reason = '不'`,
		"EXPIRED":   `state = 'EXPIRED'`,
		"USED":      `state = 'USED', used_at = asked_at`,
	}
	allowed := map[string]bool{"ASKED DECLINED": true, "ASKED WITHDRAWN": true, "ASKED EXPIRED": true, "GIVEN WITHDRAWN": true, "GIVEN EXPIRED": true, "GIVEN USED": true}
	for from, id := range made {
		for to, set := range steps {
			if pair := from + " " + to; pair == "ASKED GIVEN" {
				refusedByDatabase(t, app, "approvals_signed", `UPDATE approvals SET `+set+` WHERE id = $1`, id)
			} else if !allowed[pair] {
				refusedByDatabase(t, app, "approvals_one_way", `UPDATE approvals SET `+set+` WHERE id = $1`, id)
			}
		}
	}
	waits, given := made["ASKED"], made["GIVEN"]
	for sql, constraint := range map[string]string{
		`UPDATE approvals SET content = '{"count": 9}' WHERE id = $1`:                                                                            "approvals_one_way",
		`UPDATE approvals SET expires_at = expires_at + interval '1 year' WHERE id = $1`:                                                         "approvals_one_way",
		`UPDATE approvals SET state = 'EXPIRED', asked_by_id = gen_random_uuid() WHERE id = $1`:                                                  "approvals_one_way",
		`UPDATE approvals SET state = 'EXPIRED', decided_at = now() WHERE id = $1`:                                                               "approvals_one_way",
		`UPDATE approvals SET state = 'DECLINED', decided_by_id = asked_by_id, decided_at = asked_at, decision_note = 'x' WHERE id = $1`:         "approvals_not_own",
		`UPDATE approvals SET state = 'DECLINED', decided_by_id = gen_random_uuid(), decided_at = asked_at WHERE id = $1`:                        "approvals_decided",
		`UPDATE approvals SET state = 'DECLINED', decided_at = asked_at, decision_note = 'x' WHERE id = $1`:                                      "approvals_decided",
		`UPDATE approvals SET state = 'DECLINED', decided_by_id = gen_random_uuid(), decided_at = expires_at, decision_note = 'x' WHERE id = $1`: "approvals_decided",
		`UPDATE approvals SET state = 'WITHDRAWN' WHERE id = $1`:                                                                                 "approvals_withdrawn",
	} {
		refusedByDatabase(t, app, constraint, sql, waits)
	}
	refusedByDatabase(t, app, "approvals_used", `UPDATE approvals SET state = 'USED' WHERE id = $1`, given)
	refusedByDatabase(t, app, "approvals_used", `UPDATE approvals SET state = 'USED', used_at = expires_at WHERE id = $1`, given)
	refusedByDatabase(t, app, "approvals_one_way", `INSERT INTO approvals (id, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at, state)
		SELECT $2, created_at, estate_id, kind, clause, subject_id, title, title_en, content, content_hash, reason, asked_by_id, asked_by_name, asked_at, expires_at, 'EXPIRED' FROM approvals WHERE id = $1`, waits, ids.New(0x0206))
	// Somebody else's signature does not do, and with the trigger gone the leak shows.
	app.Super(`UPDATE approvals SET content_hash = 'other' WHERE id = $1`, waits)
	other := app.Member("other@a.example", app.GrantIn(policy.ProjectManager, app.A))
	refusedByDatabase(t, app, "approvals_signed", `UPDATE approvals SET state = 'GIVEN', decided_by_id = $2, decided_at = asked_at WHERE id = $1`, waits, other.Account)
	app.Super(`ALTER TABLE approvals DISABLE TRIGGER approval_moves`)
	app.SQL(`UPDATE approvals SET state = 'GIVEN', decided_by_id = $2, decided_at = asked_at WHERE id = $1`, waits, other.Account)
	if _, err := use.Do(custodian(app), useInput{plain, waits}); err != nil {
		t.Errorf("without the trigger what nobody signed cannot be used: %v", err)
	}
}

// An approval that a later version asked is refused, not answered with an error of ours.
func TestAKindThatIsNotKnown(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := asked(t, app, plain)
	app.Super(`UPDATE approvals SET kind = 'later.kind' WHERE id = $1`, id)
	app.As(policy.Supervisor).Refused(give, yes(id), fault.Conflict)
	app.Clock.Advance(lapses)
	if _, err := approval.Expire(app.Context(), app.Runtime); err != nil || state(t, app, id) != "EXPIRED" {
		t.Errorf("it is %s: %v", state(t, app, id), err)
	}
}
