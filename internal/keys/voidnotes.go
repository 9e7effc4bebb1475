package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keycabinetopening"
	"github.com/steward-pm/steward/ent/keyfollowup"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyCabinetOpeningInput names an opening that was recorded by mistake, and says why.
type VoidKeyCabinetOpeningInput struct{ void.Input }

// VoidKeyCabinetOpeningPayload is the opening, voided.
type VoidKeyCabinetOpeningPayload struct{ Opening *ent.KeyCabinetOpening }

// VoidOpening voids the record of an opening (K1.2); lists show it as voided.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither opened it just now nor leads; CONFLICT if it was voided; RULE K1.2 for an attempt that was refused.
var VoidOpening = act.Guarded(act.New("keys.voidOpening", act.Needs(policy.KeyCabinetOpening, policy.Void).SessionOnly(), act.Clauses("K1.2"), voidOpening), voidOpeningGuard)

func voidOpening(tx *act.Tx, in VoidKeyCabinetOpeningInput) (*VoidKeyCabinetOpeningPayload, error) {
	o, err := tx.KeyCabinetOpening.Query().Where(keycabinetopening.ID(in.ID)).ForUpdate().Only(tx)
	if o, err = act.Find(o, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidOpening(tx, o); err != nil {
		return nil, err
	}
	if o, err = void.Mark(tx, o.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidKeyCabinetOpeningPayload{o}, void.Tell(tx, void.Notice{
		Clause: "K1.2", Estate: o.EstateID, Subject: o.ID, WhatZH: o.OpenedByName + " 的开柜记录", WhatEN: "opening of the cabinet by " + o.OpenedByName, Why: in.Reason,
	})
}

var voidOpeningGuard = act.Guard[*ent.KeyCabinetOpening]{
	Entity: ent.TypeKeyCabinetOpening,
	ID:     func(o *ent.KeyCabinetOpening) uuid.UUID { return o.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyCabinetOpening, error) {
		return tx.KeyCabinetOpening.Query().Where(keycabinetopening.IDIn(list...)).All(tx)
	},
	Check: canVoidOpening,
}

// canVoidOpening refuses what was voided, and attempts: that somebody tried is no mistake of the record.
func canVoidOpening(tx *act.Tx, o *ent.KeyCabinetOpening) error {
	if o.Outcome == keycabinetopening.OutcomeRefused {
		return fault.Rule("K1.2", "被拒绝的开柜记录须保留,不能作废。", "An attempt that was refused stays on record.")
	}
	if err := void.Refuse(o.VoidedAt); err != nil {
		return err
	}
	return mayVoid(tx, policy.KeyCabinetOpening, o.RowScope(), void.Recorded{Clause: "K1.2", By: o.OpenedByID, At: o.CreatedAt})
}

// VoidKeyFollowUpInput names a note that was made by mistake, and says why.
type VoidKeyFollowUpInput struct{ void.Input }

// VoidKeyFollowUpPayload is the note, voided.
type VoidKeyFollowUpPayload struct{ FollowUp *ent.KeyFollowUp }

// VoidFollowUp voids a note on keys that engineering owes (K1.4): the one before it counts again.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither noted it just now nor leads; CONFLICT if it was voided.
var VoidFollowUp = act.Guarded(act.New("keys.voidFollowUp", act.Needs(policy.KeyFollowUp, policy.Void).SessionOnly(), act.Clauses("K1.4"), voidFollowUp), voidFollowUpGuard)

func voidFollowUp(tx *act.Tx, in VoidKeyFollowUpInput) (*VoidKeyFollowUpPayload, error) {
	n, err := tx.KeyFollowUp.Query().Where(keyfollowup.ID(in.ID)).ForUpdate().Only(tx)
	if n, err = act.Find(n, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidFollowUp(tx, n); err != nil {
		return nil, err
	}
	if n, err = void.Mark(tx, n.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidKeyFollowUpPayload{n}, void.Tell(tx, void.Notice{
		Clause: "K1.4", Estate: n.EstateID, Subject: n.ID, WhatZH: n.NotedByName + " 的跟进记录", WhatEN: "note by " + n.NotedByName, Why: in.Reason,
	})
}

var voidFollowUpGuard = act.Guard[*ent.KeyFollowUp]{
	Entity: ent.TypeKeyFollowUp,
	ID:     func(n *ent.KeyFollowUp) uuid.UUID { return n.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyFollowUp, error) {
		return tx.KeyFollowUp.Query().Where(keyfollowup.IDIn(list...)).All(tx)
	},
	Check: canVoidFollowUp,
}

func canVoidFollowUp(tx *act.Tx, n *ent.KeyFollowUp) error {
	if err := void.Refuse(n.VoidedAt); err != nil {
		return err
	}
	return mayVoid(tx, policy.KeyFollowUp, n.RowScope(), void.Recorded{Clause: "K1.4", By: n.NotedByID, At: n.CreatedAt})
}
