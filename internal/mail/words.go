package mail

import (
	"strings"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailcase"
	"github.com/steward-pm/steward/ent/mailexcuse"
	"github.com/steward-pm/steward/ent/mailitem"
)

func stateZH(s mailitem.State) string {
	return map[mailitem.State]string{
		mailitem.StateReceived: "已收", mailitem.StateSorted: "已分拣", mailitem.StateDelivered: "已送达",
		mailitem.StateDead: "死信待退", mailitem.StateReturned: "已退回", mailitem.StateDoubtful: "疑信待定",
	}[s]
}

func stateEN(s mailitem.State) string { return strings.ToLower(string(s)) }

func kindZH(kind string) string {
	return map[string]string{
		"LETTER": "信件", "REGISTERED": "挂号信", "PARCEL": "包裹", "MAGAZINE": "杂志", "NEWSPAPER": "报纸", "MONEY_ORDER": "汇款单",
	}[kind]
}

func kindEN(kind string) string {
	return map[string]string{
		"LETTER": "Letter", "REGISTERED": "Registered letter", "PARCEL": "Parcel", "MAGAZINE": "Magazine", "NEWSPAPER": "Newspaper", "MONEY_ORDER": "Money order",
	}[kind]
}

// itemWords names an item in a line, without whom it is for.
func itemWords(item *ent.MailItem) (zh, en string) {
	return strings.TrimSpace(kindZH(string(item.Kind)) + " " + item.Barcode), strings.TrimSpace(kindEN(string(item.Kind)) + " " + item.Barcode)
}

// excuseWords says what a reason is of.
func excuseWords(k mailexcuse.Kind) (zh, en string) {
	switch k {
	case mailexcuse.KindUnscanned:
		return "未刷码邮件的说明", "explanation of mail that was not scanned"
	case mailexcuse.KindUnmatched:
		return "刷码不符的说明", "explanation of a scan that matches nothing"
	case mailexcuse.KindMiscounted:
		return "登记与清点不符的说明", "explanation of other items than were counted"
	}
	return "未送达邮件的说明", "excuse of mail that was not delivered"
}

func kindOfCaseZH(k mailcase.Kind) string {
	return map[mailcase.Kind]string{mailcase.KindLoss: "邮件缺失", mailcase.KindBacklog: "邮件积压"}[k]
}

func kindOfCaseEN(k mailcase.Kind) string {
	return map[mailcase.Kind]string{mailcase.KindLoss: "mail that was lost", mailcase.KindBacklog: "mail that lay about"}[k]
}
