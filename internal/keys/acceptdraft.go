package keys

import (
	"cmp"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptance"
	"github.com/steward-pm/steward/ent/keyacceptancecheck"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	maxSheet = 500 // lines of a sheet: so many are signed for at once
	maxLines = 200 // that are written or checked at once
)

// KeyAcceptanceLineInput says what engineering owes of a set: the keys of a door.
type KeyAcceptanceLineInput struct {
	UnitID uuid.UUID
	Place  string
	Due    int
}

// DraftKeyAcceptanceInput says who of engineering delivers what.
type DraftKeyAcceptanceInput struct {
	EstateID  uuid.UUID
	Deliverer string
	Lines     []KeyAcceptanceLineInput
}

// Check refuses what is no name, and lines that are none.
func (in DraftKeyAcceptanceInput) Check() error {
	return cmp.Or(wording.CheckName("deliverer", in.Deliverer), checkSheet(in.Lines))
}

// DraftKeyAcceptancePayload is the sheet.
type DraftKeyAcceptancePayload struct{ Acceptance *ent.KeyAcceptance }

// DraftAcceptance begins a sheet of keys that engineering delivers, which are then checked step by step (K1.1).
//
// Errors: NOT_FOUND; INVALID_INPUT.
var DraftAcceptance = act.New("keys.draftAcceptance", act.Needs(policy.KeyAcceptance, policy.Create), act.Clauses("K1.1"), draftAcceptance)

