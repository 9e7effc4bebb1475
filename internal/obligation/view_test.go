package obligation_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const view = `query($of: ObligationsOf, $s: ObligationStanding) { obligations(of: $of, standing: $s, orderBy: {field: DUE_AT}, first: 200) { totalCount edges { node { id kind estateID accountID departmentID dueAt } } } }`

// One list of what is due over all chapters, by whose it is and how it stands; it shows nobody more than they see anyway.
func TestObligationsByWhoseTheyAreAndHowTheyStand(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager, boss := app.As(policy.CSOfficer), app.As(policy.ProjectManager), app.As(policy.GeneralManager)
	lend(app, officer)
	app.As(policy.KeyCustodian).Do(`mutation($in: ReportKeyLossInput!) { reportKeyLoss(input: $in) { loss { id } } }`,
		vars{"in": vars{"setID": app.A.Sets[1], "holderID": app.A.Desk, "count": 1, "circumstances": "清点时少一把"}})
	app.SQL(`INSERT INTO obligations (id, created_at, estate_id, kind, subject_id, clause, title, due_at, state, breach_reason, account_id, grace_seconds, reminders)
		VALUES (gen_random_uuid(), $2, $1, 'mail.test', gen_random_uuid(), 'M1', '别处', $2, 'OPEN', '', $3, 0, 0)`, app.B.ID, app.Clock.Now().Add(time.Hour), app.Foreign(policy.CSOfficer).Account)
	type row struct{ kind, estate, account, department string }
	list := func(p *stewardtest.Person, of, standing any) (rows []row) {
		t.Helper()
		v := vars{}
		if of != nil {
			v["of"] = of
		}
		if standing != nil {
			v["s"] = standing
		}
		got := p.Do(view, v).Get("obligations")
		last := ""
		for _, n := range got.Get("edges.#.node").Array() {
			if at := n.Get("dueAt").String(); at < last {
				t.Errorf("not by due time: %s after %s", at, last)
			} else {
				last = at
			}
			rows = append(rows, row{n.Get("kind").String(), n.Get("estateID").String(), n.Get("accountID").String(), n.Get("departmentID").String()})
		}
		if int(got.Get("totalCount").Int()) != len(rows) {
			t.Errorf("%d in all, %d shown", got.Get("totalCount").Int(), len(rows))
		}
		return rows
	}
	all := func(rows []row, is func(row) bool) bool {
		for _, r := range rows {
			if !is(r) {
				return false
			}
		}
		return len(rows) > 0
	}
	if mine := list(officer, "ME", nil); !all(mine, func(r row) bool { return r.account == officer.Account.String() }) {
		t.Errorf("the officer's own: %v", mine)
	}
	if dept := list(app.As(policy.Supervisor), "DEPARTMENT", nil); !all(dept, func(r row) bool { return r.department == app.A.Department.String() }) {
		t.Errorf("the supervisor's department: %v", dept)
	}
	if none := list(app.As(policy.Security), "DEPARTMENT", nil); len(none) != 0 {
		t.Errorf("security's department: %v", none)
	}
	here := func(r row) bool { return r.estate == app.A.ID.String() }
	if estate := list(manager, "ESTATE", nil); !all(estate, here) || len(estate) < 2 || len(estate) != len(list(manager, "PORTFOLIO", nil)) || len(estate) != len(list(manager, nil, nil)) {
		t.Errorf("the manager's estate: %v", estate)
	}
	if portfolio := list(boss, "PORTFOLIO", nil); all(portfolio, here) || len(portfolio) != len(list(boss, "ESTATE", nil)) || len(list(boss, "DEPARTMENT", nil)) != 0 || len(list(boss, "ME", nil)) != 0 {
		t.Errorf("the portfolio: %v", portfolio)
	}
	if foreign := list(app.Foreign(policy.ProjectManager), "PORTFOLIO", nil); all(foreign, here) {
		t.Errorf("a foreign manager sees %v", foreign)
	}
	if n := len(list(manager, "ESTATE", "PAST_DUE")) + len(list(manager, "ESTATE", "BREACHED")); n != 0 {
		t.Errorf("%d are past due at once", n)
	}
	open := len(list(manager, nil, "DUE"))
	app.Clock.Advance(25 * time.Hour)
	remind(t, app)
	awake(manager)
	if due, past, breached := len(list(manager, nil, "DUE")), len(list(manager, nil, "PAST_DUE")), len(list(manager, nil, "BREACHED")); due != open || past == 0 || breached == 0 || past > due {
		t.Errorf("%d due, %d past due, %d breached; %d were open", due, past, breached, open)
	}
	app.Nobody().Refused(view, vars{}, fault.Unauthenticated)
	awake(manager).Refused(view, vars{"of": "EVERYBODY"}, fault.InvalidInput)
}

// What is soon due is told ahead, once, and anew when it gets another time; nobody is told of what was just agreed. Without the database's
// trigger nobody would be.
func TestWhatIsSoonDueIsToldAhead(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	lend(app, officer) // 15 hours until the end of the day
	ahead := func() (n int) {
		t.Helper()
		n, err := obligation.RemindAhead(app.Context(), app.Runtime)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := ahead(); n != 0 {
		t.Errorf("%d reminders at once", n)
	}
	app.Clock.Advance(11 * time.Hour)
	if n := ahead(); n != 0 {
		t.Errorf("%d reminders with more than a quarter of the time left", n)
	}
	app.Clock.Advance(20 * time.Minute)
	if n := ahead() + ahead(); n != 1 {
		t.Errorf("%d reminders, want 1", n)
	}
	if told := inbox(t, app, officer); kinds(told) != "ahead" || told[0].TitleEN == "" || told[0].BodyZH == "" {
		t.Errorf("the officer was told %+v", told)
	}
	app.SQL(`UPDATE obligations SET due_at = due_at + interval '10 days' WHERE account_id = $1`, officer.Account)
	app.Clock.Advance(8 * 24 * time.Hour)
	if n := ahead(); n != 1 {
		t.Errorf("%d reminders of the later time, want 1", n)
	}
	app.Super(`ALTER TABLE obligations DISABLE TRIGGER ahead`)
	awake(officer)
	lend(app, officer)
	app.Clock.Advance(14 * time.Hour)
	if n := ahead(); n != 0 {
		t.Errorf("%d reminders by something else than the trigger", n)
	}
}
