package fees

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/registers"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// HandFeeDunningsInput names the dunning notices that customer service gets.
type HandFeeDunningsInput struct{ DunningIDs []uuid.UUID }

// Check refuses none, too many, and one that is named twice.
func (in HandFeeDunningsInput) Check() error { return checkDunnings(in.DunningIDs, "F7") }

// HandFeeDunningsPayload are the notices, in the order given.
type HandFeeDunningsPayload struct{ Dunnings []*ent.FeeDunning }

// Hand records that customer service got what was stamped: it dispatches it within three days (F7).
//
// Errors: NOT_FOUND; RULE F7 for what is not stamped.
var Hand = act.Guarded(act.New("fees.handDunnings", act.Needs(policy.FeeDunning, policy.Update).SessionOnly(), act.Clauses("F7"), hand), dunningGuard(canHand))

func hand(tx *act.Tx, in HandFeeDunningsInput) (*HandFeeDunningsPayload, error) {
	list, err := lockDunnings(tx, in.DunningIDs, canHand)
	if err != nil {
		return nil, err
	}
	for i, d := range list {
		cal, err := tx.Calendar(d.EstateID)
		if err != nil {
			return nil, err
		}
		due := cal.EndOfDay(cal.Today(tx.Now).AddDays(dispatchDays)).UTC()
		if list[i], err = d.Update().SetState(feedunning.StateHanded).SetHandedAt(tx.Now).SetHandedByID(tx.Viewer.Account).SetHandedByName(tx.Viewer.Name).SetDispatchDueAt(due).Save(tx); err != nil {
			return nil, err
		}
		if err := dueHand.Meet(tx, d.ID); err != nil {
			return nil, err
		}
		if err := dueOut.Open(tx, obligation.Due{About: dunningTitle(d), Estate: d.EstateID, Subject: d.ID, At: due}); err != nil {
			return nil, err
		}
	}
	return &HandFeeDunningsPayload{list}, nil
}

func canHand(_ *act.Tx, d *ent.FeeDunning) error {
	switch {
	case d.StampedAt == nil:
		return fault.Rule("F7", "盖章后才移交客服部。", "Customer service gets what is stamped, and nothing else.")
	case d.State != feedunning.StateStamped:
		return wayOf()
	}
	return nil
}

// WithdrawFeeDunningInput names a dunning notice that is not to go out, and says why.
type WithdrawFeeDunningInput struct {
	DunningID uuid.UUID
	Reason    string
}

// Check refuses an empty or endless reason.
func (in WithdrawFeeDunningInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// WithdrawFeeDunningPayload is the notice, withdrawn.
type WithdrawFeeDunningPayload struct{ Dunning *ent.FeeDunning }

// Withdraw has a dunning notice not go out, for a reason (F6). The program drafts no other of what it asked for, unless somebody asks it to. What is paid is
// withdrawn without this. The leaders of finance hear of it, and customer service if it has the notice.
//
// Errors: NOT_FOUND; CONFLICT F6 once it was delivered, or has ended.
var Withdraw = act.Guarded(act.New("fees.withdrawDunning", act.Needs(policy.FeeDunning, policy.Create).SessionOnly(), act.Clauses("F6"), withdraw), dunningGuard(canWithdraw))

func withdraw(tx *act.Tx, in WithdrawFeeDunningInput) (*WithdrawFeeDunningPayload, error) {
	d, err := tx.FeeDunning.Query().Where(feedunning.ID(in.DunningID)).ForUpdate().Only(tx)
	if d, err = act.Find(d, err, "dunningID"); err != nil {
		return nil, err
	}
	if err := canWithdraw(tx, d); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	d, err = d.Update().SetState(feedunning.StateWithdrawn).SetEndedAt(tx.Now).SetEndReason(reason).SetEndedByID(tx.Viewer.Account).SetEndedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	for _, due := range []*obligation.Kind{dueHand, dueOut, dueDeliver, dueAgain} {
		if err := due.Cancel(tx, d.ID); err != nil {
			return nil, err
		}
	}
	if d.HandedAt != nil {
		if err := tellHolders(tx, []*ent.FeeDunning{d}); err != nil {
			return nil, err
		}
	}
	return &WithdrawFeeDunningPayload{d}, tellWithdrawn(tx, d)
}

// tellWithdrawn tells the leaders of finance that what is owed is not demanded, and why (F6).
func tellWithdrawn(tx *act.Tx, d *ent.FeeDunning) error {
	department, err := finance(tx, d.EstateID)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: d.EstateID, Kind: "fees.dunningWithdrawn", Subject: d.ID, TitleZH: "催缴通知单已撤回:" + dunningTitle(d), TitleEN: "Dunning notice was withdrawn: " + dunningTitle(d),
		BodyZH: fmt.Sprintf("%s 撤回了催缴通知单 %s(%s 元),原因:%s(F6)。", d.EndedByName, dunningNumber(d), registers.Decimal(d.Amount), d.EndReason),
		BodyEN: fmt.Sprintf("%s withdrew dunning notice %s of %s yuan; the reason given: %s (F6).", d.EndedByName, dunningNumber(d), registers.Decimal(d.Amount), d.EndReason),
	})
}

func canWithdraw(_ *act.Tx, d *ent.FeeDunning) error {
	switch {
	case d.EndedAt != nil:
		return fault.Clash("这份催缴通知单已撤回或被新版本代替。", "The dunning notice was withdrawn or replaced before.").By("F6")
	case d.DeliveredAt != nil:
		return fault.Clash("已送达的催缴通知单不能撤回;金额有误请冲减收费通知单。", "What was delivered is not withdrawn; what it asks for too much is credited on the fee notice.").By("F6")
	}
	return nil
}
