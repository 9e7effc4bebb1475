package demo

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebook"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/ent/feetariff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/policy"
)

// fees is two months of fees: the first billed late, which was reported (F2), and paid by most of those who came to the desk, one of them too much
// and one by mistake; the second billed with what was too much, and a notice corrected.
func (h *history) fees() map[int][]func() error {
	first := calendar.Date(h.today.AddDays(-30).Year(), h.today.AddDays(-30).Month()-1, 1)
	second := first.AddMonths(1)
	return map[int][]func() error{
		28: {func() error { return h.tariffs(first) }, func() error { return h.bills(first) }},
		20: {func() error { return h.atTheDesk(first) }},
		12: {func() error { return h.bills(second) }},
		8:  {func() error { return h.corrects(second) }},
		1:  {func() error { _, err := fees.Plan(h.system, act.From(h.system)); return err }},
	}
}

// tariffs are by the square metre, and by the flat.
func (h *history) tariffs(from calendar.Day) error {
	accountant, authority := h.as(policy.Accountant), "物业服务合同第十二条"
	for _, in := range []fees.SetFeeTariffInput{
		{Fee: "物业管理费", UnitKind: feetariff.UnitKindFlat, Basis: feetariff.BasisPerSquareMetre, Rate: 23500},
		{Fee: "垃圾清运费", UnitKind: feetariff.UnitKindFlat, Basis: feetariff.BasisFixed, Rate: 80000},
		{Fee: "车位管理费", UnitKind: feetariff.UnitKindParking, Basis: feetariff.BasisPerPlace, Rate: 800000},
	} {
		in.EstateID, in.FromOn, in.Authority = h.estate.ID, from, &authority
		if _, err := fees.SetTariff.Do(accountant, in); err != nil {
			return err
		}
	}
	book, err := act.From(h.system).DB.Ent.FeeBook.Query().Where(feebook.EstateID(h.estate.ID)).Only(h.system)
	if err != nil {
		return err
	}
	at := "项目财务部(1 栋一层),工作日 9:00–17:30"
	_, err = fees.SetBook.Do(accountant, fees.SetFeeBookInput{EstateID: h.estate.ID, ExpectedVersion: book.Version, PayAt: &at})
	return err
}

// bills makes a month's notices, of a large estate in chunks as its job does.
func (h *history) bills(month calendar.Day) error {
	p, err := fees.Bill.Do(h.as(policy.Accountant), fees.RunFeeBillingInput{EstateID: h.estate.ID, Month: month})
	if err == nil {
		_, err = fees.Finish(h.system, p)
	}
	return err
}

// noticesOf are the first notices of a month, in walking order.
func (h *history) noticesOf(month calendar.Day) ([]*ent.FeeNotice, error) {
	return act.From(h.system).DB.Ent.FeeNotice.Query().Where(feenotice.EstateID(h.estate.ID), feenotice.Month(month.UTC())).
		Order(feenotice.BySortKey(), feenotice.ByID()).Limit(12).All(h.system)
}

// atTheDesk is an afternoon at project finance: most pay in full, one some of it, one too much, and one payment is another's.
func (h *history) atTheDesk(month calendar.Day) error {
	notices, err := h.noticesOf(month)
	if err != nil {
		return err
	}
	methods := []feepayment.Method{feepayment.MethodMobile, feepayment.MethodCash, feepayment.MethodBankTransfer, feepayment.MethodMobile, feepayment.MethodCard}
	for i, n := range notices[:min(len(notices), 10)] {
		amount := int(n.Amount)
		switch i {
		case 3:
			amount /= 2
		case 5:
			amount += 30000
		}
		if _, err := h.paysFees(n.HouseholdID, methods[i%len(methods)], amount); err != nil {
			return err
		}
	}
	wrong, err := h.paysFees(notices[len(notices)-1].HouseholdID, feepayment.MethodCash, int(notices[0].Amount))
	if err != nil {
		return err
	}
	_, err = fees.Reverse.Do(h.as(policy.Accountant), fees.ReverseFeePaymentInput{PaymentID: wrong, Reason: "登记错业户,款项属邻户"})
	return err
}

func (h *history) paysFees(household uuid.UUID, method feepayment.Method, amount int) (uuid.UUID, error) {
	in := fees.RecordFeePaymentInput{HouseholdID: household, Method: method, Amount: amount}
	if method != feepayment.MethodCash {
		number := fmt.Sprintf("2%07d", h.r.IntN(10_000_000))
		in.Reference = &number
	}
	p, err := fees.Pay.Do(h.as(policy.Accountant), in)
	if err != nil {
		return uuid.Nil, err
	}
	return p.Payment.ID, nil
}

// corrects takes back what a notice asked for too much.
func (h *history) corrects(month calendar.Day) error {
	notices, err := h.noticesOf(month)
	if err != nil {
		return err
	}
	amount := 2350
	_, err = fees.Credit.Do(h.as(policy.Accountant), fees.CreditFeeNoticeInput{NoticeID: notices[2].ID, Amount: &amount, Reason: "建筑面积更正,多计 10 平方米"})
	return err
}
