package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyMovementInput names an entry of the ledger that was made by mistake, and says why.
type VoidKeyMovementInput struct{ void.Input }

// VoidKeyMovementPayload is the entry; its reversals hold the counter-entry.
type VoidKeyMovementPayload struct{ Movement *ent.KeyMovement }

// VoidMovement counters an entry that stands for itself: keys placed, handed over to a household or taken back, given to
// engineering or back from there (K4.1). What an entry is only a part of is voided as a whole.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither entered it just now nor leads; CONFLICT if it was voided, or the keys went on; RULE K4.1 for an entry that is a part of something,
// or a counter-entry; RULE K3.1 if the lock was changed since.
var VoidMovement = act.Guarded(act.New("keys.voidMovement", act.Needs(policy.KeyMovement, policy.Void).SessionOnly(), act.Clauses("K4.1", "K1.2"), voidMovement), voidMovementGuard)

func voidMovement(tx *act.Tx, in VoidKeyMovementInput) (*VoidKeyMovementPayload, error) {
	found, err := movements(tx, []uuid.UUID{in.ID})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.Missing().At("id")
	}
	if err := canVoidMovement(tx, found[0]); err != nil {
		return nil, err
	}
	c, err := counter(tx, found[0], in.Reason)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeKeyMovement, in.ID, c.RowScope())
	tx.Because(c.Note)
	m, err := tx.KeyMovement.Get(tx, in.ID)
	if err != nil {
		return nil, err
	}
	label := found[0].Edges.Set.Label
	return &VoidKeyMovementPayload{m}, void.Tell(tx, void.Notice{
		Clause: "K4.1", Estate: m.EstateID, Subject: m.ID, WhatZH: label + " 的钥匙移动", WhatEN: "entry of keys of " + label, Why: in.Reason,
	})
}

func movements(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyMovement, error) {
	return tx.KeyMovement.Query().Where(keymovement.IDIn(list...)).WithReversals().WithSet().All(tx)
}

var voidMovementGuard = act.Guard[*ent.KeyMovement]{
	Entity: ent.TypeKeyMovement,
	ID:     func(m *ent.KeyMovement) uuid.UUID { return m.ID },
	Load:   movements,
	Check:  canVoidMovement,
}

// canVoidMovement refuses what was voided, counters something, is a part of something, or moved keys of an older lock.
func canVoidMovement(tx *act.Tx, m *ent.KeyMovement) error {
	switch {
	case m.ReversesID != nil:
		return fault.Rule("K4.1", "冲销登记不能作废,请重新登记正确的移动。", "A counter-entry is not voided; record anew what is right.")
	case len(m.Edges.Reversals) > 0:
		return voidedBefore()
	}
	if err := ofItself(m); err != nil {
		return err
	}
	if m.Generation != m.Edges.Set.Generation {
		return retired()
	}
	r := void.Recorded{Clause: "K4.1", At: m.CreatedAt}
	if m.RecordedByID != nil {
		r.By = *m.RecordedByID
	}
	return mayVoid(tx, policy.KeyMovement, m.RowScope(), r)
}

// voidedBefore refuses to counter an entry twice.
func voidedBefore() *fault.Error {
	return fault.Clash("这笔登记已作废,不能再次作废。", "This entry was voided before.").By("K4.1")
}

// ofItself refuses an entry that is a part of something else, and names what is to be done there.
func ofItself(m *ent.KeyMovement) error {
	reason := m.Reason
	if m.AcceptanceLineID != nil {
		reason = keymovement.ReasonAccepted
	}
	switch reason {
	case keymovement.ReasonPlaced, keymovement.ReasonHandedOver, keymovement.ReasonTakenBack, keymovement.ReasonToEngineering, keymovement.ReasonFromEngineering:
		return nil
	case keymovement.ReasonAccepted:
		return fault.Rule("K1.1", "这笔登记属于交接验收,请作废验收单。", "This entry belongs to an acceptance; void the acceptance sheet.")
	case keymovement.ReasonLent:
		return fault.Rule("K2.1", "这笔登记属于借用,请作废那笔借用。", "This entry belongs to a loan; void the loan.")
	case keymovement.ReasonReturned:
		return fault.Rule("K2.1", "这笔登记属于归还,请作废那次归还。", "This entry belongs to a return; void the return.")
	case keymovement.ReasonLost:
		return fault.Rule("K2.3", "这笔登记属于报失,请作废报失(voidKeyLoss)。", "This entry belongs to a loss; void the loss (voidKeyLoss).")
	case keymovement.ReasonFound:
		return fault.Rule("K2.3", "找回的登记不能作废;钥匙又不见了,请重新报失(reportKeyLoss)。",
			"What was found is not voided; if the keys are missing again, report them lost (reportKeyLoss).")
	case keymovement.ReasonSealed, keymovement.ReasonUnsealed:
		return fault.Rule("K1.3", "封存的钥匙请通过启封或换封更正。", "Sealed keys are corrected by breaking or replacing the seal.")
	case keymovement.ReasonCopied:
		return fault.Rule("K2.3", "这笔登记属于配钥匙,请作废那份申请的入柜登记(voidKeyCopies)。", "This entry belongs to copies; void the copies of their order (voidKeyCopies).")
	case keymovement.ReasonReplaced, keymovement.ReasonRetired:
		return fault.Rule("K3.1", "换锁已完成,不能作废;请重新登记一次换锁(orderLockChange)。",
			"The lock was changed, which is not voided; order another change (orderLockChange).")
	}
	return fault.Rule("K4.1", "这笔登记有审批或清点记录为凭,不能作废;请通过新的清点更正。",
		"An approval or a count stands behind this entry, so it is not voided; correct it by a new count.")
}
