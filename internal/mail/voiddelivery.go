package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/maildelivery"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// VoidMailDeliveryInput names a delivery that was recorded by mistake, and says why.
type VoidMailDeliveryInput struct{ void.Input }

// VoidMailDeliveryPayload is the delivery, voided, and its items, sorted again.
type VoidMailDeliveryPayload struct {
	Delivery *ent.MailDelivery
	Items    []*ent.MailItem
}

// VoidDelivery voids a delivery that was recorded by mistake: its items are in their slot again (M3). A day that is closed is opened first, since
// they are then undelivered on it.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided, if its day is closed, or another item of
// a barcode came meanwhile.
var VoidDelivery = act.Guarded(act.New("mail.voidDelivery", act.Needs(policy.MailDelivery, policy.Void).SessionOnly(), act.Clauses("M3"), voidDelivery), voidDeliveryGuard)

func voidDelivery(tx *act.Tx, in VoidMailDeliveryInput) (*VoidMailDeliveryPayload, error) {
	d, err := tx.MailDelivery.Query().Where(maildelivery.ID(in.ID)).ForUpdate().Only(tx)
	if d, err = act.Find(d, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidDelivery(tx, d); err != nil {
		return nil, err
	}
	items, err := tx.MailItem.Query().Where(mailitem.EstateID(d.EstateID), mailitem.DeliveryID(d.ID)).Order(mailitem.ByID()).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	if d, err = void.Mark(tx, d.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	events, list := make([]*ent.MailEventCreate, len(items)), make([]uuid.UUID, len(items))
	for i, item := range items {
		list[i], events[i] = item.ID, event(tx, item, mailevent.StateSorted).SetReason(wording.Tidy(in.Reason))
	}
	if err := tx.MailEvent.CreateBulk(events...).Exec(tx); err != nil {
		return nil, err
	}
	if items, err = tx.MailItem.Query().Where(mailitem.IDIn(list...)).Order(mailitem.ByID()).All(tx); err != nil {
		return nil, err
	}
	return &VoidMailDeliveryPayload{d, items}, void.Tell(tx, void.Notice{
		Clause: "M3", Estate: d.EstateID, Subject: d.ID, WhatZH: d.Slot + " 的邮件投递记录", WhatEN: "delivery of mail to " + d.Slot, Why: in.Reason,
	})
}

var voidDeliveryGuard = act.Guard[*ent.MailDelivery]{
	Entity: ent.TypeMailDelivery,
	ID:     func(d *ent.MailDelivery) uuid.UUID { return d.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailDelivery, error) {
		return tx.MailDelivery.Query().Where(maildelivery.IDIn(list...)).All(tx)
	},
	Check: canVoidDelivery,
}

func canVoidDelivery(tx *act.Tx, d *ent.MailDelivery) error {
	if err := void.Refuse(d.VoidedAt); err != nil {
		return err
	}
	may, err := leads(tx, policy.MailDelivery, policy.Approve, d.EstateID)
	if err != nil {
		return err
	}
	if err := void.May(tx, void.Recorded{Clause: "M3", By: d.DeliveredByID, At: d.CreatedAt, Leads: may}); err != nil {
		return err
	}
	return dayTakes(tx, d.EstateID, d.DeliveredAt)
}
