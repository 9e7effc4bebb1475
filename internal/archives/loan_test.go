package archives_test

import (
	"sync"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	lendIt     = `mutation($in: LendArchiveInput!) { lendArchive(input: $in) { loan { id code state borrowerName lentByName dueAt overdue lines { documentID pages volumeCode open } request { id } } } }`
	extendIt   = `mutation($in: ExtendArchiveLoanInput!) { extendArchiveLoan(input: $in) { loan { dueAt request { id } } } }`
	returnIt   = `mutation($in: ReturnArchiveInput!) { returnArchive(input: $in) { archiveReturn { id returnedBy missing } loan { state returnedAt lines { documentID pages pagesBack remark open } } } }`
	voidLoan   = `mutation($in: VoidArchiveLoanInput!) { voidArchiveLoan(input: $in) { loan { state voidReason } } }`
	voidReturn = `mutation($in: VoidArchiveReturnInput!) { voidArchiveReturn(input: $in) { archiveReturn { voidReason } loan { state returnedAt } } }`
	loansOf    = `query($o: Boolean) { archiveLoans(overdue: $o, where: {codeNEQ: "AL-0001"}) { totalCount edges { node { id code state overdue } } } }`
	lentUntil  = `query($id: ID!) { node(id: $id) { ... on ArchiveDocument { state lentUntil } } }`
	unbindIt   = `mutation($in: UnbindDocumentInput!) { unbindDocument(input: $in) { document { state } } }`
)

