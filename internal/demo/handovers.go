package demo

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/keys"
)

// handovers are keys that pass to and from a household and engineering (K4.1).
func (h *history) handovers() map[int][]func() error {
	var set, person uuid.UUID
	var home *ent.Household
	mechanic := h.mechanics[h.estate.ID][0]
	return map[int][]func() error{
		26: {func() (err error) {
			if set, home, err = h.awaited(); err != nil {
				return err
			}
			if person, err = home.QueryResidents().Order(ent.Asc(resident.FieldID)).FirstID(h.system); err != nil {
				return err
			}
			_, err = keys.HandOver.Do(h.custodian, keys.HandOverKeysInput{SetID: set, Count: 3, FromID: h.cabinet, HouseholdID: home.ID, ResidentID: &person, Signature: attested()})
			return err
		}},
		10: {func() error {
			_, err := keys.TakeBack.Do(h.custodian, keys.TakeBackKeysInput{SetID: set, Count: 1, HouseholdID: home.ID, ToID: h.cabinet, ResidentID: &person, Signature: attested()})
			return err
		}},
		20: {func() error {
			_, err := keys.GiveToEngineering.Do(h.custodian, keys.GiveKeysToEngineeringInput{
				SetID: h.kept[4], Count: 2, FromID: h.cabinet, Reason: "管道改造,工程部留用", StaffID: &mechanic, Signature: attested(),
			})
			return err
		}},
		5: {func() error {
			_, err := keys.TakeFromEngineering.Do(h.custodian, keys.TakeKeysFromEngineeringInput{
				SetID: h.kept[4], Count: 1, ToID: h.cabinet, Reason: "改造完工,交回一把", StaffID: &mechanic, Signature: attested(),
			})
			return err
		}},
	}
}

// awaited is a set in the cabinet of a unit that somebody has, and who has it.
func (h *history) awaited() (uuid.UUID, *ent.Household, error) {
	db := act.From(h.system).DB.Ent
	now := func(q *ent.OccupancyQuery) { q.Where(occupancy.UntilOnIsNil()).WithHousehold() }
	set, err := db.KeySet.Query().Where(keyset.EstateID(h.estate.ID), keyset.IDNotIn(slices.Concat(h.sets, h.kept)...),
		keyset.HasBalancesWith(keybalance.CountGTE(3), keybalance.HolderID(h.cabinet)),
		keyset.HasUnitWith(unit.HasOccupanciesWith(occupancy.UntilOnIsNil()))).
		WithUnit(func(q *ent.UnitQuery) { q.WithOccupancies(now) }).Order(ent.Asc(keyset.FieldSortKey)).First(h.system)
	if err != nil {
		return uuid.Nil, nil, err
	}
	return set.ID, set.Edges.Unit.Edges.Occupancies[0].Edges.Household, nil
}
