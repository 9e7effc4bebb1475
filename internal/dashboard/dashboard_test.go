package dashboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	parts = ` { at estateID keys { keysOut } vacancy { vacancies }
	archives { requestsWaiting loansOut loansOverdue }
	mail { itemsUndelivered itemsLeftOver itemsDoubtful pressExpected pressMissing claimsOpen casesOpen }
	fees { householdsInArrears amountOverdue amountOpen noticesToDispatch dunningsToReview dunningsToStamp dunningsToHandOver dunningsToDispatch bankLinesOpen refundsAsked }
	duty { onDuty { staffID name shift until } nextUncovered { shiftID shift startsAt missing } shiftsUncovered handoversUnsigned handoversOverdue }
	due { chapter open pastDue breached } }`
	all     = `query($e: [ID!]) { estateDashboards(estateIDs: $e) ` + parts + ` }`
	watched = `subscription($e: ID!) { dashboard(estateID: $e) ` + parts + ` }`
)

// of are the estate's figures as somebody sees them.
func of(p *stewardtest.Person, estate uuid.UUID) gjson.Result {
	p.SignIn()
	return p.Do(all, vars{"e": []uuid.UUID{estate}}).Get("estateDashboards.0")
}

// Each figure is what plain SQL counts of the same, past all walls.
func TestEachFigureIsWhatItSays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Clock.Advance(3 * 24 * time.Hour) // on Thursday somebody is on duty, and mail is left over
	app.SQL(`UPDATE archive_loans SET due_at = $2 WHERE estate_id = $1`, app.A.ID, app.Clock.Now().Add(-time.Minute))
	app.Super(`UPDATE fee_notices SET pay_by = '2026-03-04' WHERE estate_id = $1 AND household_id = $2`, app.A.ID, app.A.Household)
	app.Super(`UPDATE fee_runs SET received_at = created_at, received_by_name = '客服' WHERE estate_id = $1 AND received_at IS NULL`, app.A.ID)
	app.Super(`UPDATE mail_items SET state = 'DOUBTFUL' WHERE id = (SELECT id FROM mail_items WHERE estate_id = $1 AND voided_at IS NULL AND state = 'RECEIVED' ORDER BY id LIMIT 1)`, app.A.ID)
	app.Super(`UPDATE publications SET frequency = 'DAILY', weekday = NULL WHERE estate_id = $1`, app.A.ID)
	app.Super(`ALTER TABLE fee_refunds DROP CONSTRAINT fee_refunds_paid, DROP CONSTRAINT fee_refunds_returned`)
	app.Super(`UPDATE fee_refunds SET state = 'ASKED' WHERE estate_id = $1`, app.A.ID)
	app.Super(`ALTER TABLE fee_dunnings DROP CONSTRAINT fee_dunnings_state`)
	app.SQL(`UPDATE duty_shifts SET friday = 2, saturday = 1, version = version + 1 WHERE estate_id = $1`, app.A.ID)
	found := of(app.As(policy.GeneralManager), app.A.ID)
	const here = `mail_items WHERE estate_id = $1 AND voided_at IS NULL AND state IN ('RECEIVED', 'SORTED', 'DEAD', 'DOUBTFUL')`
	never := map[string]bool{"mail.pressMissing": true, "archives.loansOverdue": false} // of which the seed has none
	for figure, sql := range map[string]string{
		"archives.requestsWaiting": `archive_requests WHERE estate_id = $1 AND state = 'WAITING'`,
		"archives.loansOut":        `archive_loans WHERE estate_id = $1 AND state = 'OPEN'`,
		"archives.loansOverdue":    `archive_loans WHERE estate_id = $1 AND state = 'OPEN'`,
		"mail.itemsUndelivered":    here,
		"mail.itemsLeftOver":       here + ` AND received_on < '2026-03-05'`,
		"mail.itemsDoubtful":       here + ` AND state = 'DOUBTFUL'`,
		"mail.pressExpected":       `press_expected($1, '2026-03-05') x, generate_series(1, x.copies)`,
		"mail.claimsOpen":          `press_claims WHERE estate_id = $1 AND state = 'OPEN'`,
		"mail.casesOpen":           `mail_cases WHERE estate_id = $1 AND state IN ('OPEN', 'ANSWERED')`,
		"fees.householdsInArrears": `(SELECT DISTINCT household_id FROM fee_notices WHERE estate_id = $1 AND state = 'OPEN' AND pay_by < '2026-03-05') x`,
		"fees.amountOverdue":       `generate_series(1, (SELECT sum(amount - settled) FROM fee_notices WHERE estate_id = $1 AND state = 'OPEN' AND pay_by < '2026-03-05'))`,
		"fees.amountOpen":          `generate_series(1, (SELECT sum(amount - settled) FROM fee_notices WHERE estate_id = $1))`,
		"fees.noticesToDispatch":   `fee_notices WHERE estate_id = $1 AND dispatch IN ('WAITING', 'RETURNED')`,
		"fees.dunningsToReview":    `fee_dunnings WHERE estate_id = $1 AND state = 'DRAFT'`,
		"fees.dunningsToStamp":     `fee_dunnings WHERE estate_id = $1 AND state = 'REVIEWED'`,
		"fees.dunningsToHandOver":  `fee_dunnings WHERE estate_id = $1 AND state = 'STAMPED'`,
		"fees.dunningsToDispatch":  `fee_dunnings WHERE estate_id = $1 AND state = 'HANDED'`,
		"fees.bankLinesOpen":       `fee_bank_lines WHERE estate_id = $1 AND state = 'PROPOSED'`,
		"fees.refundsAsked":        `fee_refunds WHERE estate_id = $1 AND state = 'ASKED'`,
		"duty.onDuty.#":            `duty_assignments WHERE estate_id = $1 AND removed_at IS NULL AND day = '2026-03-05'`,
		"duty.shiftsUncovered":     `(VALUES ('2026-03-06'), ('2026-03-07'), ('2026-03-13'), ('2026-03-14'), ('2026-03-20'), ('2026-03-21'), ('2026-03-27'), ('2026-03-28')) x WHERE $1::uuid IS NOT NULL`,
		"duty.handoversUnsigned":   `duty_handovers WHERE estate_id = $1 AND state = 'OPEN'`,
		"duty.handoversOverdue":    `duty_handovers WHERE estate_id = $1 AND state = 'OPEN'`,
	} {
		want := len(app.IDs(`SELECT gen_random_uuid() FROM `+sql, app.A.ID))
		if got := found.Get(figure); int(got.Int()) != want || got.Type != gjson.Number {
			t.Errorf("%s is %s, want %d", figure, got.Raw, want)
		} else if want == 0 && !never[figure] && !strings.HasPrefix(figure, "fees.dunningsTo") {
			t.Errorf("%s is nothing: it is not proved to be counted", figure)
		}
	}
	if next := found.Get("duty.nextUncovered"); next.Get("startsAt").String() != "2026-03-06T00:00:00Z" || next.Get("missing").Int() != 1 || next.Get("shift").String() != "值守" {
		t.Errorf("next uncovered: %s", next.Raw)
	}
	if on := found.Get("duty.onDuty.0"); on.Get("staffID").String() != app.A.Staff.String() || on.Get("until").String() != "2026-03-05T08:00:00Z" || on.Get("name").String() == "" {
		t.Errorf("on duty: %s", on.Raw)
	}
	app.Super(`UPDATE fee_dunnings SET state = 'WITHDRAWN' WHERE estate_id = $1`, app.A.ID)
	for state, figure := range map[string]string{"DRAFT": "Review", "REVIEWED": "Stamp", "STAMPED": "HandOver", "HANDED": "Dispatch"} {
		app.Super(`UPDATE fee_dunnings SET state = $2 WHERE id = (SELECT id FROM fee_dunnings WHERE estate_id = $1 AND state = 'WITHDRAWN' LIMIT 1)`, app.A.ID, state)
		if d := of(app.As(policy.GeneralManager), app.A.ID); d.Get("fees.dunningsTo"+figure).Int() != 1 {
			t.Errorf("%s: %s", state, d.Get("fees").Raw)
		}
		app.Super(`UPDATE fee_dunnings SET state = 'WITHDRAWN' WHERE estate_id = $1`, app.A.ID)
	}
}

