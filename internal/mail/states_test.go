package mail_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func contains(list gjson.Result, id string) bool {
	return slices.ContainsFunc(list.Array(), func(r gjson.Result) bool { return r.String() == id })
}

func TestM3_MailIsSortedByHousehold(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	made := items(app, vars{"departmentID": app.A.FinanceDepartment}, vars{"householdID": app.A.OtherHousehold}, vars{"householdID": app.A.Household}, vars{"addressee": "王某"})
	sorted := sorter.Do(sortMail, named(id(made[0]), id(made[1]), id(made[2]))).Get("sortMail.items").Array()
	for i, slot := range []string{"财务部", "1栋1单元103", "1栋1单元101"} {
		state(t, sorted[i], "SORTED")
		if sorted[i].Get("slot").String() != slot || sorted[i].Get("changedByName").String() != sorter.Email {
			t.Errorf("sorted: %s", sorted[i].Raw)
		}
	}
	sorter.Refused(sortMail, named(id(made[3])), fault.RuleBroken, "M4")
	sorter.Refused(sortMail, named(id(made[0])), fault.Conflict, "M4") // once
	sorter.Refused(sortMail, named(id(made[3]), id(made[3])), fault.InvalidInput, "M4")
	list := sorter.Do(`query($r: ID!) { mailItems(where: {receiptID: $r, state: SORTED}, orderBy: {field: SLOT, direction: ASC}) { edges { node { slot } } } }`,
		vars{"r": texts(t, app, `SELECT receipt_id::text FROM mail_items WHERE id = $1`, id(made[0]))[0]}).Get("mailItems.edges.#.node.slot").Raw
	if list != `["1栋1单元101","1栋1单元103","财务部"]` {
		t.Errorf("the sort list: %s", list)
	}
}

func TestM4_DeadLettersGoBackTheSameDay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter, item := app.As(policy.MailSorter), id(items(app, vars{"addressee": "王某"})[0])
	state(t, sorter.Do(markDead, because(item)).Get("markMailDead.item"), "DEAD")
	if got := due(t, app, "mail.return", item); got != "OPEN" {
		t.Errorf("its return is %q", got)
	}
	if at := texts(t, app, `SELECT (due_at AT TIME ZONE 'Asia/Shanghai')::text FROM obligations WHERE kind = 'mail.return'`); !slices.Equal(at, []string{"2026-03-03 00:00:00"}) {
		t.Errorf("it is due at %v", at)
	}
	sorter.Refused(sortMail, named(item), fault.Conflict, "M4")
	sorter.Refused(raiseDoubt, because(item), fault.Conflict, "M4")
	back := named(item)
	back["in"].(vars)["takenBy"], back["in"].(vars)["signature"] = "孙师傅", vars{}
	returned := sorter.Do(returnMail, back).Get("returnMail.items.0")
	state(t, returned, "RETURNED")
	if returned.Get("events.#.takenBy").Raw != `["","孙师傅"]` || due(t, app, "mail.return", item) != "MET met" {
		t.Errorf("returned: %s; %s", returned.Raw, due(t, app, "mail.return", item))
	}
	sorter.Refused(returnMail, back, fault.Conflict, "M4")
}

