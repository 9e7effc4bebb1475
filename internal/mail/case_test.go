package mail_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	caseFields   = `{ id kind state circumstances responsibleName answer finding outcome concludedByName answerBy day item { id } claim { id } }`
	openCase     = `mutation($in: OpenMailCaseInput!) { openMailCase(input: $in) { case ` + caseFields + ` } }`
	answerCase   = `mutation($in: AnswerMailCaseInput!) { answerMailCase(input: $in) { case ` + caseFields + ` } }`
	concludeCase = `mutation($in: ConcludeMailCaseInput!) { concludeMailCase(input: $in) { case ` + caseFields + ` } }`
	voidCase     = `mutation($in: VoidMailCaseInput!) { voidMailCase(input: $in) { case ` + caseFields + ` } }`
	ownCases     = `{ mailCases(first: 50) { edges { node ` + caseFields + ` } } }`
)

// hired is a member of staff with an account.
func hired(app *stewardtest.App, name string, account uuid.UUID) (id uuid.UUID) {
	id = uuid.New()
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from) VALUES ($1, $2, $3, $4, 'b', $5, $6, '', '2025-01-01')`,
		id, stewardtest.Start, app.A.ID, name, app.A.Department, account)
	return id
}

func against(app *stewardtest.App, responsible uuid.UUID, about vars) vars {
	in := vars{"estateID": app.A.ID, "kind": "LOSS", "responsibleID": responsible, "circumstances": "挂号信未登记即遗失"}
	for k, v := range about {
		in[k] = v
	}
	return vars{"in": in}
}

func concluding(c gjson.Result) vars {
	return vars{"in": vars{"caseID": id(c), "finding": "未当面清点", "outcome": "书面检讨,向业户致歉"}}
}

func TestM6_ACaseIsAnsweredAndConcluded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager, receptionist := app.As(policy.Supervisor), app.As(policy.ProjectManager), app.As(policy.Receptionist)
	me := hired(app, "接待员甲", receptionist.Account)
	item := id(items(app, vars{"householdID": app.A.Household})[0])
	opening := against(app, me, vars{"itemID": item})
	receptionist.Refused(openCase, opening, fault.Forbidden)
	app.Foreign(policy.Supervisor).Refused(openCase, opening, fault.NotFound)
	supervisor.Refused(openCase, against(app, me, nil), fault.InvalidInput, "M6")
	supervisor.Refused(openCase, against(app, me, vars{"itemID": item, "day": "2026-03-01"}), fault.InvalidInput, "M6")
	if r := supervisor.Refused(openCase, against(app, me, vars{"day": "2026-03-03"}), fault.InvalidInput, "M6"); r.Field != "day" {
		t.Errorf("a day to come is refused at %q", r.Field)
	}
	foreign := app.IDs(`SELECT id FROM mail_items WHERE estate_id = $1 LIMIT 1`, app.B.ID)[0]
	if r := supervisor.Refused(openCase, against(app, me, vars{"itemID": foreign}), fault.NotFound); r.Field != "itemID" {
		t.Errorf("refused at %q", r.Field)
	}
	c := supervisor.Do(openCase, opening).Get("openMailCase.case")
	if c.Get("state").String() != "OPEN" || c.Get("item.id").String() != item || c.Get("responsibleName").String() != "接待员甲" {
		t.Errorf("opened: %s", c.Raw)
	}

	// Who is responsible reads it and answers; nobody else of their rank does.
	if got := receptionist.Do(ownCases, nil).Get("mailCases.edges.#.node.id"); !contains(got, id(c)) || len(got.Array()) != 1 {
		t.Errorf("the person responsible reads %s", got.Raw)
	}
	if got := app.As(policy.MailSorter).Do(ownCases, nil).Get("mailCases.edges.#.node.id"); contains(got, id(c)) {
		t.Error("the sorter reads it, too")
	}
	if told := receptionist.Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get(`inbox.edges.#(node.subjectID=="` + id(c) + `").node.kind`).String(); told != "mail.caseAnswer" {
		t.Errorf("the person responsible hears of %q", told)
	}
	manager.Refused(concludeCase, concluding(c), fault.RuleBroken, "M6") // not heard
	answering := vars{"in": vars{"caseID": id(c), "answer": "当天两批同时到,漏登一件"}}
	app.As(policy.MailSorter).Refused(answerCase, answering, fault.NotFound)
	manager.Refused(answerCase, answering, fault.RuleBroken, "M6")
	if got := receptionist.Do(answerCase, answering).Get("answerMailCase.case.state").String(); got != "ANSWERED" || due(t, app, "mail.caseAnswer", id(c)) != "MET met" {
		t.Errorf("answered: %s, %s", got, due(t, app, "mail.caseAnswer", id(c)))
	}
	receptionist.Refused(answerCase, answering, fault.Conflict, "M6")

	supervisor.Refused(concludeCase, concluding(c), fault.Forbidden)
	done := manager.Do(concludeCase, concluding(c)).Get("concludeMailCase.case")
	if done.Get("state").String() != "CONCLUDED" || done.Get("concludedByName").String() != manager.Email || due(t, app, "mail.case", id(c)) != "MET met" {
		t.Errorf("concluded: %s", done.Raw)
	}
	manager.Refused(concludeCase, concluding(c), fault.Conflict, "M6")
	manager.Refused(voidCase, vars{"in": vars{"id": id(c), "reason": "误登"}}, fault.Conflict, "M6")
}

