package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/mailreceipt"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidMailReceiptInput names a receipt that was recorded by mistake, and says why.
type VoidMailReceiptInput struct{ void.Input }

// VoidMailReceiptPayload is the receipt, voided.
type VoidMailReceiptPayload struct{ Receipt *ent.MailReceipt }

// VoidReceipt voids a receipt of which no item stands (M1).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided, or items of it stand.
var VoidReceipt = act.Guarded(act.New("mail.voidReceipt", act.Needs(policy.MailReceipt, policy.Void).SessionOnly(), act.Clauses("M1"), voidReceipt), voidReceiptGuard)

func voidReceipt(tx *act.Tx, in VoidMailReceiptInput) (*VoidMailReceiptPayload, error) {
	r, err := tx.MailReceipt.Query().Where(mailreceipt.ID(in.ID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidReceipt(tx, r); err != nil {
		return nil, err
	}
	if r, err = void.Mark(tx, r.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidMailReceiptPayload{r}, void.Tell(tx, void.Notice{
		Clause: "M1", Estate: r.EstateID, Subject: r.ID, WhatZH: r.DeliveredBy + " 送来的邮件接收记录", WhatEN: "receipt of mail delivered by " + r.DeliveredBy, Why: in.Reason,
	})
}

var voidReceiptGuard = act.Guard[*ent.MailReceipt]{
	Entity: ent.TypeMailReceipt,
	ID:     func(r *ent.MailReceipt) uuid.UUID { return r.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailReceipt, error) {
		return tx.MailReceipt.Query().Where(mailreceipt.IDIn(list...)).All(tx)
	},
	Check: canVoidReceipt,
}

func canVoidReceipt(tx *act.Tx, r *ent.MailReceipt) error {
	if err := void.Refuse(r.VoidedAt); err != nil {
		return err
	}
	return mayVoid(tx, policy.MailReceipt, r.RowScope(), void.Recorded{By: r.ReceivedByID, At: r.CreatedAt})
}

// VoidMailItemInput names an item that was registered by mistake, and says why.
type VoidMailItemInput struct{ void.Input }

// VoidMailItemPayload is the item, voided.
type VoidMailItemPayload struct{ Item *ent.MailItem }

// VoidItem voids an item with which nothing was done yet: its barcode is free again (M1).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither registered it just now nor leads; CONFLICT if it was voided, or sorted or set aside.
var VoidItem = act.Guarded(act.New("mail.voidItem", act.Needs(policy.MailItem, policy.Void).SessionOnly(), act.Clauses("M1"), voidItem), guard(canVoidItem))

func voidItem(tx *act.Tx, in VoidMailItemInput) (*VoidMailItemPayload, error) {
	item, err := itemOf(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := canVoidItem(tx, item); err != nil {
		return nil, err
	}
	if item, err = void.Mark(tx, item.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	zh, en := itemWords(item)
	return &VoidMailItemPayload{item}, void.Tell(tx, void.Notice{
		Clause: "M1", Estate: item.EstateID, Subject: item.ID, WhatZH: "邮件 " + zh, WhatEN: "item of mail: " + en, Why: in.Reason,
	})
}

func canVoidItem(tx *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	if item.State != mailitem.StateReceived {
		return touched()
	}
	return mayVoid(tx, policy.MailItem, item.RowScope(), void.Recorded{By: item.RegisteredByID, At: item.CreatedAt})
}

// mayVoid refuses who neither recorded it just now nor leads where it was recorded. Errors: FORBIDDEN M1.
func mayVoid(tx *act.Tx, on policy.Resource, row access.Row, r void.Recorded) error {
	r.Clause, r.Leads = "M1", tx.Viewer.Scope(on, policy.Approve).Covers(row)
	return void.May(tx, r)
}
