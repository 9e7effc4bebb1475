package fees

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	// mostDirected is how many notices a payment is directed to.
	mostDirected = 100
	// paidWithin is how many days after it was paid a payment may be recorded: what came by the bank is seen later.
	paidWithin = 62
)

// RecordFeePaymentInput is what a household paid.
type RecordFeePaymentInput struct {
	HouseholdID       uuid.UUID
	Method            feepayment.Method
	Amount            int
	PaidAt            *time.Time // nil: now
	PaidBy, Reference *string
	Allocations       []FeeAllocationInput // empty: the oldest debt first
}

// FeeAllocationInput directs some of a payment to a notice.
type FeeAllocationInput struct {
	NoticeID uuid.UUID
	Amount   int
}

// Check refuses what is no payment, and more directed than was paid.
func (in RecordFeePaymentInput) Check() error {
	if err := checkAmount("amount", "F5", in.Amount); err != nil {
		return err
	}
	if len(in.Allocations) > mostDirected {
		return fault.Invalid("allocations", "最多指定 %[1]d 份通知单。", "Direct it to at most %[1]d notices.", mostDirected).By("F5")
	}
	seen, sum := map[uuid.UUID]bool{}, 0
	for i, a := range in.Allocations {
		field := fmt.Sprintf("allocations.%d.", i)
		if err := checkAmount(field+"amount", "F5", a.Amount); err != nil {
			return err
		}
		if seen[a.NoticeID] {
			return fault.Invalid(field+"noticeID", "通知单重复,请合并为一行。", "The notice is named twice; make it one line.").By("F5")
		}
		seen[a.NoticeID] = true
		sum += a.Amount
	}
	if sum > in.Amount {
		return fault.Invalid("allocations", "指定的金额合计超过付款金额。", "More is directed than was paid.").By("F5")
	}
	if err := wording.Optional(wording.CheckLine, "paidBy", in.PaidBy); err != nil {
		return err
	}
	return wording.Optional(wording.CheckLine, "reference", in.Reference)
}

// reference is the number of the payment; one at the bank is written as statements have it, so that it is found there.
func (in RecordFeePaymentInput) reference() string {
	if in.Method == feepayment.MethodBankTransfer {
		return wording.Code(tidy(in.Reference))
	}
	return tidy(in.Reference)
}

// RecordFeePaymentPayload is the payment with its receipt, and the account after it.
type RecordFeePaymentPayload struct {
	Payment *ent.FeePayment
	Account *ent.FeeAccount
}

// Pay records what a household paid, under the estate's next receipt number (F5). It settles what is owed, the oldest first, or the notices that it is
// directed to; what is too much is kept as credit.
//
// Errors: NOT_FOUND; INVALID_INPUT for a time to come or long ago; CONFLICT F5 if less is open of a notice than is directed to it, or it is
// another household's.
var Pay = act.New("fees.pay", act.Needs(policy.FeePayment, policy.Create).SessionOnly(), act.Clauses("F5"), pay)

func pay(tx *act.Tx, in RecordFeePaymentInput) (*RecordFeePaymentPayload, error) {
	h, err := tx.Household.Query().Where(household.ID(in.HouseholdID)).Only(tx)
	if h, err = act.Find(h, err, "householdID"); err != nil {
		return nil, err
	}
	today, err := tx.Today(h.EstateID)
	if err != nil {
		return nil, err
	}
	at := tx.Now
	if in.PaidAt != nil {
		if at = in.PaidAt.UTC(); at.After(tx.Now) || at.Before(tx.Now.AddDate(0, 0, -paidWithin)) {
			return nil, fault.Invalid("paidAt", "付款时间应在最近 %[1]d 天内,且不晚于现在。", "Give a time of payment within the last %[1]d days, and not one to come.", paidWithin).By("F5")
		}
	}
	if err := directed(tx, h, in.Allocations); err != nil {
		return nil, err
	}
	if err := lock(tx, h.EstateID, h.ID); err != nil {
		return nil, err
	}
	p, err := tx.FeePayment.Create().SetEstateID(h.EstateID).SetHouseholdID(h.ID).SetMethod(in.Method).SetAmount(int64(in.Amount)).SetPaidAt(at).SetBookedOn(today.UTC()).
		SetPaidBy(tidy(in.PaidBy)).SetReference(in.reference()).SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if len(in.Allocations) == 0 {
		err = settle(tx, h.EstateID, h.ID, today)
	} else {
		err = direct(tx, p, in.Allocations, today)
	}
	if err != nil {
		return nil, err
	}
	if err := follow(tx, h.EstateID, h.ID); err != nil {
		return nil, err
	}
	if p, err = tx.FeePayment.Get(tx, p.ID); err != nil {
		return nil, err
	}
	a, err := accountOf(tx, h.EstateID, h.ID)
	return &RecordFeePaymentPayload{p, a}, err
}

