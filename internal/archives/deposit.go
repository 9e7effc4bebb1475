package archives

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/renovation"
	"github.com/steward-pm/steward/ent/renovationstep"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

func init() {
	act.Explain("renovations_held", stillHeld())
	act.Explain("renovations_once", fault.Clash("押金刚有登记,请重新读取。", "The deposit is on record already; read it again.").By("A1.4"))
}

// PayRenovationDepositInput is what a household pays as a deposit.
type PayRenovationDepositInput struct {
	ID       uuid.UUID
	Amount   int // minor units of the currency
	Currency string
	Note     *string // the receipt's number, say
}

// Check refuses impossible amounts.
func (in PayRenovationDepositInput) Check() error {
	return cmp.Or(checkAmount("amount", in.Amount), checkCurrency("currency", in.Currency), wording.Optional(wording.CheckRemark, "note", in.Note))
}

// PayRenovationDepositPayload is the renovation as it stands after.
type PayRenovationDepositPayload struct{ Renovation *ent.Renovation }

// PayDeposit records that the deposit was paid, once (A1.4).
//
// Errors: NOT_FOUND; CONFLICT if it was paid, or the renovation is closed or voided.
var PayDeposit = act.Guarded(act.New("archives.payDeposit", act.Needs(policy.Renovation, policy.Update), act.Clauses("A1.4"), payDeposit), renovationGuard(canPayDeposit))

func payDeposit(tx *act.Tx, in PayRenovationDepositInput) (*PayRenovationDepositPayload, error) {
	r, err := renovationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canPayDeposit(tx, r); err != nil {
		return nil, err
	}
	if r, err = r.Update().SetDeposit(int64(in.Amount)).SetCurrency(in.Currency).SetPaidAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return &PayRenovationDepositPayload{r}, tell(tx, r, renovationstep.StepDepositPaid, r.Deposit, remark(in.Note))
}

func canPayDeposit(tx *act.Tx, r *ent.Renovation) error {
	if err := stands(tx, policy.Renovation, r.RowScope(), r.VoidedAt); err != nil {
		return err
	}
	switch {
	case r.PaidAt != nil:
		return fault.Clash("押金已登记。", "The deposit was paid.").By("A1.4")
	case r.State == renovation.StateClosed:
		return worksClosed()
	}
	return nil
}

// ReturnRenovationDepositInput says what is given back of a deposit, and what is kept of it and why: the two are what was paid.
type ReturnRenovationDepositInput struct {
	ID       uuid.UUID
	Returned int
	Deducted *int
	Reason   *string
}

// Check refuses impossible amounts, and to keep something without a reason.
func (in ReturnRenovationDepositInput) Check() error {
	if in.Returned < 0 || in.Returned > maxAmount {
		return fault.Invalid("returned", "金额以分为单位,应在 0 到 %[1]d 之间。", "The amount, in minor units, is between 0 and %[1]d.", maxAmount).By("A1.4")
	}
	if in.Deducted == nil {
		if in.Reason != nil {
			return fault.Invalid("reason", "没有扣款,请不要填写原因。", "Nothing is kept: leave the reason out.").By("A1.4")
		}
		return nil
	}
	reason := ""
	if in.Reason != nil {
		reason = *in.Reason
	}
	return cmp.Or(checkAmount("deducted", *in.Deducted), wording.CheckText("reason", reason, 1, 500))
}

// ReturnRenovationDepositPayload is the renovation as it stands after.
type ReturnRenovationDepositPayload struct{ Renovation *ent.Renovation }

// ReturnDeposit records that the deposit was given back, or what is left of it after deductions with their reason: after the
// inspection, or when the works do not take place (A1.4). It is never more than was paid, and nothing of it is left unsaid.
//
// Errors: NOT_FOUND; CONFLICT if none is held; RULE A1.4 while the works are under way, or if the amounts are not what was paid.
var ReturnDeposit = act.Guarded(act.New("archives.returnDeposit", act.Needs(policy.Renovation, policy.Update), act.Clauses("A1.4"), returnDeposit), renovationGuard(canReturnDeposit))

