package fees

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("fee_dispatches_received", notReceived())
	act.Explain("fee_dispatches_once", dispatchedBefore())
	act.Explain("fee_dispatches_order", fault.Invalid("occurredAt", "派发时间不能早于已登记的上一次派发或其退回时间。", "Give a time that is not before the last attempt that is recorded, or before that came back.").By("F4"))
	act.Explain("fee_dispatches_due", fault.Clash("派发期限刚有变动,请重新读取。", "By when it is due has just changed; read it again.").By("F3"))
	act.Explain("fee_dispatches_attempt", fault.Clash("这份通知单正由他人登记派发,请重新读取。", "Somebody else records a dispatch of the notice just now; read it again.").By("F4"))
	act.Explain("feedispatch_estate_id_notice_id_attempt", fault.Clash("这份通知单正由他人登记派发,请重新读取。", "Somebody else records a dispatch of the notice just now; read it again.").By("F4"))
	act.Explain("feedispatch_estate_id_dunning_id_attempt", fault.Clash("这份通知单正由他人登记派发,请重新读取。", "Somebody else records a dispatch of the notice just now; read it again.").By("F4"))
	act.Explain("fee_dispatches_signed", fault.Invalid("signature", "当面送交须由收件人和派发人签字。", "What is handed over in person is signed by who gets it and who brings it.").By("F3"))
	act.Explain("fee_dispatches_resident", notOfHousehold())
	act.Explain("fee_dispatches_stamped", unstamped())
	act.Explain("fee_dispatches_handed", notHanded())
	act.Explain("fee_dispatches_returned_once", returnedBefore())
	act.Explain("fee_dunnings_way", wayOf())
	act.Explain("fee_dunnings_stay", wayOf())
	act.Explain("fee_dunnings_two", twoPeople())
	act.Explain("fee_dunnings_finance", financeStamps())
	act.Explain("fee_dunnings_signed", fault.Rule("F7", "催缴通知单须经会计审核签字、财务盖章签字。", "A dunning notice is signed by the accountant who reviewed it, and by who stamped it."))
	act.Explain("fee_dunnings_followed", fault.Clash("下一级催缴通知单已开具,不能再更改本级的送达。", "The notice of the next level was drafted, so that this one was delivered stays.").By("F8"))
	act.Explain("fee_reports_nothing", fault.Clash("上次汇报之后没有新的派发记录。", "Nothing was dispatched since the report before.").By("F9"))
	act.Explain("fee_reports_once", acknowledgedBefore())
	act.Explain("fee_reports_acknowledged", ownReport())
}

func notReceived() *fault.Error {
	return fault.Clash("客服部还没有接收这份通知单,请先登记接收;派发时间不能早于接收。", "Customer service has not got the notice: record that first; it is dispatched no earlier than that.").By("F3")
}

func dispatchedBefore() *fault.Error {
	return fault.Clash("通知单已派发;退回后才能再次派发,登记错误请作废。", "The notice was dispatched: it goes out again if it comes back; what was recorded by mistake is voided.").By("F3")
}

// notOfHousehold refuses who signs for another household.
func notOfHousehold() *fault.Error {
	return fault.Rule("F3", "签收人不是该户的住户。", "Who signs is not of the household.")
}

func unstamped() *fault.Error {
	return fault.Rule("F7", "催缴通知单须先经审核、盖章才能派发。", "A dunning notice is reviewed and stamped before it is dispatched.")
}

func notHanded() *fault.Error {
	return fault.Rule("F7", "催缴通知单未移交客服部,或已送达、撤回、被新版本代替,不能派发。", "The dunning notice is not with customer service, or was delivered, withdrawn or replaced: it is not dispatched.")
}

func wayOf() *fault.Error {
	return fault.Clash("催缴通知单的状态已变,请重新读取。", "The dunning notice is no longer as it was; read it again.").By("F7")
}

func twoPeople() *fault.Error {
	return fault.Rule("F7", "审核和盖章必须由两人分别办理。", "Who stamps is not who reviewed.")
}

func financeStamps() *fault.Error {
	return fault.Rule("F7", "财务部有两人以上时,由财务部的另一名员工盖章。", "Where finance has more than one person, another of its own staff stamps.")
}

func acknowledgedBefore() *fault.Error {
	return fault.Clash("这份汇报已确认。", "The report was acknowledged before.").By("F9")
}

func ownReport() *fault.Error {
	return fault.Rule("F9", "汇报由主管确认,不能由汇报人自己确认。", "Who reports does not acknowledge the own report: the supervisor does.")
}
