package registry

import (
	"cmp"
	"fmt"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateHouseholdInput describes a new household, with its first people and, perhaps, its unit.
type CreateHouseholdInput struct {
	EstateID  uuid.UUID
	Code      *string // nil: the label of its unit
	Name      string
	Residents []*NewResidentInput
	Occupancy *FirstOccupancyInput
}

// FirstOccupancyInput is the unit that a new household has: by a move-in notice, or moved in already.
type FirstOccupancyInput struct {
	UnitID     uuid.UUID
	Capacity   *occupancy.Capacity // nil: owner
	Payer      *bool               // nil: if nobody pays for the unit yet
	NoticedOn  *calendar.Day
	DeadlineOn *calendar.Day
	MovedInOn  *calendar.Day // nil: a notice is given
}

// Check refuses bad names and numbers, and a household without code and unit.
func (in CreateHouseholdInput) Check() error {
	err := cmp.Or(wording.Optional(wording.CheckCode, "code", in.Code), wording.CheckName("name", in.Name))
	if in.Code == nil && in.Occupancy == nil {
		err = cmp.Or(err, error(fault.Invalid("code", "请填写业户编号,或选择房屋。", "Give the household a number, or a unit.")))
	}
	if len(in.Residents) > 50 {
		err = cmp.Or(err, error(fault.Invalid("residents", "一次最多登记 50 人。", "At most 50 people at once.")))
	}
	for i, r := range in.Residents {
		err = cmp.Or(err, r.check(fmt.Sprintf("residents.%d.", i)))
	}
	return err
}

// CreateHouseholdPayload is the household, and its occupancy if it got a unit.
type CreateHouseholdPayload struct {
	Household *ent.Household
	Occupancy *ent.Occupancy
}

// CreateHousehold registers a household (业户).
//
// Errors: NOT_FOUND; CONFLICT if the code is taken, or the unit has a household of that capacity.
var CreateHousehold = act.New("registry.createHousehold", act.Needs(policy.Household, policy.Create), act.Clauses("A6"), createHousehold)

func createHousehold(tx *act.Tx, in CreateHouseholdInput) (*CreateHouseholdPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	var home *ent.Unit
	if in.Occupancy != nil {
		if home, err = unitOf(tx, e.ID, in.Occupancy.UnitID); err != nil {
			return nil, atOccupancy(err)
		}
	}
	code, err := householdCode(tx, e.ID, in.Code, home)
	if err != nil {
		return nil, err
	}
	name := wording.Tidy(in.Name)
	h, err := tx.Household.Create().SetEstateID(e.ID).SetCode(code).SetName(name).SetSortKey(naming.Pinyin(name)).Save(tx)
	if err != nil {
		return nil, err
	}
	for _, r := range in.Residents {
		if err := r.create(tx, h).Exec(tx); err != nil {
			return nil, err
		}
	}
	out := &CreateHouseholdPayload{Household: h}
	if home != nil {
		out.Occupancy, err = occupy(tx, h, home, *in.Occupancy)
	}
	return out, atOccupancy(err)
}

// atOccupancy names the part of the input that a refusal is about.
func atOccupancy(err error) error {
	f := cmp.Or(fault.From(err), act.Explained(err))
	if f == nil || f.Field == "" {
		return err
	}
	c := *f
	c.Field = "occupancy." + f.Field
	return &c
}

// householdCode is the code given, or one made of the unit's label: 1栋1单元101, then 1栋1单元101-2.
func householdCode(tx *act.Tx, estate uuid.UUID, code *string, home *ent.Unit) (string, error) {
	if code != nil {
		return wording.Code(*code), nil
	}
	taken, err := tx.Household.Query().Where(household.EstateID(estate), household.CodeHasPrefix(home.Label)).Select(household.FieldCode).Strings(tx)
	if err != nil {
		return "", err
	}
	return freeCode(home.Label, func(code string) bool {
		for _, t := range taken {
			if t == code {
				return true
			}
		}
		return false
	}), nil
}

func freeCode(label string, taken func(string) bool) string {
	code := label
	for n := 2; taken(code); n++ {
		code = fmt.Sprintf("%s-%d", label, n)
	}
	return code
}

// UpdateHouseholdInput changes a household; what is nil stays.
type UpdateHouseholdInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name            *string
}

// Check refuses bad names.
func (in UpdateHouseholdInput) Check() error {
	return wording.Optional(wording.CheckName, "name", in.Name)
}

// UpdateHouseholdPayload is the household as it stands after.
type UpdateHouseholdPayload struct{ Household *ent.Household }

// UpdateHousehold changes a household's name. Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile.
var UpdateHousehold = act.New("registry.updateHousehold", act.Needs(policy.Household, policy.Update), nil, updateHousehold)

func updateHousehold(tx *act.Tx, in UpdateHouseholdInput) (*UpdateHouseholdPayload, error) {
	h, err := edit(tx, in.ExpectedVersion, tx.Household.Query().Where(household.ID(in.ID)).ForUpdate().Only, func(h *ent.Household) int { return h.Version })
	if err != nil {
		return nil, err
	}
	u := h.Update()
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name)).SetSortKey(naming.Pinyin(wording.Tidy(*in.Name)))
	}
	h, err = u.Save(tx)
	return &UpdateHouseholdPayload{h}, err
}

// householdOf finds a household. Errors: NOT_FOUND at householdID.
func householdOf(tx *act.Tx, id uuid.UUID) (*ent.Household, error) {
	h, err := tx.Household.Get(tx, id)
	return act.Find(h, err, "householdID")
}
