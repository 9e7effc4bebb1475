package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestK4_3_WhoChecksIsNotWhoKeeps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	s := checkSheetOf(supervisor.Do(drawSpotCheck, sample(app.A.ID, 1, 0)).Get("drawKeySpotCheck.spotCheck"))
	count, end := agreed(app, s, nil), vars{"in": vars{"spotCheckID": s.id}}
	cancel := vars{"in": vars{"spotCheckID": s.id, "reason": "不查了"}}
	calls := map[string]vars{drawSpotCheck: sample(app.A.ID, 1, 0), countSpotCheck: count, closeSpotCheck: end, cancelSpotCheck: cancel, resolveKeys: resolved(s.lines[0], "EXPLAINED")}
	for document, in := range calls {
		for _, role := range []policy.Role{policy.KeyCustodian, policy.CSOfficer, policy.Engineering, policy.Auditor} {
			app.As(role).Refused(document, in, fault.Forbidden)
		}
		app.Resident().Refused(document, in, fault.Forbidden)
		app.Nobody().Refused(document, in, fault.Unauthenticated)
		app.Foreign(policy.Supervisor).Refused(document, in, fault.NotFound)
		app.Foreign(policy.ProjectManager).Refused(document, in, fault.NotFound)
	}
	app.Foreign(policy.Supervisor).Refused(redrawSpotCheck, vars{"id": s.id}, fault.NotFound)
	app.Resident().Refused(redrawSpotCheck, vars{"id": s.id}, fault.NotFound)

	// Who is custodian and manager at once keeps keys all the same.
	both := app.Member("both@a.example", app.GrantIn(policy.ProjectManager, app.A), app.GrantIn(policy.KeyCustodian, app.A))
	for document, in := range calls {
		if document == drawSpotCheck {
			both.Refused(document, in, fault.RuleBroken, "K4.3")
		} else {
			both.Refused(document, in, fault.NotFound) // a count is blind to them
		}
	}
	const can = `query($c: [CanInput!]!) { can(checks: $c) { allowed clause } }`
	asks := vars{"c": []vars{
		{"action": "keys.drawSpotCheck", "id": app.A.ID}, {"action": "keys.countSpotCheck", "id": s.id},
		{"action": "keys.closeSpotCheck", "id": s.id}, {"action": "keys.cancelSpotCheck", "id": s.id}, {"action": "keys.resolveDifference", "id": s.lines[0].Get("id").String()},
	}}
	for p, want := range map[*stewardtest.Person]string{supervisor: "true true false true false", both: "false false false false false", app.Foreign(policy.Supervisor): "false false false false false"} {
		var got []string
		for _, a := range p.Do(can, asks).Get("can").Array() {
			got = append(got, a.Get("allowed").String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s can %v, want %s", p.Email, got, want)
		}
	}
	app.As(policy.GeneralManager).Do(countSpotCheck, count)
	app.As(policy.ProjectManager).Do(closeSpotCheck, end)
}

