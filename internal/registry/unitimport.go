package registry

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/building"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/naming"
)

// unitImport takes the lines of one 业户资料.
type unitImport struct {
	*importing.Run
	tx        *act.Tx
	cal       *calendar.Calendar
	today     calendar.Day
	buildings map[string]*ent.Building
	places    map[fingerprint]bool      // of the lines taken
	new       map[fingerprint]uuid.UUID // households that this file made, by name and telephone
	said      map[uuid.UUID]fingerprint // what the file said of the households that it names
	contacted map[fingerprint]bool      // whom it said to call, by household and name

	known map[fingerprint]*ent.Household // of the chunk: on record under the name and telephone
	taken map[string]bool                // of the chunk: household codes
	waiting
}

// waiting are the rows of the chunk that are yet to be created.
type waiting struct {
	units       []*ent.UnitCreate
	households  []*ent.HouseholdCreate
	residents   []*ent.ResidentCreate
	contacts    []*ent.EmergencyContactCreate
	occupancies []*ent.OccupancyCreate
	notices     []notice
}

// notice is an occupancy to come, of which an obligation is made.
type notice struct {
	id, household uuid.UUID
	label         string
	deadline      calendar.Day
}

func newUnitImport(r *importing.Run) (*unitImport, error) {
	cal, err := r.Tx.Calendar(r.Estate.ID)
	if err != nil {
		return nil, err
	}
	all, err := r.Tx.Building.Query().Where(building.EstateID(r.Estate.ID)).All(r.Tx)
	if err != nil {
		return nil, err
	}
	m := &unitImport{
		Run: r, tx: r.Tx, cal: cal, today: cal.Today(r.Tx.Now), buildings: map[string]*ent.Building{},
		places: map[fingerprint]bool{}, new: map[fingerprint]uuid.UUID{}, said: map[uuid.UUID]fingerprint{}, contacted: map[fingerprint]bool{},
	}
	for _, b := range all {
		m.buildings[b.Code] = b
	}
	return m, nil
}

// Read implements importing.Chapter.
func (m *unitImport) Read(rec *intake.Record) *unitLine { return readUnit(rec, m.today) }

// Load implements importing.Chapter.
func (m *unitImport) Load(lines []*unitLine) error {
	m.known, m.taken = map[fingerprint]*ent.Household{}, map[string]bool{}
	if len(lines) == 0 {
		return nil
	}
	if err := m.loadUnits(lines); err != nil {
		return err
	}
	return m.loadHouseholds(lines)
}

func (m *unitImport) loadUnits(lines []*unitLine) error {
	var buildings []uuid.UUID
	var entrances, rooms []string
	for _, l := range lines {
		if b := m.buildings[l.building]; b != nil {
			buildings, entrances, rooms = append(buildings, b.ID), append(entrances, l.entrance), append(rooms, l.room)
		}
	}
	found, err := m.tx.Unit.Query().Where(unit.EstateID(m.Estate.ID), atPlaces(buildings, entrances, rooms)).
		WithOccupancies(func(q *ent.OccupancyQuery) {
			q.Where(occupancy.UntilOnIsNil()).WithHousehold(func(q *ent.HouseholdQuery) {
				q.WithEmergencyContacts().WithResidents(func(q *ent.ResidentQuery) { q.Where(resident.RelationEQ(resident.RelationHead)) })
			})
		}).ForUpdate().All(m.tx)
	if err != nil {
		return err
	}
	type place struct {
		building       uuid.UUID
		entrance, room string
	}
	at := make(map[place]*ent.Unit, len(found))
	for _, u := range found {
		at[place{u.BuildingID, u.Entrance, u.Number}] = u
	}
	for _, l := range lines {
		b := m.buildings[l.building]
		if b == nil {
			continue
		}
		if l.unit = at[place{b.ID, l.entrance, l.room}]; l.unit == nil {
			continue
		}
		for _, o := range l.unit.Edges.Occupancies {
			if o.Capacity == occupancy.CapacityOwner {
				l.owner = o
			} else {
				l.others = append(l.others, o)
			}
		}
	}
	return nil
}

// loadHouseholds finds who might be on record already: by telephone, which then has to go with the name.
func (m *unitImport) loadHouseholds(lines []*unitLine) error {
	var phones []contact.Phone
	var labels []string
	for _, l := range lines {
		if l.occupied() && l.owner == nil {
			label, _ := unitLabel(l.building, l.entrance, l.room)
			if labels = append(labels, label); l.phone != "" {
				phones = append(phones, contact.New(l.phone))
			}
		}
	}
	if len(labels) == 0 {
		return nil
	}
	heads, err := m.tx.Resident.Query().Where(resident.EstateID(m.Estate.ID), resident.PhoneIn(phones...), resident.RelationEQ(resident.RelationHead)).
		WithHousehold(func(q *ent.HouseholdQuery) { q.WithEmergencyContacts() }).Order(resident.ByID()).All(m.tx)
	if err != nil {
		return err
	}
	for _, r := range heads {
		m.known[fingerprintOf(r.Edges.Household.Name, r.Phone.Full())] = r.Edges.Household
	}
	codes, err := m.tx.Household.Query().Where(household.EstateID(m.Estate.ID), household.CodeIn(labels...)).Select(household.FieldCode).Strings(m.tx)
	for _, c := range codes {
		m.taken[c] = true
	}
	return err
}

