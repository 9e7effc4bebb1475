package duty

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyhandover"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CancelDutyHandoverInput names a sheet of a shift that did not change as rostered, and says why.
type CancelDutyHandoverInput struct {
	HandoverID uuid.UUID
	Reason     string
}

// Check refuses an empty or endless reason.
func (in CancelDutyHandoverInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// CancelDutyHandoverPayload is the sheet as it stands after.
type CancelDutyHandoverPayload struct{ Handover *ent.DutyHandover }

// Cancel cancels a sheet that was filled by mistake, or of a shift that did not change; it stays, with the reason, and another may be filled (D2). One that both
// signed is a record. Another who leads hears of it: nothing is handed over by it.
//
// Errors: NOT_FOUND; CONFLICT D2 if it is signed, or was cancelled.
var Cancel = act.Guarded(act.New("duty.cancelSheet", act.Needs(policy.DutyHandover, policy.Approve), act.Clauses(handing), func(tx *act.Tx, in CancelDutyHandoverInput) (*CancelDutyHandoverPayload, error) {
	h, _, err := sheetOf(tx, need{policy.DutyHandover, policy.Approve}, in.HandoverID, nil, "")
	if err != nil {
		return nil, err
	}
	if err := isOpen(tx, h); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if h, err = h.Update().SetState(dutyhandover.StateCancelled).SetCancelReason(reason).SetCancelledAt(tx.Now).SetCancelledByID(tx.Viewer.Account).SetCancelledByName(tx.Viewer.Name).Save(tx); err != nil {
		return nil, err
	}
	if err := tellCancelled(tx, h); err != nil {
		return nil, err
	}
	return &CancelDutyHandoverPayload{h}, dueSheet.Cancel(tx, h.ID)
}), sheetGuard(need{policy.DutyHandover, policy.Approve}, isOpen))

func isOpen(_ *act.Tx, h *ent.DutyHandover) error {
	if h.State != dutyhandover.StateOpen {
		return sheetOver()
	}
	return nil
}

// tellCancelled tells others who lead that a shift change has no sheet.
func tellCancelled(tx *act.Tx, h *ent.DutyHandover) error {
	cal, err := tx.Calendar(h.EstateID)
	if err != nil {
		return err
	}
	at := clockTime(cal, h.EndedAt)
	return obligation.Tell(tx, h.DepartmentID, account.Message{
		Estate: h.EstateID, Kind: "duty.cancelled", Subject: h.ID, TitleZH: "交接表已取消:" + at, TitleEN: "The sheet of the shift change of " + at + " was cancelled",
		BodyZH: h.OutgoingNames + " → " + h.IncomingNames + "。原因:" + h.CancelReason, BodyEN: h.OutgoingNames + " to " + h.IncomingNames + ". Why: " + h.CancelReason,
	})
}