func TestM4_ASuperiorDecidesUponADoubtfulOne(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter, supervisor := app.As(policy.MailSorter), app.As(policy.Supervisor)
	made := items(app, vars{"householdID": app.A.Household}, vars{"addressee": "王某"}, vars{"householdID": app.A.Household})
	deciding := func(item int, more vars) vars {
		in := vars{"itemID": id(made[item]), "to": "SORTED", "reason": "已核实"}
		for k, v := range more {
			in[k] = v
		}
		return vars{"in": in}
	}
	supervisor.Refused(decideMail, deciding(0, nil), fault.Conflict, "M4") // not doubtful
	for i := range 2 {
		state(t, sorter.Do(raiseDoubt, because(id(made[i]))).Get("raiseMailDoubt.item"), "DOUBTFUL")
	}
	if told := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get(`inbox.edges.#(node.subjectID=="` + id(made[0]) + `").node.kind`).String(); told != "mail.decide" {
		t.Errorf("the supervisor hears of %q", told)
	}
	sorter.Refused(decideMail, deciding(0, nil), fault.Forbidden)
	supervisor.Refused(decideMail, deciding(1, nil), fault.RuleBroken, "M4") // for nobody known
	supervisor.Refused(decideMail, deciding(0, vars{"to": "DELIVERED"}), fault.InvalidInput, "M4")
	supervisor.Refused(decideMail, deciding(0, vars{"to": "DEAD", "householdID": app.A.Household}), fault.InvalidInput, "M4")
	supervisor.Refused(decideMail, deciding(0, vars{"householdID": app.B.Household}), fault.NotFound)

	decided := supervisor.Do(decideMail, deciding(0, vars{"householdID": app.A.OtherHousehold})).Get("decideMail.item")
	if state(t, decided, "SORTED"); decided.Get("householdID").String() != app.A.OtherHousehold.String() || decided.Get("slot").String() != "1栋1单元103" || due(t, app, "mail.decide", id(made[0])) != "MET met" {
		t.Errorf("decided: %s", decided.Raw)
	}
	state(t, supervisor.Do(decideMail, deciding(1, vars{"to": "DEAD"})).Get("decideMail.item"), "DEAD")
	if got := due(t, app, "mail.return", id(made[1])); got != "OPEN" {
		t.Errorf("its return is %q", got)
	}
	supervisor.Do(raiseDoubt, because(id(made[2])))
	supervisor.Refused(decideMail, deciding(2, nil), fault.RuleBroken, "M4") // nobody decides upon the own doubt
	state(t, app.As(policy.ProjectManager).Do(decideMail, deciding(2, nil)).Get("decideMail.item"), "SORTED")
}

