package archives_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// lent is a loan of documents, by a request of the receptionist's.
func lent(app *stewardtest.App, documents ...string) string {
	r := given(app, app.As(policy.Receptionist), toBorrow(app), documents...)
	return app.As(policy.Archivist).Do(lendIt, lending(r)).Get("lendArchive.loan.id").String()
}

// Pages are counted; what is missing is written down, and told to who leads.
func TestA5_MissingPagesAreARemarkAndTold(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, pm := app.As(policy.Archivist), app.As(policy.ProjectManager)
	d := boundPaper(app, "TS-01", set("pages", 5))
	loan := lent(app, d)
	counted := func(pages int, remark any) vars {
		return returning(loan, set("documents", []vars{{"documentID": d, "pages": pages, "remark": remark}}))
	}
	for field, in := range map[string]vars{
		"documents.0.remark":   counted(3, nil),
		"documents.0.pages":    counted(6, "多一页"),
		"signature.credential": returning(loan, set("signature", vars{"credential": "wrong"})),
	} {
		if r := archivist.Refused(returnIt, in, fault.InvalidInput); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	for _, p := range []*stewardtest.Person{pm, app.As(policy.Receptionist), app.As(policy.Auditor)} {
		p.Refused(returnIt, returning(loan), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(returnIt, returning(loan), fault.NotFound)
	b := archivist.Do(returnIt, counted(3, "缺第 2、4 页")).Get("returnArchive")
	if b.Get("archiveReturn.missing").Int() != 2 || b.Get("loan.lines.0.pagesBack").Int() != 3 || b.Get("loan.lines.0.remark").String() != "缺第 2、4 页" {
		t.Errorf("back: %s", b.Raw)
	}
	if n := len(app.IDs(`SELECT id FROM identity.inbox WHERE account_id = $1 AND subject_id = $2 AND kind = 'archives.missing'`, pm.Account, loan)); n != 1 {
		t.Errorf("the leader was told %d times", n)
	}
}

// Another brings it: on staff with the own password, from outside as the archivist attests; never the archivist.
func TestA5_AnotherBringsItBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, guard := app.As(policy.Archivist), app.As(policy.Security)
	staff, self := member(app, guard, "小李"), member(app, archivist, "小档")
	loan := lent(app, boundPaper(app, "TS-01"))
	archivist.Refused(returnIt, returning(loan, set("staffID", self)), fault.RuleBroken, "A5")
	archivist.Refused(returnIt, returning(loan, set("staffID", staff), set("returnedBy", "小李")), fault.InvalidInput, "A5")
	archivist.Refused(returnIt, returning(loan, set("returnedBy", "小李"), set("signature", vars{})), fault.RuleBroken, "A5")
	if b := archivist.Do(returnIt, returning(loan, set("staffID", staff))).Get("returnArchive.archiveReturn"); b.Get("returnedBy").String() != "小李" {
		t.Errorf("back: %s", b.Raw)
	}
	other := lent(app, boundPaper(app, "TS-02"))
	archivist.Do(returnIt, returning(other, set("returnedBy", "快递员"), set("signature", vars{})))
	if n := len(app.IDs(`SELECT s.id FROM signatures s JOIN archive_returns r ON r.id = s.subject_id WHERE r.loan_id = $1 AND s.kind = 'archives.return' AND s.method = 'ATTESTED'`, other)); n != 1 {
		t.Errorf("%d are attested", n)
	}
}

func TestA5_ALoanAndAReturnAreVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, pm, d := app.As(policy.Archivist), app.As(policy.ProjectManager), boundPaper(app, "TS-01")
	loan := lent(app, d)
	back := archivist.Do(returnIt, returning(loan)).Get("returnArchive.archiveReturn.id").String()
	archivist.Refused(voidLoan, voiding(loan), fault.Conflict, "A5")
	app.As(policy.Receptionist).Refused(voidReturn, voiding(back), fault.Forbidden)
	app.Foreign(policy.Archivist).Refused(voidReturn, voiding(back), fault.NotFound)
	archivist.Refused(voidReturn, vars{"in": vars{"id": back, "reason": ""}}, fault.InvalidInput)
	if v := archivist.Do(voidReturn, voiding(back)).Get("voidArchiveReturn"); v.Raw != `{"archiveReturn":{"voidReason":"登记错误"},"loan":{"state":"OPEN","returnedAt":null}}` {
		t.Errorf("voided: %s", v.Raw)
	}
	archivist.Refused(voidReturn, voiding(back), fault.Conflict)
	if due := len(app.IDs(`SELECT id FROM obligations WHERE subject_id = $1 AND state = 'OPEN'`, loan)); due != 1 {
		t.Errorf("%d are due", due)
	}
	app.Clock.Advance(16 * time.Minute)
	archivist.Refused(voidLoan, voiding(loan), fault.Forbidden, "A5") // it is for who leads by now
	if v := pm.Do(voidLoan, voiding(loan)).Get("voidArchiveLoan.loan"); v.Get("state").String() != "VOIDED" {
		t.Errorf("voided: %s", v.Raw)
	}
	pm.Refused(voidLoan, voiding(loan), fault.Conflict)
	archivist.Refused(returnIt, returning(loan), fault.Conflict, "A5")
	if got := archivist.Do(lentUntil, vars{"id": d}).Get("node.lentUntil").String(); got != "" {
		t.Errorf("the document is lent until %s", got)
	}
	// What came back is lent to another meanwhile: the return stands.
	first := lent(app, d)
	back = archivist.Do(returnIt, returning(first)).Get("returnArchive.archiveReturn.id").String()
	lent(app, d)
	archivist.Refused(voidReturn, voiding(back), fault.Conflict, "A5")
}

// A loan lasts longer by what was given anew, to the same borrower for all that is out.
func TestA5_ALoanIsExtendedByAnotherRequest(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, d, other := app.As(policy.Archivist), app.As(policy.Receptionist), boundPaper(app, "TS-01"), boundPaper(app, "TS-02")
	r := given(app, asker, toBorrow(app, set("until", "2026-03-05")), d)
	loan := archivist.Do(lendIt, lending(r, set("until", "2026-03-03"))).Get("lendArchive.loan.id").String()
	extension := func(request string, until any) vars {
		return vars{"in": vars{"loanID": loan, "requestID": request, "until": until}}
	}
	due := func(in vars) string {
		return archivist.Do(extendIt, in).Get("extendArchiveLoan.loan.dueAt").Time().In(stewardtest.Start.Location()).Format(time.DateOnly)
	}
	if got := due(extension(r, nil)); got != "2026-03-06" { // the end of the fifth
		t.Errorf("within what was given until %s", got)
	}
	archivist.Refused(extendIt, extension(r, nil), fault.InvalidInput, "A5")
	archivist.Refused(extendIt, extension(r, "2026-03-08"), fault.RuleBroken, "A5")
	for name, bad := range map[string]string{
		"another document": given(app, asker, toBorrow(app), other), "another person": given(app, app.As(policy.Accountant), toBorrow(app), d),
		"to view": given(app, asker, question(app), d), "not given": requested(asker, toBorrow(app)),
	} {
		if c := archivist.Ask(extendIt, extension(bad, nil)).Get("errors.0.extensions"); c.Get("code").String() != string(fault.RuleBroken) || c.Get("clause").String() != "A5" {
			t.Errorf("%s: %s", name, c.Raw)
		}
	}
	anew := given(app, asker, toBorrow(app, set("until", "2026-03-20")), d)
	asker.Refused(extendIt, extension(anew, nil), fault.Forbidden)
	app.Foreign(policy.Archivist).Refused(extendIt, extension(anew, nil), fault.NotFound)
	if got := due(extension(anew, "2026-03-15")); got != "2026-03-16" {
		t.Errorf("extended until %s", got)
	}
	if n := len(app.IDs(`SELECT id FROM obligations WHERE subject_id = $1 AND state = 'OPEN' AND due_at = '2026-03-15 16:00Z'`, loan)); n != 1 {
		t.Errorf("%d are due then", n)
	}
	archivist.Do(returnIt, returning(loan))
	archivist.Refused(extendIt, extension(anew, "2026-03-18"), fault.Conflict, "A5")
}
