package keys

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// answerWithin is how long the leader has to answer a loss.
const answerWithin = 24 * time.Hour

// lossAnswer is the obligation of the leader to answer a loss (K2.3).
var lossAnswer = obligation.Declare(obligation.Kind{Name: "keys.loss", Clause: "K2.3", TitleZH: "答复钥匙遗失:", TitleEN: "Answer the loss of keys: "})

// ReportKeyLossInput says what was lost: keys of a loan's line, or of a set with a holder.
type ReportKeyLossInput struct {
	LoanLineID    *uuid.UUID
	SetID         *uuid.UUID
	HolderID      *uuid.UUID
	Count         int
	Circumstances string
	OccurredAt    *time.Time // nil: now
}

// Check refuses what is no report whatever the ledger says.
func (in ReportKeyLossInput) Check() error {
	switch {
	case in.LoanLineID != nil && (in.SetID != nil || in.HolderID != nil):
		return fault.Invalid("loanLineID", "借用行与钥匙加持有人只能填一种。", "Give the line of the loan, or the set and its holder, not both.").By("K2.3")
	case in.LoanLineID == nil && in.SetID == nil:
		return fault.Invalid("setID", "请指明借用行,或钥匙及其持有人。", "Give the line of the loan, or the set and its holder.").By("K2.3")
	case in.LoanLineID == nil && in.HolderID == nil:
		return fault.Invalid("holderID", "请指明钥匙在谁手里丢失。", "Say who had the keys.").By("K2.3")
	}
	if err := checkCount("count", in.Count, "K2.3"); err != nil {
		return err
	}
	return wording.CheckText("circumstances", in.Circumstances, 1, 2000)
}

// ReportKeyLossPayload is the loss.
type ReportKeyLossPayload struct{ Loss *ent.KeyLoss }

// ReportLoss takes lost keys out of their holder's account, tells the leader at once, and asks whether the lock
// is to be changed (K2.3).
//
// Errors: NOT_FOUND; FORBIDDEN K2.3 for keys of another department; CONFLICT if fewer keys are there.
var ReportLoss = act.New("keys.reportLoss", act.Needs(policy.KeyLoss, policy.Create), act.Clauses("K2.3"), reportLoss)

func reportLoss(tx *act.Tx, in ReportKeyLossInput) (*ReportKeyLossPayload, error) {
	l, err := whatIsLost(tx, in)
	if err != nil {
		return nil, err
	}
	at, err := l.when(tx, in.OccurredAt)
	if err != nil {
		return nil, err
	}
	department, err := departmentOf(tx, l.holder)
	if err != nil {
		return nil, err
	}
	loss, err := record(tx, in, l, department, at)
	if err != nil {
		return nil, err
	}
	if err := l.leave(tx, loss); err != nil {
		return nil, err
	}
	return &ReportKeyLossPayload{loss}, tellLeaders(tx, loss, department)
}

// record writes the report down.
func record(tx *act.Tx, in ReportKeyLossInput, l lost, department uuid.UUID, at time.Time) (*ent.KeyLoss, error) {
	c := tx.KeyLoss.Create().SetEstateID(l.set.EstateID).SetSetID(l.set.ID).SetLabel(l.set.Label).SetHolderID(l.holder.ID).SetHolderName(l.holder.Name).
		SetNillableHouseholdID(l.holder.HouseholdID).SetCount(in.Count).SetCircumstances(wording.Tidy(in.Circumstances)).
		SetOccurredAt(at).SetReportedAt(tx.Now).SetReportedByID(tx.Viewer.Account).SetReportedByName(tx.Viewer.Name)
	if l.line != nil {
		c.SetLoanLineID(l.line.ID)
	}
	row := l.holder.RowScope()
	if row.Department = department; department != uuid.Nil {
		c.SetDepartmentID(department)
	}
	if !tx.Viewer.Scope(policy.KeyLoss, policy.Create).Covers(row) {
		return nil, fault.Denied("只能报失本部门借用的钥匙,请由客服部报失。",
			"You report the loss of what your own department borrowed; ask customer service to report this one.").By("K2.3")
	}
	return c.Save(tx)
}

// leave moves the keys from who had them to the lost ones, and settles the loan.
func (l lost) leave(tx *act.Tx, loss *ent.KeyLoss) error {
	nowhere, err := office(tx, loss.EstateID, keyholder.KindLost)
	if err != nil {
		return err
	}
	e := entry{set: l.set, from: l.holder, to: nowhere, count: loss.Count, reason: keymovement.ReasonLost, loss: &loss.ID}
	if l.line != nil {
		e.loanLine = &l.line.ID
	}
	if _, err := post(tx, e); act.Explained(err) != nil {
		return tooMany()
	} else if err != nil || l.line == nil {
		return err
	}
	if err := l.line.Update().SetLost(l.line.Lost + loss.Count).Exec(tx); err != nil {
		return err
	}
	_, err = settle(tx, l.loan, tx.Now)
	return err
}

// tellLeaders puts the loss into the leaders' inboxes, and makes an answer due.
func tellLeaders(tx *act.Tx, loss *ent.KeyLoss, department uuid.UUID) error {
	leaders, err := obligation.Leaders(tx, loss.EstateID, department)
	if err != nil {
		return err
	}
	due := obligation.Due{
		About: loss.Label, Estate: loss.EstateID, Subject: loss.ID, At: tx.Now.Add(answerWithin), Household: loss.HouseholdID, Department: department,
	}
	if len(leaders) == 1 {
		due.Account = leaders[0]
	}
	if err := lossAnswer.Open(tx, due); err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: loss.EstateID, Kind: lossAnswer.Name, Subject: loss.ID,
		TitleZH: "钥匙遗失:" + loss.Label, TitleEN: "Keys lost: " + loss.Label,
		BodyZH: loss.HolderName + " 遗失钥匙,请查明情况,并答复是否换锁(K2.3)。",
		BodyEN: loss.HolderName + " lost keys. Please look into it, and answer whether the lock is to be changed (K2.3).",
	})
}