func TestM6_WhoLetsTheTimeGoByIsHeardNoMore(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	me := hired(app, "分拣员甲", app.As(policy.MailSorter).Account)
	c := app.As(policy.Supervisor).Do(openCase, against(app, me, vars{"day": "2026-02-27", "kind": "BACKLOG"})).Get("openMailCase.case")
	if by := c.Get("answerBy").String(); by != "2026-03-06T00:00:00+08:00" && by != "2026-03-05T16:00:00Z" {
		t.Errorf("it is answered by %s", by)
	}
	app.As(policy.ProjectManager).Refused(concludeCase, concluding(c), fault.RuleBroken, "M6")
	app.Clock.Advance(4 * 24 * time.Hour)
	manager := app.As(policy.ProjectManager)
	manager.SignIn()
	manager.Do(concludeCase, concluding(c))
}

func TestM6_NobodyDealsWithTheOwnCase(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.ProjectManager)
	boss, chief := hired(app, "主管甲", supervisor.Account), hired(app, "经理甲", manager.Account)
	supervisor.Refused(openCase, against(app, boss, vars{"day": "2026-03-01"}), fault.RuleBroken, "M6")
	own := manager.Do(openCase, against(app, boss, vars{"day": "2026-03-01"})).Get("openMailCase.case")
	supervisor.Do(answerCase, vars{"in": vars{"caseID": id(own), "answer": "已说明"}})
	manager.Refused(concludeCase, concluding(own), fault.RuleBroken, "M6") // opened it
	app.As(policy.GeneralManager).Do(concludeCase, concluding(own))

	mine := supervisor.Do(openCase, against(app, chief, vars{"day": "2026-03-01"})).Get("openMailCase.case")
	manager.Do(answerCase, vars{"in": vars{"caseID": id(mine), "answer": "已说明"}})
	manager.Refused(concludeCase, concluding(mine), fault.RuleBroken, "M6") // is responsible
	const sql = `UPDATE mail_cases SET finding = 'x', outcome = 'x', concluded_by_name = 'x', concluded_at = now(), concluded_by_id = $2 WHERE id = $1`
	if app.TrySQL(sql, id(mine), manager.Account) == nil {
		t.Error("the database lets who is responsible conclude")
	}
	if app.TrySQL(`UPDATE mail_cases SET answer = 'y' WHERE id = $1`, id(mine)) == nil {
		t.Error("an answer is changed")
	}
	// By the account that they have by now the trigger knows them, by that of then the constraint; without both they would.
	app.Super(`ALTER TABLE mail_cases DROP CONSTRAINT mail_cases_persons`)
	if app.TrySQL(sql, id(mine), manager.Account) == nil {
		t.Error("the database lets who is responsible by now conclude")
	}
	app.SQL(`UPDATE staffs SET account_id = NULL WHERE id = $1`, chief)
	if err := app.TrySQL(sql, id(mine), manager.Account); err != nil {
		t.Errorf("without the constraint: %v", err)
	}
}

func TestM6_ACaseIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	me := hired(app, "接待员甲", app.As(policy.Receptionist).Account)
	voiding := func(c gjson.Result) vars { return vars{"in": vars{"id": id(c), "reason": "登记错"}} }
	first := supervisor.Do(openCase, against(app, me, vars{"day": "2026-03-01"})).Get("openMailCase.case")
	if got := supervisor.Do(voidCase, voiding(first)).Get("voidMailCase.case.state").String(); got != "VOIDED" || due(t, app, "mail.case", id(first)) != "CANCELLED" || due(t, app, "mail.caseAnswer", id(first)) != "CANCELLED" {
		t.Errorf("voided: %s", got)
	}
	if got := app.As(policy.Receptionist).Do(ownCases, nil).Get("mailCases.edges.#.node.id"); contains(got, id(first)) {
		t.Error("what was voided is shown to whom it was against")
	}
	supervisor.Refused(voidCase, voiding(first), fault.Conflict)
	second := supervisor.Do(openCase, against(app, me, vars{"day": "2026-03-01"})).Get("openMailCase.case")
	app.Clock.Advance(16 * time.Minute)
	supervisor.Refused(voidCase, voiding(second), fault.Forbidden, "M6")
	app.As(policy.ProjectManager).Do(voidCase, voiding(second))
}

// Who is responsible does not void the own case instead.
func TestM6_NobodyVoidsTheOwnCase(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.ProjectManager)
	chief := hired(app, "经理甲", manager.Account)
	c := supervisor.Do(openCase, against(app, chief, vars{"day": "2026-03-01"})).Get("openMailCase.case")
	manager.Refused(voidCase, stewardtest.Void(id(c), "登记错"), fault.RuleBroken, "M6")
	const sql = `UPDATE mail_cases SET voided_at = now(), void_reason = 'x', voided_by_name = 'x', voided_by_id = $2 WHERE id = $1`
	if app.TrySQL(sql, id(c), manager.Account) == nil {
		t.Error("the database lets who is responsible void")
	}
	if err := app.TrySQL(sql, id(c), supervisor.Account); err != nil {
		t.Errorf("another: %v", err)
	}
}

// Who had no account when the case was opened has one by now.
func TestM6_WhoIsResponsibleIsKnownByTheAccountOfNow(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.ProjectManager)
	chief := hired(app, "经理甲", manager.Account)
	app.SQL(`UPDATE staffs SET account_id = NULL WHERE id = $1`, chief)
	c := supervisor.Do(openCase, against(app, chief, vars{"day": "2026-03-01"})).Get("openMailCase.case")
	app.Clock.Advance(5 * 24 * time.Hour)
	manager.SignIn()
	app.SQL(`UPDATE staffs SET account_id = $2 WHERE id = $1`, chief, manager.Account)
	manager.Refused(concludeCase, concluding(c), fault.RuleBroken, "M6")
	manager.Refused(voidCase, stewardtest.Void(id(c), "登记错"), fault.RuleBroken, "M6")
}
