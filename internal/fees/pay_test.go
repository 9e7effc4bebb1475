package fees_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// pays records a payment, and gives it.
func pays(app *stewardtest.App, household uuid.UUID, amount int, more vars) gjson.Result {
	return app.As(policy.Accountant).Do(recordPayment, paying(household, amount, more)).Get("recordFeePayment.payment")
}

func TestF5_TheOldestDebtIsPaidFirst(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	billed(app, "2026-03-01")
	february, march := noticesOf(app, app.A.Household, "2026-02-01")[0], noticesOf(app, app.A.Household, "2026-03-01")[0]
	p := pays(app, app.A.Household, owed+500, vars{"method": "BANK_TRANSFER", "reference": "TX-1", "paidAt": "2026-03-01T10:00:00+08:00"})
	if a := p.Get("allocations"); p.Get("receipt").Int() != 7 || len(a.Array()) != 2 ||
		a.Get(`#(noticeID=="`+february.Get("id").String()+`").amount`).Int() != owed || a.Get(`#(noticeID=="`+march.Get("id").String()+`").amount`).Int() != 500 {
		t.Errorf("paid: %s", p.Raw)
	}
	if n := noticesOf(app, app.A.Household, "2026-02-01")[0]; n.Get("state").String() != "SETTLED" || n.Get("settled").Int() != whole {
		t.Errorf("February is %s", n.Raw)
	}
	owes(t, app, app.A.Household, whole-500, 0)

	// As directed: the rest stays as credit, until it is asked to settle.
	accountant := app.As(policy.Accountant)
	directed := vars{"allocations": []vars{{"noticeID": march.Get("id").String(), "amount": 300}}}
	if p := pays(app, app.A.Household, 1000, directed); p.Get("unallocated").Int() != 700 {
		t.Errorf("directed: %s", p.Raw)
	}
	owes(t, app, app.A.Household, whole-800, 700)
	settling := vars{"in": vars{"householdID": app.A.Household}}
	accountant.Do(settleCredit, settling)
	owes(t, app, app.A.Household, whole-1500, 0)
	accountant.Refused(settleCredit, settling, fault.Conflict, "F5")

	// Too much is kept, and the next notice takes it.
	pays(app, app.A.Household, whole, nil)
	owes(t, app, app.A.Household, 0, 1500)
	billed(app, "2026-04-01")
	owes(t, app, app.A.Household, 2*whole-1500, 0) // of 101, and of 102 from 1 April
	sound(t, app)

	for field, more := range map[string]vars{
		"amount": {"amount": 0}, "paidAt": {"paidAt": "2026-03-03T00:00:00Z"}, "allocations": {"allocations": []vars{{"noticeID": march.Get("id").String(), "amount": 2}}},
		"allocations.1.noticeID": {"amount": 9, "allocations": []vars{{"noticeID": march.Get("id").String(), "amount": 2}, {"noticeID": march.Get("id").String(), "amount": 2}}},
		"paidBy":                 {"paidBy": strings.Repeat("长", 101)},
	} {
		if r := accountant.Refused(recordPayment, paying(app.A.Household, 1, more), fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	other := noticesOf(app, app.A.OtherHousehold, "2026-03-01")[0].Get("id").String()
	accountant.Refused(recordPayment, paying(app.A.Household, 5, vars{"allocations": []vars{{"noticeID": other, "amount": 5}}}), fault.Conflict, "F5")
	accountant.Refused(recordPayment, paying(app.A.Household, 500, vars{"allocations": []vars{{"noticeID": february.Get("id").String(), "amount": 5}}}), fault.Conflict, "F5") // it is settled
	accountant.Refused(recordPayment, paying(app.B.Household, 5, nil), fault.NotFound)
	foreign := app.IDs(`SELECT id FROM fee_notices WHERE estate_id = $1`, app.B.ID)[0]
	if r := accountant.Refused(recordPayment, paying(app.A.Household, 5, vars{"allocations": []vars{{"noticeID": foreign, "amount": 5}}}), fault.NotFound); r.Field != "allocations.0.noticeID" {
		t.Errorf("not found at %q", r.Field)
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(recordPayment, paying(app.A.Household, 5, nil), fault.Forbidden)
	}
	app.Resident().Refused(recordPayment, paying(app.A.Household, 5, nil), fault.Forbidden)
	sound(t, app)
}

func TestF5_ReceiptsHaveNoGaps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	february := noticesOf(app, app.A.Household, "2026-02-01")[0].Get("id").String()
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			switch i % 3 {
			case 0: // most of these are too much for what is open, and leave no gap
				_, _ = accountant.Try(recordPayment, paying(app.A.Household, owed, vars{"allocations": []vars{{"noticeID": february, "amount": owed}}}))
			case 1:
				_, _ = accountant.Try(recordPayment, paying(app.A.Household, 100+i, nil))
			default:
				_, _ = accountant.Try(recordPayment, paying(app.A.OtherHousehold, 100+i, nil))
			}
		})
	}
	wg.Wait()
	sound(t, app)
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_payments WHERE estate_id = $1`, app.A.ID); n < 6+16 {
		t.Errorf("%d payments", n)
	}

	// The same key is the same payment.
	once := accountant.With("Idempotency-Key", uuid.NewString())
	first := once.Do(recordPayment, paying(app.A.Household, 77, nil)).Get("recordFeePayment.payment.receipt").Int()
	if again := once.Do(recordPayment, paying(app.A.Household, 77, nil)).Get("recordFeePayment.payment.receipt").Int(); again != first {
		t.Errorf("sent twice it has receipts %d and %d", first, again)
	}

	// Without the trigger that numbers them a receipt would have the number that somebody gives.
	app.Super(`ALTER TABLE fee_payments DISABLE TRIGGER fee_payment_numbered`)
	app.SQL(`INSERT INTO fee_payments (id, created_at, estate_id, household_id, receipt, method, paid_at, booked_on, amount, recorded_by_id, recorded_by_name)
		VALUES (new_id(x'0907'::int), now(), $1, $2, 999, 'CASH', now(), '2026-03-02', 5, $1, 'x')`, app.A.ID, app.A.Household)
}

func TestF5_AReversalIsANewEntry(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant, manager := app.As(policy.Accountant), app.As(policy.ProjectManager)
	reversing := func(p gjson.Result) vars {
		return vars{"in": vars{"paymentID": p.Get("id").String(), "reason": "记错业户"}}
	}
	p := pays(app, app.A.Household, owed+900, nil)
	owes(t, app, app.A.Household, 0, 900)
	if r := accountant.Refused(reversePayment, vars{"in": vars{"paymentID": p.Get("id").String(), "reason": " "}}, fault.InvalidInput); r.Field != "reason" {
		t.Errorf("refused at %q", r.Field)
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Auditor} {
		app.As(role).Refused(reversePayment, reversing(p), fault.Forbidden)
	}
	app.Foreign(policy.Accountant).Refused(reversePayment, reversing(p), fault.NotFound)
	r := accountant.Do(reversePayment, reversing(p)).Get("reverseFeePayment")
	if r.Get("reversal.amount").Int() != -(owed+900) || r.Get("reversal.receipt").Int() != 8 || r.Get("reversal.reversesID").String() != p.Get("id").String() || r.Get("account.receivable").Int() != owed || r.Get("account.credit").Int() != 0 {
		t.Errorf("reversed: %s", r.Raw)
	}
	if got := accountant.Do(`query($id: ID!) { node(id: $id) { ... on FeePayment { amount unallocated reversals { receipt } allocations { amount } } } }`, vars{"id": p.Get("id").String()}).Get("node"); got.Get("amount").Int() != owed+900 || got.Get("unallocated").Int() != 0 || got.Get("reversals.0.receipt").Int() != 8 || len(got.Get("allocations").Array()) != 2 {
		t.Errorf("what was reversed is %s", got.Raw)
	}
	if n := value[int](t, app, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND title_zh LIKE '已作废:收据%'`, manager.Account); n != 1 {
		t.Errorf("the manager has %d messages", n)
	}
	accountant.Refused(reversePayment, reversing(p), fault.Conflict, "F5")                 // once
	accountant.Refused(reversePayment, reversing(r.Get("reversal")), fault.Conflict, "F5") // and no counter-entry

	// Later the manager does.
	p = pays(app, app.A.OtherHousehold, 100, nil)
	app.Clock.Advance(16 * time.Minute)
	accountant.Refused(reversePayment, reversing(p), fault.Forbidden, "F5")
	stewardtest.Race(t, manager, reversePayment, reversing(p))
	owes(t, app, app.A.OtherHousehold, owed, 0)
	sound(t, app)

	// Without its trigger a counter-entry would be of any amount.
	opposite := `INSERT INTO fee_payments (id, created_at, estate_id, household_id, method, paid_at, booked_on, amount, reverses_id, reason, recorded_by_id, recorded_by_name)
		SELECT new_id(x'0907'::int), now(), estate_id, household_id, method, paid_at, booked_on, -5, id, 'x', recorded_by_id, 'x' FROM fee_payments WHERE estate_id = $1 AND amount = 10000 LIMIT 1`
	if got := refusedBy(app.TrySQL(opposite, app.A.ID)); got != "fee_payments_opposite" {
		t.Errorf("refused by %q", got)
	}
	app.Super(`ALTER TABLE fee_payments DISABLE TRIGGER fee_payment_entered`)
	app.SQL(opposite, app.A.ID)
}

