package registry

import (
	"cmp"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/area"
	"github.com/steward-pm/steward/ent/building"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateAreaInput names a new area.
type CreateAreaInput struct {
	EstateID uuid.UUID
	Code     string
	Name     string
}

// Check refuses bad codes and names.
func (in CreateAreaInput) Check() error {
	return cmp.Or(wording.CheckCode("code", in.Code), wording.CheckName("name", in.Name))
}

// CreateAreaPayload is the area.
type CreateAreaPayload struct{ Area *ent.Area }

// CreateArea adds an area (区域). Errors: NOT_FOUND; CONFLICT if the code is taken.
var CreateArea = act.New("registry.createArea", act.Needs(policy.Area, policy.Create), nil, createArea)

func createArea(tx *act.Tx, in CreateAreaInput) (*CreateAreaPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	code := wording.Code(in.Code)
	a, err := tx.Area.Create().SetEstateID(e.ID).SetCode(code).SetName(wording.Tidy(in.Name)).SetSortKey(naming.Natural(code)).Save(tx)
	return &CreateAreaPayload{a}, err
}

// UpdateAreaInput changes an area; what is nil stays.
type UpdateAreaInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Code            *string
	Name            *string
}

// Check refuses bad codes and names.
func (in UpdateAreaInput) Check() error {
	return cmp.Or(wording.Optional(wording.CheckCode, "code", in.Code), wording.Optional(wording.CheckName, "name", in.Name))
}

// UpdateAreaPayload is the area as it stands after.
type UpdateAreaPayload struct{ Area *ent.Area }

// UpdateArea changes an area. Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile, or the code is taken.
var UpdateArea = act.New("registry.updateArea", act.Needs(policy.Area, policy.Update), nil, updateArea)

func updateArea(tx *act.Tx, in UpdateAreaInput) (*UpdateAreaPayload, error) {
	a, err := edit(tx, in.ExpectedVersion, tx.Area.Query().Where(area.ID(in.ID)).ForUpdate().Only, func(a *ent.Area) int { return a.Version })
	if err != nil {
		return nil, err
	}
	u := a.Update()
	if in.Code != nil {
		code := wording.Code(*in.Code)
		u.SetCode(code).SetSortKey(naming.Natural(code))
	}
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name))
	}
	a, err = u.Save(tx)
	return &UpdateAreaPayload{a}, err
}

// CreateBuildingInput names a new building.
type CreateBuildingInput struct {
	EstateID uuid.UUID
	Code     string
	AreaID   *uuid.UUID
}

// Check refuses bad codes.
func (in CreateBuildingInput) Check() error { return wording.CheckCode("code", in.Code) }

// CreateBuildingPayload is the building.
type CreateBuildingPayload struct{ Building *ent.Building }

// CreateBuilding adds a building (楼栋). Errors: NOT_FOUND; CONFLICT if the code is taken.
var CreateBuilding = act.New("registry.createBuilding", act.Needs(policy.Building, policy.Create), nil, createBuilding)

func createBuilding(tx *act.Tx, in CreateBuildingInput) (*CreateBuildingPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	if err := areaOf(tx, e.ID, in.AreaID); err != nil {
		return nil, err
	}
	code := wording.Code(in.Code)
	b, err := tx.Building.Create().SetEstateID(e.ID).SetCode(code).SetNillableAreaID(in.AreaID).SetSortKey(naming.Natural(code)).Save(tx)
	return &CreateBuildingPayload{b}, err
}

// areaOf finds the area that a building stands in, if one is given. Errors: NOT_FOUND at areaID.
func areaOf(tx *act.Tx, estate uuid.UUID, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	a, err := tx.Area.Query().Where(area.ID(*id), area.EstateID(estate)).Only(tx)
	_, err = act.Find(a, err, "areaID")
	return err
}

// UpdateBuildingInput changes a building; what is nil stays.
type UpdateBuildingInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Code            *string
	AreaID          *uuid.UUID
}

// Check refuses bad codes.
func (in UpdateBuildingInput) Check() error {
	return wording.Optional(wording.CheckCode, "code", in.Code)
}

// UpdateBuildingPayload is the building as it stands after.
type UpdateBuildingPayload struct{ Building *ent.Building }

// UpdateBuilding changes a building. With another code its units, and their key sets, get new labels.
//
// Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile, or the code is taken.
var UpdateBuilding = act.New("registry.updateBuilding", act.Needs(policy.Building, policy.Update), nil, updateBuilding)

func updateBuilding(tx *act.Tx, in UpdateBuildingInput) (*UpdateBuildingPayload, error) {
	b, err := edit(tx, in.ExpectedVersion, tx.Building.Query().Where(building.ID(in.ID)).ForUpdate().Only, func(b *ent.Building) int { return b.Version })
	if err != nil {
		return nil, err
	}
	if err := areaOf(tx, b.EstateID, in.AreaID); err != nil {
		return nil, err
	}
	u := b.Update().SetNillableAreaID(in.AreaID)
	if in.Code == nil || wording.Code(*in.Code) == b.Code {
		b, err = u.Save(tx)
		return &UpdateBuildingPayload{b}, err
	}
	code := wording.Code(*in.Code)
	if b, err = u.SetCode(code).SetSortKey(naming.Natural(code)).Save(tx); err != nil {
		return nil, err
	}
	return &UpdateBuildingPayload{b}, relabelUnits(tx, b)
}

func relabelUnits(tx *act.Tx, b *ent.Building) error {
	units, err := tx.Unit.Query().Where(unit.EstateID(b.EstateID), unit.BuildingID(b.ID)).Order(unit.ByID()).ForUpdate().All(tx)
	if err != nil {
		return err
	}
	for _, u := range units {
		label, key := unitLabel(b.Code, u.Entrance, u.Number)
		if u, err = u.Update().SetLabel(label).SetSortKey(key).Save(tx); err != nil {
			return err
		}
		if err := keyring.Relabel(tx, u); err != nil {
			return err
		}
	}
	return nil
}
