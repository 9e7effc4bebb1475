// Package fees is chapter F of the rulebook: what households pay, from the tariff to the receipt. What is owed is worked out and billed by the
// database, in one statement for thousands of households (ent/migrations/00081_fees.sql); and every notice, payment and correction is entered in
// a journal of debit and credit by the statement that makes it (00082_fee_money.sql). All money is in fen.
//
// An act has a file of its own, which reads from its input to its rule:
//
//	tariff.go   F1  SetTariff, EndTariff; book.go SetBook: what notices say of paying
//	preview.go  F2  Preview: what would be billed
//	bill.go     F2  Bill the month, once; work.go what a large one leaves to a job; plan.go the notices that are due by the 25th
//	credit.go   F2  Credit: how a notice is corrected
//	pay.go      F5  Pay, the oldest debt first or as directed; Settle with credit that is there
//	reverse.go  F5  Reverse: a payment that was recorded by mistake, by a counter-entry
//	dispatch.go F3  Dispatch, singly or along a route (dispatchroute.go); dispatchreceive.go, dispatchreturn.go, dispatchvoid.go, dispatchproof.go; dispatchdue.go what is due
//	dunning.go  F6  Draft, and the clockwork's DraftDunnings; dunningreview.go, dunningstamp.go, dunninghand.go F7; delivered by Dispatch F8
//	dispatchreport.go F9 Report, Acknowledge; dispatchsteps.go what was late, and where; evidence.go all of one fee
//	bankimport.go   F5  ImportStatement: what the bank received, bankfile.go as it stands in the file; bankmatch.go, bankunit.go whose it seems to be
//	bankconfirm.go  F5  ConfirmLines books it; IgnoreLines, RestoreLines; bankotherwise.go what is booked for another; bankvoid.go VoidStatement; bankagain.go MatchLines, again
//	follow.go       F6  what was settled in an act, and so is not demanded any more: on the trail, and told to who has the notice; leads.go who leads customer service
//	refund.go       F5  AskRefund, approved by another; PayRefund, ReturnRefund
//
// The reports: arrears.go what is owed by age, collection.go what was collected of what was billed (F6).
//
// The registers: register_notices.go 收费通知单, and print.go the same to print; register_payments.go 收款登记表, register_refunds.go 退款登记表,
// register_accounts.go 业户往来账, register_journal.go 日记账; register_arrears.go 欠费账龄表, 楼栋欠费汇总表 and 物业费收缴率表;
// register_dispatches.go 通知单派发登记表, register_dunnings.go 催缴通知单登记表 and dunningprint.go the notices to print, register_steps.go 通知单流程时限表.
package fees

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
)

// mostFen is the largest amount that is entered at once: a hundred million yuan; more is a slip of the finger.
const mostFen = 10_000_000_000

func init() {
	act.Explain("fee_tariffs_once", fault.Clash("这类房屋在这段时间已有同名收费标准,请先终止原标准。", "There is a tariff for this fee and kind of unit at that time; end that one first.").By("F1").At("fromOn"))
	act.Explain("fee_tariffs_ends_once", fault.Clash("该收费标准已终止。", "The tariff was ended before.").By("F1"))
	act.Explain("fee_tariffs_billed", fault.Clash("之后的日期已按此标准计费,不能提前终止;多收的请开红字通知单冲减。",
		"Later days were billed by it, so it does not end before them; what is too much is credited.").By("F1").At("lastOn"))
	act.Explain("fee_runs_way", fault.Clash("这个月的计费状态已变,请重新读取。", "The month's billing is no longer as it was; read it again.").By("F2"))
	act.Explain("fee_runs_pay_by", tooLongToPay())
	act.Explain("feerun_estate_id_month", fault.Clash("这个月正由他人计费,请重新读取。", "Somebody else bills the month just now; read it again.").By("F2"))
	act.Explain("fee_notices_credited", fault.Clash("冲减金额超过通知单余额,请重新读取。", "More than the notice still asks for; read it again.").By("F2").At("amount"))
	act.Explain("fee_notices_settled", fault.Clash("通知单的未付金额少于所填,请重新读取。", "Less than that is open of the notice; read it again.").By("F5").At("allocations"))
	act.Explain("fee_payments_unallocated", fault.Clash("所填金额超过本次付款,请核对。", "More than was paid; check the amounts.").By("F5").At("allocations"))
	act.Explain("fee_allocations_household", foreignNotice())
	act.Explain("feepayment_estate_id_reverses_id", reversedAlready())
	act.Explain("fee_payments_opposite", fault.Clash("冲销记录本身不能冲销。", "A counter-entry is not reversed.").By("F5"))
	act.Explain("fee_entries_balanced", fault.Clash("借贷不平,未入账。", "Debit is not credit; nothing was entered.").By("F5"))
}

// foreignNotice refuses to settle one household's notice with another's money.
func foreignNotice() *fault.Error {
	return fault.Clash("通知单属于另一业户。", "The notice is another household's.").By("F5").At("allocations")
}

func reversedAlready() *fault.Error {
	return fault.Clash("这笔付款已冲销。", "The payment was reversed before.").By("F5")
}

func tidy(text *string) string {
	if text == nil {
		return ""
	}
	return wording.Tidy(*text)
}

// checkAmount refuses what is no amount to pay.
func checkAmount(field, clause string, amount int) error {
	if amount < 1 || amount > mostFen {
		return fault.Invalid(field, "请填写金额,单位为分,大于 0。", "Give an amount in fen, more than nothing.").By(clause)
	}
	return nil
}

// finance is the department that answers for fees; customer service, or none, where the estate has no department of finance.
func finance(tx *act.Tx, estate uuid.UUID) (uuid.UUID, error) {
	list, err := tx.Department.Query().Where(department.EstateID(estate), department.KindEQ(department.KindFinance)).Order(department.ByID()).Limit(1).IDs(tx)
	if err != nil || len(list) > 0 {
		return append(list, uuid.Nil)[0], err
	}
	return obligation.CustomerService(tx, estate)
}

// lock has one after the other decide what a household's money settles: its account first, as billing does.
func lock(tx *act.Tx, estate, household uuid.UUID) error {
	_, err := tx.Raw.Exec(tx, `SELECT fee_lock($1, $2)`, estate, []uuid.UUID{household})
	return err
}
