package keys

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/naming"
)

// takeover is what a sheet that takes effect puts on record; each kind of row is written at once, however long the sheet.
type takeover struct {
	tx                          *act.Tx
	sheet                       *ent.KeyAcceptance
	source, cabinet, withGuards *ent.KeyHolder
	there                       map[door]*ent.KeySet

	sets  []*ent.KeySetCreate
	lines []*ent.KeyAcceptanceLineCreate
	seals []*ent.KeySealCreate
	moves []*ent.KeyMovementCreate
}

// takeOver writes the lines of a sheet as accepted: the good keys go to the cabinet (K1.1), those of a public area but one on to
// security under the number given (K1.3). What is owed still the database writes on the sets, by their newest line (K1.4).
func takeOver(tx *act.Tx, sheet *ent.KeyAcceptance, checks []*ent.KeyAcceptanceCheck, numbers map[uuid.UUID]string) error {
	t := takeover{tx: tx, sheet: sheet}
	if err := t.load(checks); err != nil {
		return err
	}
	for _, c := range checks {
		t.take(c, numbers[c.ID])
	}
	if err := tx.KeySet.CreateBulk(t.sets...).Exec(tx); err != nil {
		return err
	}
	if err := tx.KeyAcceptanceLine.CreateBulk(t.lines...).Exec(tx); err != nil {
		return err
	}
	if err := tx.KeySeal.CreateBulk(t.seals...).Exec(tx); err != nil {
		return atNumber(err, "seals")
	}
	return tx.KeyMovement.CreateBulk(t.moves...).Exec(tx)
}

// load finds the holders, and the sets of the units, locked: two sheets of one set follow one another.
func (t *takeover) load(checks []*ent.KeyAcceptanceCheck) (err error) {
	estate := t.sheet.EstateID
	if t.source, err = office(t.tx, estate, keyholder.KindSource); err != nil {
		return err
	}
	if t.withGuards, err = office(t.tx, estate, keyholder.KindSeal); err != nil {
		return err
	}
	if t.cabinet, err = firstCabinet(t.tx, estate); err != nil {
		return err
	}
	units := make([]uuid.UUID, len(checks))
	for i, c := range checks {
		units[i] = c.UnitID
	}
	sets, err := t.tx.KeySet.Query().Where(keyset.EstateID(estate), keyset.UnitIDIn(units...)).Order(keyset.ByID()).ForUpdate().All(t.tx)
	t.there = make(map[door]*ent.KeySet, len(sets))
	for _, s := range sets {
		t.there[door{s.UnitID, s.Place}] = s
	}
	return err
}

// take writes down what was found on a line.
func (t *takeover) take(c *ent.KeyAcceptanceCheck, number string) {
	set, line, delivered := t.setOf(c), importing.NewID(ent.TypeKeyAcceptanceLine), *c.Delivered
	t.lines = append(t.lines, t.tx.KeyAcceptanceLine.Create().SetID(line).SetEstateID(t.sheet.EstateID).SetAcceptanceID(t.sheet.ID).SetSetID(set).
		SetDue(c.Due).SetDelivered(delivered).SetOutstanding(c.Due-delivered).SetCondition(conditionOf(c)).SetDeliverer(t.sheet.Deliverer).SetFollowUp(c.Remark))
	move := func(from, to *ent.KeyHolder, count int, reason keymovement.Reason) {
		t.moves = append(t.moves, t.tx.KeyMovement.Create().SetEstateID(t.sheet.EstateID).SetSetID(set).SetFromID(from.ID).SetToID(to.ID).SetCount(count).
			SetReason(reason).SetAcceptanceLineID(line).SetOccurredAt(t.tx.Now))
	}
	if delivered > 0 {
		move(t.source, t.cabinet, delivered, keymovement.ReasonAccepted)
	}
	if number != "" {
		t.seals = append(t.seals, newSeal(t.tx, t.sheet.EstateID, set, number, delivered-1).SetAcceptanceLineID(line))
		move(t.cabinet, t.withGuards, delivered-1, keymovement.ReasonSealed)
	}
}

// setOf is the line's set, to be created if there is none.
func (t *takeover) setOf(c *ent.KeyAcceptanceCheck) uuid.UUID {
	if s := t.there[door{c.UnitID, c.Place}]; s != nil {
		return s.ID
	}
	id := importing.NewID(ent.TypeKeySet)
	t.sets = append(t.sets, newSet(t.tx, id, c.Edges.Unit, c.Place).SetOutstanding(c.Due-*c.Delivered))
	return id
}

// newSet is a set of keys for a door of a unit.
func newSet(tx *act.Tx, id uuid.UUID, u *ent.Unit, place string) *ent.KeySetCreate {
	kind := keyset.KindUnitKeys
	if u.Kind == unit.KindPublicArea {
		kind = keyset.KindPublicArea
	}
	label := setLabel(u.Label, place)
	return tx.KeySet.Create().SetID(id).SetEstateID(u.EstateID).SetUnitID(u.ID).SetPlace(place).SetLabel(label).SetKind(kind).SetSortKey(naming.Natural(label))
}

// conditionOf is the state of the keys on the sheet (状态).
func conditionOf(c *ent.KeyAcceptanceCheck) string {
	if c.Faulty == 0 {
		return intact
	}
	return fmt.Sprintf("%d 把有问题", c.Faulty)
}
