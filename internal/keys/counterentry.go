package keys

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mayVoid refuses who neither recorded it just now nor leads where it was recorded. Errors: FORBIDDEN.
func mayVoid(tx *act.Tx, on policy.Resource, row access.Row, r void.Recorded) error {
	r.Leads = tx.Viewer.Scope(on, policy.Approve).Covers(row)
	return void.May(tx, r)
}

// counter posts the entry that undoes a movement: the same keys back, now. The database has it be the exact opposite, of
// no counter-entry and once.
//
// Errors: CONFLICT if the movement was countered before, or the keys went on from where they went; RULE K3.1 if the lock
// was changed since.
func counter(tx *act.Tx, m *ent.KeyMovement, reason string) (*ent.KeyMovement, error) {
	c, err := counterOf(tx, m, reason).Save(tx)
	if act.RefusedBy(err, "key_balances_enough") {
		return nil, fault.Clash("钥匙已从那里转走,请先作废后面的登记。", "The keys have gone on from there; void the later entries first.").By("K4.1").Because(err)
	}
	return c, err
}

// counterOf is that entry, yet to be posted: of a whole sheet they are posted at once.
func counterOf(tx *act.Tx, m *ent.KeyMovement, reason string) *ent.KeyMovementCreate {
	return tx.KeyMovement.Create().SetEstateID(m.EstateID).SetSetID(m.SetID).SetFromID(m.ToID).SetToID(m.FromID).SetCount(m.Count).
		SetReason(keymovement.ReasonVoided).SetReversesID(m.ID).SetGeneration(m.Generation).SetNillableLoanLineID(m.LoanLineID).
		SetNillableAcceptanceLineID(m.AcceptanceLineID).SetNillableLossID(m.LossID).SetNillableHouseholdID(m.HouseholdID).
		SetNote(wording.Tidy(reason)).SetOccurredAt(tx.Now)
}

// retired refuses to counter what keys did whose lock was changed since.
func retired() *fault.Error {
	return fault.Rule("K3.1", "换锁后旧钥匙已作废,以前的登记不再更改。", "The lock was changed since and its old keys were retired; what was entered before stays.")
}
