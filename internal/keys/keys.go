// Package keys is chapter K of the rulebook: keys taken over from engineering, kept, lent, taken back, and
// handed over, each by an entry in a double-entry ledger whose balances PostgreSQL holds.
//
// accept.go K1.1, K1.4 · move.go K1.2 · lend.go K2.1, K2.2 · return.go K2.1 · handover.go, ledger.go K4.1 · loanregister.go 钥匙借用登记表
package keys

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("key_balances_enough", fault.Clash("剩余钥匙不足,请减少数量或等归还后再借。",
		"Fewer keys are left than asked for; take fewer, or wait until some come back.").By("K4.1"))
	act.Explain("key_movements_parties", fault.Invalid("toID", "转出和转入不能是同一处。", "Keys cannot move to where they are."))
}
