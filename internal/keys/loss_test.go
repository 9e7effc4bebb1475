package keys_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	lossFields = `id state count found label holderName reportedByName circumstances finding lockChangeRequested answeredByName answeredAt`
	reportLoss = `mutation($in: ReportKeyLossInput!) { reportKeyLoss(input: $in) { loss { ` + lossFields + ` movements { reason count from { kind } to { kind } note } } } }`
	answerLoss = `mutation($in: AnswerKeyLossInput!) { answerKeyLoss(input: $in) { loss { ` + lossFields + ` } } }`
	foundKey   = `mutation($in: RecordKeyFoundInput!) { recordKeyFound(input: $in) { loss { ` + lossFields + ` } movement { reason count note from { kind } to { kind } } } }`
)

func lossOfLine(line string, count int) vars {
	return vars{"in": vars{"loanLineID": line, "count": count, "circumstances": "巡查途中遗失"}}
}

func lossOf(set, holder any, count int) vars {
	return vars{"in": vars{"setID": set, "holderID": holder, "count": count, "circumstances": "巡查途中遗失"}}
}

func answerOf(loss string, lockChange bool) vars {
	return vars{"in": vars{"lossID": loss, "finding": "已查监控,未找到", "lockChange": lockChange}}
}

func foundOf(loss string, to uuid.UUID, count int) vars {
	return vars{"in": vars{"lossID": loss, "count": count, "toID": to, "note": "保洁在电梯厅拾得"}}
}

// lendTo lends keys of a set, and gives the ids of the loan and its line.
func lendTo(app *stewardtest.App, borrower vars, set uuid.UUID, count int) (loan, line string) {
	l := app.As(policy.CSOfficer).Do(lendKeys, loanOf(borrower, set, count)).Get("lendKeys.loan")
	return l.Get("id").String(), l.Get("lines.0.id").String()
}

func unread(p *stewardtest.Person) gjson.Result {
	return p.Do(`{ inbox(first: 50) { edges { node { kind title subjectID } } } }`, nil).Get(`inbox.edges.#(node.kind=="keys.loss").node`)
}

func lossDue(app *stewardtest.App, loss string) gjson.Result {
	return app.As(policy.ProjectManager).Do(`query($s: ID!) { obligations(where: {subjectID: $s}) { edges { node { kind clause state accountID } } } }`,
		vars{"s": loss}).Get("obligations.edges.0.node")
}

func TestK2_3_ALossIsReportedAnsweredAndFound(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor, set := app.As(policy.CSOfficer), app.As(policy.Supervisor), app.A.Sets[0]
	loan, line := lendTo(app, vars{"staffID": app.A.Staff}, set, 2)

	loss := officer.Do(reportLoss, lossOfLine(line, 2)).Get("reportKeyLoss.loss")
	id := loss.Get("id").String()
	if loss.Get("state").String() != "OPEN" || loss.Get("lockChangeRequested").Type != gjson.Null || loss.Get("reportedByName").String() == "" || loss.Get("holderName").String() == "" {
		t.Errorf("reported: %s", loss.Raw)
	}
	if m := loss.Get("movements.0"); m.Get("reason").String() != "LOST" || m.Get("from.kind").String() != "STAFF" || m.Get("to.kind").String() != "LOST" || m.Get("count").Int() != 2 {
		t.Errorf("the entry: %s", m.Raw)
	}
	read(app, set) // panics unless the accounts sum to zero
	if m := unread(supervisor); m.Get("subjectID").String() != id {
		t.Errorf("the supervisor is told %s", m.Raw)
	}
	if m := unread(app.As(policy.ProjectManager)); m.Exists() {
		t.Errorf("the project manager is told besides: %s", m.Raw)
	}
	if o := lossDue(app, id); o.Get("state").String() != "OPEN" || o.Get("clause").String() != "K2.3" || o.Get("accountID").String() != supervisor.Account.String() {
		t.Errorf("due: %s", o.Raw)
	}

	t.Run("the loan is closed as lost, and the keys are not returned", func(t *testing.T) {
		l := officer.In(t).Do(`query($id: ID!) { node(id: $id) { ... on KeyLoan { state returnedAt lines { returned lost } } } }`, vars{"id": loan}).Get("node")
		if l.Get("state").String() != "LOST" || l.Get("lines.0.lost").Int() != 2 {
			t.Errorf("the loan: %s", l.Raw)
		}
		officer.Refused(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}}, fault.RuleBroken, "K2.3")
	})
	t.Run("the leader answers once", func(t *testing.T) {
		a := supervisor.In(t).Do(answerLoss, answerOf(id, true)).Get("answerKeyLoss.loss")
		if a.Get("state").String() != "ANSWERED" || !a.Get("lockChangeRequested").Bool() || a.Get("answeredByName").String() == "" || a.Get("answeredAt").String() == "" {
			t.Errorf("answered: %s", a.Raw)
		}
		app.As(policy.ProjectManager).In(t).Refused(answerLoss, answerOf(id, false), fault.Conflict, "K2.3")
		if o := lossDue(app, id); o.Get("state").String() != "MET" {
			t.Errorf("due: %s", o.Raw)
		}
	})
	t.Run("what is found comes back, and no more", func(t *testing.T) {
		officer.In(t).Refused(foundKey, foundOf(id, app.A.Desk, 3), fault.Conflict, "K2.3")
		f := officer.Do(foundKey, foundOf(id, app.A.Desk, 1)).Get("recordKeyFound")
		if m := f.Get("movement"); m.Get("reason").String() != "FOUND" || m.Get("from.kind").String() != "LOST" || m.Get("note").String() == "" || f.Get("loss.found").Int() != 1 {
			t.Errorf("found: %s", f.Raw)
		}
		officer.Refused(foundKey, foundOf(id, app.A.Cabinet, 1), fault.Forbidden, "K1.2")
		app.As(policy.KeyCustodian).In(t).Do(foundKey, foundOf(id, app.A.Cabinet, 1))
		officer.Refused(foundKey, foundOf(id, app.A.Desk, 1), fault.Conflict, "K2.3")
		if m := read(app, set); m.desk != app.A.AtDesk-1 || m.cabinet != app.A.InCabinet+1 {
			t.Errorf("the ledger: %+v", m)
		}
	})
	t.Run("the list shows it", func(t *testing.T) {
		got := supervisor.In(t).Do(`query($s: ID!) { keyLosses(where: {setID: $s, state: ANSWERED}, orderBy: {field: REPORTED_AT}) { totalCount edges { node { id found set { label } holder { kind } loanLine { id } } } } }`,
			vars{"s": set}).Get("keyLosses")
		if got.Get("totalCount").Int() != 1 || got.Get("edges.0.node.id").String() != id || got.Get("edges.0.node.loanLine.id").String() != line {
			t.Errorf("list: %s", got.Raw)
		}
	})
}

func TestK2_3_SomeAreLostAndSomeComeBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	loan, line := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 2)
	officer.Do(reportLoss, lossOfLine(line, 1))
	back := func(n int) vars {
		return vars{"in": vars{"loanID": loan, "signature": vars{}, "lines": []vars{{"lineID": line, "count": n}}}}
	}
	if r := officer.Refused(returnKeys, back(2), fault.RuleBroken, "K2.3"); r.Field != "lines.0.count" {
		t.Errorf("the lost one is returned: at %q", r.Field)
	}
	officer.Refused(returnKeys, back(3), fault.Conflict, "K2.1")
	if l := officer.Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}}).Get("returnKeys.loan"); l.Get("state").String() != "LOST" || l.Get("lines.0.returned").Int() != 1 {
		t.Errorf("the rest came back: %s", l.Raw)
	}
	if text := register(t, app.As(policy.KeyCustodian), "keys-loans"); !strings.Contains(text, "已报失") {
		t.Errorf("the register does not tell of the loss:\n%s", text)
	}
	if o := lossDue(app, loan); o.Get("kind").String() != "keys.return" || o.Get("state").String() != "MET" {
		t.Errorf("the return is still due: %s", o.Raw)
	}
}

func TestK2_3_WhoLeavesMayHaveReportedTheLoss(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	const leave = `mutation($in: EndEmploymentInput!) { endEmployment(input: $in) { staff { employedUntil } } }`
	in := vars{"in": vars{"staffID": app.A.Staff}}
	_, line := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
	manager.Refused(leave, in, fault.RuleBroken, "K2.3")
	app.As(policy.CSOfficer).Do(reportLoss, lossOfLine(line, 1))
	if got := manager.Do(leave, in).Get("endEmployment.staff.employedUntil").String(); got != "2026-03-02" {
		t.Errorf("left on %q", got)
	}
}

