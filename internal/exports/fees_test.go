package exports_test

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What the seed has: February's notices of two households, of each a payment of 100 yuan, one of 10 that was reversed, and a credit note of 1.
func TestF2_TheRegisterOfNotices(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	for _, path := range []string{"fee-notices.csv?estate=A&lang=zh&from=2026-02-01&to=2026-02-28", "fee-notices.xlsx?estate=A&lang=zh"} {
		rows := sheet(t, accountant, path)
		list := table(t, rows, "单号")
		if rows[0][0] != "收费通知单登记表" || len(list) != 2 {
			t.Fatalf("%s: %q", path, rows)
		}
		for heading, cell := range map[string]string{"单号": "202602-00001", "月份": "2026-02", "房号": "1栋1单元101", "应收金额": "210.33", "冲减金额": "1.00", "已结金额": "101.00", "未结金额": "109.33", "付款期限": "2026-03-10", "状态": "未结清"} {
			if list[0][heading] != cell {
				t.Errorf("%s: %s is %q, not %q", path, heading, list[0][heading], cell)
			}
		}
	}
	if list := table(t, sheet(t, accountant, "fee-notices.csv?estate=A&lang=zh&from=2026-03-01"), "单号"); len(list) != 0 {
		t.Errorf("of another month: %v", list)
	}
	if list := table(t, sheet(t, accountant, "fee-notices.csv?estate=A&lang=zh&household="+codeOf(app, app.A.Household)), "单号"); len(list) != 1 {
		t.Errorf("of one household: %v", list)
	}
	for _, role := range []policy.Role{policy.MailSorter, policy.Security} {
		if status, _ := get(t, app.As(role), "fee-notices.csv?estate=A"); status != http.StatusForbidden {
			t.Errorf("%s is answered %d", role, status)
		}
	}
}

func TestF5_TheRegistersOfMoney(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	payments := table(t, sheet(t, accountant, "fee-payments.csv?estate=A&lang=zh"), "收据号")
	if len(payments) != 6 || payments[0]["收据号"] != "1" || payments[5]["收据号"] != "6" || payments[4]["金额"] != "-10.00" || payments[4]["冲销说明"] != "登记错" || payments[0]["方式"] != "现金" {
		t.Errorf("payments: %v", payments)
	}
	accounts := table(t, sheet(t, accountant, "fee-accounts.xlsx?estate=A&lang=zh"), "欠费")
	if len(accounts) != 2 || accounts[0]["欠费"] != "109.33" || accounts[0]["预收"] != "0.00" {
		t.Errorf("accounts: %v", accounts)
	}
	journal := table(t, sheet(t, accountant, "fee-journal.csv?estate=A&lang=zh&from=2026-02-23&to=2026-02-23"), "科目")
	debit, credit := 0, 0
	for i, r := range journal {
		if r["借方"] != "" {
			debit++
		} else if r["贷方"] != "" {
			credit++
		}
		if i%2 == 0 && r["借方"] != journal[i+1]["贷方"] {
			t.Errorf("debit is not credit: %v %v", r, journal[i+1])
		}
	}
	if debit != credit || debit != len(journal)/2 || journal[0]["科目"] != "应收账款" || journal[1]["科目"] != "主营业务收入" || journal[0]["借方"] != "210.33" || journal[0]["摘要"] != "开单" {
		t.Errorf("the journal: %v", journal)
	}
	if status, _ := get(t, app.As(policy.CSOfficer), "fee-journal.csv?estate=A"); status != http.StatusForbidden {
		t.Errorf("the journal is answered %d", status)
	}
	if status, _ := get(t, accountant, "fee-journal.html?estate=A"); status != http.StatusOK {
		t.Errorf("to print: %d", status)
	}
}