// Check implements importing.Chapter.
func (m *unitImport) Check(l *unitLine) {
	if m.places[l.place()] {
		l.rec.Reject("room", "房号与前面的行重复。", "An earlier line has the unit already.")
	}
	switch {
	case l.rec.Rejected(), l.unit == nil:
	case !l.occupied():
		if l.owner != nil || len(l.others) > 0 {
			l.rec.Reject("state", "系统中该房仍有业户,请先办理迁出。", "The unit has a household on record; move it out first.")
		}
	case l.owner != nil:
		m.checkOwner(l)
	}
}

func (m *unitImport) checkOwner(l *unitLine) {
	h, o := l.owner.Edges.Household, l.owner
	if !called(h, l.name) && (l.phone == "" || headPhone(h) != l.phone) {
		l.rec.Reject("name", "系统中该房的业主是另一户,请先办理迁出。", "The unit's owner on record is another household; move it out first.")
	}
	if o.State == occupancy.StateMovedIn && !l.hasMovedIn() {
		l.rec.Reject("state", "系统中该户已入伙。", "The household has moved in on record.")
	}
	if !l.movedIn.IsZero() && l.hasMovedIn() && l.movedIn.UTC().Before(o.FromOn) {
		l.rec.Reject("movedIn", "入伙早于系统中的入伙通知或入住。", "Moved in before the notice or move-in on record.")
	}
	if said, ok := m.said[h.ID]; ok && said != l.who() {
		l.apart = true
		l.rec.Warn("name", "与前面同一业户的行不一致,以前面的行为准。", "An earlier line says otherwise of the same household; it stands.")
	}
}

// Take implements importing.Chapter.
func (m *unitImport) Take(l *unitLine) error {
	m.places[l.place()] = true
	m.Report.Units.Units++
	switch l.state {
	case unit.StateVacant:
		m.Report.Vacant++
	case unit.StateAwaitingMoveIn:
		m.Report.NotYetMovedIn++
	}
	id, label, err := m.takeUnit(l)
	if err != nil || !l.occupied() {
		return err
	}
	if l.owner == nil {
		return m.settle(l, id, label)
	}
	return m.update(l)
}

// takeUnit makes the unit, or changes what differs.
func (m *unitImport) takeUnit(l *unitLine) (uuid.UUID, string, error) {
	if l.unit != nil {
		return l.unit.ID, l.unit.Label, m.changeUnit(l)
	}
	b, err := m.building(l.building)
	if err != nil {
		return uuid.Nil, "", err
	}
	id := importing.NewID(ent.TypeUnit)
	label, key := unitLabel(l.building, l.entrance, l.room)
	m.units = append(m.units, m.tx.Unit.Create().SetID(id).SetEstateID(m.Estate.ID).SetBuildingID(b.ID).SetEntrance(l.entrance).SetNumber(l.room).
		SetLabel(label).SetSortKey(key).SetState(l.state).SetAreaHundredths(l.area).SetRemark(l.remark))
	m.Create(l.rec)
	return id, label, nil
}

// building finds a building, or makes it.
func (m *unitImport) building(code string) (*ent.Building, error) {
	if b := m.buildings[code]; b != nil {
		return b, nil
	}
	b, err := m.tx.Building.Create().SetEstateID(m.Estate.ID).SetCode(code).SetSortKey(naming.Natural(code)).Save(m.tx)
	m.buildings[code] = b
	return b, err
}

func (m *unitImport) changeUnit(l *unitLine) error {
	u, differs := l.unit.Update(), false
	change := func(column string) {
		differs = true
		m.Change(l.rec, column)
	}
	if l.area != 0 && l.area != l.unit.AreaHundredths {
		u.SetAreaHundredths(l.area)
		change("area")
	}
	if l.remark != "" && l.remark != l.unit.Remark {
		u.SetRemark(l.remark)
		change("remark")
	}
	if l.state != l.unit.State && len(l.others) == 0 { // with a tenant the unit's state is the tenant's
		u.SetState(l.state)
		change("state")
	}
	if !differs {
		return nil
	}
	return u.Exec(m.tx)
}

// Flush implements importing.Chapter.
func (m *unitImport) Flush() (err error) {
	for _, bulk := range []func() error{
		func() error { return m.tx.Unit.CreateBulk(m.units...).Exec(m.tx) },
		func() error { return m.tx.Household.CreateBulk(m.households...).Exec(m.tx) },
		func() error { return m.tx.Resident.CreateBulk(m.residents...).Exec(m.tx) },
		func() error { return m.tx.EmergencyContact.CreateBulk(m.contacts...).Exec(m.tx) },
		func() error { return m.tx.Occupancy.CreateBulk(m.occupancies...).Exec(m.tx) },
		m.openNotices,
	} {
		if err := bulk(); err != nil {
			return err
		}
	}
	m.waiting = waiting{}
	return nil
}

// Close implements importing.Chapter.
func (m *unitImport) Close() { m.Report.Households = len(m.said) }
