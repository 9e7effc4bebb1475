package registry

import (
	"slices"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/naming"
)

// settle gives a unit that has no owner on record the household of the line: one that has another unit
// already (a flat and its parking place), or a new one.
func (m *unitImport) settle(l *unitLine, unitID uuid.UUID, label string) error {
	id := m.household(l, label)
	m.said[id] = l.who()
	if l.unit != nil { // a new unit is counted by its line
		m.Change(l.rec, "name")
	}
	d := dates{from: l.notice, noticed: l.notice, state: occupancy.StateNoticed}
	if l.hasMovedIn() {
		d.state, d.movedIn = occupancy.StateMovedIn, firstOf(l.movedIn, l.notice, m.today)
	} else {
		d.noticed = firstOf(l.notice, m.today)
		d.deadline = d.noticed.AddDays(NoticeDays)
	}
	d.from = firstOf(d.noticed, d.movedIn)
	o := importing.NewID(ent.TypeOccupancy)
	pays := true
	for _, other := range l.others {
		pays = pays && !other.Payer
	}
	create := m.tx.Occupancy.Create().SetID(o).SetEstateID(m.Estate.ID).SetHouseholdID(id).SetUnitID(unitID).SetUnitLabel(label).
		SetCapacity(occupancy.CapacityOwner).SetPayer(pays).SetFromOn(d.from.UTC())
	m.occupancies = append(m.occupancies, d.set(create))
	if d.state == occupancy.StateNoticed {
		m.notices = append(m.notices, notice{o, id, label, d.deadline})
	}
	var contacts []*ent.EmergencyContact
	if h := m.known[l.who()]; h != nil {
		contacts = h.Edges.EmergencyContacts
	}
	return m.takeContact(l, id, contacts)
}

func firstOf(days ...calendar.Day) calendar.Day {
	for _, d := range days {
		if !d.IsZero() {
			return d
		}
	}
	return calendar.Day{}
}

// household finds the line's household under its name and telephone, or makes it.
func (m *unitImport) household(l *unitLine, label string) uuid.UUID {
	if l.phone != "" {
		if h := m.known[l.who()]; h != nil {
			return h.ID
		}
		if id, ok := m.new[l.who()]; ok {
			return id
		}
	}
	id := importing.NewID(ent.TypeHousehold)
	if l.phone != "" {
		m.new[l.who()] = id
	}
	code := freeCode(label, func(code string) bool { return m.taken[code] })
	m.taken[code] = true
	m.households = append(m.households, m.tx.Household.Create().SetID(id).SetEstateID(m.Estate.ID).SetCode(code).SetName(l.name).SetSortKey(naming.Pinyin(l.name)))
	m.residents = append(m.residents, m.newHead(id, l))
	return id
}

func (m *unitImport) newHead(household uuid.UUID, l *unitLine) *ent.ResidentCreate {
	return m.tx.Resident.Create().SetEstateID(m.Estate.ID).SetHouseholdID(household).SetName(l.name).SetSortKey(naming.Pinyin(l.name)).
		SetRelation(resident.RelationHead).SetPhone(contact.New(l.phone))
}

// takeContact updates the emergency contact of the name, or adds one. What the file says first of a
// household's contact stands.
func (m *unitImport) takeContact(l *unitLine, household uuid.UUID, onRecord []*ent.EmergencyContact) error {
	said := fingerprintOf(household.String(), l.emergency)
	if l.emergency == "" && l.emergencyPhone == "" || l.apart || m.contacted[said] {
		return nil
	}
	m.contacted[said] = true
	for _, c := range onRecord {
		if c.Name != l.emergency {
			continue
		}
		if l.emergencyPhone == "" || c.Phone.Full() == l.emergencyPhone {
			return nil
		}
		m.Change(l.rec, "emergencyPhone")
		return c.Update().SetPhone(contact.New(l.emergencyPhone)).Exec(m.tx)
	}
	m.contacts = append(m.contacts, m.tx.EmergencyContact.Create().SetEstateID(m.Estate.ID).SetHouseholdID(household).
		SetName(l.emergency).SetPhone(contact.New(l.emergencyPhone)))
	if l.unit != nil {
		m.Change(l.rec, "emergency")
	}
	return nil
}

