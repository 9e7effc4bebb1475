package keys

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/policy"
)

// HandOverKeysInput says what a household gets.
type HandOverKeysInput struct {
	SetID       uuid.UUID
	Count       int
	FromID      uuid.UUID
	HouseholdID uuid.UUID
	late.Given
}

// Check refuses impossible counts, and what is no reason.
func (in HandOverKeysInput) Check() error {
	if err := checkCount("count", in.Count, "K4.1"); err != nil {
		return err
	}
	return in.Given.Check()
}

// HandOverKeysPayload is the entry in the ledger.
type HandOverKeysPayload struct{ Movement *ent.KeyMovement }

// HandOver hands keys over to a household that has the unit (K4.1).
//
// Errors: NOT_FOUND; RULE K4.1 if the household does not have the unit; INVALID_INPUT for a time that is not in time;
// CONFLICT if fewer keys are there, or were then.
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
	at, why, err := late.When(tx, in.Given, "K4.1")
	if err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: set, from: from, to: to, count: in.Count, reason: keymovement.ReasonHandedOver, at: at, lateReason: why})
	return &HandOverKeysPayload{m}, err
}
