package registry

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/building"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// unitLabel is building, entrance and number as one, and its natural-order key: 1栋1单元101, and 1-2-101
// where they would run together.
func unitLabel(building, entrance, number string) (label, sortKey string) {
	parts := []string{building, entrance, number}
	for _, part := range parts {
		last, _ := utf8.DecodeLastRuneInString(label)
		first, _ := utf8.DecodeRuneInString(part)
		if label != "" && part != "" && plain(last) && plain(first) {
			label += "-"
		}
		label += part
	}
	return label, naming.Natural(strings.Join(parts, " "))
}

// plain tells whether the letter or digit would run together with another one.
func plain(r rune) bool { return r < 0x80 && (unicode.IsDigit(r) || unicode.IsLetter(r)) }

// CreateUnitInput describes a new unit.
type CreateUnitInput struct {
	BuildingID     uuid.UUID
	Entrance       *string
	Number         string
	Kind           *unit.Kind // nil: a flat
	AreaHundredths *int
	Remark         *string
}

// Check refuses bad codes and areas.
func (in CreateUnitInput) Check() error {
	return cmp.Or(wording.Optional(checkEntrance, "entrance", in.Entrance), wording.CheckCode("number", in.Number),
		checkArea("areaHundredths", in.AreaHundredths), wording.Optional(wording.CheckRemark, "remark", in.Remark))
}

func checkEntrance(field, code string) error {
	return wording.CheckText(field, wording.Code(code), 0, 40)
}

// maxArea is the largest floor area of a unit, in hundredths of a square metre: a million m².
const maxArea = 1_000_000_00

func checkArea(field string, n *int) error {
	if n != nil && (*n < 0 || *n > maxArea) {
		return fault.Invalid(field, "面积应在 0 到 1000000 平方米之间。", "The area must be from 0 to 1000000 m².")
	}
	return nil
}

// CreateUnitPayload is the unit.
type CreateUnitPayload struct{ Unit *ent.Unit }

// CreateUnit adds a unit (房), vacant. Errors: NOT_FOUND; CONFLICT if the building has one of this number.
var CreateUnit = act.New("registry.createUnit", act.Needs(policy.Unit, policy.Create), nil, createUnit)

func createUnit(tx *act.Tx, in CreateUnitInput) (*CreateUnitPayload, error) {
	b, err := tx.Building.Get(tx, in.BuildingID)
	if b, err = act.Find(b, err, "buildingID"); err != nil {
		return nil, err
	}
	entrance, number := wording.Code(given(in.Entrance)), wording.Code(in.Number)
	label, key := unitLabel(b.Code, entrance, number)
	c := tx.Unit.Create().SetEstateID(b.EstateID).SetBuildingID(b.ID).SetEntrance(entrance).SetNumber(number).
		SetLabel(label).SetSortKey(key).SetNillableKind(in.Kind).SetRemark(strings.TrimSpace(given(in.Remark)))
	if in.AreaHundredths != nil {
		c.SetAreaHundredths(int64(*in.AreaHundredths))
	}
	u, err := c.Save(tx)
	return &CreateUnitPayload{u}, err
}

// UpdateUnitInput changes a unit; what is nil stays.
type UpdateUnitInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Entrance        *string
	Number          *string
	Kind            *unit.Kind
	State           *unit.State // between OCCUPIED and RENOVATING; the rest follows from moving in and out
	AreaHundredths  *int
	Remark          *string
}

// Check refuses bad codes and areas.
func (in UpdateUnitInput) Check() error {
	return cmp.Or(wording.Optional(checkEntrance, "entrance", in.Entrance), wording.Optional(wording.CheckCode, "number", in.Number),
		checkArea("areaHundredths", in.AreaHundredths), wording.Optional(wording.CheckRemark, "remark", in.Remark))
}

// UpdateUnitPayload is the unit as it stands after.
type UpdateUnitPayload struct{ Unit *ent.Unit }

// UpdateUnit changes a unit; its key sets follow a new label.
//
// Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile, for a number that is taken, and for a state
// that only moving in or out brings.
var UpdateUnit = act.New("registry.updateUnit", act.Needs(policy.Unit, policy.Update), nil, updateUnit)

func updateUnit(tx *act.Tx, in UpdateUnitInput) (*UpdateUnitPayload, error) {
	u, err := edit(tx, in.ExpectedVersion, tx.Unit.Query().Where(unit.ID(in.ID)).ForUpdate().Only, func(u *ent.Unit) int { return u.Version })
	if err != nil {
		return nil, err
	}
	if err := canTurn(u.State, in.State); err != nil {
		return nil, err
	}
	b, err := tx.Building.Query().Where(building.ID(u.BuildingID)).Only(tx)
	if err != nil {
		return nil, err
	}
	entrance, number := u.Entrance, u.Number
	if in.Entrance != nil {
		entrance = wording.Code(*in.Entrance)
	}
	if in.Number != nil {
		number = wording.Code(*in.Number)
	}
	label, key := unitLabel(b.Code, entrance, number)
	renamed := label != u.Label
	c := u.Update().SetEntrance(entrance).SetNumber(number).SetLabel(label).SetSortKey(key).SetNillableKind(in.Kind).SetNillableState(in.State)
	if in.AreaHundredths != nil {
		c.SetAreaHundredths(int64(*in.AreaHundredths))
	}
	if in.Remark != nil {
		c.SetRemark(strings.TrimSpace(*in.Remark))
	}
	if u, err = c.Save(tx); err != nil {
		return nil, err
	}
	if renamed {
		err = keyring.Relabel(tx, u)
	}
	return &UpdateUnitPayload{u}, err
}

// canTurn refuses a state that follows from who has the unit.
func canTurn(from unit.State, to *unit.State) error {
	lived := func(s unit.State) bool { return s == unit.StateOccupied || s == unit.StateRenovating }
	if to == nil || *to == from || lived(from) && lived(*to) {
		return nil
	}
	return fault.Clash("空置、待入伙和已入住由入伙通知、入伙、迁出决定,请办理相应手续。",
		"Vacant, awaiting move-in and occupied follow from notice, move-in and move-out; do those instead.").At("state")
}
