package keys

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// LendLineInput is so many keys of a set.
type LendLineInput struct {
	SetID uuid.UUID
	Count int
}

// checkLoan refuses a purpose and lines that cannot be lent whatever the ledger says.
func checkLoan(purpose string, lines []LendLineInput) error {
	if err := fault.From(wording.CheckText("purpose", purpose, 1, 200)); err != nil {
		return err.By("K2.1")
	}
	switch {
	case len(lines) == 0:
		return fault.Invalid("lines", "请至少选择一套钥匙。", "Choose at least one key set.").By("K2.1")
	case len(lines) > 100:
		return fault.Invalid("lines", "一次最多借 100 套,请分次办理。", "At most 100 key sets at once; make several loans.").By("K2.1")
	}
	seen := map[uuid.UUID]bool{}
	for i, l := range lines {
		if err := checkCount(fmt.Sprintf("lines.%d.count", i), l.Count, "K2.1"); err != nil {
			return err
		}
		if seen[l.SetID] {
			return fault.Invalid(fmt.Sprintf("lines.%d.setID", i), "同一套钥匙请合并为一行。", "Put the keys of one set on one line.").By("K2.1")
		}
		seen[l.SetID] = true
	}
	return nil
}

// setLine is a line with its set, and where it stood in the input.
type setLine struct {
	set      *ent.KeySet
	count, i int
}

// field names a field of the line as the input has it.
func (l setLine) field(name string) string { return fmt.Sprintf("lines.%d.%s", l.i, name) }

// setsOf loads the sets of the lines, in the order of their ids: balances are locked in one order, so
// that two loans of the same sets do not deadlock.
//
// Errors: NOT_FOUND for a set that is not there; RULE K3.1 for one that is not in use.
func setsOf(tx *act.Tx, lines []LendLineInput) ([]setLine, error) {
	list := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		list[i] = l.SetID
	}
	found, err := tx.KeySet.Query().Where(keyset.IDIn(list...)).All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]setLine, len(lines))
	for i, l := range lines {
		at := slices.IndexFunc(found, func(s *ent.KeySet) bool { return s.ID == l.SetID })
		field := fmt.Sprintf("lines.%d.setID", i)
		if at < 0 || found[at].EstateID != found[0].EstateID {
			return nil, fault.Missing().At(field)
		}
		if found[at].Condition != keyset.ConditionInUse {
			return nil, notInUse().At(field)
		}
		out[i] = setLine{found[at], l.Count, i}
	}
	slices.SortFunc(out, func(a, b setLine) int { return cmp.Compare(a.set.ID.String(), b.set.ID.String()) })
	return out, nil
}

// notInUse refuses a set that is due for scrapping, or scrapped (K3.1).
func notInUse() *fault.Error {
	return fault.Rule("K3.1", "这套钥匙应报废或已报废,不能外借;请先办理报废或换锁。",
		"This key set is due for scrapping, or scrapped, and is not lent; have it scrapped, or the lock changed.")
}

// lender is the holder to lend from: the front desk, or a cabinet for those who may issue from it (K1.2).
func lender(tx *act.Tx, estate uuid.UUID, id *uuid.UUID) (*ent.KeyHolder, error) {
	if id == nil {
		return office(tx, estate, keyholder.KindDesk)
	}
	h, err := tx.KeyHolder.Query().Where(keyholder.ID(*id), keyholder.EstateID(estate)).Only(tx)
	if h, err = act.Find(h, err, "fromID"); err != nil {
		return nil, err
	}
	switch h.Kind {
	case keyholder.KindDesk:
		return h, nil
	case keyholder.KindCabinet:
		if !tx.Viewer.Scope(policy.KeyLoan, policy.Issue).Covers(h.RowScope()) {
			return nil, fault.Denied("钥匙柜只能由钥匙管理员或经理开启,请从前台借出。",
				"Only the custodian or a manager issues from the cabinet; lend from the front desk.").By("K1.2").At("fromID")
		}
		return h, nil
	}
	return nil, fault.Invalid("fromID", "只能从前台或钥匙柜借出。", "Keys are lent from the front desk or a cabinet.").By("K1.2")
}

// lendLine writes a line of the loan, and moves its keys.
func lendLine(tx *act.Tx, loan *ent.KeyLoan, l setLine, from, to *ent.KeyHolder) error {
	line, err := tx.KeyLoanLine.Create().SetEstateID(loan.EstateID).SetLoanID(loan.ID).SetSetID(l.set.ID).SetFromID(from.ID).
		SetLabel(l.set.Label).SetCount(l.count).SetNillableHouseholdID(to.HouseholdID).Save(tx)
	if f := act.Explained(err); f != nil {
		return f.At(l.field("setID")) // K3.1: a lock change came first
	} else if err != nil {
		return err
	}
	_, err = post(tx, entry{set: l.set, from: from, to: to, count: l.count, reason: keymovement.ReasonLent, loanLine: &line.ID,
		at: loan.LentAt, lateReason: loan.LateReason})
	return atLine(err, l.i)
}

// lendGuard answers whether a set can be lent at all now.
var lendGuard = act.Guard[*ent.KeySet]{
	Entity: ent.TypeKeySet,
	ID:     func(s *ent.KeySet) uuid.UUID { return s.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeySet, error) {
		return tx.KeySet.Query().Where(keyset.IDIn(list...)).WithBalances(func(q *ent.KeyBalanceQuery) {
			q.Where(keybalance.CountGT(0)).WithHolder()
		}).All(tx)
	},
	Check: canLend,
}

// canLend refuses a set that is not in use (K3.1), or of which no key is where keys are lent from (K2.1).
func canLend(tx *act.Tx, s *ent.KeySet) error {
	if s.Condition != keyset.ConditionInUse {
		return notInUse()
	}
	for _, b := range s.Edges.Balances {
		if b.Edges.Holder.Kind == keyholder.KindDesk ||
			b.Edges.Holder.Kind == keyholder.KindCabinet && tx.Viewer.Scope(policy.KeyLoan, policy.Issue).Covers(b.RowScope()) {
			return nil
		}
	}
	return fault.Clash("前台没有这套钥匙,请钥匙管理员先移交前台。", "The front desk has no key of this set; ask the custodian to move some there.").By("K2.1")
}
