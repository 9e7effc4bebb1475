// Package mail is chapter M of the rulebook: mail taken over from the post office, sorted, delivered, or sent back. What an item is in
// changes by events alone; the database sets its state and holds it to the ways that there are (ent/migrations/00070_mail.sql).
//
// An act has a file of its own, which reads from its input to its rule:
//
//	receive.go    M1      Receive: counts stated and counted, signed by both
//	register.go   M1      Register: the items of a receipt, for a household or a department
//	sort.go       M3      Sort, into the slots of households and departments
//	doubtful.go   M4      RaiseDoubt; decide.go Decide, by a superior who did not raise it
//	dead.go       M4      MarkDead, and Return to the post office the same day
//	voids.go      M1, M4  VoidReceipt, VoidItem
//	deliver.go    M3, M2  Deliver, singly, by slot or along a route, each signed for by whom it is for; voiddelivery.go VoidDelivery
//	scan.go       M2      Scan: what desks scan, against the day's list; explain.go ExplainScans
//	excuse.go     M5, M2  Excuse what is still here in the evening; ExplainMissing what was not scanned
//	counts.go     M1      ExplainCounts: other items registered than counted
//	voidexcuse.go M5, M2  VoidExcuse: what a reason satisfied is open again
//	closeday.go   M5      CloseDay, once all is explained; ReopenDay
//	carryover.go  M5      CarryOver: what was left has the next day opened, mail or no mail
//
// change.go is what these have in common: an item's event; leads.go who decides, reads.go what residents read of events; stops.go the stops of a route, day.go a day and how it stands. The registers:
// register_receipts.go 邮件接收核对表, register_items.go 业户邮件收发记录, register_sortlist.go 邮件分拣清单, register_scans.go 邮件刷码核对表.
//
// Press, whose shares and claims the database makes (00073_press.sql; press.go explains what it refuses):
//
//	publication.go   M1  AddPublication
//	subscribe.go     M1  Subscribe; renew.go Renew, End; pause.go Pause, Resume
//	expected.go      M1  Expected: what a day's press should be
//	pressreceive.go  M7  ReceivePress: counted and signed, households before departments
//	pressclaim.go    M7  Recover, WriteOff; pressvoids.go the voids
//
// Loss and backlog: case.go M6 OpenCase; caseconclude.go AnswerCase, ConcludeCase, VoidCase.
package mail

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("mail_receipts_signed", fault.Rule("M1", "接收邮件须由投递人和接待员双方签字。", "Mail is taken over signed by who delivers it and by the receptionist."))
	act.Explain("mail_receipts_items", fault.Clash("这批邮件已登记有邮件,请先作废这些邮件。", "Items of the receipt stand; void them first.").By("M1"))
	act.Explain("mail_items_barcode", fault.Clash("这个条码的邮件仍在本小区,请核对条码。", "An item of this barcode is here already; check the code.").By("M1").At("items"))
	act.Explain("mail_items_receipt", fault.Clash("这批邮件的接收记录已作废,请重新接收。", "The receipt was voided; receive the mail anew.").By("M1").At("receiptID"))
	act.Explain("mail_items_way", fault.Clash("邮件的状态已变,现在不能这样办理,请重新读取。", "The item is no longer as it was, and this is no way from there; read it again.").By("M4"))
	act.Explain("mail_items_addressed", noAddressee())
	act.Explain("mail_items_decided_by_another", notOwnDoubt())
	act.Explain("mail_items_untouched", touched())
	act.Explain("mail_items_doubted", notDeadAlone())
	act.Explain("mail_items_box", noBox())
	act.Explain("mail_returns_signed", fault.Rule("M4", "退回邮局须由取件人和经手人双方签字。", "What goes back is signed for by who takes it for the post office, and by who hands it over."))
	act.Explain("mail_days_begin_in_order", laterClosed())
	act.Explain("mail_days_press", fault.Rule("M7", "当天还有报刊没有清点,请先清点(没有送到的记 0 份)。", "Press of the day was not counted; count it first, as 0 if it did not come."))
	act.Explain("mail_cases_item", fault.Clash("这件邮件已作废,不能登记差错。", "The item was voided; no case is opened about it.").By("M6").At("itemID"))
	act.Explain("mail_items_signed_for", mustBeSigned())
	act.Explain("mail_items_came", fault.Invalid("occurredAt", "投递时间不能早于邮件到达的时间。", "Mail is not delivered before it came.").By("M3"))
	act.Explain("mail_deliveries_signed", fault.Rule("M3", "投递须由签收人和投递人双方签字。", "A delivery is signed by who takes it and by who delivers."))
	act.Explain("mail_deliveries_resident", notOfHousehold())
	act.Explain("mail_days_closed", dayClosed())
	act.Explain("mail_days_order", earlierOpen())
	act.Explain("mail_days_last", notLast())
	act.Explain("mail_days_explained", fault.Rule("M2", "当天还有刷码或未刷码的邮件没有说明,请先逐一说明。", "Scans, or items that were not scanned, are not explained; explain each first."))
	act.Explain("mail_days_delivered", fault.Rule("M5", "还有邮件既未送达、退回,也没有说明原因,请先办理或说明。", "Items are neither delivered nor returned nor excused; see to them, or give the reason."))
	act.Explain("mail_excuses_missing", notMissing())
	act.Explain("mail_excuses_late", notLate())
	act.Explain("mail_days_counted", fault.Rule("M1", "登记的邮件与接收时清点的数量不符,请先补登,或逐类说明。", "Other items are registered than were counted; register what is missing, or explain each kind."))
	act.Explain("mail_excuses_unmatched", fault.Clash("这次刷码已对上邮件或已说明,请刷新清单。", "The scan matches, or is explained; read the list again.").By("M2"))
	act.Explain("mail_excuses_counted", notMiscounted())
	act.Explain("mail_items_own_code", fault.Clash("自编条码刚被占用,请重试。", "The estate's own code was taken just now; try again.").By("M2"))
	act.Explain("mail_excuses_once", fault.Clash("已有人说明,请刷新清单。", "It is explained already; read the list again.").By("M5"))
}

