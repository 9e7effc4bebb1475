package keys

import (
	"strings"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// MoveKeysInput says what moves between a cabinet and the front desk.
type MoveKeysInput struct {
	SetID  uuid.UUID
	Count  int
	FromID uuid.UUID
	ToID   uuid.UUID
}

// Check refuses impossible counts.
func (in MoveKeysInput) Check() error { return checkCount(in.Count) }

func checkCount(n int) error {
	if n < 1 || n > 1000 {
		return fault.Invalid("count", "数量应在 1 到 1000 之间。", "Give between 1 and 1000 keys.")
	}
	return nil
}

// MoveKeysPayload is the entry in the ledger.
type MoveKeysPayload struct{ Movement *ent.KeyMovement }

// MoveKeys moves keys between a cabinet and the front desk, for the day's work: the custodian's act, or
// a manager's (K1.2).
//
// Errors: NOT_FOUND; INVALID_INPUT for other holders; CONFLICT if fewer keys are there.
var MoveKeys = act.New("keys.move", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K1.2"), move)

func move(tx *act.Tx, in MoveKeysInput) (*MoveKeysPayload, error) {
	set, from, err := setAndHolder(tx, in.SetID, in.FromID)
	if err != nil {
		return nil, err
	}
	to, err := placeOf(tx, set.EstateID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	m, err := post(tx, Move{Set: set, From: from, To: to, Count: in.Count, Reason: keymovement.ReasonPlaced})
	return &MoveKeysPayload{m}, err
}

func setAndHolder(tx *act.Tx, setID, fromID uuid.UUID) (*ent.KeySet, *ent.KeyHolder, error) {
	set, err := tx.KeySet.Get(tx, setID)
	if set, err = act.Find(set, err, "setID"); err != nil {
		return nil, nil, err
	}
	from, err := placeOf(tx, set.EstateID, fromID, "fromID")
	return set, from, err
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

// HandOverKeysInput says what a household gets.
type HandOverKeysInput struct {
	SetID       uuid.UUID
	Count       int
	FromID      uuid.UUID
	HouseholdID uuid.UUID
}

// Check refuses impossible counts.
func (in HandOverKeysInput) Check() error { return checkCount(in.Count) }

// HandOverKeysPayload is the entry in the ledger.
type HandOverKeysPayload struct{ Movement *ent.KeyMovement }

// HandOver hands keys over to a household that has the unit (K4.1).
//
// Errors: NOT_FOUND; RULE K4.1 if the household does not have the unit; CONFLICT if fewer keys are there.
var HandOver = act.New("keys.handOver", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K4.1"), handOver)

func handOver(tx *act.Tx, in HandOverKeysInput) (*HandOverKeysPayload, error) {
	set, from, err := setAndHolder(tx, in.SetID, in.FromID)
	if err != nil {
		return nil, err
	}
	to, err := householdHolder(tx, set.EstateID, in.HouseholdID)
	if err != nil {
		return nil, err
	}
	lives, err := tx.Occupancy.Query().Where(occupancy.UnitID(set.UnitID), occupancy.HouseholdID(in.HouseholdID), occupancy.UntilOnIsNil()).Exist(tx)
	if err != nil {
		return nil, err
	}
	if !lives {
		return nil, fault.Rule("K4.1", "该业户没有这套房,不能移交其钥匙。", "The household does not have this unit, so its keys are not handed over to it.").At("householdID")
	}
	m, err := post(tx, Move{Set: set, From: from, To: to, Count: in.Count, Reason: keymovement.ReasonHandedOver})
	return &HandOverKeysPayload{m}, err
}

// CreateKeyCabinetInput names a new cabinet.
type CreateKeyCabinetInput struct {
	EstateID uuid.UUID
	Name     string
}

// Check refuses a cabinet without a name.
func (in CreateKeyCabinetInput) Check() error {
	if n := strings.TrimSpace(in.Name); n == "" || len(n) > 100 {
		return fault.Invalid("name", "请填写 1 到 100 字节的名称。", "Give a name of 1 to 100 bytes.")
	}
	return nil
}

// CreateKeyCabinetPayload is the cabinet, as a holder of keys.
type CreateKeyCabinetPayload struct{ Holder *ent.KeyHolder }

// CreateCabinet sets up a further cabinet (K1.2).
var CreateCabinet = act.New("keys.createCabinet", act.Needs(policy.KeyHolder, policy.Create), act.Clauses("K1.2"), createCabinet)

func createCabinet(tx *act.Tx, in CreateKeyCabinetInput) (*CreateKeyCabinetPayload, error) {
	h, err := tx.KeyHolder.Create().SetEstateID(in.EstateID).SetKind(keyholder.KindCabinet).SetName(strings.TrimSpace(in.Name)).Save(tx)
	return &CreateKeyCabinetPayload{h}, err
}