// lending is what the archivist hands out: all that a request names, unless changed.
func lending(request string, change ...func(vars)) vars {
	in := vars{"requestID": request, "signature": own()}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

// returning is what the borrower brings back: all of it, unless changed.
func returning(loan string, change ...func(vars)) vars {
	in := vars{"loanID": loan, "signature": own()}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

func voiding(id string) vars { return vars{"in": vars{"id": id, "reason": "登记错误"}} }

// boundPaper is a document in a volume of its own.
func boundPaper(app *stewardtest.App, code string, change ...func(vars)) string {
	archivist := app.As(policy.Archivist)
	d := handed(archivist, paper(app, change...))
	archivist.Do(bind, into(opened(archivist, volumeOf(app, code)), d))
	return d
}

func toBorrow(app *stewardtest.App, change ...func(vars)) vars {
	return question(app, append([]func(vars){set("kind", "BORROW")}, change...)...)
}

func TestA5_LentAndReturned(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker := app.As(policy.Archivist), app.As(policy.Receptionist)
	one, two, unpaper := boundPaper(app, "TS-01"), boundPaper(app, "TS-02"), handed(archivist, paper(app, set("pages", 0),
		set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", "%PDF-1.7 x"))))
	r := given(app, asker, toBorrow(app), one, two, unpaper)
	l := archivist.Do(lendIt, lending(r)).Get("lendArchive.loan")
	if l.Get("state").String() != "OPEN" || l.Get("lines.#").Int() != 2 || l.Get("lines.0.volumeCode").String() == "" || l.Get("request.id").String() != r ||
		!l.Get("dueAt").Time().Equal(time.Date(2026, 3, 9, 0, 0, 0, 0, stewardtest.Start.Location())) || l.Get("code").String() != "AL-0002" {
		t.Errorf("lent: %s", l.Raw)
	}
	loan := l.Get("id").String()
	if d := archivist.Do(lentUntil, vars{"id": one}).Get("node"); d.Get("lentUntil").String() != l.Get("dueAt").String() {
		t.Errorf("the document says %s", d.Raw)
	}
	for who, want := range map[*stewardtest.Person]int64{asker: 1, archivist: 1, app.As(policy.Auditor): 1, app.As(policy.Accountant): 0, app.As(policy.Supervisor): 0, app.Foreign(policy.Archivist): 0} {
		if n := who.Do(loansOf, vars{"o": false}).Get("archiveLoans.totalCount").Int(); n != want {
			t.Errorf("%s sees %d loans", who.Email, n)
		}
	}
	// What is out is not taken out of its volume, and comes back document by document.
	archivist.Refused(unbindIt, vars{"in": vars{"id": one, "reason": "x"}}, fault.RuleBroken, "A5")
	back := archivist.Do(returnIt, returning(loan, set("documents", []vars{{"documentID": one, "pages": 2}}))).Get("returnArchive")
	if back.Get("loan.state").String() != "OPEN" || back.Get("archiveReturn.missing").Int() != 0 || back.Get("archiveReturn.returnedBy").String() != asker.Email {
		t.Errorf("partly back: %s", back.Raw)
	}
	archivist.Refused(returnIt, returning(loan, set("documents", []vars{{"documentID": one, "pages": 2}})), fault.NotFound)
	app.Clock.Advance(time.Hour)
	if back = archivist.Do(returnIt, returning(loan)).Get("returnArchive"); back.Get("loan.state").String() != "RETURNED" || !back.Get("loan.returnedAt").Time().Equal(app.Clock.Now()) {
		t.Errorf("back: %s", back.Raw)
	}
	archivist.Refused(returnIt, returning(loan), fault.Conflict, "A5")
	if d := archivist.Do(lentUntil, vars{"id": one}).Get("node"); d.Raw != `{"state":"BOUND","lentUntil":null}` {
		t.Errorf("the document says %s", d.Raw)
	}
	archivist.Do(unbindIt, vars{"in": vars{"id": one, "reason": "x"}})
	if n := len(app.IDs(`SELECT id FROM obligations WHERE subject_id = $1 AND state = 'MET'`, loan)); n != 1 {
		t.Errorf("%d obligations are met", n)
	}
}

// Who reads without asking asks to borrow all the same; and whom it was given borrows, nobody else.
func TestA5_NothingIsLentThatWasNotGiven(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, officer, pm := app.As(policy.Archivist), app.As(policy.CSOfficer), app.As(policy.ProjectManager)
	d, other := boundPaper(app, "TS-01"), boundPaper(app, "TS-02")
	waiting := requested(officer, toBorrow(app, set("documentIDs", []string{d})))
	archivist.Refused(lendIt, lending(waiting), fault.RuleBroken, "A5")
	view, r := given(app, officer, question(app), d), given(app, officer, toBorrow(app), d)
	archivist.Refused(lendIt, lending(view), fault.RuleBroken, "A5")
	for _, p := range []*stewardtest.Person{pm, officer, app.As(policy.GeneralManager), app.As(policy.Supervisor), app.As(policy.Auditor), app.Resident()} {
		p.Refused(lendIt, lending(r), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(lendIt, lending(r), fault.NotFound)
	for field, c := range map[string]struct {
		in   vars
		code fault.Code
	}{
		"signature.credential": {lending(r, set("signature", vars{"credential": "wrong"})), fault.InvalidInput},
		"documentIDs.0":        {lending(r, set("documentIDs", []string{other})), fault.RuleBroken},
		"documentIDs.1":        {lending(r, set("documentIDs", []string{d, d})), fault.InvalidInput},
		"until":                {lending(r, set("until", "2026-03-09")), fault.RuleBroken},
		"lateReason":           {lending(r, set("occurredAt", app.Clock.Now().Add(-time.Hour))), fault.InvalidInput},
	} {
		if got := archivist.Refused(lendIt, c.in, c.code); got.Field != field {
			t.Errorf("%s: refused at %q", field, got.Field)
		}
	}
	if got := archivist.Refused(lendIt, lending(r, set("until", "2026-03-01")), fault.InvalidInput, "A5"); got.Field != "until" {
		t.Errorf("refused at %q", got.Field)
	}
	// Who lends does not borrow, be it by an approval.
	own := given(app, archivist, toBorrow(app), d)
	archivist.Refused(lendIt, lending(own), fault.RuleBroken, "A5")
	later := given(app, officer, toBorrow(app, set("from", "2026-03-04")), d)
	archivist.Refused(lendIt, lending(later), fault.RuleBroken, "A5")
	archivist.Do(lendIt, lending(r, set("until", "2026-03-03")))
	app.Clock.Advance(7 * 24 * time.Hour)
	archivist.SignIn()
	archivist.Refused(lendIt, lending(r), fault.RuleBroken, "A5")
}

// Of two who would have the same paper at once one gets it; who asks again under one key is answered with the same loan.
func TestA5_OneBorrowerAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	d := boundPaper(app, "TS-01")
	askers := []*stewardtest.Person{app.As(policy.Receptionist), app.As(policy.CSOfficer), app.As(policy.Accountant)}
	loans, codes := make([]string, len(askers)), make([]string, len(askers))
	var group sync.WaitGroup
	for i, p := range askers {
		in := lending(given(app, p, toBorrow(app), d))
		group.Go(func() {
			answer, err := archivist.Try(lendIt, in)
			if err == nil {
				loans[i], codes[i] = answer.Get("data.lendArchive.loan.id").String(), answer.Get("errors.0.extensions.code").String()
			}
		})
	}
	group.Wait()
	var lent int
	for i := range askers {
		if loans[i] != "" {
			lent++
		} else if codes[i] != string(fault.Conflict) {
			t.Errorf("refused with %q", codes[i])
		}
	}
	if open := len(app.IDs(`SELECT id FROM archive_loan_lines WHERE document_id = $1 AND open`, d)); lent != 1 || open != 1 {
		t.Errorf("lent %d times, %d are open", lent, open)
	}
	r := given(app, askers[0], toBorrow(app), boundPaper(app, "TS-02"))
	keyed := archivist.With("Idempotency-Key", "lend-once")
	first := keyed.Do(lendIt, lending(r)).Get("lendArchive.loan.id").String()
	if again := keyed.Do(lendIt, lending(r)).Get("lendArchive.loan.id").String(); again != first {
		t.Errorf("lent %s, then %s", first, again)
	}
	archivist.Refused(lendIt, lending(r), fault.Conflict, "A5")
}

// What is not back in time is told to who lent it, and an hour later to who leads; and is on the list of the overdue.
func TestA5_OverdueLoansAreTold(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, pm := app.As(policy.Archivist), app.As(policy.ProjectManager)
	r := given(app, app.As(policy.Receptionist), toBorrow(app), boundPaper(app, "TS-01"))
	loan := archivist.Do(lendIt, lending(r, set("until", "2026-03-03"))).Get("lendArchive.loan.id").String()
	told := func() int {
		if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
			t.Fatal(err)
		}
		return len(app.IDs(`SELECT id FROM identity.inbox WHERE subject_id = $1`, loan))
	}
	if n := told(); n != 0 {
		t.Errorf("told %d times before", n)
	}
	app.Clock.Advance(40 * time.Hour)
	archivist.SignIn()
	pm.SignIn()
	if got := archivist.Do(loansOf, vars{"o": true}).Get("archiveLoans.edges"); got.Get("#").Int() != 1 || !got.Get("0.node.overdue").Bool() {
		t.Errorf("overdue: %s", got.Raw)
	}
	if n := told(); n < 2 {
		t.Errorf("told %d times", n)
	}
	if n := len(app.IDs(`SELECT id FROM obligations WHERE subject_id = $1 AND state = 'BREACHED'`, loan)); n != 1 {
		t.Errorf("%d are breached", n)
	}
	archivist.Do(returnIt, returning(loan))
	if n := archivist.Do(loansOf, vars{"o": true}).Get("archiveLoans.totalCount").Int(); n != 0 {
		t.Errorf("%d are overdue after", n)
	}
}