func TestF2_ANoticeIsCorrectedByACreditNote(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	billed(app, "2026-03-01")
	february, march := noticesOf(app, app.A.Household, "2026-02-01")[0], noticesOf(app, app.A.Household, "2026-03-01")[0]
	crediting := func(n gjson.Result, more vars) vars {
		in := vars{"noticeID": n.Get("id").String(), "reason": "面积更正"}
		for k, v := range more {
			in[k] = v
		}
		return vars{"in": in}
	}
	c := accountant.Do(creditNotice, crediting(march, vars{"amount": 1033})).Get("creditFeeNotice")
	if c.Get("creditNote.number").Int() != 3 || c.Get("creditNote.unallocated").Int() != 0 || c.Get("creditNote.notice.amount").Int() != whole || c.Get("creditNote.notice.credited").Int() != 1033 || c.Get("account.receivable").Int() != owed+whole-1033 {
		t.Errorf("credited: %s", c.Raw)
	}
	if r := accountant.Refused(creditNotice, crediting(march, vars{"amount": whole}), fault.Conflict, "F2"); r.Field != "amount" {
		t.Errorf("refused at %q", r.Field)
	}
	accountant.Refused(creditNotice, crediting(march, vars{"amount": 0}), fault.InvalidInput, "F2")
	accountant.Refused(creditNotice, crediting(march, vars{"reason": ""}), fault.InvalidInput)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Auditor} {
		app.As(role).Refused(creditNotice, crediting(march, nil), fault.Forbidden)
	}
	app.Resident().Refused(creditNotice, crediting(march, nil), fault.Forbidden)
	app.Foreign(policy.Accountant).Refused(creditNotice, crediting(march, nil), fault.NotFound)

	// All of what is settled in part: what is over settles what is owed besides.
	c = accountant.Do(creditNotice, crediting(february, nil)).Get("creditFeeNotice")
	if c.Get("creditNote.amount").Int() != whole-100 || c.Get("account.receivable").Int() != whole-1033-10000 || c.Get("account.credit").Int() != 0 {
		t.Errorf("credited in full: %s", c.Raw)
	}
	stewardtest.Race(t, accountant, creditNotice, crediting(march, nil))
	accountant.Refused(creditNotice, crediting(march, nil), fault.Conflict, "F2")
	owes(t, app, app.A.Household, 0, 10000)
	sound(t, app)
}