// An API token that is narrowed to the role that checks does not shake off the one that keeps.
func TestK4_3_NobodyChecksThroughAToken(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	s := checkSheetOf(app.As(policy.Supervisor).Do(drawSpotCheck, sample(app.A.ID, 1, 0)).Get("drawKeySpotCheck.spotCheck"))
	both := app.Member("both@a.example", app.GrantIn(policy.ProjectManager, app.A), app.GrantIn(policy.KeyCustodian, app.A))
	token := *both
	token.Token = both.Do(`mutation($in: CreateAPITokenInput!) { createApiToken(input: $in) { secret } }`,
		vars{"in": vars{"name": "大屏", "role": policy.ProjectManager, "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}}).Get("createApiToken.secret").String()
	token.Refused(redrawSpotCheck, vars{"id": s.id}, fault.NotFound)
	for document, in := range map[string]vars{
		drawSpotCheck: sample(app.A.ID, 1, 0), countSpotCheck: agreed(app, s, nil), resolveKeys: resolved(s.lines[0], "EXPLAINED"),
		closeSpotCheck: {"in": vars{"spotCheckID": s.id}}, cancelSpotCheck: {"in": vars{"spotCheckID": s.id, "reason": "不查了"}},
	} {
		token.Refused(document, in, fault.Forbidden)
	}
}

// The database by itself lets nobody draw, count, resolve or end who keeps the keys on that day, in the cabinet or at the desk.
func TestK4_3_TheDatabaseKnowsWhoKeeps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	s := checkSheetOf(supervisor.Do(drawSpotCheck, sample(app.A.ID, 1, 0)).Get("drawKeySpotCheck.spotCheck"))
	ended := app.GrantIn(policy.KeyCustodian, app.A)
	ended.Until = ended.From
	once := app.Member("once@a.example", app.GrantIn(policy.ProjectManager, app.A), ended)
	const (
		draw = `INSERT INTO key_spot_checks (id, created_at, estate_id, reconciliation_id, seed, population, size, register_population, register_size, drawn_by_id, drawn_by_name, drawn_at)
			SELECT new_id(x'0318'::int), created_at, estate_id, (SELECT id FROM more), seed, population, size, 1, 0, $2, drawn_by_name, drawn_at FROM key_spot_checks WHERE id = $1`
		sheetAlike = `WITH more AS (INSERT INTO reconciliations (id, created_at, estate_id, kind, clause, subject_id, title, title_en, frozen_at, opened_by_id, opened_by_name)
			SELECT new_id(x'0207'::int), created_at, estate_id, kind, clause, subject_id, title, title_en, frozen_at, opened_by_id, opened_by_name FROM reconciliations
			WHERE id = (SELECT reconciliation_id FROM key_spot_checks WHERE id = $1) RETURNING id) `
		count  = `UPDATE reconciliation_lines SET counted = 9, counted_at = now(), counted_by_id = $2 WHERE reconciliation_id = (SELECT reconciliation_id FROM key_spot_checks WHERE id = $1)`
		cancel = `UPDATE reconciliations SET state = 'CANCELLED', closed_at = now(), closed_by_id = $2, close_note = '不查了' WHERE id = (SELECT reconciliation_id FROM key_spot_checks WHERE id = $1)`
	)
	for _, sql := range []string{sheetAlike + draw, count, cancel} {
		for _, p := range []*stewardtest.Person{app.As(policy.KeyCustodian), app.As(policy.CSOfficer)} {
			if _, by := constraintOf(undone(app, sql, s.id, p.Account)); by != "key_spot_checks_not_by_keeper" {
				t.Errorf("%s: %s is refused by %q", sql, p.Email, by)
			}
		}
		for _, p := range []*stewardtest.Person{once, app.Foreign(policy.KeyCustodian)} {
			if err := undone(app, sql, s.id, p.Account); err != nil {
				t.Errorf("%s: %s: %v", sql, p.Email, err)
			}
		}
	}
	supervisor.Do(countSpotCheck, agreed(app, s, map[string]int{s.lines[0].Get("id").String(): 99}))
	const resolve = `UPDATE reconciliation_lines SET state = 'RESOLVED', resolved_at = now(), resolved_by_id = $2, resolution = 'EXPLAINED', resolution_reason = '查明' WHERE id = $1`
	if _, by := constraintOf(undone(app, resolve, s.lines[0].Get("id").String(), app.As(policy.KeyCustodian).Account)); by != "key_spot_checks_not_by_keeper" {
		t.Errorf("a difference is resolved by who keeps the keys: refused by %q", by)
	}
}

// Who made an entry of the register does not say that it is in order.
func TestK4_3_WhoLentDoesNotCheckTheLoan(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Clock.Advance(32 * 24 * time.Hour) // nothing else is in the register's last 31 days
	manager := app.As(policy.ProjectManager)
	manager.Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1))
	s := checkSheetOf(manager.Do(drawSpotCheck, sample(app.A.ID, 1, 1)).Get("drawKeySpotCheck.spotCheck"))
	all := agreed(app, s, nil)
	if r := manager.Refused(countSpotCheck, all, fault.RuleBroken, "K4.3"); !strings.HasPrefix(r.Field, "lines.") {
		t.Errorf("refused at %q", r.Field)
	}
	lines := all["in"].(vars)["lines"].([]vars)
	manager.Do(countSpotCheck, vars{"in": vars{"spotCheckID": s.id, "lines": lines[:len(lines)-1]}})
	app.As(policy.Supervisor).Do(countSpotCheck, vars{"in": vars{"spotCheckID": s.id, "lines": lines[len(lines)-1:]}})
}
