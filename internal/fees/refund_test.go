package fees_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	refundFields   = `{ id number amount state payee payeeAccount reason bookedOn reference returnReason approval { id state } parts { amount paymentID creditNoteID } }`
	askRefund      = `mutation($in: AskFeeRefundInput!) { askFeeRefund(input: $in) { refund ` + refundFields + ` } }`
	payRefund      = `mutation($in: PayFeeRefundInput!) { payFeeRefund(input: $in) { refund ` + refundFields + ` account ` + accountFields + ` } }`
	returnRefund   = `mutation($in: ReturnFeeRefundInput!) { returnFeeRefund(input: $in) { refund ` + refundFields + ` account ` + accountFields + ` } }`
	refunds        = `query($where: FeeRefundWhereInput) { feeRefunds(where: $where) { totalCount edges { node ` + refundFields + ` } } }`
	giveRefund     = `mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { approval { id state } } }`
	declineRefund  = `mutation($in: DeclineApprovalInput!) { declineApproval(input: $in) { approval { id state } } }`
	withdrawRefund = `mutation($in: WithdrawApprovalInput!) { withdrawApproval(input: $in) { approval { id state } } }`
)

func askingRefund(household uuid.UUID, amount int, more vars) vars {
	in := vars{"householdID": household, "amount": amount, "method": "BANK_TRANSFER", "payee": "张三", "payeeAccount": "6222 0200 1234", "reason": "多交"}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

// asked asks for a refund, as the accountant.
func askedRefund(app *stewardtest.App, household uuid.UUID, amount int) gjson.Result {
	return app.As(policy.Accountant).Do(askRefund, askingRefund(household, amount, nil)).Get("askFeeRefund.refund")
}

func givingRefund(refund gjson.Result) vars {
	return vars{"in": vars{"approvalID": refund.Get("approval.id").String(), "signature": vars{"credential": stewardtest.Password}}}
}

func ofRefund(refund gjson.Result) vars {
	return vars{"in": vars{"refundID": refund.Get("id").String()}}
}

func TestF5_RefundIsApprovedByAnotherAndPaidOut(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant, manager := app.As(policy.Accountant), app.As(policy.ProjectManager)
	pays(app, app.A.Household, owed+500, nil)
	pays(app, app.A.Household, 700, nil)
	owes(t, app, app.A.Household, 0, 1200)
	for field, more := range map[string]vars{"amount": {"amount": 0}, "payee": {"payee": ""}, "payeeAccount": {"payeeAccount": nil}, "reason": {"reason": " "}} {
		if r := accountant.Refused(askRefund, askingRefund(app.A.Household, 100, more), fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	if r := accountant.Refused(askRefund, askingRefund(app.A.Household, 1201, nil), fault.Conflict, "F5"); r.Field != "amount" {
		t.Errorf("refused at %q", r.Field)
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(askRefund, askingRefund(app.A.Household, 100, nil), fault.Forbidden)
	}
	app.Resident().Refused(askRefund, askingRefund(app.A.Household, 100, nil), fault.Forbidden)
	accountant.Refused(askRefund, askingRefund(app.B.Household, 100, nil), fault.NotFound)

	r := askedRefund(app, app.A.Household, 800)
	if r.Get("state").String() != "ASKED" || r.Get("approval.state").String() != "ASKED" || r.Get("number").Type != gjson.Null {
		t.Errorf("asked: %s", r.Raw)
	}
	accountant.Refused(askRefund, askingRefund(app.A.Household, 100, nil), fault.Conflict, "F5") // one at a time
	accountant.Refused(payRefund, ofRefund(r), fault.RuleBroken, "F5")
	accountant.Refused(giveRefund, givingRefund(r), fault.Forbidden)
	owes(t, app, app.A.Household, 0, 1200)
	manager.Do(giveRefund, givingRefund(r))
	app.Foreign(policy.Accountant).Refused(payRefund, ofRefund(r), fault.NotFound)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Auditor} {
		app.As(role).Refused(payRefund, ofRefund(r), fault.Forbidden)
	}
	stewardtest.Race(t, accountant, payRefund, ofRefund(r))
	got := accountant.Do(refunds, vars{"where": vars{"id": r.Get("id").String()}}).Get("feeRefunds.edges.0.node")
	if got.Get("state").String() != "PAID" || got.Get("number").Int() != 3 || got.Get("approval.state").String() != "USED" || len(got.Get("parts").Array()) != 2 || got.Get("parts.0.amount").Int()+got.Get("parts.1.amount").Int() != 800 {
		t.Errorf("paid out: %s", got.Raw)
	}
	owes(t, app, app.A.Household, 0, 400)
	entry := accountant.Do(`query($id: ID!) { feeEntries(where: {subjectID: $id}) { edges { node { kind about postings { account amount } } } } }`, vars{"id": r.Get("id").String()}).Get("feeEntries.edges.0.node")
	if entry.Get("kind").String() != "REFUNDED" || entry.Get("about").String() != "3" || entry.Get(`postings.#(account=="CREDIT").amount`).Int() != 800 || entry.Get(`postings.#(account=="BANK").amount`).Int() != -800 {
		t.Errorf("in the journal: %s", entry.Raw)
	}
	sound(t, app)
	// The oldest went first; what was given back is not reversed with its payment.
	first := value[string](t, app, `SELECT id::text FROM fee_payments WHERE household_id = $1 AND amount = $2`, app.A.Household, owed+500)
	accountant.Refused(reversePayment, vars{"in": vars{"paymentID": first, "reason": "记错"}}, fault.Conflict, "F5")
	if n := app.Resident().Do(refunds, vars{"where": vars{"state": "PAID"}}).Get("feeRefunds.totalCount").Int(); n != 1 {
		t.Errorf("the household sees %d refunds", n)
	}
	if n := app.Neighbour().Do(refunds, vars{"where": vars{"state": "PAID"}}).Get("feeRefunds.totalCount").Int(); n != 0 {
		t.Errorf("the neighbour sees %d refunds", n)
	}

	// The money comes back: it is credit again, once.
	back := vars{"in": vars{"refundID": r.Get("id").String(), "reason": "账号有误"}}
	app.As(policy.Supervisor).Refused(returnRefund, back, fault.Forbidden)
	accountant.Refused(returnRefund, vars{"in": vars{"refundID": r.Get("id").String(), "reason": ""}}, fault.InvalidInput)
	stewardtest.Race(t, accountant, returnRefund, back)
	owes(t, app, app.A.Household, 0, 1200)
	sound(t, app)
	accountant.Do(reversePayment, vars{"in": vars{"paymentID": first, "reason": "记错"}})
	sound(t, app)
}

func TestF5_RefundEndsUnlessItIsApproved(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant, manager := app.As(policy.Accountant), app.As(policy.ProjectManager)
	pays(app, app.A.Household, owed+500, nil)
	state := func(r gjson.Result) string {
		return accountant.Do(refunds, vars{"where": vars{"id": r.Get("id").String()}}).Get("feeRefunds.edges.0.node.state").String()
	}
	r := askedRefund(app, app.A.Household, 500)
	manager.Do(declineRefund, vars{"in": vars{"approvalID": r.Get("approval.id").String(), "note": "抵下月"}})
	if got := state(r); got != "ENDED" {
		t.Errorf("declined, it is %s", got)
	}
	accountant.Refused(payRefund, ofRefund(r), fault.Conflict, "F5")
	r = askedRefund(app, app.A.Household, 500)
	accountant.Do(withdrawRefund, vars{"in": vars{"approvalID": r.Get("approval.id").String(), "reason": "业户改主意"}})
	if got := state(r); got != "ENDED" {
		t.Errorf("withdrawn, it is %s", got)
	}
	// Who asked does not decide, though they might; and what the credit settled meanwhile is not given back.
	r = manager.Do(askRefund, askingRefund(app.A.Household, 500, nil)).Get("askFeeRefund.refund")
	manager.Refused(giveRefund, givingRefund(r), fault.RuleBroken, "F5")
	app.As(policy.GeneralManager).Do(giveRefund, givingRefund(r))
	billed(app, "2026-03-01")
	accountant.Refused(payRefund, ofRefund(r), fault.Conflict, "F5")
	sound(t, app)

	// The database holds it: without its trigger a refund would be paid out that nobody approved.
	forged := `UPDATE fee_refunds SET state = 'PAID', booked_on = '2026-03-02', paid_by_id = $2, paid_by_name = 'x', paid_at = now() WHERE id = $1`
	if got := refusedBy(app.TrySQL(forged, r.Get("id").String(), accountant.Account)); got != "fee_refunds_approved" {
		t.Errorf("refused by %q", got)
	}
	if got := refusedBy(app.TrySQL(`UPDATE fee_refunds SET state = 'RETURNED', returned_at = now() WHERE id = $1`, r.Get("id").String())); got == "" {
		t.Error("what was not paid out came back")
	}
	app.Super(`ALTER TABLE fee_refunds DISABLE TRIGGER fee_refund_goes`)
	app.SQL(forged, r.Get("id").String(), accountant.Account)
}

func TestF5_RefundIsNeverMoreThanTheCredit(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant, manager := app.As(policy.Accountant), app.As(policy.ProjectManager)
	pays(app, app.A.Household, owed+1000, nil)
	pays(app, app.A.OtherHousehold, owed+1000, nil)
	mine, theirs := askedRefund(app, app.A.Household, 1000), askedRefund(app, app.A.OtherHousehold, 1000)
	manager.Do(giveRefund, givingRefund(mine))
	manager.Do(giveRefund, givingRefund(theirs))
	billed(app, "2026-02-01")
	var wg sync.WaitGroup
	for i := range 12 { // paid out while the month is billed, and more is paid: whoever comes first, the books are sound
		wg.Go(func() {
			switch i % 4 {
			case 0:
				_, _ = accountant.Try(payRefund, ofRefund(mine))
			case 1:
				_, _ = accountant.Try(payRefund, ofRefund(theirs))
			case 2:
				_, _ = accountant.Try(runBilling, month(app, "2026-03-01"))
			default:
				_, _ = accountant.Try(recordPayment, paying(app.A.Household, 10+i, nil))
			}
		})
	}
	wg.Wait()
	sound(t, app)
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_accounts WHERE credit < 0 OR receivable < 0`); n != 0 {
		t.Errorf("%d accounts are below nothing", n)
	}
	if n := value[int](t, app, `SELECT count(*)::int FROM (SELECT number, row_number() OVER (PARTITION BY estate_id ORDER BY number) n FROM fee_refunds WHERE number IS NOT NULL) x WHERE number <> n`); n != 0 {
		t.Errorf("%d numbers are missing", n)
	}
}
