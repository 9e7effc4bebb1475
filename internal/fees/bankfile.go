package fees

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/feebankline"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/wording"
)

const (
	// mostBankLines is how many lines a statement has: more are imported in parts.
	mostBankLines = 20_000
	// bankBack is how many days ago a line of a statement was paid at most.
	bankBack = 366
)

// bankColumns are what banks write above their columns.
var bankColumns = []intake.Column{
	{Name: "day", Headings: []string{"交易日期", "交易时间", "记账日期", "入账日期", "入账时间", "日期", "Date", "Booking date"}, Required: true},
	{Name: "id", Headings: []string{"交易流水号", "流水号", "银行流水号", "交易序号", "交易编号", "核心流水号", "Transaction ID", "Transaction number"}, Required: true},
	{Name: "credit", Headings: []string{"贷方发生额", "贷方金额", "收入金额", "收入", "存入金额", "存入", "Credit"}},
	{Name: "debit", Headings: []string{"借方发生额", "借方金额", "支出金额", "支出", "转出金额", "Debit"}},
	{Name: "amount", Headings: []string{"交易金额", "金额", "发生额", "Amount"}},
	{Name: "way", Headings: []string{"借贷标志", "借贷方向", "借贷", "收支方向", "收支", "Direction"}},
	{Name: "payer", Headings: []string{"对方户名", "付款人", "付款人名称", "付款人户名", "对方名称", "对方单位名称", "Payer", "Counterparty"}},
	{Name: "memo", Headings: []string{"附言", "交易附言", "用途", "Memo"}},
	{Name: "summary", Headings: []string{"摘要", "交易摘要", "Summary"}},
	{Name: "remark", Headings: []string{"备注", "Remark"}},
}

type day = calendar.Day

// bankFile is a statement as read; what is exported of it is its report.
type bankFile struct {
	Encoding string            `json:"encoding"`
	Rejected []*FeeBankProblem `json:"rejected"`
	Known    []int             `json:"known"`   // rows that were on record before
	PaidOut  []int             `json:"paidOut"` // rows of what the estate paid itself
	Skipped  []int             `json:"skipped"` // blank rows and sums
	Unread   []string          `json:"unread"`  // headings that mean nothing here

	today day
	lines []*bankLine
	rows  map[string]int // by the bank's number
}

// bankLine is a payment that the bank received.
type bankLine struct {
	row             int
	paidOn          day
	amount          int64
	payer, memo, id string

	home    *uuid.UUID // whose it seems to be
	match   feebankline.Match
	matched string
}

// read takes a line, notes it as paid out, or says what is wrong with it.
func (f *bankFile) read(rec *intake.Record) {
	rec.Need("day", "id")
	amount, out := bankAmount(rec)
	l := &bankLine{row: rec.Line, paidOn: f.day(rec), amount: amount, payer: wording.Tidy(rec.Text("payer")), id: rec.Code("id"), match: feebankline.MatchNothing}
	l.memo = wording.Tidy(strings.Join([]string{rec.Text("memo"), rec.Text("summary"), rec.Text("remark")}, " "))
	rec.Check("payer", l.payer, wording.CheckLine)
	rec.Check("id", l.id, wording.CheckLine)
	rec.Check("memo", l.memo, func(field, text string) error { return wording.CheckText(field, text, 0, 500) })
	if first := f.rows[l.id]; first > 0 && l.id != "" && !out {
		rec.Reject("id", "流水号与第 %[1]d 行重复。", "The number is that of line %[1]d.", first)
	}
	if rec.Rejected() {
		for _, p := range rec.Problems() {
			if p.Severity == intake.Reject {
				f.Rejected = append(f.Rejected, &FeeBankProblem{p.Line, p.Column, p.ZH, p.EN})
			}
		}
		return
	}
	if out {
		f.PaidOut = append(f.PaidOut, l.row)
		return
	}
	f.rows[l.id] = l.row
	f.lines = append(f.lines, l)
}

// bankAmount is what was received, or whether it was paid out.
func bankAmount(rec *intake.Record) (amount int64, out bool) {
	credit, debit := rec.Hundredths("credit", 0, mostFen), rec.Hundredths("debit", 0, mostFen)
	sum := rec.Hundredths("amount", -mostFen, mostFen)
	switch strings.ToUpper(rec.Text("way")) {
	case "借", "借方", "支出", "支", "出", "D", "DR", "DEBIT", "OUT":
		return 0, true
	}
	switch {
	case rec.Rejected():
		return 0, false
	case credit > 0:
		return credit, false
	case debit > 0 || sum < 0:
		return 0, true
	case sum > 0:
		return sum, false
	}
	column := "amount"
	if rec.Text("amount") == "" {
		column = "credit"
	}
	rec.Reject(column, "没有金额。", "There is no amount.")
	return 0, false
}

var compactDay = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})(?: ?\d{6})?$`)

// day is when it was paid: not to come, and not long ago. Banks write 20260302, too.
func (f *bankFile) day(rec *intake.Record) (d day) {
	if m := compactDay.FindStringSubmatch(rec.Text("day")); m != nil {
		var parts [3]int
		for i := range parts {
			parts[i], _ = strconv.Atoi(m[i+1]) // the form allows digits only
		}
		var ok bool
		if d, ok = calendar.Valid(parts[0], parts[1], parts[2]); !ok {
			rec.Reject("day", "没有“%[1]s”这一天。", "There is no such day as %[1]q.", m[0])
			return d
		}
	} else if d = rec.Date("day"); d.IsZero() {
		return d
	}
	switch {
	case d.After(f.today):
		rec.Reject("day", "日期晚于今天。", "The day is to come.")
	case d.Before(f.today.AddDays(-bankBack)):
		rec.Reject("day", "日期早于 %[1]d 天前。", "It is more than %[1]d days ago.", bankBack)
	}
	return d
}