// directed finds the notices that a payment is directed to. Errors: NOT_FOUND at the one that is not there; CONFLICT at another household's.
func directed(tx *act.Tx, h *ent.Household, list []FeeAllocationInput) error {
	ids := make([]uuid.UUID, len(list))
	for i, a := range list {
		ids[i] = a.NoticeID
	}
	found, err := tx.FeeNotice.Query().Where(feenotice.IDIn(ids...), feenotice.EstateID(h.EstateID)).All(tx)
	if err != nil {
		return err
	}
	of := make(map[uuid.UUID]uuid.UUID, len(found))
	for _, n := range found {
		of[n.ID] = n.HouseholdID
	}
	for i, id := range ids {
		switch of[id] {
		case h.ID:
		case uuid.Nil:
			return fault.Missing().At(fmt.Sprintf("allocations.%d.noticeID", i))
		default:
			return foreignNotice()
		}
	}
	return nil
}

// direct settles the notices that are named; the rest stays as credit.
func direct(tx *act.Tx, p *ent.FeePayment, list []FeeAllocationInput, today calendar.Day) error {
	rows := make([]*ent.FeeAllocationCreate, len(list))
	for i, a := range list {
		rows[i] = tx.FeeAllocation.Create().SetEstateID(p.EstateID).SetHouseholdID(p.HouseholdID).SetNoticeID(a.NoticeID).SetPaymentID(p.ID).SetBookedOn(today.UTC()).SetAmount(int64(a.Amount))
	}
	return tx.FeeAllocation.CreateBulk(rows...).Exec(tx)
}

// settle has the database settle what a household owes with the credit that it has, the oldest first.
func settle(tx *act.Tx, estate, household uuid.UUID, today calendar.Day) error {
	_, err := tx.Raw.Exec(tx, `SELECT fee_settle($1, $2, $3, $4)`, estate, []uuid.UUID{household}, tx.Now, today.UTC())
	return err
}

// SettleFeeCreditInput names a household with credit.
type SettleFeeCreditInput struct{ HouseholdID uuid.UUID }

// SettleFeeCreditPayload is the account after it.
type SettleFeeCreditPayload struct{ Account *ent.FeeAccount }

// Settle has what a household has paid too much settle what it owes, the oldest first (F5): what was directed elsewhere is not left lying. A new
// notice takes it by itself.
//
// Errors: NOT_FOUND; CONFLICT F5 if it has no credit, or owes nothing.
var Settle = act.New("fees.settle", act.Needs(policy.FeeAllocation, policy.Create).SessionOnly(), act.Clauses("F5"), settleCredit)

func settleCredit(tx *act.Tx, in SettleFeeCreditInput) (*SettleFeeCreditPayload, error) {
	h, err := tx.Household.Query().Where(household.ID(in.HouseholdID)).Only(tx)
	if h, err = act.Find(h, err, "householdID"); err != nil {
		return nil, err
	}
	if err := lock(tx, h.EstateID, h.ID); err != nil {
		return nil, err
	}
	a, err := accountOf(tx, h.EstateID, h.ID)
	switch {
	case err != nil:
		return nil, err
	case a.Credit == 0 || a.Receivable == 0:
		return nil, fault.Clash("该业户没有预收款,或没有欠费。", "The household has no credit, or owes nothing.").By("F5")
	}
	tx.About(ent.TypeFeeAccount, a.ID, a.RowScope())
	today, err := tx.Today(h.EstateID)
	if err != nil {
		return nil, err
	}
	if err := settle(tx, h.EstateID, h.ID, today); err != nil {
		return nil, err
	}
	if err := follow(tx, h.EstateID, h.ID); err != nil {
		return nil, err
	}
	a, err = accountOf(tx, h.EstateID, h.ID)
	return &SettleFeeCreditPayload{a}, err
}
