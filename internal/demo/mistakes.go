package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloanline"
	"github.com/steward-pm/steward/ent/keyreturn"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/void"
)

// famous is the set at the desk to which most happens: it is lent for long, lost, and found again.
const famous = 2

// mistakes are what was recorded by mistake and voided, or late, and a key that was lost and turned up again (K2.1, K2.3, K1.2).
func (h *history) mistakes() map[int][]func() error {
	var loss *ent.KeyLoss
	mechanic := keys.BorrowerInput{StaffID: &h.mechanics[h.estate.ID][0]}
	return map[int][]func() error{
		16: {func() (err error) {
			loss, err = h.lose(mechanic, h.sets[famous], "巡检后发现钥匙不在腰包里")
			return err
		}},
		15: {func() error {
			_, err := keys.AnswerLoss.Do(h.manager, keys.AnswerKeyLossInput{LossID: loss.ID, Finding: "可能掉在设备层,先寻找", LockChange: false})
			return err
		}},
		14: {func() error {
			_, err := keys.RecordFound.Do(h.officer, keys.RecordKeyFoundInput{LossID: loss.ID, Count: 1, ToID: h.desk, Note: "保洁在设备层拾到"})
			return err
		}},
		13: {h.voidLoan, h.voidReturn},
		11: {h.voidLoss, h.voidMove, h.voidOpening},
		7:  {h.lendLate},
	}
}

// lendTo lends a key of a set at the desk.
func (h *history) lendTo(who keys.BorrowerInput, set int, purpose string, given late.Given) (*ent.KeyLoan, error) {
	p, err := keys.Lend.Do(h.officer, keys.LendKeysInput{Borrower: who, Purpose: purpose, Lines: one(h.sets[set]), Given: given, Signature: attested()})
	if err != nil {
		return nil, err
	}
	return p.Loan, nil
}

func mistaken(id uuid.UUID, reason string) void.Input { return void.Input{ID: id, Reason: reason} }

// voidLoan lends to the wrong borrower.
func (h *history) voidLoan() error {
	loan, err := h.lendTo(keys.BorrowerInput{ExternalPersonID: &h.contractors[h.estate.ID][2]}, 18, "清洁", late.Given{})
	if err != nil {
		return err
	}
	h.clock.Advance(5 * time.Minute)
	_, err = keys.VoidLoan.Do(h.officer, keys.VoidKeyLoanInput{Input: mistaken(loan.ID, "选错借用人")})
	return err
}

// voidReturn takes back what is not back yet, and later is.
func (h *history) voidReturn() error {
	loan, err := h.lendTo(keys.BorrowerInput{StaffID: &h.mechanics[h.estate.ID][0]}, 19, "漏水检修", late.Given{})
	if err != nil {
		return err
	}
	if err := h.takeBack(loan); err != nil {
		return err
	}
	back, err := act.From(h.officer).DB.Ent.KeyReturn.Query().Where(keyreturn.HasLineWith(keyloanline.LoanID(loan.ID))).OnlyID(h.officer)
	if err != nil {
		return err
	}
	if _, err := keys.VoidReturn.Do(h.officer, keys.VoidKeyReturnInput{Input: mistaken(back, "点错一行,钥匙尚未归还")}); err != nil {
		return err
	}
	h.clock.Advance(30 * time.Minute)
	return h.takeBack(loan)
}

// voidLoss reports a loss of what was in the other pocket.
func (h *history) voidLoss() error {
	loss, err := h.lose(keys.BorrowerInput{StaffID: &h.mechanics[h.estate.ID][0]}, h.sets[20], "下班清点时缺一把")
	if err != nil {
		return err
	}
	if _, err := keys.VoidLoss.Do(h.officer, keys.VoidKeyLossInput{Input: mistaken(loss.ID, "钥匙在另一个口袋,未遗失")}); err != nil {
		return err
	}
	loan, err := act.From(h.officer).DB.Ent.KeyLoanLine.Query().Where(keyloanline.ID(*loss.LoanLineID)).QueryLoan().Only(h.officer)
	if err != nil {
		return err
	}
	return h.takeBack(loan)
}

// voidMove moves keys of the wrong set to the desk.
func (h *history) voidMove() error {
	p, err := keys.Move.Do(h.custodian, keys.MoveKeysInput{SetID: h.sets[21], Count: 1, FromID: h.cabinet, ToID: h.desk})
	if err != nil {
		return err
	}
	_, err = keys.VoidMovement.Do(h.custodian, keys.VoidKeyMovementInput{Input: mistaken(p.Movement.ID, "拿错房号,已放回")})
	return err
}

func (h *history) voidOpening() error {
	p, err := keys.OpenCabinet.Do(h.custodian, keys.OpenKeyCabinetInput{CabinetID: h.cabinet, Purpose: "盘点"})
	if err != nil {
		return err
	}
	_, err = keys.VoidOpening.Do(h.custodian, keys.VoidKeyCabinetOpeningInput{Input: mistaken(p.Opening.ID, "重复登记")})
	return err
}

// lendLate writes down in the evening what was lent at noon.
func (h *history) lendLate() error {
	when, why := h.clock.Now().Add(-5*time.Hour), "中午系统断网,先记在纸上"
	loan, err := h.lendTo(keys.BorrowerInput{StaffID: &h.mechanics[h.estate.ID][0]}, 18, "抄水电表", late.Given{OccurredAt: &when, LateReason: &why})
	if err != nil {
		return err
	}
	return h.takeBack(loan)
}
