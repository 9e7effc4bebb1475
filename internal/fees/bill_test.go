package fees_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	giveNotice = `mutation($in: GiveMoveInNoticeInput!) { giveMoveInNotice(input: $in) { occupancy { id } } }`
	moveIn     = `mutation($in: MoveInInput!) { moveIn(input: $in) { occupancy { id } } }`
	moveOut    = `mutation($in: MoveOutInput!) { moveOut(input: $in) { occupancy { id } } }`
)

// lineOf is the line of a unit on a notice.
func lineOf(n gjson.Result, unit string) gjson.Result {
	return n.Get(`lines.#(unitLabel=="` + unit + `")`)
}

func TestF1_FeesRunFromMoveInByTheDay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	// The first household is noticed for 102 until 1 April; the other for 104 until 10 March.
	notice := officer.Do(giveNotice, vars{"in": vars{"householdID": app.A.OtherHousehold, "unitID": app.A.Units[3], "deadlineOn": "2026-03-10"}}).Get("giveMoveInNotice.occupancy.id").String()
	billed(app, "2026-03-02")
	first := noticesOf(app, app.A.Household, "2026-03-01")[0]
	if len(first.Get("lines").Array()) != 1 || first.Get("amount").Int() != whole {
		t.Errorf("who is not there yet pays for it: %s", first.Raw)
	}
	l := lineOf(noticesOf(app, app.A.OtherHousehold, "2026-03-01")[0], "1栋1单元104")
	if l.Get("fromOn").String() != "2026-03-10" || l.Get("days").Int() != 22 || l.Get("ofDays").Int() != 31 {
		t.Errorf("who does not come by the 10th is deemed moved in then: %s", l.Raw)
	}

	// They came on the 5th: April makes up for the five days before, and the parts are together what the days from the 5th are.
	later(app, 8, policy.CSOfficer)
	officer.Do(moveIn, vars{"in": vars{"occupancyID": notice, "on": "2026-03-05"}})
	later(app, 24, policy.Accountant) // 3 April
	billed(app, "2026-04-01")
	april := noticesOf(app, app.A.OtherHousehold, "2026-04-01")[0]
	var before gjson.Result
	for _, l := range april.Get("lines").Array() {
		if l.Get("unitLabel").String() == "1栋1单元104" && l.Get("fromOn").String() == "2026-03-05" {
			before = l
		}
	}
	want := value[int64](t, app, `SELECT fee_part($1, 31, 4, 31)`, whole)
	if before.Get("days").Int() != 5 || before.Get("amount").Int()+l.Get("amount").Int() != want {
		t.Errorf("%s and %s are not %d together", before.Raw, l.Raw, want)
	}
	if l := lineOf(noticesOf(app, app.A.Household, "2026-04-01")[0], "1栋1单元102"); l.Get("fromOn").String() != "2026-04-01" || l.Get("amount").Int() != whole {
		t.Errorf("who was awaited until 1 April pays from then: %s", l.Raw)
	}
	sound(t, app)
}

func TestF1_TwoPayersShareAMonth(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	later(app, 11, policy.CSOfficer, policy.Accountant) // 13 March
	officer := app.As(policy.CSOfficer)
	occupancy := app.IDs(`SELECT id FROM occupancies WHERE household_id = $1`, app.A.OtherHousehold)[0]
	officer.Do(moveOut, vars{"in": vars{"occupancyID": occupancy, "on": "2026-03-11"}})
	officer.Do(`mutation($in: CreateHouseholdInput!) { createHousehold(input: $in) { household { id } } }`, vars{"in": vars{"estateID": app.A.ID, "name": "新业户", "residents": []vars{},
		"occupancy": vars{"unitID": app.A.Units[2], "noticedOn": "2026-03-11", "movedInOn": "2026-03-11"}}})
	billed(app, "2026-03-01")
	if n := value[int64](t, app, `SELECT sum(l.amount) FROM fee_notice_lines l JOIN fee_notices n ON n.id = l.notice_id WHERE l.unit_id = $1 AND n.month = '2026-03-01'`, app.A.Units[2]); n != whole {
		t.Errorf("together they pay %d, want %d", n, whole)
	}
	if n := value[int](t, app, `SELECT count(DISTINCT household_id) FROM fee_notice_lines WHERE unit_id = $1 AND from_on >= '2026-03-01'`, app.A.Units[2]); n != 2 {
		t.Errorf("%d of them pay", n)
	}
	sound(t, app)
}

