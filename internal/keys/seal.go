package keys

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// sealing is signed by security, who keeps the packet, and by the custodian, who gives it.
var sealing = signature.Declare(signature.Ceremony{
	Kind: "keys.seal", Clause: "K1.3", Capacities: []string{"security", "custodian"}, Distinct: [][2]string{{"security", "custodian"}},
	Of: map[string]department.Kind{"security": department.KindSecurity},
})

// SealKeysInput says what is sealed with security, under which number.
type SealKeysInput struct {
	SetID           uuid.UUID
	Count           int
	Number          string
	FromID          *uuid.UUID // nil: the estate's first cabinet
	SecurityStaffID uuid.UUID
	Signature       *signature.Input
}

// Check refuses impossible counts and numbers.
func (in SealKeysInput) Check() error {
	if err := checkCount("count", in.Count, "K1.3"); err != nil {
		return err
	}
	return wording.CheckCode("number", in.Number)
}

// Prepare proves who signs for security.
func (in SealKeysInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Staff: &in.SecurityStaffID, Field: "securityStaffID"}, "signature")
}

// SealKeysPayload is the seal.
type SealKeysPayload struct{ Seal *ent.KeySeal }

// Seal gives the keys of a public area to security in a packet under a number; one stays in the cabinet (K1.3).
//
// Errors: NOT_FOUND; RULE K1.3 for keys of a unit, for the last key of the cabinet, or if the custodian signs for security;
// CONFLICT if the number was used before, or fewer keys are there; INVALID_INPUT if nobody of security signs.
var Seal = act.New("keys.seal", act.Needs(policy.KeySeal, policy.Create), act.Clauses("K1.3"), seal)

func seal(tx *act.Tx, in SealKeysInput) (*SealKeysPayload, error) {
	set, err := tx.KeySet.Get(tx, in.SetID)
	if set, err = act.Find(set, err, "setID"); err != nil {
		return nil, err
	}
	from, err := cabinetOf(tx, set.EstateID, in.FromID, "fromID", "K1.3")
	if err != nil {
		return nil, err
	}
	if set.Kind != keyset.KindPublicArea {
		return nil, fault.Rule("K1.3", "只有公共区域的钥匙封存在安全部。", "Only keys of public areas are sealed with security.").At("setID")
	}
	s, err := newSeal(tx, set.EstateID, set.ID, in.Number, in.Count).Save(tx)
	if err != nil {
		return nil, atNumber(err, "number")
	}
	to, err := office(tx, set.EstateID, keyholder.KindSeal)
	if err != nil {
		return nil, err
	}
	if _, err := post(tx, entry{set: set, from: from, to: to, count: in.Count, reason: keymovement.ReasonSealed}); err != nil {
		return nil, err
	}
	if err := oneStays(tx, set); err != nil {
		return nil, err
	}
	return &SealKeysPayload{s}, signSeal(tx, set, s, in.Signature)
}

// signSeal has the packet signed for: by security as proved, and by the custodian, who is signed in.
func signSeal(tx *act.Tx, set *ent.KeySet, s *ent.KeySeal, security *signature.Input) error {
	return sealing.SignBoth(tx, signature.Signing{Estate: set.EstateID, Subject: s.ID, Content: packet(set, s), By: security, Field: "signature"})
}

// sealed is what is signed for: the packet.
type sealed struct {
	Set    uuid.UUID `json:"set"`
	Label  string    `json:"label"`
	Number string    `json:"number"`
	Count  int       `json:"count"`
}

func packet(set *ent.KeySet, s *ent.KeySeal) sealed {
	return sealed{set.ID, set.Label, s.Number, s.Count}
}

// newSeal is a packet that the viewer seals now.
func newSeal(tx *act.Tx, estate, set uuid.UUID, number string, count int) *ent.KeySealCreate {
	return tx.KeySeal.Create().SetEstateID(estate).SetSetID(set).SetNumber(wording.Code(number)).SetCount(count).
		SetSealedAt(tx.Now).SetSealedByID(tx.Viewer.Account).SetSealedByName(tx.Viewer.Name)
}

// atNumber names the field of the number that was used before.
func atNumber(err error, field string) error {
	if act.RefusedBy(err, "keyseal_estate_id_number") {
		return act.Explained(err).At(field)
	}
	return err
}

// oneStays refuses to seal the last key: one stays in the cabinet of customer service (K1.3). It is asked after the
// entry, which holds the balance of the cabinet that gave.
func oneStays(tx *act.Tx, set *ent.KeySet) error {
	stays, err := tx.KeyBalance.Query().Where(keybalance.SetID(set.ID), keybalance.CountGT(0),
		keybalance.HasHolderWith(keyholder.KindEQ(keyholder.KindCabinet))).Exist(tx)
	if err == nil && !stays {
		return fault.Rule("K1.3", "钥匙柜须留一把,其余才封存,请减少数量。", "One key stays in the cabinet and only the rest is sealed; seal fewer.").At("count")
	}
	return err
}
