package keys

import (
	"cmp"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// entry is one double entry of the key ledger (K4.1).
type entry struct {
	set      *ent.KeySet
	from, to *ent.KeyHolder
	count    int
	reason   keymovement.Reason
	loanLine *uuid.UUID // nil: of no loan
	loss     *uuid.UUID // nil: of no loss
	order    orders
	note     string

	at         time.Time // zero: now
	lateReason string    // why it is recorded later than it happened
}

// orders are what keys come and go by: none, or one (K2.3, K3.1, K3.2).
type orders struct{ copies, lockChange, scrapping *uuid.UUID }

// post enters the movement. The database moves the two balances as it posts, and refuses one that would
// fall below zero: of two people who take the last key at once, exactly one gets it.
//
// Errors: CONFLICT if the giving holder has fewer keys, or had then.
func post(tx *act.Tx, e entry) (*ent.KeyMovement, error) {
	if e.at.IsZero() {
		e.at = tx.Now
	}
	m, err := tx.KeyMovement.Create().SetEstateID(e.set.EstateID).SetSetID(e.set.ID).
		SetFromID(e.from.ID).SetToID(e.to.ID).SetCount(e.count).SetReason(e.reason).SetNillableLoanLineID(e.loanLine).
		SetNillableLossID(e.loss).SetNote(e.note).
		SetNillableCopyOrderID(e.order.copies).SetNillableLockChangeID(e.order.lockChange).SetNillableScrappingID(e.order.scrapping).
		SetNillableHouseholdID(cmp.Or(e.to.HouseholdID, e.from.HouseholdID)).SetOccurredAt(e.at).SetLateReason(e.lateReason).Save(tx)
	if err != nil || e.from.Kind != keyholder.KindLost || e.reason != keymovement.ReasonFound && e.reason != keymovement.ReasonAdjusted {
		return m, err
	}
	return m, keepWhole(tx, e.set.ID, e.note) // K3.1: the set may be whole again
}

// office finds the estate's one holder of a kind: the desk, the source. Errors: NOT_FOUND.
func office(tx *act.Tx, estate uuid.UUID, kind keyholder.Kind) (*ent.KeyHolder, error) {
	return tx.KeyHolder.Query().Where(keyholder.EstateID(estate), keyholder.KindEQ(kind)).Only(tx)
}

// officeHolders are the holders that every estate has from its first day.
var officeHolders = []struct {
	kind keyholder.Kind
	name string
}{
	{keyholder.KindSource, "来源"}, {keyholder.KindCabinet, "钥匙柜"}, {keyholder.KindDesk, "前台"}, {keyholder.KindSeal, "安全部封存"},
	{keyholder.KindEngineering, "工程部"}, {keyholder.KindLost, "遗失"}, {keyholder.KindScrapped, "报废"},
}

// furnish gives a new estate its holders.
func furnish(tx *act.Tx, estate uuid.UUID) error {
	var rows []*ent.KeyHolderCreate
	for _, h := range officeHolders {
		rows = append(rows, tx.KeyHolder.Create().SetEstateID(estate).SetKind(h.kind).SetName(h.name))
	}
	return tx.KeyHolder.CreateBulk(rows...).Exec(tx)
}

// atLine names the line of the input that the ledger refused.
func atLine(err error, i int) error {
	if f := act.Explained(err); f != nil {
		return f.At(fmt.Sprintf("lines.%d.count", i))
	}
	return err
}

// checkCount refuses what is no number of keys to move. The clause is that of the act.
func checkCount(field string, n int, clause string) error {
	if n < 1 || n > 1000 {
		return fault.Invalid(field, "数量应在 1 到 1000 之间。", "Give between 1 and 1000 keys.").By(clause)
	}
	return nil
}