// noAddressee refuses to sort what is for nobody known.
func noAddressee() *fault.Error {
	return fault.Rule("M4", "邮件没有确定的业户或部室,不能分拣:请按疑信报主管,或按死信退回。",
		"It is not known for whom the item is, so it has no slot: raise it as doubtful, or mark it dead.")
}

// notOwnDoubt refuses who raised a doubt to decide upon it.
func notOwnDoubt() *fault.Error {
	return fault.Rule("M4", "不能处理自己报告的疑信,请由另一位主管或经理决定。", "Nobody decides upon the own doubt; another superior does.")
}

// touched refuses to void what something was done with.
func touched() *fault.Error {
	return fault.Clash("邮件已分拣、处理、刷码或说明,或有差错记录,不能作废;登记有误请按疑信报主管。",
		"Something was done with the item since: it was sorted, set aside, scanned or explained, or a case is about it. It is not voided; raise what is mistaken as doubtful.").By("M1")
}

// notDeadAlone refuses to have what is signed for disappear by the word of one person.
func notDeadAlone() *fault.Error {
	return fault.Rule("M4", "已分拣的挂号信、包裹、杂志、汇款单不能直接按死信处理:请按疑信报告,由另一位主管决定。",
		"A registered letter, parcel, magazine or money order that was sorted is not dead by one person's word: raise it as doubtful, and another decides.")
}

// noBox refuses the box of a unit that is no longer the household's.
func noBox() *fault.Error {
	return fault.Rule("M3", "该格位已不是这户业户的房屋,不能投入信箱:请由业户签收,或按疑信报主管。",
		"The slot is no longer of a unit of the household, so there is no box for it: have it signed for, or raise it as doubtful.")
}

// mustBeSigned refuses to put into the box what is signed for by each item.
func mustBeSigned() *fault.Error {
	return fault.Rule("M2", "挂号信、包裹、杂志、汇款单须由业户签收,不能投入信箱。",
		"Registered letters, parcels, magazines and money orders are signed for; they do not go into the box.")
}

// notOfHousehold refuses a signature by who is not of those whom the mail is for.
func notOfHousehold() *fault.Error {
	return fault.Rule("M3", "签收人不是该业户的住户:请由该户住户签收,部室邮件由员工签收;其他代收人请填写姓名。",
		"The signer is not of whom the mail is for: a resident of the household signs, for a department a member of staff; of another who takes it give the name.")
}
