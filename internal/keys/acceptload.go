package keys

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptance"
	"github.com/steward-pm/steward/ent/keyacceptanceline"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/registry"
)

// Load implements importing.Chapter.
func (a *acceptance) Load(lines []*keyLine) error {
	a.holders, a.cabined, a.names = map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]int{}, map[uuid.UUID]*ent.Household{}
	if len(lines) == 0 {
		return nil
	}
	places := make([]registry.Place, len(lines))
	for i, l := range lines {
		places[i] = l.at
	}
	units, err := registry.UnitsAt(a.tx, a.Estate.ID, places)
	if err != nil {
		return err
	}
	for _, l := range lines {
		l.unit = units[l.at]
	}
	if err := a.loadSets(lines); err != nil {
		return err
	}
	return a.loadHolders(lines)
}

// loadSets finds the sets of the units with the newest line about each, and locks them: two lists about
// one set wait for each other.
func (a *acceptance) loadSets(lines []*keyLine) error {
	var units []uuid.UUID
	for _, l := range lines {
		if l.unit != nil {
			units = append(units, l.unit.ID)
		}
	}
	sets, err := a.tx.KeySet.Query().Where(keyset.EstateID(a.Estate.ID), keyset.UnitIDIn(units...)).Order(keyset.ByID()).ForUpdate().All(a.tx)
	if err != nil || len(sets) == 0 {
		return err
	}
	at, list := map[door]*ent.KeySet{}, make([]uuid.UUID, len(sets))
	for i, s := range sets {
		at[door{s.UnitID, s.Place}], list[i] = s, s.ID
	}
	said, err := inEffect(a.tx.KeyAcceptanceLine.Query().Where(keyacceptanceline.EstateID(a.Estate.ID), keyacceptanceline.SetIDIn(list...))).
		WithAcceptance().Order(keyacceptanceline.ByID()).All(a.tx)
	if err != nil {
		return err
	}
	newest := map[uuid.UUID]*ent.KeyAcceptanceLine{}
	for _, l := range said {
		newest[l.SetID] = together(newest[l.SetID], l)
	}
	for _, l := range lines {
		if l.unit == nil {
			continue
		}
		if l.set = at[door{l.unit.ID, l.place}]; l.set != nil {
			l.last = newest[l.set.ID]
		}
	}
	balances, err := a.tx.KeyBalance.Query().Where(keybalance.EstateID(a.Estate.ID), keybalance.HolderID(a.cabinet.ID), keybalance.SetIDIn(list...)).All(a.tx)
	for _, b := range balances {
		a.cabined[b.SetID] = b.Count
	}
	return err
}

// inEffect keeps to the lines of sheets that are: not voided.
func inEffect(q *ent.KeyAcceptanceLineQuery) *ent.KeyAcceptanceLineQuery {
	return q.Where(keyacceptanceline.HasAcceptanceWith(keyacceptance.StateEQ(keyacceptance.StateEffective)))
}

// together is what two lines say of a set, one after the other, as a list does. A list says what came in all; a sheet that
// was filled in here says what came that time, which adds up.
func together(before, l *ent.KeyAcceptanceLine) *ent.KeyAcceptanceLine {
	if before == nil || l.Edges.Acceptance.SourceFile != "" {
		return l
	}
	sum := *l
	sum.Due, sum.Delivered = before.Delivered+l.Due, before.Delivered+l.Delivered
	return &sum
}

func (a *acceptance) loadHolders(lines []*keyLine) error {
	var households []uuid.UUID
	for _, l := range lines {
		if h := l.owner(); h != nil && l.withHousehold() {
			households = append(households, h.ID)
		}
	}
	if len(households) == 0 {
		return nil
	}
	found, err := a.tx.KeyHolder.Query().Where(keyholder.EstateID(a.Estate.ID), keyholder.KindEQ(keyholder.KindHousehold),
		keyholder.HouseholdIDIn(households...)).All(a.tx)
	for _, h := range found {
		a.holders[*h.HouseholdID] = h.ID
	}
	return err
}
