package fees

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feerun"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// ReceiveFeeNoticesInput names the month whose notices customer service has got.
type ReceiveFeeNoticesInput struct{ RunID uuid.UUID }

// ReceiveFeeNoticesPayload is the run, with by when its notices are to be dispatched.
type ReceiveFeeNoticesPayload struct{ Run *ent.FeeRun }

// Receive records that customer service got a month's notices from the accountant: from now on they are to be dispatched within two working days (F3).
//
// Errors: NOT_FOUND; CONFLICT F3 if they are not all made, or were got before.
var Receive = act.Guarded(act.New("fees.receive", act.Needs(policy.FeeDispatch, policy.Create).SessionOnly(), act.Clauses("F3"), receive), act.Guard[*ent.FeeRun]{
	Entity: ent.TypeFeeRun,
	ID:     func(r *ent.FeeRun) uuid.UUID { return r.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeRun, error) {
		return tx.FeeRun.Query().Where(feerun.IDIn(list...)).All(tx)
	},
	Check: canReceive,
})

func receive(tx *act.Tx, in ReceiveFeeNoticesInput) (*ReceiveFeeNoticesPayload, error) {
	run, err := tx.FeeRun.Query().Where(feerun.ID(in.RunID)).ForUpdate().Only(tx)
	if run, err = act.Find(run, err, "runID"); err != nil {
		return nil, err
	}
	if err := canReceive(tx, run); err != nil {
		return nil, err
	}
	term, due, err := within(tx, run.EstateID, tx.Now)
	if err != nil {
		return nil, err
	}
	run, err = run.Update().SetReceivedAt(tx.Now).SetReceivedByID(tx.Viewer.Account).SetReceivedByName(tx.Viewer.Name).SetDispatchDueAt(due).Save(tx)
	if err != nil || run.Notices == 0 {
		return &ReceiveFeeNoticesPayload{run}, err
	}
	if err := dueReceive.Meet(tx, run.ID); err != nil {
		return nil, err
	}
	return &ReceiveFeeNoticesPayload{run}, dueDispatch.Open(tx, obligation.Due{About: monthOf(run), Estate: run.EstateID, Subject: run.ID, Term: term})
}

// canReceive refuses notices that are not all made, and those that were got before.
func canReceive(_ *act.Tx, run *ent.FeeRun) error {
	switch {
	case run.State != feerun.StateBilled:
		return fault.Clash("这个月的收费通知单还没有全部开具。", "Not all notices of the month are made yet.").By("F3")
	case run.ReceivedAt != nil:
		return fault.Clash("客服部已接收这个月的收费通知单。", "Customer service got the month's notices before.").By("F3")
	}
	return nil
}
