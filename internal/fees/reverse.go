package fees

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReverseFeePaymentInput names a payment that was recorded by mistake, and says why.
type ReverseFeePaymentInput struct {
	PaymentID uuid.UUID
	Reason    string
}

// Check refuses an empty or endless reason.
func (in ReverseFeePaymentInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ReverseFeePaymentPayload is the counter-entry, with a receipt number of its own, and the account after it.
type ReverseFeePaymentPayload struct {
	Reversal *ent.FeePayment
	Account  *ent.FeeAccount
}

// Reverse counters a payment by an entry of its own: the payment stays as it is, and what it settled is open again (F5). The leaders hear of it.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT F5 if it was reversed before, or is a counter-entry.
var Reverse = act.Guarded(act.New("fees.reverse", act.Needs(policy.FeePayment, policy.Void).SessionOnly(), act.Clauses("F5"), reverse), act.Guard[*ent.FeePayment]{
	Entity: ent.TypeFeePayment,
	ID:     func(p *ent.FeePayment) uuid.UUID { return p.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeePayment, error) {
		return tx.FeePayment.Query().Where(feepayment.IDIn(list...)).WithReversals().All(tx)
	},
	Check: canReverse,
})

func reverse(tx *act.Tx, in ReverseFeePaymentInput) (*ReverseFeePaymentPayload, error) {
	p, err := tx.FeePayment.Get(tx, in.PaymentID)
	if p, err = act.Find(p, err, "paymentID"); err != nil {
		return nil, err
	}
	if err := lock(tx, p.EstateID, p.HouseholdID); err != nil {
		return nil, err
	}
	if p, err = tx.FeePayment.Query().Where(feepayment.ID(p.ID)).WithReversals().Only(tx); err != nil {
		return nil, err
	}
	if err := canReverse(tx, p); err != nil {
		return nil, err
	}
	if err := notRefunded(tx, p); err != nil {
		return nil, err
	}
	today, err := tx.Today(p.EstateID)
	if err != nil {
		return nil, err
	}
	paid, err := settledOf(tx, p.EstateID, p.HouseholdID)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	r, err := tx.FeePayment.Create().SetEstateID(p.EstateID).SetHouseholdID(p.HouseholdID).SetMethod(p.Method).SetAmount(-p.Amount).SetPaidAt(tx.Now).SetBookedOn(today.UTC()).
		SetReversesID(p.ID).SetReason(reason).SetReference(p.Reference).SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if r, err = tx.FeePayment.Get(tx, r.ID); err != nil {
		return nil, err
	}
	if err := follow(tx, p.EstateID, p.HouseholdID); err != nil {
		return nil, err
	}
	if err := reopened(tx, paid); err != nil {
		return nil, err
	}
	a, err := accountOf(tx, p.EstateID, p.HouseholdID)
	if err != nil {
		return nil, err
	}
	department, err := finance(tx, p.EstateID)
	if err != nil {
		return nil, err
	}
	return &ReverseFeePaymentPayload{r, a}, void.Tell(tx, void.Notice{
		Clause: "F5", Estate: p.EstateID, Subject: r.ID, Department: department, WhatZH: fmt.Sprintf("收据 %d", p.Receipt), WhatEN: fmt.Sprintf("receipt %d", p.Receipt), Why: in.Reason,
	})
}

// canReverse refuses what is reversed, and what the viewer may not reverse.
func canReverse(tx *act.Tx, p *ent.FeePayment) error {
	switch {
	case p.ReversesID != nil:
		return fault.Clash("冲销记录本身不能冲销。", "A counter-entry is not reversed.").By("F5")
	case len(p.Edges.Reversals) > 0:
		return reversedAlready()
	}
	return void.May(tx, void.Recorded{Clause: "F5", By: p.RecordedByID, At: p.CreatedAt, Leads: tx.Viewer.Scope(policy.FeePayment, policy.Approve).Covers(p.RowScope())})
}
