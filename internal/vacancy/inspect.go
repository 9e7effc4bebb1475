package vacancy

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionresult"
	"github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// V4: who inspects signs what was found.
var inspectCeremony = signature.Declare(signature.Ceremony{Kind: "vacancy.inspect", Clause: "V4.1", Capacities: []string{"inspector"}})

// RecordInspectionInput says what was done in a vacant unit, and what was found.
type RecordInspectionInput struct {
	VacancyID uuid.UUID
	Results   []*InspectionResultInput
	Note      *string
	Strokes   *signature.Strokes
	late.Given
}

// InspectionResultInput is what became of one item of the plan; what was not done is left out.
type InspectionResultInput struct {
	ItemID       uuid.UUID
	Result       inspectionresult.Result
	Finding      *string
	DepartmentID *uuid.UUID
	PhotoIDs     []uuid.UUID // uploads
}

// mostResults is more than any plan has.
const mostResults = 50

// Check refuses an inspection of nothing, and results that are none.
func (in RecordInspectionInput) Check() error {
	if err := checkResults("results", in.Results); err != nil {
		return err
	}
	if err := wording.Optional(wording.CheckRemark, "note", in.Note); err != nil {
		return err
	}
	return in.Given.Check()
}

// checkResults refuses an item that is given twice, and an abnormal finding that goes to no department (V5).
func checkResults(field string, list []*InspectionResultInput) error {
	if len(list) == 0 || len(list) > mostResults {
		return fault.Invalid(field, "请填写 1 到 %[1]d 项检查结果。", "Give between 1 and %[1]d results.", mostResults).By("V4.1")
	}
	seen := map[uuid.UUID]bool{}
	for i, r := range list {
		at := fmt.Sprintf("%s.%d.", field, i)
		if seen[r.ItemID] {
			return fault.Invalid(at+"itemID", "检查项目重复,请去掉一项。", "The item is given twice; leave one out.").By("V4.1")
		}
		seen[r.ItemID] = true
		if err := wording.Optional(wording.CheckRemark, at+"finding", r.Finding); err != nil {
			return err
		}
		if err := r.passed(at); err != nil {
			return err
		}
		if err := checkSnapshots(at+"photoIDs", r.PhotoIDs); err != nil {
			return err
		}
	}
	return nil
}

// passed refuses what is abnormal without a finding and a department, and a department for what is not.
func (in InspectionResultInput) passed(at string) error {
	switch abnormal := in.Result == inspectionresult.ResultAbnormal; {
	case abnormal && wording.Tidy(value(in.Finding)) == "":
		return fault.Rule("V5", "异常情况请写明发现了什么。", "Say what is abnormal.").At(at + "finding")
	case abnormal && in.DepartmentID == nil:
		return noDepartment().At(at + "departmentID")
	case !abnormal && in.DepartmentID != nil:
		return fault.Invalid(at+"departmentID", "正常的项目不需要转部门;如有异常请改为异常。", "What is in order goes to no department; if it is not in order, say so.").By("V5")
	}
	return nil
}

// RecordInspectionPayload is the inspection, and the vacancy as it stands after.
type RecordInspectionPayload struct {
	Inspection *ent.Inspection
	Vacancy    *ent.Vacancy
}

// Record records a visit to a vacant unit: what was ventilated, cleaned and checked is due again an interval later (V4), and what is
// abnormal goes to its department at once (V5). Who inspected signs by being signed in.
//
// Errors: NOT_FOUND; RULE V5 for an abnormal finding without a department; INVALID_INPUT for a time that is not in time, or before the unit
// stood empty; CONFLICT for an item that is not in the plan any more, or once somebody has moved in.
var Record = act.Guarded(act.New("vacancy.recordInspection", act.Needs(policy.Inspection, policy.Create),
	act.Clauses("V4.1", "V4.2", "V4.3", "V4.4", "V4.5", "V5"), record), act.Guard[*ent.Vacancy]{
	Entity: ent.TypeVacancy,
	ID:     func(v *ent.Vacancy) uuid.UUID { return v.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Vacancy, error) {
		return tx.Vacancy.Query().Where(vacancy.IDIn(list...)).All(tx)
	},
	Check: isOpen,
})

