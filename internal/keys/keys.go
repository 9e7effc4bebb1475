// Package keys is chapter K of the rulebook: keys taken over from engineering, kept, lent, taken back, and
// handed over, each by an entry in a double-entry ledger whose balances PostgreSQL holds.
//
// An act has a file of its own, which reads from its input to its rule:
//
//	acceptimport.go K1.1, K1.4, K4.1  Import: 钥匙清单; acceptline.go its lines, acceptload.go what is on record about them
//	acceptdraft.go  K1.1              DraftAcceptance, its lines, CancelAcceptance; acceptcheck.go CheckAcceptanceLines
//	acceptsign.go   K1.1, K1.3, K1.4  SignAcceptance; acceptpost.go what it puts on record, acceptvoid.go VoidAcceptance
//	seal.go         K1.3              Seal; sealbreak.go BreakSeal, sealchange.go ChangeSeal
//	move.go         K1.2              Move, between a cabinet and the front desk
//	cabinet.go      K1.2              CreateCabinet; opening.go OpenCabinet; hook.go CreateHooks, Hang, ClearHook
//	followup.go     K1.4              NoteOutstanding
//	lend.go         K2.1, K2.2, K1.2  Lend; borrower.go who borrows, lendlines.go what, due.go until when, lendsign.go who signs
//	longloan.go     K2.2              AskLoan, for more than a day; extend.go AskExtension, Extend
//	return.go       K2.1              Return
//	voidloan.go     K2.1              VoidLoan; voidreturn.go VoidReturn
//	handover.go     K4.1              HandOver, to the household of the unit, and TakeBack; engineering.go GiveToEngineering,
//	                                  TakeFromEngineering; passing.go what they have in common
//	month.go        K4.2              Month, the statistics of one; closemonth.go CloseMonth
//	loss.go         K2.3              ReportLoss; lossof.go what is lost, lossanswer.go AnswerLoss, found.go RecordFound
//	copies.go       K2.3              OrderCopies, RecordCopies
//	lockchange.go   K3.1, K2.3        OrderLockChange; lockdemand.go what a loss demands, lockcancel.go CancelLockChange; lockdone.go
//	                                  RecordLockChange, lockmissing.go the old keys that did not come back; locks.go what all use
//	scrap.go        K3.2              RequestScrapping, ConsentScrapping; scrapdone.go CompleteScrapping, under a certificate
//	counterentry.go K4.1, K2.3        what undoes an entry; voidmovement.go VoidMovement, voidloss.go VoidLoss, voidcopies.go VoidCopies,
//	                                  voidnotes.go VoidOpening, VoidFollowUp
//	spotcheck.go    K4.3              DrawSpotCheck; spotcheckpopulation.go what it is drawn from, spotcheckdraw.go the draw,
//	                                  spotcheckredraw.go RedrawSpotCheck, spotcheckcount.go CountSpotCheck, spotcheckclose.go
//	                                  CloseSpotCheck and CancelSpotCheck, spotcheckresolve.go ResolveDifference, spotcheckenter.go
//	                                  what it enters in the ledger
//
// Beneath them are ledger.go, the double entry (K4.1), balancesat.go, where keys were at a time, and keyring.go, what the registry
// asks. dashboard.go counts how things stand now; timeline.go tells a set's whole life, timelinewords.go in words. The registers:
// register_loans.go 钥匙借用登记表, register_acceptance.go 钥匙交接验收统计表 and 尚未移交钥匙统计表,
// register_distribution.go 交接钥匙统计表, register_statement.go 钥匙月度统计表.
package keys

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("key_balances_enough", fault.Clash("剩余钥匙不足,请减少数量或等归还后再借。",
		"Fewer keys are left than asked for; take fewer, or wait until some come back.").By("K4.1"))
	act.Explain("key_movements_parties", fault.Invalid("toID", "转出和转入不能是同一处,请另选一处。", "Keys cannot move to where they are; choose another place."))
	act.Explain("key_loans_due", fault.Rule("K2.2", "借用超过一天须总经理签字同意。", "More than one day needs the general manager's signed approval."))
	act.Explain("key_loans_approval", fault.Rule("K2.2", "这份批准已用于另一笔借用,请重新申请。", "The approval was used for another loan; ask again."))
	act.Explain("key_loans_signed", fault.Rule("K2.1", "借用须由借用人和经办人双方签字。", "A loan is signed by borrower and handler."))
	act.Explain("key_returns_signed", fault.Rule("K2.1", "归还须由归还人和经办人双方签字。", "A return is signed by who brings the keys and who takes them."))
	act.Explain("key_loans_untouched", notUntouched())
	act.Explain("key_loan_lines_in_use", notInUse())
	act.Explain("keymovement_estate_id_reverses_id", voidedBefore())
	act.Explain("key_movements_retired", retired())
	act.Explain("key_holders_cabinet", fault.Clash("本小区已有同名的钥匙柜,请换一个名称。",
		"The estate has a cabinet of this name; choose another name.").By("K1.2").At("name"))
	act.Explain("keyhook_estate_id_cabinet_id_number", fault.Clash("钥匙柜已有这个编号的挂钩,请换一个编号。",
		"The cabinet has a hook of this number; choose another.").By("K1.2").At("numbers"))
	act.Explain("keyhook_estate_id_cabinet_id_set_id", fault.Clash("这套钥匙已挂在本柜的另一个挂钩上,请先取下。",
		"The set hangs on another hook of this cabinet; clear that one first.").By("K1.2").At("setID"))
	act.Explain("keyacceptancecheck_estate_id_acceptance_id_unit_id_place", fault.Clash("验收表上已有这套钥匙,请改那一行。",
		"The sheet has this set already; change that line.").By("K1.1").At("lines"))
	act.Explain("keyseal_estate_id_number", fault.Clash("这个封条编号已用过,请换一个编号。", "The number of the seal was used before; choose another.").By("K1.3"))
	act.Explain("key_copy_orders_countered", fault.Rule("K2.3", "配好的钥匙与其申请须一并作废。", "Copies and their order are voided together."))
	act.Explain("key_seals_signed", fault.Rule("K1.3", "封存和换封都须由安全部签字。", "Security signs for what is sealed with it, also under another number."))
	act.Explain("key_seals_balance", fault.Clash("封存的钥匙须先拆封,才能转走或报失。", "Break the seal first: sealed keys go on, or are reported lost, from where they are unsealed.").By("K1.3"))
}
