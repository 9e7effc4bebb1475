package fees

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReturnFeeDispatchInput names what came back with the post, and says why.
type ReturnFeeDispatchInput struct {
	DispatchID uuid.UUID
	Reason     string
}

// Check refuses an empty or endless reason.
func (in ReturnFeeDispatchInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ReturnFeeDispatchPayload is the attempt, which came back.
type ReturnFeeDispatchPayload struct{ Dispatch *ent.FeeDispatch }

// Return records that what was posted came back: the attempt stays, and another is due within two working days (F3, F4).
//
// Errors: NOT_FOUND; CONFLICT F4 for what was not posted, came back before or was voided, and for a dunning notice that one of the next level followed.
var Return = act.Guarded(act.New("fees.returnDispatch", act.Needs(policy.FeeDispatch, policy.Update).SessionOnly(), act.Clauses("F4", "F3"), returnDispatch), dispatchGuard(canReturn))

func dispatchGuard(check func(*act.Tx, *ent.FeeDispatch) error) act.Guard[*ent.FeeDispatch] {
	return act.Guard[*ent.FeeDispatch]{
		Entity: ent.TypeFeeDispatch,
		ID:     func(d *ent.FeeDispatch) uuid.UUID { return d.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeDispatch, error) {
			return tx.FeeDispatch.Query().Where(feedispatch.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}

func returnDispatch(tx *act.Tx, in ReturnFeeDispatchInput) (*ReturnFeeDispatchPayload, error) {
	d, err := lockDispatch(tx, in.DispatchID, "dispatchID")
	if err != nil {
		return nil, err
	}
	if err := canReturn(tx, d); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	d, err = d.Update().SetReturnedAt(tx.Now).SetReturnedReason(reason).SetReturnedByID(tx.Viewer.Account).SetReturnedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := reportReturned(tx, d); err != nil {
		return nil, err
	}
	wanted, err := wantedStill(tx, d)
	if err != nil || !wanted {
		return &ReturnFeeDispatchPayload{d}, err
	}
	term, _, err := within(tx, d.EstateID, tx.Now)
	if err != nil {
		return nil, err
	}
	return &ReturnFeeDispatchPayload{d}, openOnce(tx, dueAgain, obligation.Due{About: d.Number + " " + d.Address, Estate: d.EstateID, Subject: broughtBy(d), Term: term})
}

// reportReturned tells the supervisor that something came back which was reported before as posted (F9): no other report says it.
func reportReturned(tx *act.Tx, d *ent.FeeDispatch) error {
	if d.ReportID == nil {
		return nil
	}
	r, err := tx.FeeReport.Get(tx, *d.ReportID)
	if err != nil {
		return err
	}
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: d.EstateID, Kind: "fees.report", Subject: r.ID, TitleZH: "已汇报的通知单被退回:" + d.Number, TitleEN: "Reported as posted, and came back: notice " + d.Number,
		BodyZH: fmt.Sprintf("派发汇报第 %d 号中邮寄的通知单 %s 已退回,原因:%s(F9)。", r.Number, d.Number, d.ReturnedReason),
		BodyEN: fmt.Sprintf("Notice %s, which is in report %d as posted, came back; the reason given: %s (F9).", d.Number, r.Number, d.ReturnedReason),
	})
}

// broughtBy is the notice that an attempt was of.
func broughtBy(d *ent.FeeDispatch) uuid.UUID {
	if d.NoticeID != nil {
		return *d.NoticeID
	}
	return *d.DunningID
}

// lockDispatch finds an attempt as it stands, its dunning notice before it: attempts lock them in this order, too. Errors: NOT_FOUND at the field.
func lockDispatch(tx *act.Tx, id uuid.UUID, field string) (*ent.FeeDispatch, error) {
	d, err := tx.FeeDispatch.Get(tx, id)
	if d, err = act.Find(d, err, field); err != nil {
		return nil, err
	}
	if err := lockDunning(tx, d); err != nil {
		return nil, err
	}
	return tx.FeeDispatch.Query().Where(feedispatch.ID(id)).ForUpdate().Only(tx)
}

// canReturn refuses what does not come back.
func canReturn(_ *act.Tx, d *ent.FeeDispatch) error {
	switch {
	case d.VoidedAt != nil:
		return void.Refuse(d.VoidedAt)
	case d.Method != feedispatch.MethodPost:
		return fault.Clash("只有邮寄的通知单会退回。", "Only what was posted comes back.").By("F4")
	case d.ReturnedAt != nil:
		return returnedBefore()
	}
	return nil
}

func returnedBefore() *fault.Error {
	return fault.Clash("这份邮件已登记退回。", "That it came back was recorded before.").By("F4")
}
