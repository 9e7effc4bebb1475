package keys

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// GiveKeysToEngineeringInput says what engineering gets, why, and who signs for it.
type GiveKeysToEngineeringInput struct {
	SetID     uuid.UUID
	Count     int
	FromID    uuid.UUID
	Reason    string
	StaffID   *uuid.UUID // who signs; nil: the person named in the signature
	Signature *signature.Input
	late.Given
}

// Check refuses impossible counts, and what is no reason.
func (in GiveKeysToEngineeringInput) Check() error {
	return checkEngineering(in.Count, in.Reason, in.Given)
}

// Prepare finds out whether engineering signs.
func (in GiveKeysToEngineeringInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Staff: in.StaffID, Field: "staffID"}, "signature")
}

// GiveKeysToEngineeringPayload is the entry in the ledger.
type GiveKeysToEngineeringPayload struct{ Movement *ent.KeyMovement }

// GiveToEngineering gives keys to engineering for good, upon a change: engineering and the handler sign (K4.1). For the day's
// work keys are lent.
//
// Errors: NOT_FOUND; RULE K4.1 if the handler signs for engineering; INVALID_INPUT at staffID for a signer of another department,
// for a time that is not in time, or no signature; CONFLICT if fewer keys are there, or were then.
var GiveToEngineering = act.New("keys.giveToEngineering", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K4.1"), giveToEngineering)

var (
	engineeringCeremony = signature.Declare(signature.Ceremony{
		Kind: "keys.engineering", Clause: "K4.1", Capacities: []string{"engineering", "handler"}, Distinct: [][2]string{{"engineering", "handler"}},
		Of: map[string]department.Kind{"engineering": department.KindEngineering}, Outsiders: []string{"engineering"},
	})
	toEngineering   = passing{keymovement.ReasonToEngineering, engineeringCeremony}
	fromEngineering = passing{keymovement.ReasonFromEngineering, engineeringCeremony}
)

func giveToEngineering(tx *act.Tx, in GiveKeysToEngineeringInput) (*GiveKeysToEngineeringPayload, error) {
	set, from, err := setAndHolder(tx, in.SetID, in.FromID)
	if err != nil {
		return nil, err
	}
	to, err := office(tx, set.EstateID, keyholder.KindEngineering)
	if err != nil {
		return nil, err
	}
	m, err := toEngineering.pass(tx, passed{set: set, from: from, to: to, count: in.Count, note: wording.Tidy(in.Reason), given: in.Given, by: in.Signature})
	if err != nil || in.StaffID != nil {
		return &GiveKeysToEngineeringPayload{m}, err
	}
	return &GiveKeysToEngineeringPayload{m}, tellOutsider(tx, m, set, *in.Signature.Name)
}

// TakeKeysFromEngineeringInput says what engineering gives back, why, and who signs for it.
type TakeKeysFromEngineeringInput struct {
	SetID     uuid.UUID
	Count     int
	ToID      uuid.UUID
	Reason    string
	StaffID   *uuid.UUID // who signs; nil: the person named in the signature
	Signature *signature.Input
	late.Given
}

// Check refuses impossible counts, and what is no reason.
func (in TakeKeysFromEngineeringInput) Check() error {
	return checkEngineering(in.Count, in.Reason, in.Given)
}

// Prepare finds out whether engineering signs.
func (in TakeKeysFromEngineeringInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Staff: in.StaffID, Field: "staffID"}, "signature")
}

// TakeKeysFromEngineeringPayload is the entry in the ledger.
type TakeKeysFromEngineeringPayload struct{ Movement *ent.KeyMovement }

// TakeFromEngineering takes back keys that engineering was given: engineering and the handler sign (K4.1).
//
// Errors: NOT_FOUND; RULE K4.1 if the handler signs for engineering; INVALID_INPUT at staffID for a signer of another department,
// for a time that is not in time, or no signature; CONFLICT if engineering has fewer keys, or had then.
var TakeFromEngineering = act.New("keys.takeFromEngineering", act.Needs(policy.KeyMovement, policy.Create), act.Clauses("K4.1"), takeFromEngineering)

func takeFromEngineering(tx *act.Tx, in TakeKeysFromEngineeringInput) (*TakeKeysFromEngineeringPayload, error) {
	set, to, err := setAndPlace(tx, in.SetID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	from, err := office(tx, set.EstateID, keyholder.KindEngineering)
	if err != nil {
		return nil, err
	}
	m, err := fromEngineering.pass(tx, passed{set: set, from: from, to: to, count: in.Count, note: wording.Tidy(in.Reason), given: in.Given, by: in.Signature})
	return &TakeKeysFromEngineeringPayload{m}, err
}

// checkEngineering refuses impossible counts, and what is no reason.
func checkEngineering(count int, reason string, given late.Given) error {
	if err := checkPassing(count, given); err != nil {
		return err
	}
	if f := fault.From(wording.CheckText("reason", reason, 1, 500)); f != nil {
		return f.By("K4.1")
	}
	return nil
}
