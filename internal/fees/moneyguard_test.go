package fees_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestF2_HouseholdsHaveSoLongToPayAndNoLonger(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	until := func(day string) vars {
		return vars{"in": vars{"estateID": app.A.ID, "month": "2026-03-01", "payBy": day}}
	}
	for _, day := range []string{"2026-06-30", "2099-01-01"} {
		if r := accountant.Refused(runBilling, until(day), fault.InvalidInput, "F2"); r.Field != "payBy" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	const put = `UPDATE fee_runs SET state = 'RUNNING', started_at = now(), started_by_name = 'x', issued_on = '2026-03-02', pay_by = '2099-01-01' WHERE estate_id = $1 AND state = 'PLANNED'`
	app.SQL(`INSERT INTO fee_runs (id, created_at, estate_id, month, due_at) VALUES (new_id(x'0903'::int), now(), $1, '2026-03-01', '2026-03-25 16:00Z')`, app.A.ID)
	if got := refusedBy(asServed(app, put, app.A.ID)); got != "fee_runs_pay_by" {
		t.Errorf("refused by %q", got)
	}
	if got := accountant.Do(runBilling, until("2026-06-29")).Get("runFeeBilling.run.payBy").String(); got != "2026-06-29" {
		t.Errorf("to be paid by %s", got)
	}
	app.Super(`ALTER TABLE fee_runs DISABLE TRIGGER fee_run_pay_by`) // the mutant
	app.SQL(`INSERT INTO fee_runs (id, created_at, estate_id, month, due_at) VALUES (new_id(x'0903'::int), now(), $1, '2026-04-01', '2026-04-25 16:00Z')`, app.A.ID)
	if err := asServed(app, put, app.A.ID); err != nil {
		t.Errorf("something else refuses it, so this proves nothing of the trigger: %v", err)
	}
}

// A number at the bank is one, however it is typed, and books no more than the bank received.
func TestF5_ANumberAtTheBankIsBookedForWhatWasReceived(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	bankStatement(t, app, "2026-03-01,Q7,10.00,,张三,,\n")
	byHand := func(reference string, amount int) vars {
		return paying(app.A.OtherHousehold, amount, vars{"method": "BANK_TRANSFER", "reference": reference})
	}
	for _, reference := range []string{"Q7", "q7", "Q 7", "Ｑ７"} {
		if r := accountant.Refused(recordPayment, byHand(reference, 900), fault.Conflict, "F5"); r.Field != "reference" {
			t.Errorf("%q is refused at %q", reference, r.Field)
		}
	}
	line := bankLineOf(app, "Q7").Get("id").String()
	accountant.Do(ignoreLines, vars{"in": vars{"lineIDs": []string{line}, "reason": "两户合并付款"}})
	accountant.Do(recordPayment, byHand("q 7", 600)) // for two households, each its share
	if r := accountant.Refused(recordPayment, byHand("Q7", 401), fault.Conflict, "F5"); r.Field != "amount" {
		t.Errorf("refused at %q", r.Field)
	}
	payment := accountant.Do(recordPayment, byHand("Q7", 400)).Get("recordFeePayment.payment.id").String()
	accountant.Refused(recordPayment, byHand("q7", 1), fault.Conflict, "F5")
	accountant.Do(reversePayment, reversing(payment, "记错"))
	accountant.Do(recordPayment, byHand("q7", 400))

	// The line is not booked besides.
	accountant.Do(restoreLines, vars{"in": vars{"lineIDs": []string{line}}})
	accountant.Refused(confirmLines, confirmingLines(vars{"lineID": line, "householdID": app.A.Household}), fault.Conflict, "F5")
	app.Super(`ALTER TABLE fee_payments DISABLE TRIGGER fee_payment_awaits`) // the mutant
	accountant.Do(recordPayment, byHand("Q7", 100_000))
}

// What was undone is not undone twice: money of a payment that is none would be credit.
func TestF5_AReversalUndoesWhatThePaymentSettledOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := pays(app, app.A.Household, 1000, nil).Get("id").String()
	app.As(policy.Accountant).Do(reversePayment, reversing(p, "记错"))
	const again = `INSERT INTO fee_allocations (id, created_at, estate_id, household_id, notice_id, payment_id, booked_on, amount)
		SELECT new_id(x'0908'::int), now(), estate_id, household_id, notice_id, payment_id, booked_on, -500 FROM fee_allocations WHERE payment_id = $1 AND amount > 0`
	if got := refusedBy(asServed(app, again, p)); got != "fee_allocations_undone" {
		t.Errorf("refused by %q", got)
	}
	owes(t, app, app.A.Household, owed, 0)
	sound(t, app)
}

func TestF5_TheLeadersHearOfARefundThatCameBack(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	pays(app, app.A.Household, owed+500, nil)
	r := askedRefund(app, app.A.Household, 500)
	manager.Do(giveRefund, givingRefund(r))
	app.As(policy.Accountant).Do(payRefund, ofRefund(r))
	app.As(policy.Accountant).Do(returnRefund, vars{"in": vars{"refundID": r.Get("id").String(), "reason": "户名不符"}})
	if n := told(t, app, manager, "fees.refundReturned"); n != 1 {
		t.Errorf("the manager has %d messages", n)
	}
}

// Notices are made with nothing of them settled or dispatched, and how many are dispatched the database counts.
func TestF2_NoNoticeBeginsSettledOrDispatched(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	if err := asServed(app, `UPDATE fee_runs SET dispatched = notices WHERE estate_id = $1`, app.A.ID); err == nil {
		t.Error("a month is said to be dispatched")
	}
	app.SQL(`INSERT INTO fee_runs (id, created_at, estate_id, month, state, due_at, issued_on, pay_by, started_at, started_by_name) VALUES (new_id(x'0903'::int), now(), $1, '2026-03-01', 'RUNNING', now(), '2026-03-02', '2026-03-31', now(), 'x')`, app.A.ID)
	for _, preset := range []string{"n.amount, 'SETTLED', 'WAITING', NULL", "0, 'OPEN', 'DISPATCHED', now()"} {
		if got := refusedBy(asServed(app, `INSERT INTO fee_notices (id, created_at, estate_id, run_id, household_id, number, month, issued_on, pay_by, household_name, building, address, amount, sort_key, settled, state, dispatch, dispatched_at)
			SELECT new_id(x'0904'::int), now(), n.estate_id, r.id, n.household_id, 'x', r.month, r.issued_on, r.pay_by, 'x', 'x', 'x', n.amount, '', `+preset+`
			FROM fee_notices n JOIN fee_runs r ON r.estate_id = n.estate_id AND r.state = 'RUNNING' WHERE n.estate_id = $1 LIMIT 1`, app.A.ID)); got != "fee_notices_of_run" {
			t.Errorf("%s: refused by %q", preset, got)
		}
	}
}
