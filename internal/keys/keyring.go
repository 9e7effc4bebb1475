package keys

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/registry"
)

func init() { registry.UseKeyring(keyring{}) }

// keyring answers the registry's questions about keys.
type keyring struct{}

// Furnish implements registry.Keyring.
func (keyring) Furnish(tx *act.Tx, estate uuid.UUID) error { return furnish(tx, estate) }

// Out implements registry.Keyring: staff do not leave with keys out.
func (keyring) Out(tx *act.Tx, staff []uuid.UUID) (map[uuid.UUID]int, error) {
	list, err := tx.KeyBalance.Query().
		Where(keybalance.CountGT(0), keybalance.HasHolderWith(keyholder.StaffIDIn(staff...))).WithHolder().All(tx)
	out := map[uuid.UUID]int{}
	for _, b := range list {
		out[*b.Edges.Holder.StaffID] += b.Count
	}
	return out, err
}

// Relabel implements registry.Keyring.
func (keyring) Relabel(tx *act.Tx, unit *ent.Unit) error {
	sets, err := tx.KeySet.Query().Where(keyset.UnitID(unit.ID)).ForUpdate().All(tx)
	if err != nil {
		return err
	}
	for _, s := range sets {
		label := setLabel(unit.Label, s.Place)
		if err := s.Update().SetLabel(label).SetSortKey(naming.Natural(label)).Exec(tx); err != nil {
			return err
		}
	}
	return nil
}

// setLabel is the name of a key set: its unit and place.
func setLabel(unit, place string) string { return unit + " " + place }
