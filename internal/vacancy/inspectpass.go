package vacancy

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
)

// passToDepartment opens a defect for an abnormal finding, with the department that it names (V5). The database holds that there is one.
func passToDepartment(tx *act.Tx, v *ent.Vacancy, i *ent.Inspection, r *ent.InspectionResult) error {
	_, err := openDefect(tx, v, newDefect{DepartmentID: *r.DepartmentID, Finding: r.Finding, InspectionResultID: &r.ID, FoundAt: i.InspectedAt})
	return err
}
