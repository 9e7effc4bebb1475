package fees

import (
	"fmt"

	"github.com/steward-pm/steward/ent/feeentry"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/ent/feenoticeline"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/ent/feeposting"
	"github.com/steward-pm/steward/internal/registers"
)

// say chooses the language of a register's words.
type say = func(zh, en string) string

func methodWords(s say, m feepayment.Method) string {
	switch m {
	case feepayment.MethodCash:
		return s("现金", "cash")
	case feepayment.MethodBankTransfer:
		return s("转账", "bank transfer")
	case feepayment.MethodCard:
		return s("刷卡", "card")
	}
	return s("移动支付", "mobile")
}

func stateWords(s say, n feenotice.State) string {
	if n == feenotice.StateSettled {
		return s("已结清", "settled")
	}
	return s("未结清", "open")
}

func kindWords(s say, k feeentry.Kind) string {
	switch k {
	case feeentry.KindBilled:
		return s("开单", "billed")
	case feeentry.KindCredited:
		return s("冲减", "credited")
	case feeentry.KindPaid:
		return s("收款", "paid")
	case feeentry.KindReversed:
		return s("冲销收款", "payment reversed")
	case feeentry.KindRefunded:
		return s("退款", "refunded")
	case feeentry.KindReturned:
		return s("退款退回", "refund came back")
	case feeentry.KindUnsettled:
		return s("撤销核销", "no longer settled")
	}
	return s("核销", "settled")
}

func accountWords(s say, a feeposting.Account) string {
	switch a {
	case feeposting.AccountReceivable:
		return s("应收账款", "receivable")
	case feeposting.AccountRevenue:
		return s("主营业务收入", "revenue")
	case feeposting.AccountCash:
		return s("库存现金", "cash")
	case feeposting.AccountBank:
		return s("银行存款", "bank")
	}
	return s("预收账款", "household credit")
}

// quantityWords say of how much a line is: 89.50 m².
func quantityWords(s say, b feenoticeline.Basis, hundredths int64) string {
	switch b {
	case feenoticeline.BasisPerSquareMetre:
		return registers.Decimal(hundredths) + " m²"
	case feenoticeline.BasisPerPlace:
		return s("1 个车位", "1 place")
	}
	return s("1 户", "1 unit")
}

// rateWords writes a rate in yuan: 2.35, and 0.4850 where it has parts of a fen.
func rateWords(rate int64) string {
	if rate%100 == 0 {
		return registers.Decimal(rate / 100)
	}
	return fmt.Sprintf("%d.%04d", rate/10000, rate%10000)
}