func TestF2_AMonthIsBilledOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	ask := vars{"e": app.A.ID, "m": "2026-03-15", "h": nil}
	p := accountant.Do(previewRun, ask).Get("previewFeeRun")
	if p.Get("payers").Int() != 2 || p.Get("amount").Int() != 2*whole || p.Get("fees.0.lines").Int() != 2 || p.Get("month").String() != "2026-03-01" || len(p.Get("lines").Array()) != 0 {
		t.Errorf("the preview: %s", p.Raw)
	}
	if p := accountant.Do(previewRun, vars{"e": app.A.ID, "m": "2026-03-15", "h": app.A.Household}).Get("previewFeeRun"); p.Get("amount").Int() != whole || p.Get("lines.0.days").Int() != 31 {
		t.Errorf("the preview of a household: %s", p.Raw)
	}
	for _, refused := range []struct {
		who  *stewardtest.Person
		vars vars
	}{{app.Foreign(policy.Accountant), ask}, {app.Resident(), ask}, {accountant, vars{"e": app.A.ID, "m": "2026-03-15", "h": app.B.Household}}} {
		refused.who.Refused(previewRun, refused.vars, fault.NotFound)
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(runBilling, month(app, "2026-03-01"), fault.Forbidden)
	}
	app.Resident().Refused(runBilling, month(app, "2026-03-01"), fault.Forbidden)
	app.Foreign(policy.Accountant).Refused(runBilling, month(app, "2026-03-01"), fault.NotFound)
	if r := accountant.Refused(runBilling, month(app, "2026-05-01"), fault.InvalidInput, "F2"); r.Field != "month" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := accountant.Refused(runBilling, vars{"in": vars{"estateID": app.A.ID, "month": "2026-03-01", "payBy": "2026-03-01"}}, fault.InvalidInput, "F2"); r.Field != "payBy" {
		t.Errorf("refused at %q", r.Field)
	}

	// Many at once, on as many connections: each is answered with the one run.
	var wg sync.WaitGroup
	answers := make([]gjson.Result, 8)
	for i := range answers {
		wg.Go(func() { answers[i], _ = accountant.Try(runBilling, month(app, "2026-03-09")) })
	}
	wg.Wait()
	for _, a := range answers {
		if r := a.Get("data.runFeeBilling.run"); r.Get("state").String() != "BILLED" || r.Get("notices").Int() != 2 || r.Get("amount").Int() != 2*whole || r.Get("payBy").String() != "2026-03-31" || r.Get("late").Bool() {
			t.Errorf("answered %s", a.Raw)
		}
	}
	n := noticesOf(app, app.A.Household, "2026-03-01")
	if len(n) != 1 || n[0].Get("number").String() != "202603-00001" || n[0].Get("address").String() != "1栋1单元101" {
		t.Errorf("the household has %v", n)
	}
	if again := billed(app, "2026-03-31"); again.Get("notices").Int() != 2 {
		t.Errorf("run again it is %s", again.Raw)
	}
	once := accountant.With("Idempotency-Key", uuid.NewString())
	for range 2 {
		if r := once.Do(runBilling, month(app, "2026-04-01")).Get("runFeeBilling.run"); r.Get("notices").Int() != 2 {
			t.Errorf("the next month is %s", r.Raw)
		}
	}
	if p := accountant.Do(previewRun, ask).Get("previewFeeRun"); p.Get("amount").Int() != 0 || p.Get("run.state").String() != "BILLED" {
		t.Errorf("after it nothing is left: %s", p.Raw)
	}
	if list := app.Resident().Do(feeNotices, nil).Get("feeNotices.edges.#.node.householdID").Array(); len(list) != 3 || list[0].String() != app.A.Household.String() {
		t.Errorf("the household sees %v", list)
	}
	owes(t, app, app.A.Household, owed+3*whole, 0) // April is of 102, too
	sound(t, app)
}

func TestF2_AMonthThatWasLeftOutIsMadeUpFor(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	later(app, 31, policy.Accountant) // 2 April
	billed(app, "2026-04-01")
	app.As(policy.Accountant).Refused(runBilling, month(app, "2026-03-01"), fault.Conflict, "F2")
	if n := noticesOf(app, app.A.Household, "2026-04-01")[0]; len(n.Get("lines").Array()) != 3 { // March and April of 101, and 102 from 1 April
		t.Errorf("April bills %s", n.Raw)
	}
	sound(t, app)
}

