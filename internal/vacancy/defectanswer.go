package vacancy

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/ent/defectevent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AcknowledgeDefectInput names a defect that the department has taken note of.
type AcknowledgeDefectInput struct{ ID uuid.UUID }

// AcknowledgeDefectPayload is the defect as it stands after.
type AcknowledgeDefectPayload struct{ Defect *ent.Defect }

// AcknowledgeDefect records that the department has taken note of a defect that was passed to it (V5).
//
// Errors: NOT_FOUND; FORBIDDEN for who is of another department; CONFLICT if it was acknowledged before.
var AcknowledgeDefect = act.Guarded(act.New("vacancy.acknowledgeDefect", act.Needs(policy.Defect, policy.Update), act.Clauses("V5"), acknowledgeDefect), guardDefect(canAcknowledge))

func acknowledgeDefect(tx *act.Tx, in AcknowledgeDefectInput) (*AcknowledgeDefectPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canAcknowledge(tx, d); err != nil {
		return nil, err
	}
	if err := step(tx, d, defectevent.KindAcknowledged).Exec(tx); err != nil {
		return nil, err
	}
	if err := dueAcknowledgement.Meet(tx, d.ID); err != nil {
		return nil, err
	}
	d, err = tx.Defect.Get(tx, d.ID)
	return &AcknowledgeDefectPayload{d}, err
}

func canAcknowledge(tx *act.Tx, d *ent.Defect) error {
	if err := ofDepartment(tx, d); err != nil {
		return err
	}
	return stateIn(d, defect.StateReported)
}

// ResolveDefectInput says what the department did.
type ResolveDefectInput struct {
	ID         uuid.UUID
	Resolution string
	PhotoIDs   []uuid.UUID // uploads of the viewer's
}

// Check refuses an empty or endless text, and too many photos.
func (in ResolveDefectInput) Check() error {
	if err := wording.CheckText("resolution", in.Resolution, 1, 2000); err != nil {
		return err
	}
	return checkPhotos(in.PhotoIDs)
}

// ResolveDefectPayload is the defect as it stands after.
type ResolveDefectPayload struct{ Defect *ent.Defect }

// ResolveDefect records what the department did; customer service is to inspect it again before it is closed (V5).
//
// Errors: NOT_FOUND; FORBIDDEN for who is of another department; CONFLICT unless it is acknowledged or reopened; INVALID_INPUT for what is
// no photo.
var ResolveDefect = act.Guarded(act.New("vacancy.resolveDefect", act.Needs(policy.Defect, policy.Update), act.Clauses("V5"), resolveDefect), guardDefect(canResolveDefect))

func resolveDefect(tx *act.Tx, in ResolveDefectInput) (*ResolveDefectPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canResolveDefect(tx, d); err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(d.EstateID)
	if err != nil {
		return nil, err
	}
	by := cal.EndOfDay(cal.Today(tx.Now).AddDays(reinspectWithin))
	did, err := step(tx, d, defectevent.KindResolved).SetNote(wording.Tidy(in.Resolution)).SetDueAt(by).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := photograph(tx, d, did, in.PhotoIDs); err != nil {
		return nil, err
	}
	if err := dueResolution.Meet(tx, d.ID); err != nil {
		return nil, err
	}
	place, err := placeOf(tx, d)
	if err != nil {
		return nil, err
	}
	if err := dueReinspection.Open(tx, obligation.Due{About: place.unit, Estate: d.EstateID, Subject: d.ID, At: by}); err != nil {
		return nil, err
	}
	if err := tellCustomerService(tx, d, notice{
		kind: dueReinspection.Name, titleZH: "请复检:" + place.unit, titleEN: "Inspect again: " + place.unit,
		bodyZH: tx.Viewer.Name + " 已处理:" + did.Note + "。请复检(V5)。", bodyEN: tx.Viewer.Name + " resolved it: " + did.Note + ". Please inspect it again (V5).",
	}); err != nil {
		return nil, err
	}
	d, err = tx.Defect.Get(tx, d.ID)
	return &ResolveDefectPayload{d}, err
}

func canResolveDefect(tx *act.Tx, d *ent.Defect) error {
	if err := ofDepartment(tx, d); err != nil {
		return err
	}
	return stateIn(d, defect.StateAcknowledged, defect.StateReopened)
}

// ProposeDefectTermInput proposes another day by which a defect is to be resolved.
type ProposeDefectTermInput struct {
	ID     uuid.UUID
	Until  calendar.Day // the last day
	Reason string
}

// Check refuses an empty or endless reason.
func (in ProposeDefectTermInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ProposeDefectTermPayload is the defect as it stands after.
type ProposeDefectTermPayload struct{ Defect *ent.Defect }

// ProposeDefectTerm has the department propose a later day, which the supervisor of customer service may give (V5).
//
// Errors: NOT_FOUND; FORBIDDEN for who is of another department; CONFLICT unless it is acknowledged or reopened; INVALID_INPUT for a day that is not later
// than it has, or too late.
var ProposeDefectTerm = act.Guarded(act.New("vacancy.proposeDefectTerm", act.Needs(policy.Defect, policy.Update), act.Clauses("V5"), proposeDefectTerm), guardDefect(canResolveDefect))

func proposeDefectTerm(tx *act.Tx, in ProposeDefectTermInput) (*ProposeDefectTermPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canResolveDefect(tx, d); err != nil {
		return nil, err
	}
	until, err := later(tx, d, in.Until)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := step(tx, d, defectevent.KindProposed).SetNote(reason).SetDueAt(until).Exec(tx); err != nil {
		return nil, err
	}
	place, err := placeOf(tx, d)
	if err != nil {
		return nil, err
	}
	day := in.Until.String()
	if err := tellLeadersOfService(tx, d, notice{
		kind: "vacancy.defect.propose", titleZH: "申请延期处理:" + place.unit, titleEN: "More time asked for: " + place.unit,
		bodyZH: tx.Viewer.Name + " 申请延至 " + day + ":" + reason + "(V5)。", bodyEN: tx.Viewer.Name + " asks for time until " + day + ": " + reason + " (V5).",
	}); err != nil {
		return nil, err
	}
	d, err = tx.Defect.Get(tx, d.ID)
	return &ProposeDefectTermPayload{d}, err
}

// later is the end of a day by which a defect may be resolved: later than it has now, and not to come in more than 90 days.
func later(tx *act.Tx, d *ent.Defect, until calendar.Day) (end time.Time, err error) {
	cal, err := tx.Calendar(d.EstateID)
	if err != nil {
		return end, err
	}
	if end = cal.EndOfDay(until); !end.After(d.ResolveBy) || !end.After(tx.Now) || until.After(cal.Today(tx.Now).AddDays(mostDays)) {
		return end, fault.Invalid("until", "新期限应晚于原期限,且在今天起 %[1]d 天之内。", "Give a day later than it has now, and within %[1]d days.", mostDays).By("V5")
	}
	return end, nil
}

// mostDays is how long a defect's time is extended at most.
const mostDays = 90
