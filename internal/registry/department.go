package registry

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateDepartmentInput names a new department.
type CreateDepartmentInput struct {
	EstateID uuid.UUID
	Name     string
	Kind     department.Kind
}

// Check refuses bad names.
func (in CreateDepartmentInput) Check() error { return wording.CheckName("name", in.Name) }

// CreateDepartmentPayload is the department.
type CreateDepartmentPayload struct{ Department *ent.Department }

// CreateDepartment adds a department. Errors: NOT_FOUND; CONFLICT if the name is taken.
var CreateDepartment = act.New("registry.createDepartment", act.Needs(policy.Department, policy.Create), nil, createDepartment)

func createDepartment(tx *act.Tx, in CreateDepartmentInput) (*CreateDepartmentPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	d, err := tx.Department.Create().SetEstateID(e.ID).SetName(wording.Tidy(in.Name)).SetKind(in.Kind).Save(tx)
	return &CreateDepartmentPayload{d}, err
}

// UpdateDepartmentInput changes a department; what is nil stays.
type UpdateDepartmentInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name            *string
	Kind            *department.Kind
}

// Check refuses bad names.
func (in UpdateDepartmentInput) Check() error {
	return wording.Optional(wording.CheckName, "name", in.Name)
}

// UpdateDepartmentPayload is the department as it stands after.
type UpdateDepartmentPayload struct{ Department *ent.Department }

// UpdateDepartment changes a department. Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile, or the name is taken.
var UpdateDepartment = act.New("registry.updateDepartment", act.Needs(policy.Department, policy.Update), nil, updateDepartment)

func updateDepartment(tx *act.Tx, in UpdateDepartmentInput) (*UpdateDepartmentPayload, error) {
	d, err := edit(tx, in.ExpectedVersion, tx.Department.Query().Where(department.ID(in.ID)).ForUpdate().Only, func(d *ent.Department) int { return d.Version })
	if err != nil {
		return nil, err
	}
	u := d.Update().SetNillableKind(in.Kind)
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name))
	}
	d, err = u.Save(tx)
	return &UpdateDepartmentPayload{d}, err
}

// departmentOf finds the department that a member of staff belongs to. Errors: NOT_FOUND at departmentID.
func departmentOf(tx *act.Tx, estate, id uuid.UUID) (*ent.Department, error) {
	d, err := tx.Department.Query().Where(department.ID(id), department.EstateID(estate)).Only(tx)
	return act.Find(d, err, "departmentID")
}
