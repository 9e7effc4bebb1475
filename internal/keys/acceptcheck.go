package keys

import (
	"cmp"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptancecheck"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CheckKeyAcceptanceLinesInput says what was found when lines of a sheet were checked.
type CheckKeyAcceptanceLinesInput struct {
	AcceptanceID uuid.UUID
	Lines        []CheckedKeyLineInput
}

// CheckedKeyLineInput is what was found on one line.
type CheckedKeyLineInput struct {
	CheckID         uuid.UUID
	Delivered       int // good ones
	Faulty          int // they go back
	Remark          *string
	ExpectedVersion *int // nil: whatever it is
}

// Check refuses what cannot be found.
func (in CheckKeyAcceptanceLinesInput) Check() error {
	if len(in.Lines) == 0 || len(in.Lines) > maxLines {
		return fault.Invalid("lines", "请填写 1 到 %[1]d 行。", "Give between 1 and %[1]d lines.", maxLines).By("K1.1")
	}
	seen := map[uuid.UUID]bool{}
	for i, l := range in.Lines {
		at := func(field string) string { return fmt.Sprintf("lines.%d.%s", i, field) }
		if seen[l.CheckID] {
			return fault.Invalid(at("checkID"), "与前面的行重复。", "An earlier line is the same.").By("K1.1")
		}
		seen[l.CheckID] = true
		if err := cmp.Or(counted(at("delivered"), l.Delivered), counted(at("faulty"), l.Faulty), wording.Optional(wording.CheckRemark, at("remark"), l.Remark)); err != nil {
			return err
		}
	}
	return nil
}

// counted refuses what is no count of keys found.
func counted(field string, n int) error {
	if n < 0 || n > 1000 {
		return fault.Invalid(field, "数量应在 0 到 1000 之间。", "Give between 0 and 1000 keys.").By("K1.1")
	}
	return nil
}

// CheckKeyAcceptanceLinesPayload is the sheet as it stands after.
type CheckKeyAcceptanceLinesPayload struct{ Acceptance *ent.KeyAcceptance }

// CheckAcceptanceLines notes how many good keys were counted and how many were faulty, a step of the check; until
// engineering has signed it may be corrected (K1.1).
//
// Errors: NOT_FOUND; INVALID_INPUT for more keys than are due; CONFLICT if the sheet is in draft no more, or somebody
// changed a line meanwhile.
var CheckAcceptanceLines = act.New("keys.checkAcceptanceLines", act.Needs(policy.KeyAcceptanceCheck, policy.Update), act.Clauses("K1.1"), checkAcceptanceLines)

func checkAcceptanceLines(tx *act.Tx, in CheckKeyAcceptanceLinesInput) (*CheckKeyAcceptanceLinesPayload, error) {
	sheet, err := sheetOf(tx, in.AcceptanceID)
	if err != nil {
		return nil, err
	}
	lines, err := checksOf(tx, sheet)
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]*ent.KeyAcceptanceCheck{}
	for _, l := range lines {
		byID[l.ID] = l
	}
	for i, found := range in.Lines {
		if byID[found.CheckID] == nil {
			return nil, fault.Missing().At(fmt.Sprintf("lines.%d.checkID", i))
		}
	}
	if err := inDraft(sheet); err != nil {
		return nil, err
	}
	for i, found := range in.Lines {
		if err := noteFound(tx, byID[found.CheckID], found, fmt.Sprintf("lines.%d.", i)); err != nil {
			return nil, err
		}
	}
	sheet, err = sheet.Update().Save(tx)
	return &CheckKeyAcceptanceLinesPayload{sheet}, err
}

// noteFound writes down what was found on a line, which stands at a path of the input.
func noteFound(tx *act.Tx, line *ent.KeyAcceptanceCheck, found CheckedKeyLineInput, at string) error {
	if found.ExpectedVersion != nil && *found.ExpectedVersion != line.Version {
		f := *fault.From(tx.Expect(line, line.Version, *found.ExpectedVersion))
		f.Field = at + f.Field
		return &f
	}
	if found.Delivered+found.Faulty > line.Due {
		return fault.Invalid(at+"delivered", "完好与有问题的合计超过应交的 %[1]d 把,请核对。", "More keys than the %[1]d that are due, good and faulty together; count again.", line.Due).By("K1.1")
	}
	u := line.Update().SetDelivered(found.Delivered).SetFaulty(found.Faulty).SetCheckedByID(tx.Viewer.Account).SetCheckedByName(tx.Viewer.Name).SetCheckedAt(tx.Now)
	if found.Remark != nil {
		u.SetRemark(wording.Tidy(*found.Remark))
	}
	return u.Exec(tx)
}

// checksOf are the lines of a sheet in draft, in the order in which they were written.
func checksOf(tx *act.Tx, sheet *ent.KeyAcceptance) ([]*ent.KeyAcceptanceCheck, error) {
	return onSheet(tx.KeyAcceptanceCheck.Query().Where(keyacceptancecheck.AcceptanceID(sheet.ID))).All(tx)
}

// onSheet keeps to the lines that were not removed, with their units.
func onSheet(q *ent.KeyAcceptanceCheckQuery) *ent.KeyAcceptanceCheckQuery {
	return q.Where(keyacceptancecheck.RemovedAtIsNil()).WithUnit().Order(keyacceptancecheck.ByID())
}