func TestF2_ALateRunIsReported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx := app.Context()
	if n, err := fees.Plan(ctx, app.Runtime); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	if n, err := fees.Plan(ctx, app.Runtime); err != nil || n != 0 {
		t.Fatal(n, err) // once
	}
	due := func() string {
		return value[string](t, app, `SELECT o.state || CASE WHEN o.met_at IS NULL THEN '' ELSE ' met' END FROM obligations o JOIN fee_runs r ON r.id = o.subject_id WHERE o.kind = 'fees.bill' AND o.estate_id = $1 AND r.month = '2026-03-01'`, app.A.ID)
	}
	if got := value[time.Time](t, app, `SELECT due_at FROM fee_runs WHERE estate_id = $1 AND month = '2026-03-01'`, app.A.ID); due() != "OPEN" || !got.Equal(time.Date(2026, 3, 26, 0, 0, 0, 0, stewardtest.Start.Location())) {
		t.Errorf("it is %s, due at %s", due(), got)
	}
	manager := app.As(policy.ProjectManager)
	inbox := func() int {
		return value[int](t, app, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND title_zh LIKE '%2026-03%'`, manager.Account)
	}
	app.Clock.Advance(24*24*time.Hour + 3*time.Hour) // noon of the 26th
	if _, err := obligation.Remind(ctx, app.Runtime); err != nil {
		t.Fatal(err)
	}
	if due() != "BREACHED" || inbox() != 1 {
		t.Errorf("past the 25th it is %s, and the manager has %d messages", due(), inbox())
	}
	accountant := app.As(policy.Accountant)
	accountant.SignIn()
	if r := billed(app, "2026-03-01"); !r.Get("late").Bool() || due() != "BREACHED met" || inbox() != 2 {
		t.Errorf("run late it is %s, %s, and the manager has %d messages", r.Raw, due(), inbox())
	}
	// In time it is met, and nobody is told.
	if r := billed(app, "2026-04-01"); r.Get("late").Bool() || inbox() != 2 {
		t.Errorf("April is %s", r.Raw)
	}
}

func TestF2_TheDatabaseHoldsARun(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	if _, err := fees.Plan(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	refused := func(constraint, sql string, args ...any) {
		t.Helper()
		if got := refusedBy(app.TrySQL(sql, args...)); got != constraint {
			t.Errorf("refused by %q, want %s", got, constraint)
		}
	}
	notice := `INSERT INTO fee_notices (id, created_at, estate_id, run_id, household_id, number, month, issued_on, pay_by, household_name, building, address, amount, sort_key)
		SELECT new_id(x'0904'::int), now(), estate_id, id, $1, 'x', month, '2026-03-02', '2026-03-31', 'x', 'x', 'x', 5, 'x' FROM fee_runs WHERE estate_id = $2 AND month = $3::date`
	refused("fee_notices_of_run", notice, app.A.Household, app.A.ID, "2026-03-01") // it is not running
	refused("feenotice_estate_id_run_id_household_id", notice, app.A.Household, app.A.ID, "2026-02-01")
	refused("fee_runs_way", `UPDATE fee_runs SET state = 'RUNNING', billed_at = NULL, received_at = NULL, received_by_id = NULL, received_by_name = '', dispatch_due_at = NULL, dispatched = 0 WHERE estate_id = $1 AND month = '2026-02-01'`, app.A.ID)
	refused("fee_runs_way", `UPDATE fee_runs SET state = 'BILLED', started_at = now(), started_by_name = 'x', issued_on = '2026-03-02', pay_by = '2026-03-03', billed_at = '2026-03-03' WHERE estate_id = $1 AND month = '2026-03-01'`, app.A.ID)
	line := `INSERT INTO fee_notice_lines (id, created_at, estate_id, notice_id, household_id, tariff_id, unit_id, unit_label, fee, basis, rate, quantity_hundredths, from_on, until_on, days, of_days, amount)
		SELECT new_id(x'0905'::int), now(), estate_id, notice_id, household_id, tariff_id, unit_id, unit_label, fee, basis, rate, quantity_hundredths, $2::date, $2::date + 2, 2, $3, amount FROM fee_notice_lines WHERE estate_id = $1`
	refused("fee_notice_lines_once", line, app.A.ID, "2026-02-03", 28) // billed already
	refused("fee_notices_whole", line, app.A.ID, "2026-03-03", 31)     // the notice asks for less
	// Without its triggers a notice comes to a run that is not running, for what no line says.
	app.Super(`ALTER TABLE fee_notices DISABLE TRIGGER USER`)
	app.SQL(notice, app.A.Household, app.A.ID, "2026-03-01")
}
