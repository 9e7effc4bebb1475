package archives_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// given has the project manager give a request for documents.
func given(app *stewardtest.App, asker *stewardtest.Person, in vars, documents ...string) string {
	r := requested(asker, in)
	app.As(policy.Archivist).Do(nameForIt, naming(r, documents...))
	pm := app.As(policy.ProjectManager)
	pm.Do(giveIt, yes(approvalFor(pm, r)))
	return r
}

// A request that was given is withdrawn whole: every permit ends at once, and what is lent is due now.
func TestA5_WhatWasGivenIsWithdrawnWhole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	list := []string{handed(archivist, paper(app)), handed(archivist, paper(app, set("title", "回访单")))}
	r := given(app, asker, question(app, set("kind", "BORROW")), list...)
	loan := archivist.Do(lendIt, lending(r)).Get("lendArchive.loan.id").String()
	archivist.Refused(takeBack, because("requestID", r), fault.Forbidden, "A5")
	app.As(policy.Supervisor).Refused(takeBack, because("requestID", r), fault.NotFound)
	app.Foreign(policy.ProjectManager).Refused(takeBack, because("requestID", r), fault.NotFound)
	pm.Refused(takeBack, vars{"in": vars{"requestID": r, "reason": ""}}, fault.InvalidInput)
	if got := titles(asker, nil); len(got) != 2 {
		t.Errorf("who asked reads %v", got)
	}
	app.Clock.Advance(time.Hour)
	pm.Do(takeBack, because("requestID", r))
	if got := titles(asker, nil); len(got) != 0 {
		t.Errorf("after it was withdrawn, who asked reads %v", got)
	}
	if got := mine(t, asker); got.Get("state").String() != "WITHDRAWN" || got.Get("answer").String() != "不再需要" {
		t.Errorf("withdrawn: %s", got.Raw)
	}
	if l := archivist.Do(loansOf, vars{"o": true}).Get("archiveLoans.edges.#.node.id"); l.Raw != `["`+loan+`"]` {
		t.Errorf("overdue: %s", l.Raw)
	}
	pm.Refused(takeBack, because("requestID", r), fault.RuleBroken, "A5")
	archivist.Refused(lendIt, lending(r), fault.RuleBroken, "A5")
	archivist.Do(returnIt, returning(loan))
	if n := len(app.IDs(`SELECT id FROM identity.inbox WHERE account_id = $1 AND subject_id = $2 AND title_en LIKE 'Withdrawn: %'`, asker.Account, r)); n != 1 {
		t.Errorf("who asked was told %d times", n)
	}
	late := given(app, asker, question(app), list...)
	app.Clock.Advance(9 * 24 * time.Hour)
	pm.SignIn()
	pm.Refused(takeBack, because("requestID", late), fault.RuleBroken, "A5") // it has ended by itself
}

// The serving role does not withdraw what was given without ending what came of it.
func TestA5_TheDatabaseWithdrawsWhole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	r := given(app, app.As(policy.Receptionist), question(app), handed(app.As(policy.Archivist), paper(app)))
	withdraw := `UPDATE archive_requests SET state = 'WITHDRAWN', answered_at = now() WHERE id = $1`
	if got := refusedBy(app.TrySQL(withdraw, r)); got != "archive_requests_withdrawn" {
		t.Errorf("refused by %q", got)
	}
	app.SQL(`UPDATE archive_permits SET ended_at = now(), end_reason = 'x' WHERE request_id = $1`, r)
	app.SQL(withdraw, r)
	if got := refusedBy(app.TrySQL(`UPDATE archive_requests SET state = 'GIVEN' WHERE id = $1`, r)); got != "archive_requests_way" {
		t.Errorf("given again: refused by %q", got)
	}
}
