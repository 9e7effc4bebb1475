package keys

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/importrun"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/policy"
)

// Import reads 钥匙清单: an acceptance sheet of what engineering owes and delivered (K1.1, K1.4). What it delivered
// goes from the source to the cabinet, and on to the household where the list says so (K4.1). Sets are matched by
// unit and place; a list that says more of a set than the last one makes a further line, and moves the difference,
// so that a second run of the same file changes nothing.
//
// Errors: those of importing.Perform.
var Import = act.New("keys.import", act.Needs(policy.KeyAcceptance, policy.Import), act.Clauses("K1.1", "K1.4", "K4.1"),
	func(tx *act.Tx, req importing.Request) (*importing.Outcome, error) {
		out, err := importing.Perform(tx, req, keyForm)
		if err != nil {
			return out, err
		}
		return out, tellImported(tx, out)
	})

// ImportUploaded imports an uploaded file.
func ImportUploaded(ctx context.Context, up importing.Upload) (*importing.Payload, error) {
	return importing.Uploaded(ctx, Import, up)
}

var keyForm = importing.Form[*keyLine]{
	Kind:   importrun.KindKeys,
	Report: importing.OfKeys,
	Columns: []intake.Column{
		{Name: "building", Headings: []string{"楼栋", "栋号", "楼号"}, Required: true},
		{Name: "entrance", Headings: []string{"单元"}},
		{Name: "room", Headings: []string{"房号", "房间号"}, Required: true},
		{Name: "place", Headings: []string{"位置"}, Required: true},
		{Name: "due", Headings: []string{"应交数量"}, Required: true},
		{Name: "delivered", Headings: []string{"实交数量"}, Required: true},
		{Name: "state", Headings: []string{"状态"}, Required: true},
		{Name: "deliverer", Headings: []string{"交验人"}},
		{Name: "followUp", Headings: []string{"跟进情况"}},
	},
	Begin: func(r *importing.Run) (importing.Chapter[*keyLine], error) { return newAcceptance(r) },
}

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

// Take implements importing.Chapter.
func (a *acceptance) Take(l *keyLine) error {
	a.seen[doorOf(l)] = true
	a.count(l)
	before := l.last
	if before != nil && !a.differs(l, before) {
		return nil
	}
	set, err := a.setFor(l)
	if err != nil {
		return err
	}
	if err := a.openSheet(); err != nil {
		return err
	}
	line := importing.NewID(ent.TypeKeyAcceptanceLine)
	a.lines = append(a.lines, a.tx.KeyAcceptanceLine.Create().SetID(line).SetEstateID(a.Estate.ID).SetAcceptanceID(a.sheet.ID).SetSetID(set).
		SetDue(l.due).SetDelivered(l.delivered).SetOutstanding(l.outstanding()).SetCondition(l.state).SetDeliverer(l.deliverer).SetFollowUp(l.followUp))
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
	k.Outstanding += l.outstanding()
	if l.withHousehold() {
		k.WithHouseholds += l.delivered
	} else {
		k.InCabinet += l.delivered
	}
}

// setFor is the line's set, to be created if there is none. What is owed of it is what the newest line says (K1.4).
func (a *acceptance) setFor(l *keyLine) (uuid.UUID, error) {
	if l.set != nil {
		if l.set.Outstanding == l.outstanding() {
			return l.set.ID, nil
		}
		return l.set.ID, l.set.Update().SetOutstanding(l.outstanding()).Exec(a.tx)
	}
	id := importing.NewID(ent.TypeKeySet)
	a.sets = append(a.sets, newSet(a.tx, id, l.unit, l.place).SetOutstanding(l.outstanding()))
	a.Create(l.rec)
	return id, nil
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
	id := importing.NewID(ent.TypeKeyHolder)
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
