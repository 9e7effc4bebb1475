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
//
// change.go is what the acts upon items have in common: an event. The registers: register_receipts.go 邮件接收核对表, register_items.go 业户邮件收发记录.
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
	return fault.Clash("邮件已分拣或处理,不能作废。", "Something was done with the item since; it is not voided.").By("M1")
}
