// Package approval asks who decides, and keeps the answer: a chapter declares a kind of question, asks it in the
// transaction of an act, and uses what was given, once, in another. Who asked never decides.
//
//	approval.go  Kind, Declare
//	ask.go       Ask: the question, its obligation, and whom it is put to; deciders.go who that is
//	decide.go    Give, signed with the own password, and Decline
//	withdraw.go  Withdraw, by who asked or a manager; expire.go what nobody decided or used in time
//	use.go       Use: a given approval is used once
package approval

import (
	"time"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Kind is a kind of question that a chapter asks.
type Kind struct {
	Name     string          // "keys.longLoan"
	Clause   string          // the clause that demands it
	Resource policy.Resource // who may Approve it, in the whole estate, decides
	Lapses   time.Duration   // how long after it was asked it is neither decided nor used any more

	// In is the operation that alone gives it, as a consent that is signed under something else, too; empty: giveApproval.
	In string

	// Kept questions are known to who asked, and to who may read the Resource, and to nobody else; why it is asked, and what is said with the
	// decision, is told by the question alone, and goes with it.
	Kept bool

	// Undue tells that the obligation is the chapter's own, which is there from before the question is put and so does not tell that it was (A5).
	Undue bool

	// Led questions are decided, of the supervisors, by that of the question's department; a manager decides them, too.
	Led bool

	// May refuses who may not decide this one although the policy lets them: it is asked for them by another. It may be nil.
	May func(tx *act.Tx, a *ent.Approval) error

	// Decided is told, in the transaction, when a question was given, declined, withdrawn or expired: a.State says
	// which. It may be nil.
	Decided func(tx *act.Tx, a *ent.Approval) error
}

var kinds = map[string]*Kind{}

// Declare makes the kind known; call it from a package-level variable. It panics on a kind that is declared twice,
// or that nobody could answer in time.
func Declare(k Kind) *Kind {
	if k.Name == "" || k.Clause == "" || k.Lapses <= 0 || kinds[k.Name] != nil {
		panic("approval: kind " + k.Name + " is declared twice, or not in full")
	}
	kinds[k.Name] = &k
	return &k
}

// kindOf finds the kind of a question. Errors: CONFLICT for one that this version does not know.
func kindOf(a *ent.Approval) (*Kind, error) {
	if k := kinds[a.Kind]; k != nil {
		return k, nil
	}
	return nil, fault.Clash("本版本不认识这种审批(%[1]s),请升级后再办理。", "This version knows no approval of kind %[1]s; upgrade it first.", a.Kind)
}

// told lets the chapter act upon what became of the question.
func (k *Kind) told(tx *act.Tx, a *ent.Approval) error {
	if k.Decided == nil {
		return nil
	}
	return k.Decided(tx, a)
}

// lapsed refuses what was neither decided nor used in time.
func lapsed(clause string) *fault.Error {
	return fault.Rule(clause, "这项审批已过期,请重新申请。", "This approval has expired; ask for it again.")
}

func init() {
	act.Explain("approvals_one_way", fault.Clash("这项审批的状态已变,请重新读取。", "The approval is no longer as it was; read it again."))
	act.Explain("approvals_not_own", fault.Clash("不能审批自己提出的申请,请由他人审批。", "Nobody decides the own question; somebody else decides it."))
	act.Explain("approvals_signed", fault.Clash("批准必须由审批人签字。", "What is given is signed for by who gives it."))
	act.Explain("approvals_period", fault.Clash("审批的有效期应在现在之后。", "An approval is asked for before it lapses; choose a later time."))
}