func returnDeposit(tx *act.Tx, in ReturnRenovationDepositInput) (*ReturnRenovationDepositPayload, error) {
	r, err := renovationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canReturnDeposit(tx, r); err != nil {
		return nil, err
	}
	returned, deducted, reason := int64(in.Returned), int64(0), ""
	if in.Deducted != nil {
		deducted, reason = int64(*in.Deducted), wording.Tidy(*in.Reason)
	}
	if returned+deducted != r.Deposit {
		return nil, fault.Rule("A1.4", "退还与扣款之和须等于已付押金 %[1]d 分。", "What is given back and what is kept are together the %[1]d minor units that were paid.", r.Deposit).At("returned")
	}
	if r, err = r.Update().SetReturned(returned).SetDeducted(deducted).SetDeductionReason(reason).SetSettledAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return &ReturnRenovationDepositPayload{r}, tell(tx, r, renovationstep.StepDepositReturned, returned, reason)
}

func canReturnDeposit(tx *act.Tx, r *ent.Renovation) error {
	if err := stands(tx, policy.Renovation, r.RowScope(), r.VoidedAt); err != nil {
		return err
	}
	switch {
	case !unsettled(r):
		return fault.Clash("没有待退的押金。", "No deposit is held.").By("A1.4")
	case r.State == renovation.StateUnderWay:
		return fault.Rule("A1.4", "施工中不能退押金,请先验收。", "The works are under way; inspect them first.")
	}
	return nil
}

// VoidRenovationDepositInput names the renovation whose last entry of the deposit was a mistake, and says why.
type VoidRenovationDepositInput struct{ void.Input }

// VoidRenovationDepositPayload is the renovation as it stands after.
type VoidRenovationDepositPayload struct{ Renovation *ent.Renovation }

// VoidDeposit counters the last entry of a deposit, its return or else its payment, that was recorded by mistake (A1.4). The
// steps keep both.
//
// Errors: NOT_FOUND; FORBIDDEN for who does not lead; CONFLICT if there is none, or the
// renovation is closed.
var VoidDeposit = act.Guarded(act.New("archives.voidDeposit", act.Needs(policy.Renovation, policy.Void), act.Clauses("A1.4"), voidDeposit), renovationGuard(canVoidDeposit))

func voidDeposit(tx *act.Tx, in VoidRenovationDepositInput) (*VoidRenovationDepositPayload, error) {
	r, err := renovationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canVoidDeposit(tx, r); err != nil {
		return nil, err
	}
	reason, u, amount := wording.Tidy(in.Reason), r.Update(), r.Returned
	if r.SettledAt != nil {
		u.SetReturned(0).SetDeducted(0).SetDeductionReason("").ClearSettledAt()
	} else {
		amount = r.Deposit
		u.SetDeposit(0).SetCurrency("").ClearPaidAt()
	}
	tx.Because(reason)
	row := r.RowScope()
	if r, err = u.Save(tx); err != nil {
		return nil, err
	}
	if err := tell(tx, r, renovationstep.StepDepositVoided, amount, reason); err != nil {
		return nil, err
	}
	return &VoidRenovationDepositPayload{r}, tellVoided(tx, row, r.ID, "装修押金登记", "renovation deposit", in.Reason)
}

func canVoidDeposit(tx *act.Tx, r *ent.Renovation) error {
	if err := mayVoid(tx, policy.Renovation, r.RowScope(), r.VoidedAt, uuid.Nil, r.RecordedAt); err != nil {
		return err
	}
	switch {
	case r.PaidAt == nil:
		return fault.Clash("没有押金登记。", "No deposit is on record.").By("A1.4")
	case r.State == renovation.StateClosed:
		return worksClosed()
	}
	return nil
}

// unsettled tells whether a deposit was paid that was not given back.
func unsettled(r *ent.Renovation) bool { return r.PaidAt != nil && r.SettledAt == nil }

func stillHeld() *fault.Error {
	return fault.Rule("A1.4", "押金尚未退还,请先退还押金,或作废误登的押金。", "A deposit is still held: give it back first, or void it if it was recorded by mistake.")
}

// worksClosed refuses what comes after the end.
func worksClosed() *fault.Error {
	return fault.Clash("装修已结案。", "The renovation is closed.").By("A1.4")
}
