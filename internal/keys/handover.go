package keys

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// HandOverKeysInput says what a household gets, and who signs for it.
type HandOverKeysInput struct {
	SetID       uuid.UUID
	Count       int
	FromID      uuid.UUID
	HouseholdID uuid.UUID
	ResidentID  *uuid.UUID // who signs; nil: the person named in the signature
	Signature   *signature.Input
	late.Given
}

// Check refuses impossible counts, and what is no reason.
func (in HandOverKeysInput) Check() error { return checkPassing(in.Count, in.Given) }

// Prepare finds out whether the household signs.
func (in HandOverKeysInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Resident: in.ResidentID, Field: "residentID"}, "signature")
}

// HandOverKeysPayload is the entry in the ledger.
type HandOverKeysPayload struct{ Movement *ent.KeyMovement }

// HandOver hands keys over to a household that has the unit, at move-in: the household and the handler sign (K4.1).
//
// Errors: NOT_FOUND; RULE K4.1 if the household does not have the unit, or the handler signs for it; INVALID_INPUT for a time that
// is not in time, or no signature; CONFLICT if fewer keys are there, or were then.
var HandOver = act.New("keys.handOver", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K4.1"), handOver)

var handingOver = withHousehold("keys.handOver", keymovement.ReasonHandedOver)

func handOver(tx *act.Tx, in HandOverKeysInput) (*HandOverKeysPayload, error) {
	set, from, err := setAndHolder(tx, in.SetID, in.FromID)
	if err != nil {
		return nil, err
	}
	to, err := householdSigning(tx, set.EstateID, in.HouseholdID, in.ResidentID)
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
	m, err := handingOver.pass(tx, passed{set: set, from: from, to: to, count: in.Count, given: in.Given, by: in.Signature})
	return &HandOverKeysPayload{m}, err
}

// TakeBackKeysInput says what a household gives back, and who signs for it.
type TakeBackKeysInput struct {
	SetID       uuid.UUID
	Count       int
	HouseholdID uuid.UUID
	ResidentID  *uuid.UUID // who signs; nil: the person named in the signature
	ToID        uuid.UUID
	Signature   *signature.Input
	late.Given
}

// Check refuses impossible counts, and what is no reason.
func (in TakeBackKeysInput) Check() error { return checkPassing(in.Count, in.Given) }

// Prepare finds out whether the household signs.
func (in TakeBackKeysInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Resident: in.ResidentID, Field: "residentID"}, "signature")
}

// TakeBackKeysPayload is the entry in the ledger.
type TakeBackKeysPayload struct{ Movement *ent.KeyMovement }

// TakeBack takes keys back from a household, at move-out or before: the household and the handler sign (K4.1).
//
// Errors: NOT_FOUND; RULE K4.1 if the handler signs for the household; INVALID_INPUT for a time that is not in time, or no
// signature; CONFLICT if the household has fewer keys, or had then.
var TakeBack = act.New("keys.takeBack", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K4.1"), takeFromHousehold)

var takingBack = withHousehold("keys.takeBack", keymovement.ReasonTakenBack)

func takeFromHousehold(tx *act.Tx, in TakeBackKeysInput) (*TakeBackKeysPayload, error) {
	set, to, err := setAndPlace(tx, in.SetID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	from, err := householdSigning(tx, set.EstateID, in.HouseholdID, in.ResidentID)
	if err != nil {
		return nil, err
	}
	m, err := takingBack.pass(tx, passed{set: set, from: from, to: to, count: in.Count, given: in.Given, by: in.Signature})
	return &TakeBackKeysPayload{m}, err
}

// householdSigning finds a household's account in the ledger, or opens it, and refuses a signer who is not of the household.
func householdSigning(tx *act.Tx, estate, id uuid.UUID, signer *uuid.UUID) (*ent.KeyHolder, error) {
	h, err := householdHolder(tx, estate, id)
	if err != nil || signer == nil {
		return h, err
	}
	r, err := tx.Resident.Query().Where(resident.ID(*signer), resident.EstateID(estate)).Only(tx)
	if r, err = act.Find(r, err, "residentID"); err != nil {
		return nil, err
	}
	if r.HouseholdID != id {
		return nil, fault.Invalid("residentID", "签字人不是该业户的成员;代办人请写姓名。",
			"The signer is not of the household; give the name of who signs in its place.").By("K4.1")
	}
	return h, nil
}

// checkPassing refuses impossible counts, and what is no reason for recording late.
func checkPassing(count int, given late.Given) error {
	if err := checkCount("count", count, "K4.1"); err != nil {
		return err
	}
	return given.Check()
}
