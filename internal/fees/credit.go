package fees

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feeaccount"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreditFeeNoticeInput says what of a notice is taken back, and why.
type CreditFeeNoticeInput struct {
	NoticeID uuid.UUID
	Amount   *int // nil: all that it still asks for
	Reason   string
}

// Check refuses what is no amount, and an empty or endless reason.
func (in CreditFeeNoticeInput) Check() error {
	if in.Amount != nil {
		if err := checkAmount("amount", "F2", *in.Amount); err != nil {
			return err
		}
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// CreditFeeNoticePayload is the credit note, and the account after it.
type CreditFeeNoticePayload struct {
	CreditNote *ent.FeeCreditNote
	Account    *ent.FeeAccount
}

// Credit corrects a notice by a credit note (F2): the notice itself never changes. It settles what is open of the notice, then the oldest that is
// owed besides; the rest is the household's credit. The leaders hear of it.
//
// Errors: NOT_FOUND; CONFLICT F2 if the notice does not ask for so much any more.
var Credit = act.Guarded(act.New("fees.credit", act.Needs(policy.FeeCreditNote, policy.Create).SessionOnly(), act.Clauses("F2"), credit), act.Guard[*ent.FeeNotice]{
	Entity: ent.TypeFeeNotice,
	ID:     func(n *ent.FeeNotice) uuid.UUID { return n.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeNotice, error) {
		return tx.FeeNotice.Query().Where(feenotice.IDIn(list...)).All(tx)
	},
	Check: canCredit,
})

func credit(tx *act.Tx, in CreditFeeNoticeInput) (*CreditFeeNoticePayload, error) {
	n, err := noticeOf(tx, in.NoticeID, "noticeID")
	if err != nil {
		return nil, err
	}
	if err := canCredit(tx, n); err != nil {
		return nil, err
	}
	amount := n.Amount - n.Credited
	if in.Amount != nil {
		amount = int64(*in.Amount)
	}
	today, err := tx.Today(n.EstateID)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	c, err := tx.FeeCreditNote.Create().SetEstateID(n.EstateID).SetNoticeID(n.ID).SetHouseholdID(n.HouseholdID).SetIssuedOn(today.UTC()).SetAmount(amount).SetReason(reason).
		SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if open := min(amount, n.Amount-n.Settled); open > 0 {
		if err := tx.FeeAllocation.Create().SetEstateID(n.EstateID).SetHouseholdID(n.HouseholdID).SetNoticeID(n.ID).SetCreditNoteID(c.ID).SetBookedOn(today.UTC()).SetAmount(open).Exec(tx); err != nil {
			return nil, err
		}
	}
	if err := settle(tx, n.EstateID, n.HouseholdID, today); err != nil {
		return nil, err
	}
	if err := follow(tx, n.EstateID, n.HouseholdID); err != nil {
		return nil, err
	}
	if c, err = tx.FeeCreditNote.Get(tx, c.ID); err != nil {
		return nil, err
	}
	a, err := accountOf(tx, n.EstateID, n.HouseholdID)
	if err != nil {
		return nil, err
	}
	department, err := finance(tx, n.EstateID)
	if err != nil {
		return nil, err
	}
	return &CreditFeeNoticePayload{c, a}, void.Tell(tx, void.Notice{
		Clause: "F2", Estate: n.EstateID, Subject: c.ID, Department: department, WhatZH: "收费通知单 " + n.Number + " 的部分或全部金额", WhatEN: "some or all of fee notice " + n.Number, Why: in.Reason,
	})
}

// noticeOf finds a notice after its household's account is locked, so that it is as it stands. Errors: NOT_FOUND at the field.
func noticeOf(tx *act.Tx, id uuid.UUID, field string) (*ent.FeeNotice, error) {
	n, err := tx.FeeNotice.Get(tx, id)
	if n, err = act.Find(n, err, field); err != nil {
		return nil, err
	}
	if err := lock(tx, n.EstateID, n.HouseholdID); err != nil {
		return nil, err
	}
	return tx.FeeNotice.Get(tx, id)
}

func canCredit(_ *act.Tx, n *ent.FeeNotice) error {
	if n.Credited == n.Amount {
		return fault.Clash("通知单已全部冲减。", "All of the notice was credited before.").By("F2")
	}
	return nil
}

// accountOf is a household's account as it stands.
func accountOf(tx *act.Tx, estate, household uuid.UUID) (*ent.FeeAccount, error) {
	return tx.FeeAccount.Query().Where(feeaccount.EstateID(estate), feeaccount.HouseholdID(household)).Only(tx)
}
