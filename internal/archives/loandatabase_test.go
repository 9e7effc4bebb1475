package archives_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What is lent is not put on an order to be destroyed, nor is what is on one lent; and of both at once one is first (A5, A7).
func TestA5_WhatIsLentIsNotDestroyed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	d, _ := old(app, "TS-01")
	loan := lent(app, d)
	if r := archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A5"); r.Field != "documentIDs.0" {
		t.Errorf("refused at %q", r.Field)
	}
	back := archivist.Do(returnIt, returning(loan)).Get("returnArchive.archiveReturn.id").String()
	proposed(app, d)
	archivist.Refused(voidReturn, voiding(back), fault.RuleBroken, "A7")
	r := given(app, app.As(policy.Receptionist), toBorrow(app), d)
	archivist.Refused(lendIt, lending(r), fault.RuleBroken, "A7")
	for range 4 {
		x, _ := old(app, "TS-"+t.Name()[:3]+strings.Repeat("x", len(app.IDs(`SELECT id FROM archive_volumes`))))
		in := lending(given(app, app.As(policy.Receptionist), toBorrow(app), x))
		var group sync.WaitGroup
		group.Go(func() { archivist.Ask(lendIt, in) })
		group.Go(func() { archivist.Ask(proposing, proposal(app, x)) })
		group.Wait()
		out, ordered := len(app.IDs(`SELECT id FROM archive_loan_lines WHERE document_id = $1 AND open`, x)), len(app.IDs(`SELECT id FROM archive_destruction_lines WHERE document_id = $1 AND open`, x))
		if out+ordered != 1 {
			t.Errorf("lent %d times, on %d orders", out, ordered)
		}
	}
}

// The database holds loans to what was approved, whatever the program does.
func TestA5_TheDatabaseLendsWhatWasApproved(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d, other := boundPaper(app, "TS-01"), boundPaper(app, "TS-02")
	r := given(app, app.As(policy.Receptionist), toBorrow(app), d)
	view := given(app, app.As(policy.Receptionist), question(app), d)
	lend := func(request, document, due, account, pages string) string {
		return `DO $$ DECLARE l uuid := new_id(x'060d'::int); BEGIN
			INSERT INTO archive_loans (id, created_at, estate_id, code, request_id, account_id, borrower_name, lent_by_id, lent_by_name, lent_at, due_at)
			SELECT l, valid_from, estate_id, 'X', id, ` + account + `, asked_by_name, gen_random_uuid(), 'x', valid_from, ` + due + ` FROM archive_requests WHERE id = '` + request + `';
			INSERT INTO archive_loan_lines (id, created_at, estate_id, loan_id, document_id, account_id, category, pages, volume_code)
			SELECT new_id(x'060e'::int), now(), x.estate_id, l, d.id, x.account_id, d.category, ` + pages + `, v.code FROM archive_loans x, archive_documents d JOIN archive_volumes v ON v.id = d.volume_id
			WHERE x.id = l AND d.id = '` + document + `'; END $$`
	}
	for name, c := range map[string]struct{ sql, by string }{
		"another document": {lend(r, other, "valid_until", "account_id", "d.pages"), "archive_loans_given"},
		"longer":           {lend(r, d, "valid_until + interval '1 minute'", "account_id", "d.pages"), "archive_loans_given"},
		"another person":   {lend(r, d, "valid_until", "gen_random_uuid()", "d.pages"), "archive_loans_given"},
		"only to view":     {lend(view, d, "valid_until", "account_id", "d.pages"), "archive_loans_given"},
		"other pages":      {lend(r, d, "valid_until", "account_id", "d.pages + 1"), "archive_loans_paper"},
		"unsigned":         {lend(r, d, "valid_until", "account_id", "d.pages"), "archive_loans_signed"},
	} {
		if got := refusedBy(app.TrySQL(c.sql)); got != c.by {
			t.Errorf("%s: refused by %q", name, got)
		}
	}
	loan := lent(app, d)
	for sql, by := range map[string]string{
		`UPDATE archive_documents SET state = 'INBOX', volume_id = NULL, bound_at = NULL WHERE id = '` + d + `'`:                                                                                                                      "archive_documents_lent",
		`UPDATE archive_documents SET state = 'DESTROYED', destroyed_at = now(), certificate_number = 'x', title = '', handed_in_by_id = NULL, handed_in_by_name = '', bound_by_id = NULL, bound_by_name = '' WHERE id = '` + d + `'`: "archive_documents_lent",
		`UPDATE archive_loans SET due_at = due_at + interval '1 minute' WHERE id = '` + loan + `'`:                                                                                                                                    "archive_loans_given",
		`UPDATE archive_loans SET state = 'RETURNED', returned_at = lent_at WHERE id = '` + loan + `'`:                                                                                                                                "archive_loans_whole",
		`UPDATE archive_loan_lines SET open = false WHERE loan_id = '` + loan + `'`:                                                                                                                                                   "archive_loans_whole",
		`UPDATE archive_loans SET state = 'VOIDED', voided_at = now(), void_reason = 'x', voided_by_id = id, voided_by_name = 'x' WHERE id = '` + loan + `'`:                                                                          "archive_loans_whole",
	} {
		if got := refusedBy(app.TrySQL(sql)); got != by {
			t.Errorf("%s: refused by %q, want %q", sql, got, by)
		}
	}
}

// What was said of a document's condition goes with it, and the loan says no more than where it stood (A7).
func TestA7_WhatALoanSaysOfADocumentGoesWithIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, guard := app.As(policy.Archivist), app.As(policy.Security)
	witness := member(app, guard, "监销员甲")
	d, _ := old(app, "TS-01", set("pages", 5))
	loan := lent(app, d)
	archivist.Do(returnIt, returning(loan, set("documents", []vars{{"documentID": d, "pages": 4, "remark": "张三的签名页缺失"}})))
	order := proposed(app, d)
	app.As(policy.ProjectManager).Do(approving, approved(order, witness))
	archivist.Do(destroying, executed(order, witness))
	if n := len(app.IDs(`SELECT id FROM archive_loan_lines WHERE document_id = $1 AND remark = '—'`, d)); n != 1 {
		t.Error("the remark is there")
	}
	for _, table := range []string{"archive_loan_lines", "audit.entries", "identity.inbox", "river.river_job"} {
		if n := len(app.IDs(`SELECT gen_random_uuid() FROM ` + table + ` t WHERE t::text LIKE '%张三的签名页%'`)); n != 0 {
			t.Errorf("%s holds it", table)
		}
	}
}
