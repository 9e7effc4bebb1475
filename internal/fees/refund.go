package fees

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/feerefund"
	"github.com/steward-pm/steward/ent/feerefundpart"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/registers"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// refunding is the approval of a refund, by who leads finance or a manager, who did not ask for it (F5).
var refunding = approval.Declare(approval.Kind{
	Name: "fees.refund", Clause: "F5", Resource: policy.FeeRefund, Lapses: 30 * 24 * time.Hour, Led: true, Kept: true, Decided: refundDecided,
})

// refundDecided ends the refund that was not approved, or lapsed.
func refundDecided(tx *act.Tx, a *ent.Approval) error {
	if a.State == entapproval.StateGiven {
		return nil
	}
	r, err := tx.FeeRefund.Query().Where(feerefund.ID(a.SubjectID)).ForUpdate().Only(tx)
	if err != nil || r.State != feerefund.StateAsked {
		return err
	}
	return r.Update().SetState(feerefund.StateEnded).Exec(tx)
}

// AskFeeRefundInput says what of its credit a household is given back, and how.
type AskFeeRefundInput struct {
	HouseholdID  uuid.UUID
	Amount       int
	Method       feerefund.Method
	Payee        string
	PayeeAccount *string
	Reason       string
}

// Check refuses what is no amount, and empty or endless texts.
func (in AskFeeRefundInput) Check() error {
	if err := checkAmount("amount", "F5", in.Amount); err != nil {
		return err
	}
	if err := wording.CheckName("payee", in.Payee); err != nil {
		return err
	}
	if err := wording.Optional(wording.CheckLine, "payeeAccount", in.PayeeAccount); err != nil {
		return err
	}
	if in.Method == feerefund.MethodBankTransfer && tidy(in.PayeeAccount) == "" {
		return fault.Invalid("payeeAccount", "转账退款请填写收款账号。", "Give the account that a transfer goes to.").By("F5")
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// AskFeeRefundPayload is the refund, which awaits approval.
type AskFeeRefundPayload struct{ Refund *ent.FeeRefund }

// AskRefund asks that a household is given back what it has paid too much (F5). Another approves it; then it is paid out.
//
// Errors: NOT_FOUND; CONFLICT F5 for more than the household has, and while another refund of it is asked for.
var AskRefund = act.New("fees.askRefund", act.Needs(policy.FeeRefund, policy.Create).SessionOnly(), act.Clauses("F5"), askRefund)

func askRefund(tx *act.Tx, in AskFeeRefundInput) (*AskFeeRefundPayload, error) {
	h, err := tx.Household.Query().Where(household.ID(in.HouseholdID)).Only(tx)
	if h, err = act.Find(h, err, "householdID"); err != nil {
		return nil, err
	}
	if err := enough(tx, h.EstateID, h.ID, int64(in.Amount)); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	r, err := tx.FeeRefund.Create().SetEstateID(h.EstateID).SetHouseholdID(h.ID).SetAmount(int64(in.Amount)).SetMethod(in.Method).SetPayee(wording.Tidy(in.Payee)).
		SetPayeeAccount(tidy(in.PayeeAccount)).SetReason(reason).SetAskedByID(tx.Viewer.Account).SetAskedByName(tx.Viewer.Name).SetAskedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	q := approval.Question{
		Estate: h.EstateID, Subject: r.ID, Reason: reason,
		TitleZH: fmt.Sprintf("退款 %s 元:%s", registers.Decimal(r.Amount), h.Name), TitleEN: fmt.Sprintf("Refund %s yuan: %s", registers.Decimal(r.Amount), h.Name),
		Content: map[string]any{"refund": r.ID, "household": h.ID, "code": h.Code, "name": h.Name, "amount": r.Amount, "method": r.Method, "payee": r.Payee, "payeeAccount": r.PayeeAccount, "reason": reason},
	}
	department, err := finance(tx, h.EstateID)
	if err != nil {
		return nil, err
	}
	if department != uuid.Nil {
		q.Department = &department
	}
	a, err := refunding.Ask(tx, q)
	if err != nil {
		return nil, err
	}
	r, err = r.Update().SetApprovalID(a.ID).Save(tx)
	return &AskFeeRefundPayload{r}, err
}

// enough locks a household's account, and refuses to give back more than its credit. Errors: CONFLICT at amount.
func enough(tx *act.Tx, estate, household uuid.UUID, amount int64) error {
	if err := lock(tx, estate, household); err != nil {
		return err
	}
	a, err := accountOf(tx, estate, household)
	if err != nil {
		return err
	}
	if amount > a.Credit {
		return tooMuch().With("credit", a.Credit)
	}
	return nil
}

func tooMuch() *fault.Error {
	return fault.Clash("超过该业户现有的预收款,不能退。", "That is more than the household's credit.").By("F5").At("amount")
}

// PayFeeRefundInput names a refund that was approved, and is paid out.
type PayFeeRefundInput struct {
	RefundID  uuid.UUID
	Reference *string // its number at the bank
}

// Check refuses an endless number.
func (in PayFeeRefundInput) Check() error {
	return wording.Optional(wording.CheckLine, "reference", in.Reference)
}

// PayFeeRefundPayload is the refund with its number, and the account after it.
type PayFeeRefundPayload struct {
	Refund  *ent.FeeRefund
	Account *ent.FeeAccount
}

// PayRefund books a refund that was approved, under the estate's next number (F5): the household's credit is less by it, the oldest first.
//
// Errors: NOT_FOUND; RULE F5 while it is not approved; CONFLICT F5 if it was paid out or ended, or the credit has settled something since.
var PayRefund = act.New("fees.payRefund", act.Needs(policy.FeeRefund, policy.Update).SessionOnly(), act.Clauses("F5"), payRefund)

func payRefund(tx *act.Tx, in PayFeeRefundInput) (*PayFeeRefundPayload, error) {
	r, err := tx.FeeRefund.Query().Where(feerefund.ID(in.RefundID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "refundID"); err != nil {
		return nil, err
	}
	if r.State != feerefund.StateAsked || r.ApprovalID == nil {
		return nil, refundOver().At("refundID")
	}
	if _, err := refunding.Use(tx, *r.ApprovalID, "refundID"); err != nil {
		return nil, err
	}
	if err := enough(tx, r.EstateID, r.HouseholdID, r.Amount); err != nil {
		return nil, err
	}
	today, err := tx.Today(r.EstateID)
	if err != nil {
		return nil, err
	}
	if err := r.Update().SetState(feerefund.StatePaid).SetBookedOn(today.UTC()).SetPaidByID(tx.Viewer.Account).SetPaidByName(tx.Viewer.Name).SetPaidAt(tx.Now).
		SetReference(tidy(in.Reference)).Exec(tx); err != nil {
		return nil, err
	}
	if r, err = tx.FeeRefund.Get(tx, r.ID); err != nil { // the number is the database's to give
		return nil, err
	}
	a, err := accountOf(tx, r.EstateID, r.HouseholdID)
	return &PayFeeRefundPayload{r, a}, err
}

// ReturnFeeRefundInput names a refund whose money came back, and says why.
type ReturnFeeRefundInput struct {
	RefundID uuid.UUID
	Reason   string
}

// Check refuses an empty or endless reason.
func (in ReturnFeeRefundInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ReturnFeeRefundPayload is the refund, and the account after it.
type ReturnFeeRefundPayload struct {
	Refund  *ent.FeeRefund
	Account *ent.FeeAccount
}

// ReturnRefund books that the money of a refund came back, or never left: it is the household's credit again, by an entry of its own (F5). The leaders of finance hear
// of it.
//
// Errors: NOT_FOUND; CONFLICT F5 if it was not paid out, or came back before.
var ReturnRefund = act.New("fees.returnRefund", act.Needs(policy.FeeRefund, policy.Update).SessionOnly(), act.Clauses("F5"), returnRefund)

func returnRefund(tx *act.Tx, in ReturnFeeRefundInput) (*ReturnFeeRefundPayload, error) {
	r, err := tx.FeeRefund.Query().Where(feerefund.ID(in.RefundID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "refundID"); err != nil {
		return nil, err
	}
	if r.State != feerefund.StatePaid {
		return nil, fault.Clash("这笔退款尚未付出,或已退回。", "The refund was not paid out, or came back before.").By("F5").At("refundID")
	}
	today, err := tx.Today(r.EstateID)
	if err != nil {
		return nil, err
	}
	if err := lock(tx, r.EstateID, r.HouseholdID); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	r, err = r.Update().SetState(feerefund.StateReturned).SetReturnedOn(today.UTC()).SetReturnedByID(tx.Viewer.Account).SetReturnedByName(tx.Viewer.Name).SetReturnedAt(tx.Now).
		SetReturnReason(reason).Save(tx)
	if err != nil {
		return nil, err
	}
	a, err := accountOf(tx, r.EstateID, r.HouseholdID)
	if err != nil {
		return nil, err
	}
	return &ReturnFeeRefundPayload{r, a}, tellReturned(tx, r)
}

// tellReturned tells the leaders of finance that money which was given back is said to have come back.
func tellReturned(tx *act.Tx, r *ent.FeeRefund) error {
	department, err := finance(tx, r.EstateID)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: r.EstateID, Kind: "fees.refundReturned", Subject: r.ID, TitleZH: fmt.Sprintf("退款第 %d 号已退回", *r.Number), TitleEN: fmt.Sprintf("Refund %d came back", *r.Number),
		BodyZH: fmt.Sprintf("%s 登记退款第 %d 号(%s 元,收款人 %s)已退回,原因:%s(F5)。", r.ReturnedByName, *r.Number, registers.Decimal(r.Amount), r.Payee, r.ReturnReason),
		BodyEN: fmt.Sprintf("%s recorded that refund %d of %s yuan to %s came back; the reason given: %s (F5).", r.ReturnedByName, *r.Number, registers.Decimal(r.Amount), r.Payee, r.ReturnReason),
	})
}

// notRefunded refuses to reverse a payment of which something was given back. Errors: CONFLICT.
func notRefunded(tx *act.Tx, p *ent.FeePayment) error {
	given, err := tx.FeeRefundPart.Query().Where(feerefundpart.PaymentID(p.ID), feerefundpart.HasRefundWith(feerefund.StateEQ(feerefund.StatePaid))).Exist(tx)
	if err == nil && given {
		return fault.Clash("这笔付款的余款已退还业户,不能冲销。", "Some of this payment was given back to the household; it is not reversed.").By("F5")
	}
	return err
}

func refundOver() *fault.Error {
	return fault.Clash("这笔退款已付出或已终止,请重新读取。", "The refund was paid out, or has ended; read it again.").By("F5")
}

func init() {
	act.Explain("fee_refunds_credit", tooMuch())
	act.Explain("fee_refunds_open", fault.Clash("该业户已有退款待批准或待付出。", "Another refund of the household is asked for already.").By("F5").At("householdID"))
	act.Explain("fee_refunds_way", refundOver())
	act.Explain("fee_refunds_approved", fault.Rule("F5", "退款须经申请人以外的人批准。", "A refund is approved by somebody else than who asks for it."))
}
