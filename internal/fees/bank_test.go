package fees_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	lineFields      = `{ id row paidOn amount payer memo transactionID state match matched proposedHouseholdID householdID reason released decidedByName payment { id receipt amount reference paidBy method } }`
	importStatement = `mutation($in: ImportFeeBankStatementInput!) { importFeeBankStatement(input: $in) { repeated taken proposed known paidOut rejected { row column message } statement { id fileName account lines amount fromOn untilOn report recordedByName } } }`
	confirmLines    = `mutation($in: ConfirmFeeBankLinesInput!) { confirmFeeBankLines(input: $in) { lines ` + lineFields + ` } }`
	ignoreLines     = `mutation($in: IgnoreFeeBankLinesInput!) { ignoreFeeBankLines(input: $in) { lines ` + lineFields + ` } }`
	restoreLines    = `mutation($in: RestoreFeeBankLinesInput!) { restoreFeeBankLines(input: $in) { lines ` + lineFields + ` } }`
	bankLines       = `query($where: FeeBankLineWhereInput) { feeBankLines(first: 200, where: $where) { totalCount edges { node ` + lineFields + ` } } }`
	bankHeading     = "交易日期,交易流水号,贷方发生额,借方发生额,对方户名,摘要,备注\n"
)

// uploaded sends a file to estate A, and gives its id.
func uploadedStatement(t testing.TB, p *stewardtest.Person, estate string, content []byte) string {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?estate="+estate+"&name=bank.csv", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/csv")
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("upload: %d %s %v", status, body, err)
	}
	return gjson.GetBytes(body, "id").String()
}

// statement imports lines below the usual heading, as the accountant.
func bankStatement(t testing.TB, app *stewardtest.App, lines string) gjson.Result {
	t.Helper()
	accountant := app.As(policy.Accountant)
	file := uploadedStatement(t, accountant, "A", []byte(bankHeading+lines))
	return accountant.Do(importStatement, vars{"in": vars{"estateID": app.A.ID, "fileID": file, "account": "基本户"}}).Get("importFeeBankStatement")
}

// lineOf is the line of a number at the bank.
func bankLineOf(app *stewardtest.App, transaction string) gjson.Result {
	return app.As(policy.Accountant).Do(bankLines, vars{"where": vars{"transactionID": transaction}}).Get("feeBankLines.edges.0.node")
}

func confirmingLines(lines ...vars) vars {
	return vars{"in": vars{"lines": append([]vars{}, lines...)}}
}

