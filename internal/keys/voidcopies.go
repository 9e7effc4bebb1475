package keys

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keycopyorder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyCopiesInput names the order whose copies were recorded by mistake, and says why.
type VoidKeyCopiesInput struct{ void.Input }

// VoidKeyCopiesPayload is the order, voided, and the counter-entry.
type VoidKeyCopiesPayload struct {
	Order    *ent.KeyCopyOrder
	Movement *ent.KeyMovement
}

// VoidCopies takes copies that were recorded by mistake out of the cabinet by a counter-entry, and voids their order: what is
// to be copied yet is ordered and approved anew (K2.3).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded them just now nor leads; CONFLICT if it was voided, or the keys went on; RULE K2.3 if no copies of it were recorded; RULE K3.1
// if the lock was changed since.
var VoidCopies = act.Guarded(act.New("keys.voidCopies", act.Needs(policy.KeyCopyOrder, policy.Void).SessionOnly(), act.Clauses("K2.3", "K4.1"), voidCopies), voidCopiesGuard)

func voidCopies(tx *act.Tx, in VoidKeyCopiesInput) (*VoidKeyCopiesPayload, error) {
	o, err := tx.KeyCopyOrder.Query().Where(keycopyorder.ID(in.ID)).WithSet().ForUpdate().Only(tx)
	if o, err = act.Find(o, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidCopies(tx, o); err != nil {
		return nil, err
	}
	made, err := tx.KeyMovement.Query().Where(keymovement.CopyOrderID(o.ID)).Only(tx)
	if err != nil {
		return nil, err
	}
	if made.Generation != o.Edges.Set.Generation {
		return nil, retired()
	}
	m, err := counter(tx, made, in.Reason)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeKeyCopyOrder, o.ID, o.RowScope())
	label := o.Edges.Set.Label
	if o, err = void.Mark(tx, o.Update().SetState(keycopyorder.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidKeyCopiesPayload{o, m}, void.Tell(tx, void.Notice{
		Clause: "K2.3", Estate: o.EstateID, Subject: o.ID, WhatZH: label + " 的配钥匙", WhatEN: "copies of " + label, Why: in.Reason,
	})
}

var voidCopiesGuard = act.Guard[*ent.KeyCopyOrder]{
	Entity: ent.TypeKeyCopyOrder,
	ID:     copiesGuard.ID,
	Load:   copiesGuard.Load,
	Check:  canVoidCopies,
}

// canVoidCopies refuses an order of which no copies were recorded, or which was voided, and who neither recorded them just now nor leads.
func canVoidCopies(tx *act.Tx, o *ent.KeyCopyOrder) error {
	if err := void.Refuse(o.VoidedAt); err != nil {
		return err
	}
	if o.State != keycopyorder.StateMade {
		return fault.Rule("K2.3", "这份申请还没有配好入柜的钥匙,无需作废。", "No copies of this order were recorded, so there is nothing to void.").At("id")
	}
	r := void.Recorded{Clause: "K2.3", At: *o.MadeAt}
	if o.MadeByID != nil {
		r.By = *o.MadeByID
	}
	return mayVoid(tx, policy.KeyCopyOrder, o.RowScope(), r)
}