// What a role may not read is null, not zero; a foreign estate is not there; residents are shown nothing.
func TestFiguresOfEachRole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	other := app.GrantIn(policy.Supervisor, app.A)
	other.Department = app.A.SecurityDepartment
	app.Clock.Advance(3 * 24 * time.Hour)
	for name, c := range map[string]struct {
		who    *stewardtest.Person
		sees   string // of these
		hidden string
	}{
		"an officer":           {app.As(policy.CSOfficer), "mail fees duty fees.dunningsToStamp duty.onDuty duty.handoversUnsigned mail.pressExpected fees.refundsAsked", "archives fees.bankLinesOpen mail.casesOpen"},
		"an accountant":        {app.As(policy.Accountant), "fees fees.bankLinesOpen", "duty archives keys mail.itemsUndelivered"},
		"a sorter":             {app.As(policy.MailSorter), "mail mail.claimsOpen", "fees archives mail.casesOpen"},
		"a supervisor":         {app.As(policy.Supervisor), "mail fees archives duty archives.loansOut mail.casesOpen", ""},
		"security's":           {app.Member("supervisor-security@a.example", other), "duty archives", ""},
		"security":             {app.As(policy.Security), "mail.itemsUndelivered", "fees duty archives mail.pressExpected mail.casesOpen"},
		"an archivist":         {app.As(policy.Archivist), "archives archives.requestsWaiting archives.loansOut", "fees mail.pressExpected"},
		"the estate's auditor": {app.Member("auditor@a.example", app.GrantIn(policy.Auditor, app.A)), "mail fees archives duty fees.bankLinesOpen", ""},
	} {
		d := of(c.who.In(t), app.A.ID)
		for _, part := range strings.Fields(c.sees) {
			if x := d.Get(part); !x.Exists() || x.Type == gjson.Null {
				t.Errorf("%s does not see %s: %s", name, part, d.Raw)
			}
		}
		for _, part := range strings.Fields(c.hidden) {
			if x := d.Get(part); x.Exists() && x.Type != gjson.Null {
				t.Errorf("%s sees %s: %s", name, part, x.Raw)
			}
		}
		c.who.Refused(all, vars{"e": []uuid.UUID{app.A.ID, app.B.ID}}, fault.NotFound)
		if list := c.who.Do(all, nil).Get("estateDashboards"); list.Get("#").Int() != 1 || list.Get("0.estateID").String() != app.A.ID.String() {
			t.Errorf("%s sees %s", name, list.Raw)
		}
	}
	// A department counts its own.
	if d := of(app.Member("supervisor-security@a.example", other), app.A.ID); d.Get("duty.onDuty.#").Int() != 0 || d.Get("duty.handoversUnsigned").Int() != 0 || d.Get("archives.loansOut").Int() != 0 {
		t.Errorf("security's supervisor counts others': %s", d.Raw)
	}
	if d := of(app.As(policy.Supervisor), app.A.ID); d.Get("duty.onDuty.#").Int() != 1 || d.Get("duty.handoversUnsigned").Int() != 1 {
		t.Errorf("the supervisor counts %s", d.Raw)
	}
	app.As(policy.GeneralManager).SignIn()
	if list := app.As(policy.GeneralManager).Do(all, nil).Get("estateDashboards"); list.Get("#").Int() != 2 || list.Get("1.fees.amountOpen").Int() == 0 {
		t.Errorf("the portfolio: %s", list.Raw)
	}
	app.Resident().SignIn()
	if d := app.Resident().Do(all, nil).Get("estateDashboards"); d.Get("#(mail.itemsUndelivered>=0)").Exists() || d.Get("#(fees.amountOpen>=0)").Exists() || d.Get("#(duty.handoversUnsigned>=0)").Exists() {
		t.Errorf("a resident sees %s", d.Raw)
	}
	app.Nobody().Refused(all, nil, fault.Unauthenticated)
}

