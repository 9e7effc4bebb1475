package vacancy

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReportDefectInput says what is wrong in a vacant unit, and which department is concerned.
type ReportDefectInput struct {
	VacancyID, DepartmentID uuid.UUID
	Finding                 string
	PhotoIDs                []uuid.UUID // uploads of the viewer's
	late.Given
}

// Check refuses an empty or endless finding, and too many photos.
func (in ReportDefectInput) Check() error {
	if err := wording.CheckText("finding", in.Finding, 1, 2000); err != nil {
		return err
	}
	if err := checkPhotos(in.PhotoIDs); err != nil {
		return err
	}
	return in.Given.Check()
}

// ReportDefectPayload is the defect.
type ReportDefectPayload struct{ Defect *ent.Defect }

// ReportDefect passes what is wrong in a vacant unit to the department concerned, whose staff are told at once (V5).
//
// Errors: NOT_FOUND; INVALID_INPUT for a time that is not in time, and for what is no photo; CONFLICT if somebody had moved in by then.
var ReportDefect = act.New("vacancy.reportDefect", act.Needs(policy.Defect, policy.Create), act.Clauses("V5"), reportDefect)

func reportDefect(tx *act.Tx, in ReportDefectInput) (*ReportDefectPayload, error) {
	v, err := tx.Vacancy.Get(tx, in.VacancyID)
	if v, err = act.Find(v, err, "vacancyID"); err != nil {
		return nil, err
	}
	at, why, err := late.When(tx, in.Given, "V5")
	if err != nil {
		return nil, err
	}
	d, err := openDefect(tx, v, newDefect{DepartmentID: in.DepartmentID, Finding: in.Finding, FoundAt: at, LateReason: why, FileIDs: in.PhotoIDs})
	return &ReportDefectPayload{d}, err
}

// newDefect is what a defect is opened with: by its report, or by an inspection's abnormal result.
type newDefect struct {
	DepartmentID       uuid.UUID
	Finding            string
	InspectionResultID *uuid.UUID
	FoundAt            time.Time
	LateReason         string      // of a report; an inspection has its own
	FileIDs            []uuid.UUID // uploads that become its photos
}

// openDefect passes a defect to its department in the transaction that it was found in: acknowledging and resolving it are due, and the
// department's staff are told at once (V5).
//
// Errors: NOT_FOUND at departmentID, or at photoIDs; INVALID_INPUT for what is no photo; CONFLICT if somebody had moved in by then.
func openDefect(tx *act.Tx, v *ent.Vacancy, in newDefect) (*ent.Defect, error) {
	to, err := tx.Department.Query().Where(department.ID(in.DepartmentID), department.EstateID(v.EstateID)).Only(tx)
	if to, err = act.Find(to, err, "departmentID"); err != nil {
		return nil, err
	}
	acknowledge, resolve, err := terms(tx, v.EstateID)
	if err != nil {
		return nil, err
	}
	d, err := tx.Defect.Create().SetEstateID(v.EstateID).SetVacancyID(v.ID).SetUnitID(v.UnitID).SetNillableInspectionResultID(in.InspectionResultID).
		SetDepartmentID(to.ID).SetFinding(wording.Tidy(in.Finding)).SetFoundAt(in.FoundAt).SetLateReason(in.LateReason).
		SetReportedByID(tx.Viewer.Account).SetReportedByName(tx.Viewer.Name).
		SetNotifiedAt(tx.Now).SetAcknowledgeBy(acknowledge.at).SetResolveBy(resolve.at).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := photograph(tx, d, nil, in.FileIDs); err != nil {
		return nil, err
	}
	if err := passOn(tx, d, acknowledge, resolve); err != nil {
		return nil, err
	}
	return tx.Defect.Get(tx, d.ID) // what is due next is the database's to say
}

// term is a term of a defect, and when it ends.
type term struct {
	obligation.Term
	at time.Time
}

// terms are by when a department that is notified now is to acknowledge a defect, by the end of the next working day, and to resolve it: within seven
// days, and not before it is to acknowledge it, over a long holiday.
func terms(tx *act.Tx, estate uuid.UUID) (acknowledge, resolve term, err error) {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return acknowledge, resolve, err
	}
	today := cal.Today(tx.Now)
	acknowledge.Term = obligation.Term{From: today, Days: 1}
	resolve.Term = obligation.Term{From: today, Days: 1, NotBefore: cal.EndOfDay(today.AddDays(resolveWithin))}
	acknowledge.at, resolve.at = acknowledge.By(cal), resolve.By(cal)
	return acknowledge, resolve, nil
}

// passOn makes the department's steps due, and tells its staff.
func passOn(tx *act.Tx, d *ent.Defect, acknowledge, resolve term) error {
	place, err := placeOf(tx, d)
	if err != nil {
		return err
	}
	if err := dueAcknowledgement.Open(tx, place.due(d, acknowledge)); err != nil {
		return err
	}
	if err := dueResolution.Open(tx, place.due(d, resolve)); err != nil {
		return err
	}
	return tellDepartment(tx, d, notice{
		kind: dueAcknowledgement.Name, titleZH: "空置房异常:" + place.unit, titleEN: "Defect in a vacant unit: " + place.unit,
		bodyZH: tx.Viewer.Name + " 报告:" + d.Finding + "。请确认并处理(V5)。",
		bodyEN: tx.Viewer.Name + " reported: " + d.Finding + ". Please acknowledge and resolve it (V5).",
	})
}
