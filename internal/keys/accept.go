package keys

import (
	"crypto/sha256"
	"slices"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptanceline"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/registry"
)

// acceptance takes the lines of one 钥匙清单.
type acceptance struct {
	*importing.Run
	tx              *act.Tx
	source, cabinet *ent.KeyHolder
	sheet           *ent.KeyAcceptance // made with the first line that says something new
	seen            map[[16]byte]bool  // sets of the lines taken

	holders map[uuid.UUID]uuid.UUID        // of the chunk: household -> its account in the ledger
	cabined map[uuid.UUID]int              // of the chunk: set -> keys in the cabinet
	names   map[uuid.UUID]*ent.Household   // of the chunk: accounts to be opened
	sets    []*ent.KeySetCreate            // yet to be created
	lines   []*ent.KeyAcceptanceLineCreate // as above
	moves   []*ent.KeyMovementCreate       // as above
}

func newAcceptance(r *importing.Run) (*acceptance, error) {
	source, err := office(r.Tx, r.Estate.ID, keyholder.KindSource)
	if err != nil {
		return nil, err
	}
	// An estate may have several cabinets: engineering's keys go to the one it has from its first day.
	cabinet, err := r.Tx.KeyHolder.Query().Where(keyholder.EstateID(r.Estate.ID), keyholder.KindEQ(keyholder.KindCabinet)).
		Order(keyholder.ByID()).First(r.Tx)
	return &acceptance{Run: r, tx: r.Tx, source: source, cabinet: cabinet, seen: map[[16]byte]bool{}}, err
}