// An act of each chapter has the figures come again.
func TestFiguresComeAgainWithAnActOfEachChapter(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Listen()
	s := app.As(policy.ProjectManager).Subscribe(watched, vars{"e": app.A.ID})
	last := s.Next().Get("data.dashboard")
	grows := func(figure string, by int64, act func()) {
		t.Helper()
		act()
		for range 5 { // an act of several transactions may be seen in between
			now := s.Next().Get("data.dashboard")
			if now.Get(figure).Int() == last.Get(figure).Int()+by {
				last = now
				return
			}
		}
		t.Errorf("%s did not become %d more", figure, by)
	}
	one := func(sql string) string { return app.IDs(sql, app.A.ID)[0].String() }
	grows("mail.itemsUndelivered", 1, func() {
		receipt := app.As(policy.Receptionist).Do(`mutation($in: ReceiveMailInput!) { receiveMail(input: $in) { receipt { id } } }`,
			vars{"in": vars{"estateID": app.A.ID, "deliverer": "孙师傅", "signature": vars{}, "counts": []vars{{"kind": "REGISTERED", "stated": 1, "counted": 1}}}}).Get("receiveMail.receipt.id").String()
		app.As(policy.Receptionist).Do(`mutation($in: RegisterMailInput!) { registerMail(input: $in) { items { id } } }`,
			vars{"in": vars{"receiptID": receipt, "items": []vars{{"kind": "REGISTERED", "barcode": "XA-FIGURES", "householdID": app.A.Household}}}})
	})
	grows("archives.requestsWaiting", 1, func() {
		app.As(policy.CSOfficer).Do(`mutation($in: RequestArchiveInput!) { requestArchive(input: $in) { request { id } } }`,
			vars{"in": vars{"estateID": app.A.ID, "kind": "VIEW", "purpose": "核对", "wanted": "装修图", "until": "2026-03-10"}})
	})
	grows("fees.amountOpen", -1, func() {
		app.As(policy.Accountant).Do(`mutation($in: RecordFeePaymentInput!) { recordFeePayment(input: $in) { payment { id } } }`,
			vars{"in": vars{"householdID": one(`SELECT household_id FROM fee_notices WHERE estate_id = $1 AND state = 'OPEN' ORDER BY id LIMIT 1`), "method": "CASH", "amount": 1}})
	})
	grows("duty.handoversUnsigned", -1, func() {
		app.As(policy.Supervisor).Do(`mutation($in: CancelDutyHandoverInput!) { cancelDutyHandover(input: $in) { handover { id } } }`,
			vars{"in": vars{"handoverID": one(`SELECT id FROM duty_handovers WHERE estate_id = $1 AND state = 'OPEN'`), "reason": "未换班"}})
	})
}
