package mail

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
)

// M4: a dead letter goes back, and a doubtful one is decided upon, on the day that it is found to be so.
var (
	dueReturn   = obligation.Declare(obligation.Kind{Name: "mail.return", Clause: "M4", TitleZH: "退回死信:", TitleEN: "Send back dead mail: "})
	dueDecision = obligation.Declare(obligation.Kind{Name: "mail.decide", Clause: "M4", TitleZH: "处理疑信:", TitleEN: "Decide upon doubtful mail: "})
)

// item locks an item that is to be changed. Errors: NOT_FOUND at the field; CONFLICT if it was voided.
func itemOf(tx *act.Tx, id uuid.UUID, field string) (*ent.MailItem, error) {
	item, err := tx.MailItem.Query().Where(mailitem.ID(id)).ForUpdate().Only(tx)
	if item, err = act.Find(item, err, field); err != nil {
		return nil, err
	}
	return item, void.Refuse(item.VoidedAt)
}

// itemsOf locks items in one order, so that two who lock some of the same do not wait for each other; they come as given.
//
// Errors: NOT_FOUND at the one that is not there; CONFLICT if one was voided.
func itemsOf(tx *act.Tx, list []uuid.UUID) ([]*ent.MailItem, error) {
	found, err := tx.MailItem.Query().Where(mailitem.IDIn(list...)).Order(mailitem.ByID()).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]*ent.MailItem, len(list))
	for i, id := range list {
		at := slices.IndexFunc(found, func(item *ent.MailItem) bool { return item.ID == id })
		if at < 0 {
			return nil, fault.Missing().At(fmt.Sprintf("itemIDs.%d", i))
		}
		if err := void.Refuse(found[at].VoidedAt); err != nil {
			return nil, err
		}
		out[i] = found[at]
	}
	return out, nil
}

// checkItems refuses what is no list of items, and one that is named twice.
func checkItems(list []uuid.UUID) error {
	if len(list) == 0 || len(list) > mostItems {
		return fault.Invalid("itemIDs", "请选择 1 到 %[1]d 件邮件。", "Choose between 1 and %[1]d items.", mostItems).By("M4")
	}
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return fault.Invalid(fmt.Sprintf("itemIDs.%d", i), "邮件重复,请去掉一个。", "The item is named twice; leave one out.").By("M4")
		}
	}
	return nil
}

// in refuses an item that is in none of the states. Errors: CONFLICT.
func in(item *ent.MailItem, states ...mailitem.State) error {
	if slices.Contains(states, item.State) {
		return nil
	}
	return fault.Clash("邮件现为“%[1]s”(%[2]s),不能这样办理。", "The item is %[3]s since %[2]s acted; this is no way from there.",
		stateZH(item.State), item.ChangedByName, stateEN(item.State)).By("M4")
}

// event is a change of the item by the viewer and now; for whom it is stays unless it is set.
func event(tx *act.Tx, item *ent.MailItem, to mailevent.State) *ent.MailEventCreate {
	return tx.MailEvent.Create().SetEstateID(item.EstateID).SetItemID(item.ID).SetState(to).
		SetNillableHouseholdID(item.HouseholdID).SetNillableDepartmentID(item.DepartmentID).
		SetActedByID(tx.Viewer.Account).SetActedByName(tx.Viewer.Name).SetActedAt(tx.Now)
}

// after is the item as its event left it.
func after(tx *act.Tx, item *ent.MailItem) (*ent.MailItem, error) {
	return tx.MailItem.Get(tx, item.ID)
}

// today has something due about the item at the end of the estate's day.
func today(tx *act.Tx, kind *obligation.Kind, item *ent.MailItem) error {
	cal, err := tx.Calendar(item.EstateID)
	if err != nil {
		return err
	}
	zh, en := itemWords(item)
	return kind.Open(tx, obligation.Due{
		About: zh, AboutEN: en, Estate: item.EstateID, Subject: item.ID, At: cal.EndOfDay(cal.Today(tx.Now)), Account: tx.Viewer.Account,
	})
}

// guard asks of each item what check says.
func guard(check func(*act.Tx, *ent.MailItem) error) act.Guard[*ent.MailItem] {
	return act.Guard[*ent.MailItem]{
		Entity: ent.TypeMailItem,
		ID:     func(item *ent.MailItem) uuid.UUID { return item.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailItem, error) {
			return tx.MailItem.Query().Where(mailitem.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