func record(tx *act.Tx, in RecordInspectionInput) (*RecordInspectionPayload, error) {
	v, err := tx.Vacancy.Query().Where(vacancy.ID(in.VacancyID)).WithUnit().Only(tx)
	if v, err = act.Find(v, err, "vacancyID"); err != nil {
		return nil, err
	}
	at, why, err := late.When(tx, in.Given, "V4.1")
	if err != nil {
		return nil, err
	}
	known, err := namedIn(tx, v.EstateID, in.Results)
	if err != nil {
		return nil, err
	}
	if err := known.find("results", in.Results); err != nil {
		return nil, err
	}
	i, err := inspect(tx, visit{vacancy: v, at: at, lateReason: why, note: wording.Tidy(value(in.Note)), results: in.Results, field: "results", known: known, strokes: in.Strokes})
	if err != nil {
		return nil, err
	}
	v, err = tx.Vacancy.Get(tx, v.ID) // what is due follows in the database
	return &RecordInspectionPayload{i, v}, err
}

// visit is an inspection to be recorded: all that it names was found.
type visit struct {
	vacancy    *ent.Vacancy // with its unit
	at         time.Time
	lateReason string
	note       string
	results    []*InspectionResultInput
	field      string // of the input, where the results stand
	known      named
	strokes    *signature.Strokes
	round, key *uuid.UUID // of one that was noted on a round
	withoutKey string     // how it was entered, where no key was lent for the round
}

// inspect writes the visit, its results with their photos, and the signature; what is abnormal is passed on.
func inspect(tx *act.Tx, in visit) (*ent.Inspection, error) {
	cal, err := tx.Calendar(in.vacancy.EstateID)
	if err != nil {
		return nil, err
	}
	i, err := tx.Inspection.Create().SetEstateID(in.vacancy.EstateID).SetVacancyID(in.vacancy.ID).SetUnitID(in.vacancy.UnitID).
		SetNillableRoundID(in.round).SetNillableLineKey(in.key).SetInspectedAt(in.at).SetInspectedOn(cal.Today(in.at).UTC()).SetLateReason(in.lateReason).SetNote(in.note).SetWithoutKeyReason(in.withoutKey).
		SetInspectedByID(tx.Viewer.Account).SetInspectedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	content := signedInspection{in.vacancy.Edges.Unit.Label, i.InspectedAt.UTC(), i.Note, i.WithoutKeyReason, nil}
	rows := make([]*ent.InspectionResultCreate, len(in.results))
	for n, r := range in.results {
		rows[n] = tx.InspectionResult.Create().SetEstateID(i.EstateID).SetInspectionID(i.ID).SetVacancyID(i.VacancyID).SetItemID(r.ItemID).SetResult(r.Result).
			SetFinding(wording.Tidy(value(r.Finding))).SetNillableDepartmentID(r.DepartmentID).SetDoneOn(i.InspectedOn)
	}
	results, err := tx.InspectionResult.CreateBulk(rows...).Save(tx)
	if err != nil {
		return nil, err
	}
	for n, r := range results {
		photos, err := snapshots(tx, r, in.results[n].PhotoIDs, fmt.Sprintf("%s.%d.photoIDs", in.field, n))
		if err != nil {
			return nil, err
		}
		content.Results = append(content.Results, signedResult{in.known.items[r.ItemID].Code, r.Result, r.Finding, in.known.department(r.DepartmentID), photos})
		if r.Result == inspectionresult.ResultAbnormal {
			if err := passToDepartment(tx, in.vacancy, i, r); err != nil {
				return nil, err
			}
		}
	}
	by := &signature.Input{Strokes: in.strokes}
	_, err = inspectCeremony.SignBySession(tx, signature.Signing{Capacity: "inspector", Estate: i.EstateID, Subject: i.ID, By: by, Content: content})
	return i, err
}

// signedInspection is what who inspected signs.
type signedInspection struct {
	Unit        string         `json:"unit"`
	InspectedAt time.Time      `json:"inspectedAt"`
	Note        string         `json:"note,omitempty"`
	WithoutKey  string         `json:"withoutKey,omitempty"`
	Results     []signedResult `json:"results"`
}

type signedResult struct {
	Item       string                  `json:"item"`
	Result     inspectionresult.Result `json:"result"`
	Finding    string                  `json:"finding,omitempty"`
	Department string                  `json:"department,omitempty"`
	Photos     []string                `json:"photos,omitempty"` // their SHA-256
}
