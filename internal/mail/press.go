package mail

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// What the database refuses of press (ent/migrations/00073_press.sql), in words.
func init() {
	act.Explain("publications_name", fault.Clash("本小区已有同名报刊。", "The estate has a publication of that name.").By("M1").At("name"))
	act.Explain("publications_subscribed", fault.Clash("还有人订阅此报刊,请先作废或终止订阅。", "Somebody subscribes to it; void the subscriptions first.").By("M1"))
	act.Explain("publications_stands", fault.Clash("此报刊已作废。", "The publication was voided.").By("M1").At("publicationID"))
	act.Explain("press_subscriptions_once", fault.Clash("该业户或部室在这段时间已订阅此报刊;要增加份数,请终止后重新订阅。",
		"The subscriber has the publication in that time already; for more copies, end that one and subscribe anew.").By("M1"))
	act.Explain("press_subscriptions_renewed", fault.Clash("此订阅已续订。", "The subscription was renewed before.").By("M1"))
	act.Explain("press_subscriptions_received", fault.Clash("之后已有报刊分到此订阅,请核对日期。", "Press came for the subscription on a later day; check the day.").By("M1"))
	act.Explain("press_pauses_once", fault.Clash("这段时间已登记停送。", "The subscription is paused in that time already.").By("M1"))
	act.Explain("press_pauses_received", fault.Clash("这段时间已有报刊分到此订阅,不能补登停送。", "Press came for the subscription in that time; it is not paused after the fact.").By("M1"))
	act.Explain("press_receipts_signed", fault.Rule("M1", "接收报刊须由投递人和接待员双方签字。", "Press is taken over signed by who delivers it and by the receptionist."))
	act.Explain("press_deliveries_once", fault.Clash("该期报刊已清点;补送的请登记追回,清点有误请作废后重新登记。",
		"The issue was counted already; what comes later is a recovery of its claim, and a mistaken count is voided first.").By("M7").At("counts"))
	act.Explain("press_deliveries_claim", fault.Clash("该期的追索已有追回或核销,不能作废清点。", "Something of its claim was recovered or written off; void the recovery first.").By("M7"))
	act.Explain("press_deliveries_by_another", notOwnShort())
	act.Explain("press_recoveries_signed", fault.Rule("M7", "追回的报刊须由投递人和接待员双方签字。", "What is recovered is taken over signed by who delivers it and by the receptionist."))
	act.Explain("press_subscriptions_years", tooLong())
	act.Explain("press_claims_open", claimClosed())
	act.Explain("press_claims_by_another", notOwnCount())
	act.Explain("press_recoveries_missing", fault.Invalid("copies", "追回的份数多于所缺,请重新读取。", "More copies than are missing; read the claim again.").By("M7"))
	act.Explain("press_recoveries_last", fault.Clash("只能作废最后一次追回;已核销的不能再改。", "Only the last recovery of a claim that was not written off is voided.").By("M7"))
}