// openNotices makes the coming of who got a notice an obligation.
func (m *unitImport) openNotices() error {
	for _, n := range m.notices {
		due := moveInOf(m.tx, n.id, m.Estate.ID, n.household, n.label, m.cal.EndOfDay(n.deadline))
		if err := moveInDue.Open(m.tx, due); err != nil {
			return err
		}
	}
	return nil
}

// update changes what differs of the owner on record: the household, once per file, and the occupancy.
func (m *unitImport) update(l *unitLine) error {
	h := l.owner.Edges.Household
	if _, before := m.said[h.ID]; !before {
		m.said[h.ID] = l.who()
		if err := m.changeHousehold(l, h); err != nil {
			return err
		}
	}
	if err := m.takeContact(l, h.ID, h.Edges.EmergencyContacts); err != nil {
		return err
	}
	return m.changeOccupancy(l, l.owner)
}

func (m *unitImport) changeHousehold(l *unitLine, h *ent.Household) error {
	renamed := !called(h, l.name)
	if renamed {
		m.Change(l.rec, "name")
		if err := h.Update().SetName(l.name).SetSortKey(naming.Pinyin(l.name)).Exec(m.tx); err != nil {
			return err
		}
	}
	r := head(h)
	if r == nil {
		if l.phone == "" {
			return nil
		}
		m.Change(l.rec, "phone")
		return m.newHead(h.ID, l).Exec(m.tx)
	}
	u, differs := r.Update(), false
	if renamed {
		u.SetName(l.name).SetSortKey(naming.Pinyin(l.name))
		differs = true
	}
	if l.phone != "" && l.phone != r.Phone.Full() {
		u.SetPhone(contact.New(l.phone))
		m.Change(l.rec, "phone")
		differs = true
	}
	if !differs {
		return nil
	}
	return u.Exec(m.tx)
}

// changeOccupancy follows the dates of the file, and takes a household that came since the last one in.
func (m *unitImport) changeOccupancy(l *unitLine, o *ent.Occupancy) (err error) {
	if o, err = m.changeNotice(l, o); err != nil {
		return err
	}
	switch {
	case !l.hasMovedIn():
		return nil
	case o.State == occupancy.StateNoticed:
		_, err = arrive(m.tx, o, firstOf(l.movedIn, m.today))
		if !l.movedIn.IsZero() {
			m.Change(l.rec, "movedIn")
		}
		return err
	case o.State == occupancy.StateDeemedMovedIn: // fees ran from the deadline, and still do
		return o.Update().SetState(occupancy.StateMovedIn).Exec(m.tx)
	}
	if on := l.movedIn; !on.IsZero() && !feesFrom(o, on).Equal(*o.MovedInOn) {
		m.Change(l.rec, "movedIn")
		return o.Update().SetMovedInOn(feesFrom(o, on)).Exec(m.tx)
	}
	return nil
}

func (m *unitImport) changeNotice(l *unitLine, o *ent.Occupancy) (*ent.Occupancy, error) {
	if l.notice.IsZero() || o.NoticedOn != nil && l.notice.UTC().Equal(*o.NoticedOn) || o.State == occupancy.StateDeemedMovedIn {
		return o, nil
	}
	m.Change(l.rec, "notice")
	u := o.Update().SetNoticedOn(l.notice.UTC())
	if o.DeadlineOn == nil {
		return u.Save(m.tx)
	}
	// the household has as long as before, counted from the day that the file gives
	deadline := l.notice.AddDays(calendar.DayOf(*o.DeadlineOn).Sub(calendar.DayOf(*o.NoticedOn)))
	o, err := u.SetDeadlineOn(deadline.UTC()).Save(m.tx)
	if err != nil || o.State != occupancy.StateNoticed {
		return o, err
	}
	return o, moveInDue.Move(m.tx, o.ID, m.cal.EndOfDay(deadline))
}

func head(h *ent.Household) *ent.Resident {
	if len(h.Edges.Residents) == 0 {
		return nil
	}
	return slices.MinFunc(h.Edges.Residents, func(a, b *ent.Resident) int { return slices.Compare(a.ID[:], b.ID[:]) })
}

// called tells whether the household, or its head, is known by the name.
func called(h *ent.Household, name string) bool {
	r := head(h)
	return h.Name == name || r != nil && r.Name == name
}

func headPhone(h *ent.Household) string {
	if r := head(h); r != nil {
		return r.Phone.Full()
	}
	return ""
}