// Read implements importing.Chapter.
func (a *acceptance) Read(rec *intake.Record) *keyLine { return readKeys(rec) }

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
	type door struct {
		unit  uuid.UUID
		place string
	}
	at, list := map[door]*ent.KeySet{}, make([]uuid.UUID, len(sets))
	for i, s := range sets {
		at[door{s.UnitID, s.Place}], list[i] = s, s.ID
	}
	said, err := a.tx.KeyAcceptanceLine.Query().Where(keyacceptanceline.EstateID(a.Estate.ID), keyacceptanceline.SetIDIn(list...)).
		Order(keyacceptanceline.ByID()).All(a.tx)
	if err != nil {
		return err
	}
	newest := map[uuid.UUID]*ent.KeyAcceptanceLine{}
	for _, l := range said {
		newest[l.SetID] = l
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

// Check implements importing.Chapter.
func (a *acceptance) Check(l *keyLine) {
	if l.unit == nil {
		l.rec.Reject("room", "没有这个房号,请先导入业户资料。", "There is no such unit; import the units first.")
	}
	if a.seen[doorOf(l)] {
		l.rec.Reject("place", "与前面的行重复。", "An earlier line has this set already.")
	}
	if l.rec.Rejected() {
		return
	}
	if l.withHousehold() && l.owner() == nil {
		l.rec.Reject("state", "该房没有业户,钥匙不可能已移交。", "The unit has no household that keys could be with.")
	}
	if l.last == nil {
		return
	}
	if l.delivered < l.last.Delivered {
		l.rec.Reject("delivered", "少于已验收的 %[1]d 把。", "Fewer than the %[1]d that were accepted.", l.last.Delivered)
	}
	if !l.withHousehold() && l.last.Condition == handedOver {
		l.rec.Reject("state", "系统中这套钥匙已移交业主。", "The keys are with the household on record.")
	}
}

// doorOf is a compact key of the set.
func doorOf(l *keyLine) (key [16]byte) {
	sum := sha256.Sum256([]byte(l.at.Building + "\x00" + l.at.Entrance + "\x00" + l.at.Number + "\x00" + l.place))
	copy(key[:], sum[:])
	return key
}

// Take implements importing.Chapter.
func (a *acceptance) Take(l *keyLine) error {
	a.seen[doorOf(l)] = true
	a.count(l)
	set, before := a.setFor(l), l.last
	if before != nil && !a.differs(l, before) {
		return nil
	}
	if err := a.openSheet(); err != nil {
		return err
	}
	line := newID(ent.TypeKeyAcceptanceLine)
	a.lines = append(a.lines, a.tx.KeyAcceptanceLine.Create().SetID(line).SetEstateID(a.Estate.ID).SetAcceptanceID(a.sheet.ID).SetSetID(set).
		SetDue(l.due).SetDelivered(l.delivered).SetOutstanding(l.due-l.delivered).SetCondition(l.state).SetDeliverer(l.deliverer).SetFollowUp(l.followUp))
	fresh := l.delivered
	if before != nil {
		fresh -= before.Delivered
	}
	a.move(l, set, line, a.source.ID, a.cabinet.ID, fresh, keymovement.ReasonAccepted)
	if l.withHousehold() { // K4.1: what of the set is in the cabinet goes with it; what is lent or at the desk stays there
		a.move(l, set, line, a.cabinet.ID, a.holderOf(l.owner()), min(a.cabined[set]+fresh, l.delivered), keymovement.ReasonHandedOver)
	}
	return nil
}

func (a *acceptance) count(l *keyLine) {
	k := a.Report.Keys
	k.Sets++
	k.Accepted += l.delivered
	k.Outstanding += l.due - l.delivered
	if l.withHousehold() {
		k.WithHouseholds += l.delivered
	} else {
		k.InCabinet += l.delivered
	}
}

func newID(entity string) uuid.UUID { return ids.New(ent.Entities[entity].Code) }

// setFor is the line's set, to be created if there is none.
func (a *acceptance) setFor(l *keyLine) uuid.UUID {
	if l.set != nil {
		return l.set.ID
	}
	id, kind := newID(ent.TypeKeySet), keyset.KindUnitKeys
	if l.unit.Kind == unit.KindPublicArea {
		kind = keyset.KindPublicArea
	}
	label := setLabel(l.unit.Label, l.place)
	a.sets = append(a.sets, a.tx.KeySet.Create().SetID(id).SetEstateID(a.Estate.ID).SetUnitID(l.unit.ID).SetPlace(l.place).
		SetLabel(label).SetKind(kind).SetSortKey(naming.Natural(label)))
	a.Create(l.rec)
	return id
}

// differs tells whether the line says anything that the last one about the set did not.
func (a *acceptance) differs(l *keyLine, last *ent.KeyAcceptanceLine) (differs bool) {
	for _, f := range []struct {
		column string
		other  bool
	}{
		{"due", l.due != last.Due}, {"delivered", l.delivered != last.Delivered}, {"state", l.state != last.Condition},
		{"deliverer", l.deliverer != "" && l.deliverer != last.Deliverer}, {"followUp", l.followUp != last.FollowUp},
	} {
		if f.other {
			a.Change(l.rec, f.column)
			differs = true
		}
	}
	return differs
}

// openSheet makes the sheet that the file's lines stand on (K1.1).
func (a *acceptance) openSheet() (err error) {
	if a.sheet == nil {
		a.sheet, err = a.tx.KeyAcceptance.Create().SetEstateID(a.Estate.ID).SetSourceFile(a.Source).SetHandler(a.tx.Viewer.Name).SetAcceptedAt(a.tx.Now).Save(a.tx)
	}
	return err
}

// move makes an entry of the ledger, in the order of the file.
func (a *acceptance) move(l *keyLine, set, line, from, to uuid.UUID, count int, reason keymovement.Reason) {
	if count == 0 {
		return
	}
	m := a.tx.KeyMovement.Create().SetEstateID(a.Estate.ID).SetSetID(set).SetFromID(from).SetToID(to).SetCount(count).SetReason(reason).
		SetAcceptanceLineID(line).SetOccurredAt(a.tx.Now)
	if reason == keymovement.ReasonHandedOver {
		m.SetHouseholdID(l.owner().ID)
	}
	a.moves = append(a.moves, m)
}

// holderOf is the household's account in the ledger, to be opened if there is none.
func (a *acceptance) holderOf(h *ent.Household) uuid.UUID {
	if id, ok := a.holders[h.ID]; ok {
		return id
	}
	id := newID(ent.TypeKeyHolder)
	a.holders[h.ID], a.names[id] = id, h
	return id
}

// Flush implements importing.Chapter.
func (a *acceptance) Flush() error {
	if err := a.tx.KeySet.CreateBulk(a.sets...).Exec(a.tx); err != nil {
		return err
	}
	if err := a.tx.KeyAcceptanceLine.CreateBulk(a.lines...).Exec(a.tx); err != nil {
		return err
	}
	var holders []*ent.KeyHolderCreate
	for id, h := range a.names {
		holders = append(holders, a.tx.KeyHolder.Create().SetID(id).SetEstateID(a.Estate.ID).SetKind(keyholder.KindHousehold).SetName(h.Name).SetHouseholdID(h.ID))
	}
	if err := a.tx.KeyHolder.CreateBulk(holders...).Exec(a.tx); err != nil {
		return err
	}
	err := a.tx.KeyMovement.CreateBulk(a.moves...).Exec(a.tx)
	a.sets, a.lines, a.moves = slices.Delete(a.sets, 0, len(a.sets)), slices.Delete(a.lines, 0, len(a.lines)), slices.Delete(a.moves, 0, len(a.moves))
	return err
}

// Close implements importing.Chapter: the counts are kept line by line.
func (a *acceptance) Close() {}
