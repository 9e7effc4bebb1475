package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RaiseMailDoubtInput names an item of which it is not clear whom it is for, or what it is.
type RaiseMailDoubtInput struct {
	ItemID uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in RaiseMailDoubtInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// RaiseMailDoubtPayload is the item as it stands after.
type RaiseMailDoubtPayload struct{ Item *ent.MailItem }

// RaiseDoubt puts a doubtful item before the superiors, who hear of it at once and decide the same day (M4).
//
// Errors: NOT_FOUND; CONFLICT for an item that is neither just received nor sorted.
var RaiseDoubt = act.Guarded(act.New("mail.raiseDoubt", act.Needs(policy.MailItem, policy.Update), act.Clauses("M4"), raiseDoubt), guard(canSetAside))

func raiseDoubt(tx *act.Tx, in RaiseMailDoubtInput) (*RaiseMailDoubtPayload, error) {
	item, err := itemOf(tx, in.ItemID, "itemID")
	if err != nil {
		return nil, err
	}
	if err := canSetAside(tx, item); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := event(tx, item, mailevent.StateDoubtful).SetReason(reason).Exec(tx); err != nil {
		return nil, err
	}
	if err := today(tx, dueDecision, item); err != nil {
		return nil, err
	}
	department, err := obligation.CustomerService(tx, item.EstateID)
	if err != nil {
		return nil, err
	}
	zh, en := itemWords(item)
	if err := obligation.Tell(tx, department, account.Message{
		Estate: item.EstateID, Kind: dueDecision.Name, Subject: item.ID, TitleZH: "疑信:" + zh, TitleEN: "Doubtful mail: " + en,
		BodyZH: tx.Viewer.Name + " 报告疑信:" + reason + ",请当天决定(M4)。", BodyEN: tx.Viewer.Name + " raised it: " + reason + ". Please decide today (M4).",
	}); err != nil {
		return nil, err
	}
	item, err = after(tx, item)
	return &RaiseMailDoubtPayload{item}, err
}

// canSetAside refuses what is no longer on its way.
func canSetAside(_ *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	return in(item, mailitem.StateReceived, mailitem.StateSorted)
}
