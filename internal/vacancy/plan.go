package vacancy

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AddInspectionItemInput is a new line of an estate's plan.
type AddInspectionItemInput struct {
	EstateID      uuid.UUID
	Code, Name    string
	NameEn        *string
	IntervalCount int
	IntervalUnit  inspectionitem.IntervalUnit
	Reason        string
}

// Check refuses what is no code or name, an interval that is none, and no reason.
func (in AddInspectionItemInput) Check() error {
	if err := wording.CheckCode("code", in.Code); err != nil {
		return err
	}
	if err := wording.CheckName("name", in.Name); err != nil {
		return err
	}
	if err := wording.Optional(wording.CheckLine, "nameEn", in.NameEn); err != nil {
		return err
	}
	if err := checkInterval(in.IntervalCount); err != nil {
		return err
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// longest is so many days or months that nobody means more.
const longest = 366

func checkInterval(count int) error {
	if count < 1 || count > longest {
		return fault.Invalid("intervalCount", "间隔应为 1 到 %[1]d 天,或 1 到 12 个月。", "An interval is 1 to %[1]d days, or 1 to 12 months.", longest).By("V4.1")
	}
	return nil
}

// AddInspectionItemPayload is the item.
type AddInspectionItemPayload struct{ Item *ent.InspectionItem }

// AddItem adds a line to an estate's inspection plan; it is counted from today in what stands empty already (V4).
//
// Errors: NOT_FOUND; INVALID_INPUT for what is no interval; CONFLICT if the plan has the code already.
var AddItem = act.New("vacancy.addInspectionItem", act.Needs(policy.InspectionItem, policy.Create), act.Clauses("V4.1", "V4.2", "V4.3", "V4.4", "V4.5"), addItem)

func addItem(tx *act.Tx, in AddInspectionItemInput) (*AddInspectionItemPayload, error) {
	today, err := tx.Today(in.EstateID)
	if today, err = act.Find(today, err, "estateID"); err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	last, err := tx.InspectionItem.Query().Where(inspectionitem.EstateID(in.EstateID)).Order(ent.Desc(inspectionitem.FieldPosition)).First(tx)
	if err != nil {
		return nil, err
	}
	item, err := tx.InspectionItem.Create().SetEstateID(in.EstateID).SetCode(wording.Code(in.Code)).SetName(wording.Tidy(in.Name)).SetNameEn(wording.Tidy(value(in.NameEn))).
		SetPosition(last.Position + 1).SetIntervalCount(in.IntervalCount).SetIntervalUnit(in.IntervalUnit).SetSinceOn(today.UTC()).Save(tx)
	return &AddInspectionItemPayload{item}, err
}

// ChangeInspectionItemInput changes a line of the plan; what is nil stays.
type ChangeInspectionItemInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name, NameEn    *string
	IntervalCount   *int
	IntervalUnit    *inspectionitem.IntervalUnit
	Active          *bool
	Reason          string
}

// Check refuses what is no name, an interval that is none, and no reason.
func (in ChangeInspectionItemInput) Check() error {
	if err := wording.Optional(wording.CheckName, "name", in.Name); err != nil {
		return err
	}
	if err := wording.Optional(wording.CheckLine, "nameEn", in.NameEn); err != nil {
		return err
	}
	if in.IntervalCount != nil {
		if err := checkInterval(*in.IntervalCount); err != nil {
			return err
		}
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ChangeInspectionItemPayload is the item as it stands after.
type ChangeInspectionItemPayload struct{ Item *ent.InspectionItem }

// ChangeItem changes how often something is done, or whether it is; what is due moves in all that stands empty (V4). What the rulebook
// demands stays in the plan, and is never done less often than it says.
//
// Errors: NOT_FOUND; RULE V4.1, V4.4 for an interval that is longer than the rulebook's; CONFLICT if somebody changed it meanwhile.
var ChangeItem = act.New("vacancy.changeInspectionItem", act.Needs(policy.InspectionItem, policy.Update), act.Clauses("V4.1", "V4.2", "V4.3", "V4.4", "V4.5"), changeItem)

func changeItem(tx *act.Tx, in ChangeInspectionItemInput) (*ChangeInspectionItemPayload, error) {
	item, err := tx.InspectionItem.Query().Where(inspectionitem.ID(in.ID)).ForUpdate().Only(tx)
	if item, err = act.Find(item, err, "id"); err != nil {
		return nil, err
	}
	if err := tx.Expect(item, item.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	tx.By(cmp.Or(item.Clause, "V4.1"))
	tx.Because(wording.Tidy(in.Reason))
	if in.Active != nil && !*in.Active && item.Clause != "" {
		return nil, fault.Rule(item.Clause, "制度规定的检查项目不能停用。", "What the rulebook demands stays in the plan.").At("active")
	}
	u := item.Update().SetNillableIntervalCount(in.IntervalCount).SetNillableIntervalUnit(in.IntervalUnit).SetNillableActive(in.Active)
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name))
	}
	if in.NameEn != nil {
		u.SetNameEn(wording.Tidy(*in.NameEn))
	}
	item, err = u.Save(tx)
	return &ChangeInspectionItemPayload{item}, err
}
