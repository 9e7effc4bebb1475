package vacancy

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
)

// passToDepartment tells the leaders of the department that an abnormal finding names (V5).
func passToDepartment(tx *act.Tx, v *ent.Vacancy, _ *ent.Inspection, r *ent.InspectionResult) error {
	return obligation.Tell(tx, *r.DepartmentID, account.Message{
		Estate: r.EstateID, Kind: "vacancy.abnormal", Subject: r.ID,
		TitleZH: "空置房异常:" + v.Edges.Unit.Label, TitleEN: "Abnormal: " + v.Edges.Unit.Label,
		BodyZH: tx.Viewer.Name + " 发现:" + r.Finding + "(V5)。", BodyEN: tx.Viewer.Name + " found: " + r.Finding + " (V5).",
	})
}
