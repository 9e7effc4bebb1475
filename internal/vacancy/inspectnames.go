package vacancy

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/inspectionitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// named are the estate's items and departments, by id.
type named struct {
	items       map[uuid.UUID]*ent.InspectionItem
	departments map[uuid.UUID]*ent.Department
}

// namedIn reads what results name, in two statements for any number of them.
func namedIn(tx *act.Tx, estate uuid.UUID, results []*InspectionResultInput) (named, error) {
	out := named{map[uuid.UUID]*ent.InspectionItem{}, map[uuid.UUID]*ent.Department{}}
	items, err := tx.InspectionItem.Query().Where(inspectionitem.EstateID(estate)).All(tx)
	if err != nil {
		return out, err
	}
	for _, i := range items {
		out.items[i.ID] = i
	}
	var asked []uuid.UUID
	for _, r := range results {
		if r.DepartmentID != nil {
			asked = append(asked, *r.DepartmentID)
		}
	}
	if len(asked) == 0 {
		return out, nil
	}
	list, err := tx.Department.Query().Where(department.EstateID(estate), department.IDIn(asked...)).All(tx)
	for _, d := range list {
		out.departments[d.ID] = d
	}
	return out, err
}

// find refuses an item or a department that is not the estate's, and an item that is not in the plan any more.
func (n named) find(field string, results []*InspectionResultInput) error {
	for i, r := range results {
		at := fmt.Sprintf("%s.%d.", field, i)
		item := n.items[r.ItemID]
		if item == nil {
			return fault.Missing().At(at + "itemID")
		}
		if !item.Active {
			return fault.Clash("检查项目“%[1]s”已停用。", "%[1]s is not in the plan any more.", item.Name).By("V4.1").At(at + "itemID")
		}
		if r.DepartmentID != nil && n.departments[*r.DepartmentID] == nil {
			return fault.Missing().At(at + "departmentID")
		}
	}
	return nil
}

// department is its name, if it is one.
func (n named) department(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return n.departments[*id].Name
}
