package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// SortMailInput names items that are put into their slots.
type SortMailInput struct{ ItemIDs []uuid.UUID }

// Check refuses what is no list of items.
func (in SortMailInput) Check() error { return checkItems(in.ItemIDs) }

// SortMailPayload are the items with their slots, in the order given.
type SortMailPayload struct{ Items []*ent.MailItem }

// Sort puts items into the slots of whom they are for: households by their units, then departments (M3).
//
// Errors: NOT_FOUND; CONFLICT for an item that is not just received; RULE M4 for one that is for nobody known.
var Sort = act.Guarded(act.New("mail.sort", act.Needs(policy.MailItem, policy.Update), act.Clauses("M3", "M4"), sortMail), guard(canSort))

func sortMail(tx *act.Tx, in SortMailInput) (*SortMailPayload, error) {
	items, err := itemsOf(tx, in.ItemIDs)
	if err != nil {
		return nil, err
	}
	events := make([]*ent.MailEventCreate, len(items))
	for i, item := range items {
		if err := canSort(tx, item); err != nil {
			return nil, err
		}
		events[i] = event(tx, item, mailevent.StateSorted)
	}
	if err := tx.MailEvent.CreateBulk(events...).Exec(tx); err != nil {
		return nil, err
	}
	items, err = itemsOf(tx, in.ItemIDs)
	return &SortMailPayload{items}, err
}

func canSort(_ *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	if err := in(item, mailitem.StateReceived); err != nil {
		return err
	}
	if item.HouseholdID == nil && item.DepartmentID == nil {
		return noAddressee()
	}
	return nil
}