// Whoever writes it: the database knows the ways of an item, and that its state is the events'.
func TestM4_TheDatabaseKnowsTheWays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	item := id(items(app, vars{"householdID": app.A.Household})[0])
	conn, err := pgx.Connect(t.Context(), app.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SET app.estate_ids = '*'; SET ROLE steward_app`); err != nil {
		t.Fatal(err)
	}
	refusal := func(sql string, args ...any) string {
		_, err := conn.Exec(t.Context(), sql, args...)
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if !ok {
			return ""
		}
		return pg.ConstraintName + pg.Code
	}
	const event = `INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, reason, taken_by, acted_by_id, acted_by_name, acted_at)
		SELECT gen_random_uuid(), now(), estate_id, id, $2::text, household_id, $3, CASE $2::text WHEN 'RETURNED' THEN '孙师傅' ELSE '' END, $4, 'x', now() FROM mail_items WHERE id = $1`
	me, another := app.A.Staff, app.A.External
	for to, want := range map[string]string{"DELIVERED": "mail_events_delivered23514", "RETURNED": "mail_items_way23514"} {
		if got := refusal(event, item, to, "x", me); got != want {
			t.Errorf("from received to %s: %q", to, got)
		}
	}
	if got := refusal(event, item, "DOUBTFUL", "", me); got != "mail_events_reason23514" {
		t.Errorf("without a reason: %q", got)
	}
	if got := refusal(event, item, "DOUBTFUL", "x", me); got != "" {
		t.Errorf("doubtful: %q", got)
	}
	if got := refusal(event, item, "SORTED", "x", me); got != "mail_items_decided_by_another23514" {
		t.Errorf("decided by who raised it: %q", got)
	}
	if got := refusal(event, item, "SORTED", "x", another); got != "" {
		t.Errorf("decided by another: %q", got)
	}
	for _, set := range []string{"state = 'RETURNED'", "household_id = NULL", "slot = 'x'", "barcode = 'x'"} {
		if got := refusal(`UPDATE mail_items SET `+set+` WHERE id = $1`, item); got != "42501" {
			t.Errorf("%s: %q", set, got)
		}
	}
	if got := refusal(`UPDATE mail_items SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`, item); got != "mail_items_untouched23514" {
		t.Errorf("voided after it was sorted: %q", got)
	}
	if got := refusal(`DELETE FROM mail_events WHERE item_id = $1`, item); got != "42501" {
		t.Errorf("an event is deleted: %q", got)
	}
}

// What is signed for does not go back by the word of one person: a superior decides that it is dead, and who takes it signs.
func TestM4_NothingDisappearsByOnePersonsWord(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, supervisor := app.As(policy.Receptionist), app.As(policy.Supervisor)
	list := inSlots(app, vars{"kind": "PARCEL"}, vars{"kind": "LETTER"})
	receptionist.Refused(markDead, because(list[0]), fault.RuleBroken, "M4")
	receptionist.Do(markDead, because(list[1])) // an ordinary letter
	dies := sql(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, reason, acted_by_id, acted_by_name, acted_at)
		SELECT gen_random_uuid(), now(), estate_id, id, 'DEAD', household_id, 'x', gen_random_uuid(), 'x', now() FROM mail_items WHERE id = $1`, list[0])
	if got := refusalOf(t, raw(t, app), dies); got != "mail_items_doubted" {
		t.Errorf("past the program: %q", got)
	}
	receptionist.Do(raiseDoubt, because(list[0]))
	supervisor.Do(decideMail, vars{"in": vars{"itemID": list[0], "to": "DEAD", "reason": "查无此人"}})
	returning := func(by string) vars {
		return vars{"in": vars{"itemIDs": list, "takenBy": by, "signature": vars{}}}
	}
	if r := receptionist.Refused(returnMail, returning(receptionist.Email), fault.RuleBroken, "M4"); r.Field != "takenBy" {
		t.Errorf("taken by who hands it over, refused at %q", r.Field)
	}
	unsigned := returning("孙师傅")
	unsigned["in"].(vars)["signature"] = nil
	receptionist.Refused(returnMail, unsigned, fault.InvalidInput)
	goes := sql(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, taken_by, acted_by_id, acted_by_name, acted_at)
		SELECT gen_random_uuid(), now(), estate_id, id, 'RETURNED', household_id, 'x', gen_random_uuid(), 'x', now() FROM mail_items WHERE id = $1`, list[0])
	if got := refusalOf(t, raw(t, app), goes); got != "mail_returns_signed" {
		t.Errorf("past the program: %q", got)
	}
	receptionist.Do(returnMail, returning("孙师傅"))
	if got := texts(t, app, `SELECT capacity || ' ' || method FROM signatures WHERE subject_id = $1 AND kind = 'mail.return' ORDER BY 1`, list[0]); !slices.Equal(got, []string{"handler SESSION", "taker ATTESTED"}) {
		t.Errorf("signed: %v", got)
	}
}

// A letter was registered for one household, and is the neighbours': whom it never was for reads no more of it.
func TestM4_WhomItWasNotForReadsNoReason(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	item := id(items(app, vars{"householdID": app.A.Household})[0])
	app.As(policy.Receptionist).Do(raiseDoubt, vars{"in": vars{"itemID": item, "reason": "收件人是103室邻居"}})
	event := texts(t, app, `SELECT id::text FROM mail_events WHERE item_id = $1`, item)[0]
	reads := func(p *stewardtest.Person) bool {
		return p.Ask(`query($e: ID!) { node(id: $e) { ... on MailEvent { reason } } }`, vars{"e": event}).Get("data.node.reason").String() != ""
	}
	if !reads(app.Resident()) {
		t.Error("whose it is as yet does not read why it is doubtful")
	}
	app.As(policy.Supervisor).Do(decideMail, vars{"in": vars{"itemID": item, "to": "SORTED", "householdID": app.A.OtherHousehold, "reason": "是邻居的"}})
	if reads(app.Resident()) || !reads(app.As(policy.Receptionist)) {
		t.Error("it is read by whom it was not for, or not by the staff")
	}
}
