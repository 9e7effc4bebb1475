package fees_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	tariffFields  = `{ id fee rate fromOn untilOn endReason endedByName }`
	runFields     = `{ id month state payers notices amount late dueAt issuedOn payBy startedByName billedAt }`
	noticeFields  = `{ id number amount credited settled state householdID address building lines { unitLabel fee rate quantityHundredths fromOn untilOn days ofDays amount } }`
	paymentFields = `{ id receipt amount unallocated reversesID reason allocations { amount noticeID } }`
	accountFields = `{ id receivable credit }`

	setTariff      = `mutation($in: SetFeeTariffInput!) { setFeeTariff(input: $in) { tariff ` + tariffFields + ` } }`
	endTariff      = `mutation($in: EndFeeTariffInput!) { endFeeTariff(input: $in) { tariff ` + tariffFields + ` } }`
	setBook        = `mutation($in: SetFeeBookInput!) { setFeeBook(input: $in) { book { id version payAt dueDays } } }`
	runBilling     = `mutation($in: RunFeeBillingInput!) { runFeeBilling(input: $in) { run ` + runFields + ` } }`
	creditNotice   = `mutation($in: CreditFeeNoticeInput!) { creditFeeNotice(input: $in) { creditNote { id number amount unallocated reason notice ` + noticeFields + ` } account ` + accountFields + ` } }`
	recordPayment  = `mutation($in: RecordFeePaymentInput!) { recordFeePayment(input: $in) { payment ` + paymentFields + ` account ` + accountFields + ` } }`
	reversePayment = `mutation($in: ReverseFeePaymentInput!) { reverseFeePayment(input: $in) { reversal ` + paymentFields + ` account ` + accountFields + ` } }`
	settleCredit   = `mutation($in: SettleFeeCreditInput!) { settleFeeCredit(input: $in) { account ` + accountFields + ` } }`
	previewRun     = `query($e: ID!, $m: Date!, $h: ID) { previewFeeRun(estateID: $e, month: $m, householdID: $h) { month payers amount run { state } fees { fee basis lines amount } lines { unitLabel fee fromOn untilOn days ofDays amount } } }`
	feeNotices     = `query($where: FeeNoticeWhereInput) { feeNotices(first: 200, where: $where) { edges { node ` + noticeFields + ` } } }`

	// whole is what a flat of the tests pays in a month: 89.50 m² at 2.35 yuan.
	whole = 21033
	// owed is what each household owes as tests begin: February's notice, less a payment of 100 yuan and a credit note of 1.
	owed = whole - 10000 - 100
)

func TestMain(m *testing.M) {
	fees.Chunk = 100
	os.Exit(m.Run())
}

// later has days go by, after which people sign in again.
func later(app *stewardtest.App, days int, roles ...policy.Role) {
	app.Clock.Advance(time.Duration(days) * 24 * time.Hour)
	for _, role := range roles {
		app.As(role).SignIn()
	}
}

// refusedBy is the constraint by which the database refused.
func refusedBy(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	return ""
}

func month(app *stewardtest.App, day string) vars {
	return vars{"in": vars{"estateID": app.A.ID, "month": day}}
}

// billed runs a month, and gives its run.
func billed(app *stewardtest.App, day string) gjson.Result {
	return app.As(policy.Accountant).Do(runBilling, month(app, day)).Get("runFeeBilling.run")
}

// noticesOf are a household's notices of a month.
func noticesOf(app *stewardtest.App, household uuid.UUID, day string) []gjson.Result {
	return app.As(policy.Accountant).Do(feeNotices, vars{"where": vars{"householdID": household, "month": day}}).Get("feeNotices.edges.#.node").Array()
}

// account is what a household owes, and its credit.
func account(app *stewardtest.App, household uuid.UUID) (receivable, credit int64) {
	a := app.As(policy.Accountant).Do(`query($id: ID!) { node(id: $id) { ... on Household { feeAccount { receivable credit } } } }`, vars{"id": household}).Get("node.feeAccount.0")
	return a.Get("receivable").Int(), a.Get("credit").Int()
}

func owes(t *testing.T, app *stewardtest.App, household uuid.UUID, receivable, credit int64) {
	t.Helper()
	if r, c := account(app, household); r != receivable || c != credit {
		t.Errorf("the household owes %d and has %d, want %d and %d", r, c, receivable, credit)
	}
}

// paying is a payment of a household in cash, with more.
func paying(household uuid.UUID, amount int, more vars) vars {
	in := vars{"householdID": household, "method": "CASH", "amount": amount}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

// value reads one value past all walls.
func value[T any](t testing.TB, app *stewardtest.App, sql string, args ...any) (v T) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// sound fails unless the books are: each entry balances, accounts are what postings say and what is open says, and no number is missing.
func sound(t testing.TB, app *stewardtest.App) {
	t.Helper()
	for what, sql := range map[string]string{
		"entries that do not balance": `SELECT count(*) FROM (SELECT e.id FROM fee_entries e LEFT JOIN fee_postings p ON p.entry_id = e.id GROUP BY e.id HAVING coalesce(sum(p.amount), 1) <> 0) x`,
		"accounts that are not their postings": `SELECT count(*) FROM fee_accounts a WHERE a.receivable <> (SELECT coalesce(sum(amount), 0) FROM fee_postings p WHERE p.household_id = a.household_id AND account = 'RECEIVABLE')
			OR -a.credit <> (SELECT coalesce(sum(amount), 0) FROM fee_postings p WHERE p.household_id = a.household_id AND account = 'CREDIT')`,
		"accounts that are not what is open": `SELECT count(*) FROM fee_accounts a WHERE a.receivable <> (SELECT coalesce(sum(amount - settled), 0) FROM fee_notices n WHERE n.household_id = a.household_id)
			OR a.credit <> (SELECT coalesce(sum(unallocated), 0) FROM fee_payments p WHERE p.household_id = a.household_id) + (SELECT coalesce(sum(unallocated), 0) FROM fee_credit_notes c WHERE c.household_id = a.household_id)`,
		"notices that are not what settles them": `SELECT count(*) FROM fee_notices n WHERE n.settled <> (SELECT coalesce(sum(amount), 0) FROM fee_allocations a WHERE a.notice_id = n.id)
			OR n.credited <> (SELECT coalesce(sum(amount), 0) FROM fee_credit_notes c WHERE c.notice_id = n.id) OR n.amount <> (SELECT sum(amount) FROM fee_notice_lines l WHERE l.notice_id = n.id)`,
		"receipts that are missing":     `SELECT count(*) FROM (SELECT receipt, row_number() OVER (PARTITION BY estate_id ORDER BY receipt) n FROM fee_payments) x WHERE receipt <> n`,
		"credit notes that are missing": `SELECT count(*) FROM (SELECT number, row_number() OVER (PARTITION BY estate_id ORDER BY number) n FROM fee_credit_notes) x WHERE number <> n`,
		"entries that are missing":      `SELECT count(*) FROM (SELECT number, row_number() OVER (PARTITION BY estate_id ORDER BY number) n FROM fee_entries) x WHERE number <> n`,
		"days that are billed twice":    `SELECT count(*) FROM fee_notice_lines a JOIN fee_notice_lines b ON a.household_id = b.household_id AND a.unit_id = b.unit_id AND a.tariff_id = b.tariff_id AND a.id < b.id AND daterange(a.from_on, a.until_on) && daterange(b.from_on, b.until_on)`,
	} {
		if n := value[int](t, app, sql); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}
