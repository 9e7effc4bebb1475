package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/ent/archivemanual"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// classOf is the class that a category is of (A1).
func classOf(c archivedocument.Category) archivedocument.Class {
	switch c {
	case archivedocument.CategoryDeveloper, archivedocument.CategoryLaw, archivedocument.CategoryOtherExternal:
		return archivedocument.ClassExternal
	case archivedocument.CategoryManagementManual, archivedocument.CategoryTrainingManual:
		return archivedocument.ClassInternal
	case archivedocument.CategoryWork, archivedocument.CategoryTraining:
		return archivedocument.ClassStaff
	}
	return archivedocument.ClassHousehold
}

// belonging is whose something in the archive is.
type belonging struct{ file, department, account *uuid.UUID }

// whose finds whose a document is: as its file says, or a department's.
func whose(tx *act.Tx, estate uuid.UUID, in HandInDocumentInput) (belonging, error) {
	if in.ManualID != nil {
		if err := isEdition(tx, estate, in); err != nil {
			return belonging{}, err
		}
	}
	if in.DepartmentID != nil {
		d, err := tx.Department.Query().Where(department.ID(*in.DepartmentID), department.EstateID(estate)).Only(tx)
		if d, err = act.Find(d, err, "departmentID"); err != nil {
			return belonging{}, err
		}
		return belonging{department: &d.ID}, nil
	}
	return fileOf(tx, estate, in.HouseholdID, in.StaffID)
}

// fileOf finds the file of a household or a member of staff, if one of them is named.
func fileOf(tx *act.Tx, estate uuid.UUID, household, staff *uuid.UUID) (belonging, error) {
	if household == nil && staff == nil {
		return belonging{}, nil
	}
	q, field := tx.ArchiveFile.Query().Where(archivefile.EstateID(estate)), "staffID"
	if household != nil {
		q.Where(archivefile.HouseholdID(*household))
		field = "householdID"
	} else {
		q.Where(archivefile.StaffID(*staff))
	}
	f, err := q.Only(tx)
	if f, err = act.Find(f, err, field); err != nil {
		return belonging{}, err
	}
	return belonging{&f.ID, f.DepartmentID, f.AccountID}, nil
}

// isEdition refuses an edition of a manual of the other kind, and one without a name.
func isEdition(tx *act.Tx, estate uuid.UUID, in HandInDocumentInput) error {
	m, err := tx.ArchiveManual.Query().Where(archivemanual.ID(*in.ManualID), archivemanual.EstateID(estate)).Only(tx)
	if m, err = act.Find(m, err, "manualID"); err != nil {
		return err
	}
	switch {
	case in.Category != categoryOf(m):
		return fault.Invalid("manualID", "手册与文件类别不符。", "The manual is of another category.").By("A1.2")
	case tidy(in.Edition) == "":
		return fault.Invalid("edition", "手册须填写版本。", "Say which edition of the manual it is.").By("A1.2")
	}
	return nil
}

func categoryOf(m *ent.ArchiveManual) archivedocument.Category {
	if m.Kind == archivemanual.KindTraining {
		return archivedocument.CategoryTrainingManual
	}
	return archivedocument.CategoryManagementManual
}