func draftAcceptance(tx *act.Tx, in DraftKeyAcceptanceInput) (*DraftKeyAcceptancePayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	sheet, err := tx.KeyAcceptance.Create().SetEstateID(e.ID).SetState(keyacceptance.StateDraft).SetDeliverer(wording.Tidy(in.Deliverer)).
		SetHandler(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	rows, err := linesFor(tx, sheet, in.Lines)
	if err != nil {
		return nil, err
	}
	return &DraftKeyAcceptancePayload{sheet}, tx.KeyAcceptanceCheck.CreateBulk(rows...).Exec(tx)
}

// AddKeyAcceptanceLinesInput says what else engineering delivers.
type AddKeyAcceptanceLinesInput struct {
	AcceptanceID uuid.UUID
	Lines        []KeyAcceptanceLineInput
}

// Check refuses lines that are none.
func (in AddKeyAcceptanceLinesInput) Check() error { return checkSheet(in.Lines) }

// AddKeyAcceptanceLinesPayload is the sheet as it stands after.
type AddKeyAcceptanceLinesPayload struct{ Acceptance *ent.KeyAcceptance }

// AddAcceptanceLines puts further lines on a sheet in draft (K1.1).
//
// Errors: NOT_FOUND; INVALID_INPUT; CONFLICT if the sheet is in draft no more, or has the set already.
var AddAcceptanceLines = act.New("keys.addAcceptanceLines", act.Needs(policy.KeyAcceptanceCheck, policy.Create), act.Clauses("K1.1"), addAcceptanceLines)

func addAcceptanceLines(tx *act.Tx, in AddKeyAcceptanceLinesInput) (*AddKeyAcceptanceLinesPayload, error) {
	sheet, err := sheetOf(tx, in.AcceptanceID)
	if err != nil {
		return nil, err
	}
	rows, err := linesFor(tx, sheet, in.Lines)
	if err != nil {
		return nil, err
	}
	if err := inDraft(sheet); err != nil {
		return nil, err
	}
	there, err := tx.KeyAcceptanceCheck.Query().Where(keyacceptancecheck.AcceptanceID(sheet.ID), keyacceptancecheck.RemovedAtIsNil()).Count(tx)
	if err != nil {
		return nil, err
	}
	if there+len(in.Lines) > maxSheet {
		return nil, fault.Invalid("lines", "一张验收表最多 %[1]d 行,请另开一张。", "A sheet has at most %[1]d lines; begin another one.", maxSheet).By("K1.1")
	}
	if err := tx.KeyAcceptanceCheck.CreateBulk(rows...).Exec(tx); err != nil {
		return nil, err
	}
	sheet, err = sheet.Update().Save(tx) // who signs the sheet as it was is told
	return &AddKeyAcceptanceLinesPayload{sheet}, err
}

// RemoveKeyAcceptanceLineInput says which line leaves its sheet.
type RemoveKeyAcceptanceLineInput struct{ CheckID uuid.UUID }

// RemoveKeyAcceptanceLinePayload is the sheet as it stands after.
type RemoveKeyAcceptanceLinePayload struct{ Acceptance *ent.KeyAcceptance }

// RemoveAcceptanceLine takes a line off a sheet in draft; on record it stays (K1.1).
//
// Errors: NOT_FOUND; CONFLICT if the sheet is in draft no more, or the line is off already.
var RemoveAcceptanceLine = act.New("keys.removeAcceptanceLine", act.Needs(policy.KeyAcceptanceCheck, policy.Update), act.Clauses("K1.1"), removeAcceptanceLine)

func removeAcceptanceLine(tx *act.Tx, in RemoveKeyAcceptanceLineInput) (*RemoveKeyAcceptanceLinePayload, error) {
	line, err := tx.KeyAcceptanceCheck.Get(tx, in.CheckID)
	if line, err = act.Find(line, err, "checkID"); err != nil {
		return nil, err
	}
	sheet, err := draftOf(tx, line.AcceptanceID)
	if err != nil {
		return nil, err
	}
	if line, err = tx.KeyAcceptanceCheck.Get(tx, line.ID); err != nil { // as it is under the sheet's lock
		return nil, err
	}
	if line.RemovedAt != nil {
		return nil, fault.Clash("该行已移除。", "The line was removed already.").By("K1.1").At("checkID")
	}
	if err := line.Update().SetRemovedAt(tx.Now).Exec(tx); err != nil {
		return nil, err
	}
	sheet, err = sheet.Update().Save(tx)
	return &RemoveKeyAcceptanceLinePayload{sheet}, err
}

// CancelKeyAcceptanceInput says which sheet is given up.
type CancelKeyAcceptanceInput struct{ AcceptanceID uuid.UUID }

// CancelKeyAcceptancePayload is the sheet as it stands after.
type CancelKeyAcceptancePayload struct{ Acceptance *ent.KeyAcceptance }

// CancelAcceptance gives up a sheet in draft: nothing was accepted by it (K1.1).
//
// Errors: NOT_FOUND; CONFLICT if it is in draft no more.
var CancelAcceptance = act.New("keys.cancelAcceptance", act.Needs(policy.KeyAcceptance, policy.Update), act.Clauses("K1.1"), cancelAcceptance)

func cancelAcceptance(tx *act.Tx, in CancelKeyAcceptanceInput) (*CancelKeyAcceptancePayload, error) {
	sheet, err := draftOf(tx, in.AcceptanceID)
	if err != nil {
		return nil, err
	}
	sheet, err = sheet.Update().SetState(keyacceptance.StateCancelled).Save(tx)
	return &CancelKeyAcceptancePayload{sheet}, err
}

// sheetOf locks a sheet, so that what is done to it follows one another. Errors: NOT_FOUND.
func sheetOf(tx *act.Tx, id uuid.UUID) (*ent.KeyAcceptance, error) {
	sheet, err := tx.KeyAcceptance.Query().Where(keyacceptance.ID(id)).ForUpdate().Only(tx)
	return act.Find(sheet, err, "acceptanceID")
}

// draftOf locks a sheet in draft. Errors: NOT_FOUND; CONFLICT if it is in draft no more.
func draftOf(tx *act.Tx, id uuid.UUID) (*ent.KeyAcceptance, error) {
	sheet, err := sheetOf(tx, id)
	if err != nil {
		return nil, err
	}
	return sheet, inDraft(sheet)
}

// inDraft refuses a sheet that does not change any more. Errors: CONFLICT.
func inDraft(sheet *ent.KeyAcceptance) error {
	if sheet.State == keyacceptance.StateDraft {
		return nil
	}
	return fault.Clash("这张验收表已生效或已取消,不能再改;如有需要请另开一张。",
		"The sheet took effect or was cancelled, and does not change any more; begin another one if needed.").By("K1.1").At("acceptanceID")
}

// checkSheet refuses lines that are none, and a set that is on two.
func checkSheet(lines []KeyAcceptanceLineInput) error {
	if len(lines) == 0 || len(lines) > maxLines {
		return fault.Invalid("lines", "请填写 1 到 %[1]d 行,更多的行请分次添加。", "Give between 1 and %[1]d lines, and add more in further steps.", maxLines).By("K1.1")
	}
	seen := map[door]bool{}
	for i, l := range lines {
		at := door{l.UnitID, wording.Tidy(l.Place)}
		if err := cmp.Or(wording.CheckName(fmt.Sprintf("lines.%d.place", i), l.Place), checkCount(fmt.Sprintf("lines.%d.due", i), l.Due, "K1.1")); err != nil {
			return err
		}
		if seen[at] {
			return fault.Invalid(fmt.Sprintf("lines.%d.place", i), "与前面的行重复。", "An earlier line has this set already.").By("K1.1")
		}
		seen[at] = true
	}
	return nil
}

// door is what a set of keys opens.
type door struct {
	unit  uuid.UUID
	place string
}

// linesFor are the lines as they are written on a sheet. Errors: NOT_FOUND.
func linesFor(tx *act.Tx, sheet *ent.KeyAcceptance, lines []KeyAcceptanceLineInput) ([]*ent.KeyAcceptanceCheckCreate, error) {
	list := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		list[i] = l.UnitID
	}
	found, err := tx.Unit.Query().Where(unit.EstateID(sheet.EstateID), unit.IDIn(list...)).IDs(tx)
	if err != nil {
		return nil, err
	}
	there := map[uuid.UUID]bool{}
	for _, id := range found {
		there[id] = true
	}
	rows := make([]*ent.KeyAcceptanceCheckCreate, len(lines))
	for i, l := range lines {
		if !there[l.UnitID] {
			return nil, fault.Missing().At(fmt.Sprintf("lines.%d.unitID", i))
		}
		rows[i] = tx.KeyAcceptanceCheck.Create().SetEstateID(sheet.EstateID).SetAcceptanceID(sheet.ID).SetUnitID(l.UnitID).SetPlace(wording.Tidy(l.Place)).SetDue(l.Due)
	}
	return rows, nil
}
