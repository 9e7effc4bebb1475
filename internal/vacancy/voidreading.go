package vacancy

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/meterreading"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidMeterReadingInput names a reading that was recorded by mistake, and says why.
type VoidMeterReadingInput struct{ void.Input }

// VoidMeterReadingPayload is the reading, voided.
type VoidMeterReadingPayload struct{ Reading *ent.MeterReading }

// VoidReading voids a reading that was recorded by mistake (V3): the one before it counts again.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided; RULE V3 for the first
// reading of a new meter that was read since.
var VoidReading = act.Guarded(act.New("vacancy.voidReading", act.Needs(policy.MeterReading, policy.Void), act.Clauses("V3"), voidReading), voidReadingGuard)

func voidReading(tx *act.Tx, in VoidMeterReadingInput) (*VoidMeterReadingPayload, error) {
	r, err := tx.MeterReading.Query().Where(meterreading.ID(in.ID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidReading(tx, r); err != nil {
		return nil, err
	}
	if r, err = void.Mark(tx, r.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	u, err := tx.Unit.Query().Where(unit.ID(r.UnitID)).Only(tx)
	if err != nil {
		return nil, err
	}
	return &VoidMeterReadingPayload{r}, void.Tell(tx, void.Notice{
		Clause: "V3", Estate: r.EstateID, Subject: r.ID, WhatZH: u.Label + " 的抄表读数", WhatEN: "meter reading of " + u.Label, Why: in.Reason,
	})
}

var voidReadingGuard = act.Guard[*ent.MeterReading]{
	Entity: ent.TypeMeterReading,
	ID:     func(r *ent.MeterReading) uuid.UUID { return r.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MeterReading, error) {
		return tx.MeterReading.Query().Where(meterreading.IDIn(list...)).All(tx)
	},
	Check: canVoidReading,
}

func canVoidReading(tx *act.Tx, r *ent.MeterReading) error {
	if err := void.Refuse(r.VoidedAt); err != nil {
		return err
	}
	return void.May(tx, void.Recorded{
		Clause: "V3", By: r.RecordedByID, At: r.CreatedAt, Leads: tx.Viewer.Scope(policy.MeterReading, policy.Approve).Covers(r.RowScope()),
	})
}
