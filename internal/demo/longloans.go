package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/policy"
)

// longLoans are those of more than a day (K2.2): one approved, extended and back; one declined, one withdrawn; and one
// under way, to be extended, which waits for the general manager as another does.
func (h *history) longLoans() map[int][]func() error {
	var asked, extension *ent.KeyLoanRequest
	var loan, second *ent.KeyLoan
	decorator, lift := h.contractors[h.estate.ID][0], h.contractors[h.estate.ID][1]
	return map[int][]func() error{
		24: {func() (err error) {
			asked, err = h.askLoan(decorator, famous, h.until(24, 5), "整屋翻新,每天出入")
			return err
		}, func() error { return h.give(asked, "同意,每晚锁好") }},
		23: {func() (err error) { loan, err = h.lendLong(asked, decorator, famous); return err }},
		20: {func() (err error) { extension, err = h.askLonger(loan, h.until(20, 4), "工期顺延"); return err },
			func() error { return h.give(extension, "") },
			func() error {
				_, err := keys.Extend.Do(h.officer, keys.ExtendKeyLoanInput{LoanID: loan.ID, ApprovalID: *extension.ApprovalID})
				return err
			}},
		17: {func() error { return h.takeBack(loan) }},
		12: {func() (err error) {
			asked, err = h.askLoan(lift, 14, h.until(12, 30), "电梯改造")
			return err
		}, func() error {
			_, err := approval.Decline.Do(h.as(policy.GeneralManager), approval.DeclineApprovalInput{ApprovalID: *asked.ApprovalID, Note: "时间太长,请按天借用"})
			return err
		}},
		9: {func() (err error) { asked, err = h.askLoan(lift, 15, h.until(9, 3), "调试"); return err }, func() error {
			_, err := approval.Withdraw.Do(h.officer, approval.WithdrawApprovalInput{ApprovalID: *asked.ApprovalID, Reason: "改期,届时再申请"})
			return err
		}},
		3: {func() (err error) {
			asked, err = h.askLoan(decorator, 14, h.until(3, 5), "橱柜安装")
			return err
		}, func() error { return h.give(asked, "") },
			func() (err error) { second, err = h.lendLong(asked, decorator, 14); return err }},
		1: {func() error { _, err := h.askLonger(second, h.today.AddDays(6), "台面返工"); return err },
			func() error { _, err := h.askLoan(lift, 15, h.today.AddDays(5), "电梯年检"); return err }},
	}
}

// until is the day so many days after the one that is so many days ago.
func (h *history) until(back, later int) calendar.Day { return h.today.AddDays(later - back) }

func one(set uuid.UUID) []keys.LendLineInput { return []keys.LendLineInput{{SetID: set, Count: 1}} }

func (h *history) askLoan(who uuid.UUID, set int, until calendar.Day, reason string) (*ent.KeyLoanRequest, error) {
	p, err := keys.AskLoan.Do(h.officer, keys.AskKeyLoanInput{
		Borrower: keys.BorrowerInput{ExternalPersonID: &who}, Purpose: "施工", Lines: one(h.sets[set]), Until: until, Reason: reason,
	})
	if err != nil {
		return nil, err
	}
	return p.Request, nil
}

func (h *history) askLonger(loan *ent.KeyLoan, until calendar.Day, reason string) (*ent.KeyLoanRequest, error) {
	p, err := keys.AskExtension.Do(h.officer, keys.AskKeyLoanExtensionInput{LoanID: loan.ID, Until: until, Reason: reason})
	if err != nil {
		return nil, err
	}
	return p.Request, nil
}

// give has the general manager approve, and sign with the own password.
func (h *history) give(r *ent.KeyLoanRequest, note string) error {
	_, err := approval.Give.Do(h.as(policy.GeneralManager), approval.GiveApprovalInput{
		ApprovalID: *r.ApprovalID, Note: note, Signature: h.password(policy.GeneralManager),
	})
	return err
}

func (h *history) lendLong(r *ent.KeyLoanRequest, who uuid.UUID, set int) (*ent.KeyLoan, error) {
	p, err := keys.Lend.Do(h.officer, keys.LendKeysInput{
		Borrower: keys.BorrowerInput{ExternalPersonID: &who}, Purpose: "施工", Lines: one(h.sets[set]), ApprovalID: r.ApprovalID, Signature: attested(),
	})
	if err != nil {
		return nil, err
	}
	return p.Loan, nil
}

func (h *history) takeBack(loan *ent.KeyLoan) error {
	_, err := keys.Return.Do(h.officer, keys.ReturnKeysInput{LoanID: loan.ID, Signature: attested()})
	return err
}
