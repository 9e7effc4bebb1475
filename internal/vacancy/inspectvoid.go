package vacancy

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspection"
	"github.com/steward-pm/steward/ent/inspectionround"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidInspectionInput names an inspection that was recorded by mistake, and says why.
type VoidInspectionInput struct{ void.Input }

// VoidInspectionPayload is the inspection, voided.
type VoidInspectionPayload struct{ Inspection *ent.Inspection }

// VoidInspection voids an inspection that was recorded by mistake: nothing of it was done, so what was due before is due again (V4).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads, or does not lead once its round was closed, which then says that
// one of its visits was voided; CONFLICT if it was voided.
var VoidInspection = act.Guarded(act.New("vacancy.voidInspection", act.Needs(policy.Inspection, policy.Void), act.Clauses("V4.1", "V4.4"), voidInspection), act.Guard[*ent.Inspection]{
	Entity: ent.TypeInspection,
	ID:     func(i *ent.Inspection) uuid.UUID { return i.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Inspection, error) {
		return tx.Inspection.Query().Where(inspection.IDIn(list...)).WithRound().All(tx)
	},
	Check: canVoidInspection,
})

func voidInspection(tx *act.Tx, in VoidInspectionInput) (*VoidInspectionPayload, error) {
	i, err := tx.Inspection.Query().Where(inspection.ID(in.ID)).ForUpdate().Only(tx)
	if i, err = act.Find(i, err, "id"); err != nil {
		return nil, err
	}
	if i.RoundID != nil { // who closes the round waits, or is waited for
		if i.Edges.Round, err = tx.InspectionRound.Query().Where(inspectionround.ID(*i.RoundID)).ForUpdate().Only(tx); err != nil {
			return nil, err
		}
	}
	if err := canVoidInspection(tx, i); err != nil {
		return nil, err
	}
	if i, err = void.Mark(tx, i.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	u, err := tx.Unit.Get(tx, i.UnitID)
	if err != nil {
		return nil, err
	}
	return &VoidInspectionPayload{i}, void.Tell(tx, void.Notice{
		Clause: "V4.1", Estate: i.EstateID, Subject: i.ID, WhatZH: u.Label + " 的空置房检查", WhatEN: "inspection of " + u.Label, Why: in.Reason,
	})
}

func canVoidInspection(tx *act.Tx, i *ent.Inspection) error {
	if err := void.Refuse(i.VoidedAt); err != nil {
		return err
	}
	leads := tx.Viewer.Scope(policy.Inspection, policy.Approve).Covers(i.RowScope())
	if r := i.Edges.Round; r != nil && r.State == inspectionround.StateClosed && !leads {
		return fault.Denied("这次检查所在的巡查已签字结束,请主管或经理作废。", "Its round was signed and closed: a supervisor or a manager voids it.").By("V4.1")
	}
	return void.May(tx, void.Recorded{Clause: "V4.1", By: i.InspectedByID, At: i.CreatedAt, Leads: leads})
}