func TestK2_3_WhoReportsAndWhoAnswers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	desk := lossOf(app.A.Sets[0], app.A.Desk, 1)
	for _, role := range []policy.Role{policy.Archivist, policy.MailSorter, policy.Accountant, policy.Auditor} {
		app.As(role).Refused(reportLoss, desk, fault.Forbidden)
	}
	app.Resident().Refused(reportLoss, desk, fault.Forbidden)
	app.Nobody().Refused(reportLoss, desk, fault.Unauthenticated)
	app.Foreign(policy.CSOfficer).Refused(reportLoss, desk, fault.NotFound)

	// Engineering reports what its own people had, and nothing else.
	engineer := app.As(policy.Engineering)
	engineer.Refused(reportLoss, desk, fault.Forbidden, "K2.3")
	app.SQL(`UPDATE staffs SET department_id = $1 WHERE id = $2`, app.A.EngineeringDepartment, app.A.Staff)
	_, line := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[1], 1)
	holder := app.IDs(`SELECT id FROM key_holders WHERE staff_id = $1`, app.A.Staff)[0]
	loss := engineer.Do(reportLoss, lossOf(app.A.Sets[1], holder, 1)).Get("reportKeyLoss.loss.id").String()
	if got := app.IDs(`SELECT loan_line_id FROM key_losses WHERE id = $1`, loss)[0].String(); got != line {
		t.Errorf("the loss is of the line %s, want %s", got, line)
	}
	app.As(policy.Security).Refused(reportLoss, lossOf(app.A.Sets[1], holder, 1), fault.Conflict, "K2.3")
	// No supervisor leads engineering: the project manager is told. Customer service's does not answer for it.
	if m := unread(app.As(policy.ProjectManager)); m.Exists() {
		t.Errorf("who came later was told: %s", m.Raw)
	}
	app.As(policy.Supervisor).Refused(answerLoss, answerOf(loss, false), fault.Forbidden, "K2.3")
	for _, role := range []policy.Role{policy.CSOfficer, policy.KeyCustodian, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(answerLoss, answerOf(loss, false), fault.Forbidden)
	}
	app.Foreign(policy.ProjectManager).Refused(answerLoss, answerOf(loss, false), fault.NotFound)
	app.Foreign(policy.CSOfficer).Refused(foundKey, foundOf(loss, app.B.Desk, 1), fault.NotFound)
	engineer.Refused(foundKey, foundOf(loss, app.A.Desk, 1), fault.Forbidden)
	if a := app.As(policy.GeneralManager).Do(answerLoss, answerOf(loss, false)).Get("answerKeyLoss.loss"); a.Get("lockChangeRequested").Raw != "false" {
		t.Errorf("answered: %s", a.Raw)
	}

	// With the project manager there, the next loss of engineering's is told there.
	lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[1], 1)
	next := engineer.Do(reportLoss, lossOf(app.A.Sets[1], holder, 1)).Get("reportKeyLoss.loss.id").String()
	if m := unread(app.As(policy.ProjectManager)); m.Get("subjectID").String() != next {
		t.Errorf("the project manager is told %s", m.Raw)
	}
	for name, c := range map[string]struct {
		who  *stewardtest.Person
		want int
	}{"engineering": {engineer, 2}, "security": {app.As(policy.Security), 0}, "a resident": {app.Resident(), 0}} {
		if n := c.who.Do(`{ keyLosses { totalCount } }`, nil).Get("keyLosses.totalCount").Int(); int(n) != c.want {
			t.Errorf("%s sees %d losses, want %d", name, n, c.want)
		}
	}
}

// Of several who report the same key, or record it found, one is heard.
func TestK2_3_RacedAndRepeated(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[2]
	_, line := lendTo(app, vars{"staffID": app.A.Staff}, set, 1)
	race := func(document, field string, in vars) (first string) {
		t.Helper()
		answers := make([]gjson.Result, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i], _ = officer.Try(document, in) })
		}
		wg.Wait()
		done, conflicts := 0, 0
		for _, a := range answers {
			if id := a.Get("data." + field + ".loss.id"); id.Exists() {
				done, first = done+1, id.String()
			} else if a.Get("errors.0.extensions.code").String() == string(fault.Conflict) {
				conflicts++
			}
		}
		if done != 1 || conflicts != len(answers)-1 {
			t.Errorf("%s: %d were heard and %d told CONFLICT: %v", field, done, conflicts, answers)
		}
		read(app, set)
		return first
	}
	loss := race(reportLoss, "reportKeyLoss", lossOfLine(line, 1))
	race(foundKey, "recordKeyFound", foundOf(loss, app.A.Desk, 1))

	once := officer.With("Idempotency-Key", "one-loss")
	in := lossOf(set, app.A.Desk, 1)
	first, again := once.Do(reportLoss, in), once.Do(reportLoss, in)
	if id := first.Get("reportKeyLoss.loss.id").String(); id == "" || again.Get("reportKeyLoss.loss.id").String() != id {
		t.Errorf("repeated: %s and %s", first.Raw, again.Raw)
	}
	if n := balance(app, set, app.A.Desk); n != app.A.AtDesk-1 {
		t.Errorf("%d keys at the desk", n)
	}
}

func TestCanAnswerAndFind(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	loss := officer.Do(reportLoss, lossOf(app.A.Sets[0], app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	const allowed = `query($id: ID!) { allowedActions(id: $id) }`
	for want, p := range map[string]*stewardtest.Person{`["keys.answerLoss","keys.recordFound","keys.voidLoss"]`: supervisor, `["keys.recordFound","keys.voidLoss"]`: officer} {
		if got := p.Do(allowed, vars{"id": loss}).Get("allowedActions").Raw; got != want {
			t.Errorf("%s may %s, want %s", p.Email, got, want)
		}
	}
	officer.Do(foundKey, foundOf(loss, app.A.Desk, 1))
	if got := officer.Do(allowed, vars{"id": loss}).Get("allowedActions").Raw; got != `[]` {
		t.Errorf("allowed after all were found: %s", got)
	}
}
