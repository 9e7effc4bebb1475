package keys

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateKeyCabinetInput names a new cabinet.
type CreateKeyCabinetInput struct {
	EstateID uuid.UUID
	Name     string
}

// Check refuses what is no name.
func (in CreateKeyCabinetInput) Check() error { return wording.CheckName("name", in.Name) }

// CreateKeyCabinetPayload is the cabinet, as a holder of keys.
type CreateKeyCabinetPayload struct{ Holder *ent.KeyHolder }

// CreateCabinet sets up a further cabinet (K1.2).
//
// Errors: NOT_FOUND; CONFLICT if the estate has a cabinet of the name.
var CreateCabinet = act.New("keys.createCabinet", act.Needs(policy.KeyHolder, policy.Create), act.Clauses("K1.2"), createCabinet)

func createCabinet(tx *act.Tx, in CreateKeyCabinetInput) (*CreateKeyCabinetPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	h, err := tx.KeyHolder.Create().SetEstateID(e.ID).SetKind(keyholder.KindCabinet).SetName(wording.Tidy(in.Name)).Save(tx)
	return &CreateKeyCabinetPayload{h}, err
}

// firstCabinet is the one that the estate has from its first day.
func firstCabinet(tx *act.Tx, estate uuid.UUID) (*ent.KeyHolder, error) {
	return tx.KeyHolder.Query().Where(keyholder.EstateID(estate), keyholder.KindEQ(keyholder.KindCabinet)).Order(keyholder.ByID()).First(tx)
}

// cabinetOf is the cabinet given, or the estate's first.
//
// Errors: NOT_FOUND at the field; INVALID_INPUT by the clause for another holder.
func cabinetOf(tx *act.Tx, estate uuid.UUID, id *uuid.UUID, field, clause string) (*ent.KeyHolder, error) {
	if id == nil {
		return firstCabinet(tx, estate)
	}
	h, err := tx.KeyHolder.Query().Where(keyholder.ID(*id), keyholder.EstateID(estate)).Only(tx)
	if h, err = act.Find(h, err, field); err == nil && h.Kind != keyholder.KindCabinet {
		return nil, fault.Invalid(field, "请选择钥匙柜。", "Choose a cabinet.").By(clause)
	}
	return h, err
}
