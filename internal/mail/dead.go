package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// MarkMailDeadInput names an item that nobody here receives.
type MarkMailDeadInput struct {
	ItemID uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in MarkMailDeadInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// MarkMailDeadPayload is the item as it stands after.
type MarkMailDeadPayload struct{ Item *ent.MailItem }

// MarkDead records that an item is a dead letter: it is due back at the post office the same day (M4).
//
// Errors: NOT_FOUND; CONFLICT for an item that is neither just received nor sorted.
var MarkDead = act.Guarded(act.New("mail.markDead", act.Needs(policy.MailItem, policy.Update), act.Clauses("M4"), markDead), guard(canSetAside))

func markDead(tx *act.Tx, in MarkMailDeadInput) (*MarkMailDeadPayload, error) {
	item, err := itemOf(tx, in.ItemID, "itemID")
	if err != nil {
		return nil, err
	}
	if err := canSetAside(tx, item); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := event(tx, item, mailevent.StateDead).SetReason(reason).Exec(tx); err != nil {
		return nil, err
	}
	if err := today(tx, dueReturn, item); err != nil {
		return nil, err
	}
	item, err = after(tx, item)
	return &MarkMailDeadPayload{item}, err
}

// ReturnMailInput names dead items, and who takes them back for the post office.
type ReturnMailInput struct {
	ItemIDs []uuid.UUID
	TakenBy string
}

// Check refuses what is no list of items, and no name.
func (in ReturnMailInput) Check() error {
	if err := wording.CheckName("takenBy", in.TakenBy); err != nil {
		return err
	}
	return checkItems(in.ItemIDs)
}

// ReturnMailPayload are the items as they stand after, in the order given.
type ReturnMailPayload struct{ Items []*ent.MailItem }

// Return records that dead items went back to the post office (M4).
//
// Errors: NOT_FOUND; CONFLICT for an item that is not dead.
var Return = act.Guarded(act.New("mail.return", act.Needs(policy.MailItem, policy.Update), act.Clauses("M4"), returnMail), guard(canReturn))

func returnMail(tx *act.Tx, in ReturnMailInput) (*ReturnMailPayload, error) {
	items, err := itemsOf(tx, in.ItemIDs)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if err := canReturn(tx, item); err != nil {
			return nil, err
		}
		if err := event(tx, item, mailevent.StateReturned).SetTakenBy(wording.Tidy(in.TakenBy)).Exec(tx); err != nil {
			return nil, err
		}
		if err := dueReturn.Meet(tx, item.ID); err != nil {
			return nil, err
		}
	}
	items, err = itemsOf(tx, in.ItemIDs)
	return &ReturnMailPayload{items}, err
}

func canReturn(_ *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	return in(item, mailitem.StateDead)
}
