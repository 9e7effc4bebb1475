package demo

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feeaccount"
	"github.com/steward-pm/steward/ent/feebankline"
	"github.com/steward-pm/steward/ent/feerefund"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/registers"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/policy"
)

// bank is a statement of the bank, some of whose payments are confirmed and one is ignored; some of what was paid too much that is given back (F5); and a
// day to come on which the office is closed.
func (h *history) bank() map[int][]func() error {
	return map[int][]func() error{
		18: {h.givesBack},
		9:  {h.importsStatement},
		5:  {h.closesADay},
	}
}

// givesBack refunds some of the credit of who has most, once the manager approved it.
func (h *history) givesBack() error {
	a, err := act.From(h.system).DB.Ent.FeeAccount.Query().Where(feeaccount.EstateID(h.estate.ID), feeaccount.CreditGT(0)).Order(ent.Desc(feeaccount.FieldCredit)).WithHousehold().First(h.system)
	if err != nil {
		return err
	}
	accountant, number := h.as(policy.Accountant), "6222 0213 0012 3456"
	asked, err := fees.AskRefund.Do(accountant, fees.AskFeeRefundInput{
		HouseholdID: a.HouseholdID, Amount: int(a.Credit / 3), Method: feerefund.MethodBankTransfer, Payee: a.Edges.Household.Name, PayeeAccount: &number, Reason: "多交物业费,业户要求退回部分",
	})
	if err != nil {
		return err
	}
	if _, err := approval.Give.Do(h.manager, approval.GiveApprovalInput{ApprovalID: *asked.Refund.ApprovalID, Signature: h.password(policy.ProjectManager)}); err != nil {
		return err
	}
	reference := fmt.Sprintf("R%07d", h.r.IntN(10_000_000))
	_, err = fees.PayRefund.Do(accountant, fees.PayFeeRefundInput{RefundID: asked.Refund.ID, Reference: &reference})
	return err
}

// importsStatement reads what the bank received since the second month was billed, confirms what is plain, and ignores what is none of it.
func (h *history) importsStatement() error {
	notices, err := h.noticesOf(calendar.Date(h.today.AddDays(-30).Year(), h.today.AddDays(-30).Month()-1, 1).AddMonths(1))
	if err != nil {
		return err
	}
	day := h.today.AddDays(-10)
	lines := []string{"交易日期,交易流水号,贷方发生额,借方发生额,对方户名,摘要"}
	add := func(amount int64, payer, memo string) {
		lines = append(lines, fmt.Sprintf("%s,B%07d%d,%s,,%s,%s", day, h.r.IntN(10_000_000), len(lines), registers.Decimal(amount), payer, memo))
	}
	add(notices[0].Amount-notices[0].Settled, notices[0].HouseholdName, "物业费 "+notices[0].Number)
	add(notices[1].Amount-notices[1].Settled, "代付", "物业费 "+strings.Split(notices[1].Address, ", ")[0])
	add(notices[4].Amount-notices[4].Settled, notices[4].HouseholdName, "转账")
	add(5000, "顺达广告有限公司", "电梯广告位租金")
	add(12345, "王女士", "房款")
	lines = append(lines, fmt.Sprintf("%s,B9,,1880.00,供电公司,电费", day), day.String()+",,12.00,,无名,缺流水号")
	text := strings.Join(lines, "\r\n") + "\r\n"
	accountant := importing.WithContent(h.as(policy.Accountant), content(text))
	upload, err := h.uploads.Store(accountant, server.Upload{Estate: h.estate.Code, Name: "银行对账单.csv", ContentType: "text/csv", Size: int64(len(text))}, strings.NewReader(text))
	if err != nil {
		return err
	}
	account := "基本户"
	in, err := fees.ImportStatement.Do(accountant, fees.ImportFeeBankStatementInput{EstateID: h.estate.ID, FileID: uuid.MustParse(upload.ID), Account: &account})
	if err != nil {
		return err
	}
	list, err := act.From(h.system).DB.Ent.FeeBankLine.Query().Where(feebankline.StatementID(in.Statement.ID)).Order(feebankline.ByRow()).All(h.system)
	if err != nil {
		return err
	}
	var confirmed fees.ConfirmFeeBankLinesInput
	for _, l := range list[:2] {
		confirmed.Lines = append(confirmed.Lines, fees.ConfirmFeeBankLineInput{LineID: l.ID})
	}
	if _, err := fees.ConfirmLines.Do(accountant, confirmed); err != nil {
		return err
	}
	_, err = fees.IgnoreLines.Do(accountant, fees.IgnoreFeeBankLinesInput{LineIDs: []uuid.UUID{list[3].ID}, Reason: "广告位租金,不属物业费"})
	return err
}

// content is what was just uploaded.
type content string

// Open implements importing.Content.
func (c content) Open(context.Context, string, uuid.UUID) (io.ReadSeekCloser, error) {
	return opened{strings.NewReader(string(c))}, nil
}

type opened struct{ io.ReadSeeker }

// Close implements io.Closer.
func (opened) Close() error { return nil }

// closesADay has the office closed on a day to come.
func (h *history) closesADay() error {
	_, err := registry.SetCalendarDays.Do(h.manager, registry.SetCalendarDaysInput{EstateID: h.estate.ID, Days: []registry.CalendarDayInput{
		{Day: h.today.AddDays(20), Reason: "小区停电检修,全天停止办公"},
	}})
	return err
}