func TestF5_BankStatementIsReadAndProposed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	first := value[string](t, app, `SELECT number FROM fee_notices WHERE household_id = $1`, app.A.Household)
	neighbour := value[string](t, app, `SELECT name FROM households WHERE id = $1`, app.A.OtherHousehold)
	receipt := value[int](t, app, `SELECT min(receipt)::int FROM fee_payments WHERE household_id = $1 AND reverses_id IS NULL`, app.A.OtherHousehold)
	lines := "2026-03-01,T1,100.00,,张三,物业费" + first + ",\n" + // row 2
		"2026/3/1,T2,50,,李四,物业费 2026-02 １-１-103室,\n" +
		"20260302,T3,109.33,," + neighbour + ",转账,\n" +
		fmt.Sprintf("2026-03-02,T4,1.50,,王五,补交,收据号:%d\n", receipt) +
		"2026-03-02,T5,20.00,,王五,货款 18,\n" +
		"2026-03-02,T6,,30.00,电力公司,电费,\n" +
		"2026-03-02,T1,1.00,,张三,,\n" + // row 8: the number of row 2
		"2026-02-30,T8,1.00,,张三,,\n" +
		"2026-03-05,T9,1.00,,张三,,\n" +
		"2026-03-01,,x,,张三,,\n" +
		"2026-03-01,T11,,,张三,,\n" +
		"合计,,281.83,,,,\n"
	in := bankStatement(t, app, lines)
	if in.Get("taken").Int() != 5 || in.Get("proposed").Int() != 4 || in.Get("repeated").Bool() || in.Get("paidOut").Raw != "[7]" || in.Get("statement.lines").Int() != 5 ||
		in.Get("statement.amount").Int() != 28083 || in.Get("statement.fromOn").String() != "2026-03-01" || in.Get("statement.account").String() != "基本户" {
		t.Errorf("imported: %s", in.Raw)
	}
	var wrong []string
	for _, r := range in.Get("rejected").Array() {
		wrong = append(wrong, r.Get("row").String()+" "+r.Get("column").String())
		if r.Get("message").String() == "" {
			t.Errorf("nothing is said of %s", r.Raw)
		}
	}
	if got := strings.Join(wrong, ", "); got != "8 交易流水号, 9 交易日期, 10 交易日期, 11 交易流水号, 11 贷方发生额, 12 贷方发生额" {
		t.Errorf("rejected: %s", got)
	}
	for id, want := range map[string]string{
		"T1": "NOTICE_NUMBER " + first + " " + app.A.Household.String(), "T2": "UNIT 1栋1单元103 " + app.A.OtherHousehold.String(),
		"T3": "AMOUNT_AND_NAME " + value[string](t, app, `SELECT number FROM fee_notices WHERE household_id = $1`, app.A.OtherHousehold) + " " + app.A.OtherHousehold.String(),
		"T4": fmt.Sprintf("RECEIPT_NUMBER %d %s", receipt, app.A.OtherHousehold), "T5": "NOTHING  ",
	} {
		l := bankLineOf(app, id)
		if got := l.Get("match").String() + " " + l.Get("matched").String() + " " + l.Get("proposedHouseholdID").String(); got != want || l.Get("state").String() != "PROPOSED" {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	// Nothing is booked, and the same file changes nothing; another file's lines that are known are left out.
	owes(t, app, app.A.Household, owed, 0)
	before := app.Fingerprint(app.A.ID)
	accountant := app.As(policy.Accountant)
	again := vars{"in": vars{"estateID": app.A.ID, "fileID": app.IDs(`SELECT id FROM files WHERE name = 'bank.csv'`)[0]}}
	if r := accountant.Do(importStatement, again).Get("importFeeBankStatement"); !r.Get("repeated").Bool() || r.Get("statement.id").String() != in.Get("statement.id").String() {
		t.Errorf("again: %s", r.Raw)
	}
	if app.Fingerprint(app.A.ID) != before {
		t.Error("the same file changed something")
	}
	if r := bankStatement(t, app, "2026-03-01,T1,100.00,,张三,,\n2026-03-01,T20,9.00,,张三,,\n"); r.Get("taken").Int() != 1 || r.Get("known").Raw != "[2]" {
		t.Errorf("another file: %s", r.Raw)
	}
	if r := bankStatement(t, app, "2026-03-01,T1,100.00,,张三,,\n"); r.Get("statement").Type != gjson.Null || r.Get("known").Raw != "[2]" {
		t.Errorf("nothing new: %s", r.Raw)
	}
}

func TestF5_BankStatementFormsAndWhoImports(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	imported := func(content []byte) gjson.Result {
		file := uploadedStatement(t, accountant, "A", content)
		return accountant.Do(importStatement, vars{"in": vars{"estateID": app.A.ID, "fileID": file}}).Get("importFeeBankStatement")
	}
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("交易时间,流水号,收支,交易金额,付款人,附言\n2026-03-01 10:22:31,G1,收入,\"1,234.50\",张三,1栋1单元101\n2026-03-01 10:22:31,G2,支出,5,李四,退\n")
	if err != nil {
		t.Fatal(err)
	}
	if r := imported([]byte(gbk)); r.Get("taken").Int() != 1 || r.Get("statement.amount").Int() != 123450 || r.Get("paidOut").Raw != "[3]" || gjson.Get(r.Get("statement.report").String(), "encoding").String() != "gb18030" {
		t.Errorf("GB18030: %s", r.Raw)
	}
	book, out := excelize.NewFile(), &bytes.Buffer{}
	for i, row := range [][]any{{"日期", "交易流水号", "金额", "摘要"}, {46082, "X1", 88.8, "1栋1单元103"}, {"2026-03-02", "X2", -3, "手续费"}} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Write(out); err != nil {
		t.Fatal(err)
	}
	if r := imported(out.Bytes()); r.Get("taken").Int() != 1 || r.Get("statement.fromOn").String() != "2026-03-01" || r.Get("statement.amount").Int() != 8880 {
		t.Errorf("XLSX: %s", r.Raw)
	}
	for _, content := range []string{"日期,流水号,摘要\n2026-03-01,Z1,x\n", "房号,业主\n101,张三\n", "", "PK\x03\x04"} {
		file := uploadedStatement(t, accountant, "A", []byte(content+" "))
		if r := accountant.Refused(importStatement, vars{"in": vars{"estateID": app.A.ID, "fileID": file}}, fault.InvalidInput, "F5"); r.Field != "fileID" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	file := uploadedStatement(t, accountant, "A", []byte(bankHeading+"2026-03-01,Q1,1.00,,张三,,\n"))
	in := vars{"in": vars{"estateID": app.A.ID, "fileID": file}}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(importStatement, in, fault.Forbidden)
	}
	app.Resident().Refused(importStatement, in, fault.Forbidden)
	app.Nobody().Refused(importStatement, in, fault.Unauthenticated)
	app.Foreign(policy.Accountant).Refused(importStatement, in, fault.NotFound)
	foreign := uploadedStatement(t, app.Foreign(policy.Accountant), "B", []byte(bankHeading))
	if r := accountant.Refused(importStatement, vars{"in": vars{"estateID": app.A.ID, "fileID": foreign}}, fault.NotFound); r.Field != "fileID" {
		t.Errorf("not found at %q", r.Field)
	}
	// Several at once import it once.
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { _, _ = accountant.Try(importStatement, in) })
	}
	wg.Wait()
	if n := value[int](t, app, `SELECT count(*)::int FROM fee_bank_lines WHERE transaction_id = 'Q1'`); n != 1 {
		t.Errorf("%d lines of one number", n)
	}
	if n := app.Resident().Ask(bankLines, nil).Get("data.feeBankLines.totalCount").Int() + app.As(policy.CSOfficer).Ask(bankLines, nil).Get("data.feeBankLines.totalCount").Int(); n != 0 {
		t.Errorf("they see %d lines", n)
	}
}

