package keys

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
)

// Move is one double entry of the key ledger (K4.1).
type Move struct {
	Set            *ent.KeySet
	From, To       *ent.KeyHolder
	Count          int
	Reason         keymovement.Reason
	LoanLine       *uuid.UUID
	AcceptanceLine *uuid.UUID
	OccurredAt     time.Time // zero: now
}

// post enters the movement. The database moves the two balances as it posts, and refuses one that would
// fall below zero: of two people who take the last key at once, exactly one gets it.
//
// Errors: CONFLICT if the giving holder has fewer keys.
func post(tx *act.Tx, m Move) (*ent.KeyMovement, error) {
	if m.OccurredAt.IsZero() {
		m.OccurredAt = tx.Now
	}
	household := m.From.HouseholdID
	if m.To.HouseholdID != nil {
		household = m.To.HouseholdID
	}
	return tx.KeyMovement.Create().SetEstateID(m.Set.EstateID).SetSetID(m.Set.ID).
		SetFromID(m.From.ID).SetToID(m.To.ID).SetCount(m.Count).SetReason(m.Reason).
		SetNillableLoanLineID(m.LoanLine).SetNillableAcceptanceLineID(m.AcceptanceLine).SetNillableHouseholdID(household).
		SetOccurredAt(m.OccurredAt).Save(tx)
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