func TestF2_NoticesArePrinted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	app.SQL(`UPDATE fee_books SET pay_at = '项目财务部' WHERE estate_id = $1`, app.A.ID)
	for path, want := range map[string]int{"fee-notice-sheets.pdf?estate=A&from=2026-02-01&to=2026-02-28": 3, "fee-notice-sheets.pdf?estate=A&lang=en&household=" + codeOf(app, app.A.Household): 1} {
		status, body := get(t, accountant, path)
		if status != http.StatusOK || !bytes.HasPrefix(body, []byte("%PDF-")) {
			t.Fatalf("%s: %d %.200s", path, status, body)
		}
		pages, err := api.PageCount(bytes.NewReader(body), nil)
		if err != nil || pages != want {
			t.Errorf("%s has %d pages, want %d, with the sheet that separates a building: %v", path, pages, want, err)
		}
		if err := api.Validate(bytes.NewReader(body), nil); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if !bytes.Contains(body, []byte("/FontFile2")) {
			t.Errorf("%s does not hold its letters", path)
		}
	}
	for path, want := range map[string]int{
		"fee-notice-sheets.csv?estate=A&from=2026-02-01": http.StatusNotFound, "fee-notices.pdf?estate=A": http.StatusNotFound, "fee-notice-sheets.pdf?estate=A": http.StatusBadRequest,
	} {
		if status, _ := get(t, accountant, path); status != want {
			t.Errorf("%s is answered %d, want %d", path, status, want)
		}
	}
}

// What demands a household's arrears is printed, listed, and put together as evidence (F6, F9).
func TestF6_DunningNoticesArePrinted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Clock.Advance(9 * 24 * time.Hour) // the 11th: February's are past due
	accountant := app.As(policy.Accountant)
	draft := accountant.Do(`mutation($in: DraftFeeDunningsInput!) { draftFeeDunnings(input: $in) { drafted dunnings { id } } }`, vars{"in": vars{"estateID": app.A.ID}}).Get("draftFeeDunnings")
	if draft.Get("drafted").Int() != 1 {
		t.Fatalf("drafted: %s", draft.Raw)
	}
	accountant.Do(`mutation($in: ReviewFeeDunningsInput!) { reviewFeeDunnings(input: $in) { dunnings { id } } }`, vars{"in": vars{"dunningIDs": []string{draft.Get("dunnings.0.id").String()}}})
	home := codeOf(app, app.A.Household)
	for path, want := range map[string]int{
		"fee-dunning-sheets.pdf?estate=A&lang=zh&from=2026-03-01": 2, "fee-dunning-sheets.pdf?estate=A&lang=en&household=" + home: 1, "fee-dunning-sheets.pdf?estate=B&from=2026-03-01": -1,
		"fee-evidence.pdf?estate=A&lang=zh&household=" + home: 4,
	} {
		status, body := get(t, accountant, path)
		if want < 0 {
			if status != http.StatusNotFound {
				t.Errorf("%s: %d", path, status)
			}
			continue
		}
		if pages, err := api.PageCount(bytes.NewReader(body), nil); err != nil || pages != want || status != http.StatusOK {
			t.Errorf("%s: %d, %d pages, want %d: %v", path, status, pages, want, err)
		}
	}
	for path, want := range map[string]int{"fee-evidence.pdf?estate=A&from=2026-02-01": http.StatusBadRequest, "fee-evidence.csv?estate=A&household=" + home: http.StatusNotFound} {
		if status, body := get(t, accountant, path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	list := table(t, sheet(t, accountant, "fee-dunnings.xlsx?estate=A&lang=zh&from=2026-03-01"), "单号")
	at := slices.IndexFunc(list, func(r map[string]string) bool { return r["状态"] == "已审核" })
	if at < 0 || list[at]["催缴金额"] != "109.33" || list[at]["级别"] != "第一次" || list[at]["填写日期"] != "2026-03-11" || len(list[at]["内容摘要"]) != 64 {
		t.Errorf("register: %v", list)
	}
	out := table(t, sheet(t, accountant, "fee-dispatches.csv?estate=A&lang=zh"), "单号")
	if len(out) != 1 || out[0]["方式"] != "邮寄" || out[0]["邮资(元)"] != "1.20" || out[0]["邮件号"] != "XA123" || out[0]["派发人"] != "客服" || out[0]["类别"] != "收费通知单" {
		t.Errorf("dispatches: %v", out)
	}
	for _, name := range []string{"fee-dunnings", "fee-dispatches", "fee-steps"} {
		if status, _ := get(t, app.As(policy.Security), name+".csv?estate=A"); status != http.StatusForbidden {
			t.Errorf("%s for security: %d", name, status)
		}
		if status, page := get(t, accountant, name+".html?estate=A&lang=zh"); status != http.StatusOK || !bytes.Contains(page, []byte("制表")) {
			t.Errorf("%s to be printed: %d", name, status)
		}
	}
}
