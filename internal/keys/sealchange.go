package keys

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyseal"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ChangeKeySealInput says which seal is replaced by which number, why, and who signs for security.
type ChangeKeySealInput struct {
	SealID          uuid.UUID
	Number          string
	Reason          string
	SecurityStaffID uuid.UUID
	Signature       *signature.Input
}

// Check refuses what is no number or reason.
func (in ChangeKeySealInput) Check() error {
	return cmp.Or(wording.CheckCode("number", in.Number), wording.CheckText("reason", in.Reason, 1, 200))
}

// Prepare proves who signs for security.
func (in ChangeKeySealInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Staff: &in.SecurityStaffID, Field: "securityStaffID"}, "signature")
}

// ChangeKeySealPayload is the new seal; previous is the one that it replaces.
type ChangeKeySealPayload struct{ Seal *ent.KeySeal }

// ChangeSeal puts a packet under another number, with the same keys in it: signed by security, who keeps it, as sealing is,
// and told to the leader (K1.3).
//
// Errors: NOT_FOUND; CONFLICT if it is sealed no more, or the number was used before; INVALID_INPUT if nobody of security signs;
// RULE K1.3 if the custodian signs for security.
var ChangeSeal = act.Guarded(act.New("keys.changeSeal", act.Needs(policy.KeySeal, policy.Update), act.Clauses("K1.3"), changeSeal), sealGuard)

func changeSeal(tx *act.Tx, in ChangeKeySealInput) (*ChangeKeySealPayload, error) {
	old, err := sealOf(tx, in.SealID)
	if err != nil {
		return nil, err
	}
	if err := isSealed(tx, old); err != nil {
		return nil, err
	}
	if _, err := endSeal(tx, old, keyseal.StateReplaced, in.Reason); err != nil {
		return nil, err
	}
	s, err := newSeal(tx, old.EstateID, old.SetID, in.Number, old.Count).SetPreviousID(old.ID).SetNillableAcceptanceLineID(old.AcceptanceLineID).Save(tx)
	if err != nil {
		return nil, atNumber(err, "number")
	}
	return &ChangeKeySealPayload{s}, signSeal(tx, old.Edges.Set, s, in.Signature)
}
