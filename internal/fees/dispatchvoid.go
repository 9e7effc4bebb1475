package fees

import (
	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidFeeDispatchInput names an attempt that was recorded by mistake, and says why.
type VoidFeeDispatchInput struct{ void.Input }

// VoidFeeDispatchPayload is the attempt, voided.
type VoidFeeDispatchPayload struct{ Dispatch *ent.FeeDispatch }

// VoidDispatch voids an attempt that was recorded by mistake: its notice is to be dispatched as if it had not been made (F4). The leaders hear of it.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided, or a dunning notice of the next level followed.
var VoidDispatch = act.Guarded(act.New("fees.voidDispatch", act.Needs(policy.FeeDispatch, policy.Void).SessionOnly(), act.Clauses("F4"), voidDispatch), dispatchGuard(canVoidDispatch))

func voidDispatch(tx *act.Tx, in VoidFeeDispatchInput) (*VoidFeeDispatchPayload, error) {
	d, err := lockDispatch(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := canVoidDispatch(tx, d); err != nil {
		return nil, err
	}
	if d, err = void.Mark(tx, d.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if err := dueAnew(tx, d); err != nil {
		return nil, err
	}
	return &VoidFeeDispatchPayload{d}, void.Tell(tx, void.Notice{
		Clause: "F4", Estate: d.EstateID, Subject: d.ID, WhatZH: "通知单 " + d.Number + " 的派发记录", WhatEN: "dispatch of notice " + d.Number, Why: in.Reason,
	})
}

func canVoidDispatch(tx *act.Tx, d *ent.FeeDispatch) error {
	if err := void.Refuse(d.VoidedAt); err != nil {
		return err
	}
	lead, err := leads(tx, policy.FeeDispatch, policy.Approve, d.EstateID)
	if err != nil {
		return err
	}
	return void.May(tx, void.Recorded{Clause: "F4", By: d.DispatchedByID, At: d.CreatedAt, Leads: lead})
}

// dueAnew has due what the attempt had met, by when it was.
func dueAnew(tx *act.Tx, d *ent.FeeDispatch) error {
	if d.DunningID != nil {
		n, err := tx.FeeDunning.Get(tx, *d.DunningID)
		if err != nil {
			return err
		}
		return (&stop{dunning: n}).dunningDue(tx, tx.Now)
	}
	n, err := tx.FeeNotice.Query().Where(feenotice.ID(*d.NoticeID)).WithRun().Only(tx)
	switch {
	case err != nil, d.Method == feedispatch.MethodAbsent:
		return err
	case n.Dispatch == feenotice.DispatchReturned && d.DueAt != nil:
		back, err := tx.FeeDispatch.Query().Where(feedispatch.NoticeID(n.ID), feedispatch.ReturnedAtNotNil(), feedispatch.VoidedAtIsNil()).
			Order(feedispatch.ByReturnedAt(sql.OrderDesc())).First(tx)
		if err != nil {
			return err
		}
		term, _, err := within(tx, d.EstateID, *back.ReturnedAt)
		if err != nil {
			return err
		}
		return openOnce(tx, dueAgain, obligation.Due{About: d.Number + " " + d.Address, Estate: d.EstateID, Subject: n.ID, Term: term})
	case n.Dispatch == feenotice.DispatchWaiting:
		// Of what had come back, too, nothing is due again but its month.
		if err := dueAgain.Cancel(tx, n.ID); err != nil {
			return err
		}
		term, _, err := within(tx, d.EstateID, *n.Edges.Run.ReceivedAt)
		if err != nil {
			return err
		}
		return openOnce(tx, dueDispatch, obligation.Due{About: monthOf(n.Edges.Run), Estate: d.EstateID, Subject: n.RunID, Term: term})
	}
	return nil
}

// wantedStill tells whether what came back is to be brought again: a dunning notice that was paid or replaced meanwhile is not.
func wantedStill(tx *act.Tx, d *ent.FeeDispatch) (bool, error) {
	if d.DunningID == nil {
		return true, nil
	}
	n, err := tx.FeeDunning.Get(tx, *d.DunningID)
	return err == nil && n.State == feedunning.StateDispatched, err
}

// lockDunning locks the dunning notice that an attempt is of; a fee notice the database locks by itself.
func lockDunning(tx *act.Tx, d *ent.FeeDispatch) error {
	if d.DunningID == nil {
		return nil
	}
	_, err := tx.FeeDunning.Query().Where(feedunning.ID(*d.DunningID)).ForUpdate().Only(tx)
	return err
}
