package vacancy

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/ent/defectevent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReinspectDefectInput says what a re-inspection found.
type ReinspectDefectInput struct {
	ID       uuid.UUID
	Resolved bool    // whether it is put right
	Finding  *string // what was found; needed if it is not
	PhotoIDs []uuid.UUID
}

// Check refuses an endless text, none where it is not put right, and too many photos.
func (in ReinspectDefectInput) Check() error {
	least := 1
	if in.Resolved {
		least = 0
	}
	if err := wording.CheckText("finding", value(in.Finding), least, 2000); err != nil {
		return err
	}
	return checkPhotos(in.PhotoIDs)
}

// ReinspectDefectPayload is the defect as it stands after.
type ReinspectDefectPayload struct{ Defect *ent.Defect }

// ReinspectDefect records what customer service found when it inspected a resolved defect again: closed if it is put right, otherwise back with its
// department. Who resolved it does not judge it (V5).
//
// Errors: NOT_FOUND; FORBIDDEN for who is not of customer service; CONFLICT unless it is resolved; RULE V5 for who resolved it.
var ReinspectDefect = act.Guarded(act.New("vacancy.reinspectDefect", act.Needs(policy.Defect, policy.Settle), act.Clauses("V5"), reinspectDefect), guardDefect(canReinspect))

func reinspectDefect(tx *act.Tx, in ReinspectDefectInput) (*ReinspectDefectPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canReinspect(tx, d); err != nil {
		return nil, err
	}
	note := wording.Tidy(value(in.Finding))
	s := step(tx, d, defectevent.KindClosed).SetNote(note)
	var resolve term
	if !in.Resolved {
		if _, resolve, err = terms(tx, d.EstateID); err != nil {
			return nil, err
		}
		if d.ResolveBy.After(resolve.NotBefore) { // it had more time than that
			resolve.NotBefore = d.ResolveBy
		}
		s.SetKind(defectevent.KindReopened).SetDueAt(resolve.at)
	}
	found, err := s.Save(tx)
	if err != nil {
		return nil, err
	}
	if err := photograph(tx, d, found, in.PhotoIDs); err != nil {
		return nil, err
	}
	if err := dueReinspection.Meet(tx, d.ID); err != nil {
		return nil, err
	}
	if d, err = tx.Defect.Get(tx, d.ID); err != nil {
		return nil, err
	}
	if in.Resolved {
		return &ReinspectDefectPayload{d}, nil
	}
	return &ReinspectDefectPayload{d}, again(tx, d, resolve, note)
}

// again makes the resolution of a reopened defect due, and tells the department.
func again(tx *act.Tx, d *ent.Defect, resolve term, finding string) error {
	place, err := placeOf(tx, d)
	if err != nil {
		return err
	}
	if err := dueResolution.Open(tx, place.due(d, resolve)); err != nil {
		return err
	}
	return tellDepartment(tx, d, notice{
		kind: dueResolution.Name, titleZH: "复检不合格:" + place.unit, titleEN: "Not put right: " + place.unit,
		bodyZH: tx.Viewer.Name + " 复检发现:" + finding + "。请继续处理(V5)。", bodyEN: tx.Viewer.Name + " found on inspecting it again: " + finding + ". Please resolve it (V5).",
	})
}

func canReinspect(tx *act.Tx, d *ent.Defect) error {
	if err := ofCustomerService(tx, d, policy.Settle); err != nil {
		return err
	}
	if err := stateIn(d, defect.StateResolved); err != nil {
		return err
	}
	if d.ResolvedByID != nil && *d.ResolvedByID == tx.Viewer.Account {
		return ownWork()
	}
	return nil
}

// ownWork refuses to judge what one did oneself.
func ownWork() *fault.Error {
	return fault.Rule("V5", "处理人不能复检自己处理的异常,请由客服部另一人复检。", "Who resolved it does not inspect it again; somebody else of customer service does.")
}

// inHand refuses to void what the department has in hand.
func inHand() *fault.Error {
	return fault.Clash("部门已在处理,不能作废;处理后请复检销案。", "The department has it in hand: it is not voided, but closed by a re-inspection.").By("V5")
}