func TestF5_BankStatementLinesAreBookedOnceConfirmed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	bankStatement(t, app, "2026-03-01,T1,100.00,,张三,1-1-101,\n2026-03-01,T2,50.00,,李四,1-1-103,\n2026-03-01,T3,20.00,,王五,,\n2026-03-01,T4,9.33,,张三,1栋1单元101,\n2026-03-01,T5,7.00,,张三,1栋1单元101,\n")
	line := func(id string) string { return bankLineOf(app, id).Get("id").String() }
	t1, t2, t3, t4, t5 := line("T1"), line("T2"), line("T3"), line("T4"), line("T5")
	if r := accountant.Refused(confirmLines, confirmingLines(vars{"lineID": t1}, vars{"lineID": t3}), fault.InvalidInput, "F5"); r.Field != "lines.1.householdID" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := accountant.Refused(confirmLines, confirmingLines(vars{"lineID": t1}, vars{"lineID": t3, "householdID": app.B.Household}), fault.NotFound); r.Field != "lines.1.householdID" {
		t.Errorf("not found at %q", r.Field)
	}
	if r := accountant.Refused(confirmLines, confirmingLines(vars{"lineID": t1}, vars{"lineID": t1}), fault.InvalidInput, "F5"); r.Field != "lines.1.lineID" {
		t.Errorf("refused at %q", r.Field)
	}
	accountant.Refused(confirmLines, confirmingLines(), fault.InvalidInput, "F5")
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(confirmLines, confirmingLines(vars{"lineID": t1}), fault.Forbidden)
	}
	app.Foreign(policy.Accountant).Refused(confirmLines, confirmingLines(vars{"lineID": t1}), fault.NotFound)
	owes(t, app, app.A.Household, owed, 0) // all or none

	out := accountant.Do(confirmLines, confirmingLines(vars{"lineID": t1}, vars{"lineID": t2}, vars{"lineID": t3, "householdID": app.A.OtherHousehold})).Get("confirmFeeBankLines.lines")
	if out.Get("0.payment.receipt").Int() != 7 || out.Get("2.payment.receipt").Int() != 9 || out.Get("0.payment.reference").String() != "T1" || out.Get("0.payment.paidBy").String() != "张三" ||
		out.Get("0.payment.method").String() != "BANK_TRANSFER" || out.Get("0.state").String() != "CONFIRMED" || out.Get("2.householdID").String() != app.A.OtherHousehold.String() {
		t.Errorf("confirmed: %s", out.Raw)
	}
	owes(t, app, app.A.Household, owed-10000, 0)
	owes(t, app, app.A.OtherHousehold, owed-7000, 0)
	if r := accountant.Refused(confirmLines, confirmingLines(vars{"lineID": t4}, vars{"lineID": t1}), fault.Conflict, "F5"); r.Field != "lines.1.lineID" {
		t.Errorf("refused at %q", r.Field)
	}
	stewardtest.Race(t, accountant, confirmLines, confirmingLines(vars{"lineID": t4}))
	owes(t, app, app.A.Household, 0, 0)
	once := accountant.With("Idempotency-Key", uuid.NewString())
	first := once.Do(confirmLines, confirmingLines(vars{"lineID": t5})).Get("confirmFeeBankLines.lines.0.payment.receipt").Int()
	if again := once.Do(confirmLines, confirmingLines(vars{"lineID": t5})).Get("confirmFeeBankLines.lines.0.payment.receipt").Int(); again != first {
		t.Errorf("sent twice it has receipts %d and %d", first, again)
	}
	owes(t, app, app.A.Household, 0, 700)

	// What is reversed frees its line, to be confirmed for another, or ignored.
	accountant.Do(reversePayment, vars{"in": vars{"paymentID": out.Get("2.payment.id").String(), "reason": "另一户的"}})
	if l := bankLineOf(app, "T3"); l.Get("state").String() != "PROPOSED" || l.Get("payment").Type != gjson.Null || l.Get("released").Int() != 1 || l.Get("householdID").Type != gjson.Null {
		t.Errorf("freed: %s", l.Raw)
	}
	accountant.Do(confirmLines, confirmingLines(vars{"lineID": t3, "householdID": app.A.Household}))
	owes(t, app, app.A.Household, 0, 2700)
	sound(t, app)
}

