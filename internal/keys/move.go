package keys

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/policy"
)

// MoveKeysInput says what moves between a cabinet and the front desk.
type MoveKeysInput struct {
	SetID  uuid.UUID
	Count  int
	FromID uuid.UUID
	ToID   uuid.UUID
	late.Given
}

// Check refuses impossible counts, and what is no reason.
func (in MoveKeysInput) Check() error {
	if err := checkCount("count", in.Count, "K1.2"); err != nil {
		return err
	}
	return in.Given.Check()
}

// MoveKeysPayload is the entry in the ledger.
type MoveKeysPayload struct{ Movement *ent.KeyMovement }

// Move moves keys between a cabinet and the front desk, for the day's work: the custodian's act, or
// a manager's (K1.2).
//
// Errors: NOT_FOUND; INVALID_INPUT for other holders, or a time that is not in time; CONFLICT if fewer keys are there, or were then.
var Move = act.New("keys.move", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K1.2"), move)

func move(tx *act.Tx, in MoveKeysInput) (*MoveKeysPayload, error) {
	set, from, err := setAndHolder(tx, in.SetID, in.FromID)
	if err != nil {
		return nil, err
	}
	to, err := placeOf(tx, set.EstateID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	at, why, err := late.When(tx, in.Given, "K1.2")
	if err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: set, from: from, to: to, count: in.Count, reason: keymovement.ReasonPlaced, at: at, lateReason: why})
	return &MoveKeysPayload{m}, err
}

// setAndHolder finds a key set, and where in its estate keys of it are taken from.
func setAndHolder(tx *act.Tx, setID, fromID uuid.UUID) (*ent.KeySet, *ent.KeyHolder, error) {
	return setAndPlace(tx, setID, fromID, "fromID")
}

// setAndPlace finds a key set, and a cabinet or front desk of its estate.
func setAndPlace(tx *act.Tx, setID, placeID uuid.UUID, field string) (*ent.KeySet, *ent.KeyHolder, error) {
	set, err := tx.KeySet.Get(tx, setID)
	if set, err = act.Find(set, err, "setID"); err != nil {
		return nil, nil, err
	}
	place, err := placeOf(tx, set.EstateID, placeID, field)
	return set, place, err
}

// placeOf finds a cabinet or the front desk.
func placeOf(tx *act.Tx, estate, id uuid.UUID, field string) (*ent.KeyHolder, error) {
	h, err := tx.KeyHolder.Query().Where(keyholder.ID(id), keyholder.EstateID(estate)).Only(tx)
	if h, err = act.Find(h, err, field); err != nil {
		return nil, err
	}
	if h.Kind != keyholder.KindCabinet && h.Kind != keyholder.KindDesk {
		return nil, fault.Invalid(field, "请选择钥匙柜或前台。", "Choose a cabinet or the front desk.").By("K1.2")
	}
	return h, nil
}