func TestF5_BankStatementLinesAreIgnoredWithAReason(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	bankStatement(t, app, "2026-03-01,T1,100.00,,张三,1-1-101,\n2026-03-01,T2,50.00,,李四,1-1-103,\n2026-03-01,T3,20.00,,李四,1-1-103,\n")
	t1, t2, t3 := bankLineOf(app, "T1").Get("id").String(), bankLineOf(app, "T2").Get("id").String(), bankLineOf(app, "T3").Get("id").String()
	ignoring := vars{"in": vars{"lineIDs": []string{t1}, "reason": "货款"}}
	accountant.Refused(ignoreLines, vars{"in": vars{"lineIDs": []string{t1}, "reason": " "}}, fault.InvalidInput)
	app.As(policy.Supervisor).Refused(ignoreLines, ignoring, fault.Forbidden)
	app.Foreign(policy.Accountant).Refused(ignoreLines, ignoring, fault.NotFound)
	// What awaits confirmation is not booked by hand; what is ignored may be, and is then not confirmed.
	byHand := paying(app.A.Household, 10000, vars{"method": "BANK_TRANSFER", "reference": "T1"})
	if r := accountant.Refused(recordPayment, byHand, fault.Conflict, "F5"); r.Field != "reference" {
		t.Errorf("refused at %q", r.Field)
	}
	if l := accountant.Do(ignoreLines, ignoring).Get("ignoreFeeBankLines.lines.0"); l.Get("state").String() != "IGNORED" || l.Get("reason").String() != "货款" || l.Get("decidedByName").String() == "" {
		t.Errorf("ignored: %s", l.Raw)
	}
	accountant.Refused(confirmLines, confirmingLines(vars{"lineID": t1}), fault.Conflict, "F5")
	accountant.Refused(ignoreLines, ignoring, fault.Conflict, "F5")
	p := accountant.Do(recordPayment, byHand).Get("recordFeePayment.payment")
	if l := accountant.Do(restoreLines, vars{"in": vars{"lineIDs": []string{t1}}}).Get("restoreFeeBankLines.lines.0"); l.Get("state").String() != "PROPOSED" || l.Get("reason").String() != "" {
		t.Errorf("restored: %s", l.Raw)
	}
	accountant.Refused(restoreLines, vars{"in": vars{"lineIDs": []string{t1}}}, fault.Conflict, "F5")
	accountant.Refused(confirmLines, confirmingLines(vars{"lineID": t1}), fault.Conflict, "F5")
	accountant.Do(reversePayment, vars{"in": vars{"paymentID": p.Get("id").String(), "reason": "登记错"}})
	accountant.Do(confirmLines, confirmingLines(vars{"lineID": t1}))
	owes(t, app, app.A.Household, owed-10000, 0)
	sound(t, app)

	// The database holds that a line is confirmed with its payment, and once; without the trigger it would be with any.
	forged := `UPDATE fee_bank_lines SET state = 'CONFIRMED', household_id = $2, payment_id = (SELECT id FROM fee_payments WHERE household_id = $2 AND amount = 10000 AND method = 'CASH' LIMIT 1),
		decided_at = now(), decided_by_id = $2, decided_by_name = 'x' WHERE id = $1`
	if got := refusedBy(app.TrySQL(forged, t2, app.A.OtherHousehold)); got != "fee_bank_lines_way" {
		t.Errorf("refused by %q", got)
	}
	if got := refusedBy(app.TrySQL(`UPDATE fee_bank_lines SET state = 'PROPOSED', household_id = NULL, payment_id = NULL, decided_at = NULL, decided_by_id = NULL, decided_by_name = '' WHERE id = $1`, t1)); got != "fee_bank_lines_way" {
		t.Errorf("refused by %q", got)
	}
	if err := app.TrySQL(`UPDATE fee_bank_lines SET amount = 1 WHERE id = $1`, t3); err == nil {
		t.Error("its amount was changed")
	}
	app.Super(`ALTER TABLE fee_bank_lines DISABLE TRIGGER fee_bank_line_goes`)
	app.SQL(forged, t2, app.A.OtherHousehold)
}
