package mail

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailcase"
	"github.com/steward-pm/steward/ent/mailexcuse"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/mailreceipt"
	"github.com/steward-pm/steward/ent/mailscan"
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
	return mayVoid(tx, policy.MailReceipt, r.EstateID, void.Recorded{By: r.ReceivedByID, At: r.CreatedAt})
}

// VoidMailItemInput names an item that was registered by mistake, and says why.
type VoidMailItemInput struct{ void.Input }

// VoidMailItemPayload is the item, voided.
type VoidMailItemPayload struct{ Item *ent.MailItem }

// VoidItem voids an item with which nothing was done yet: its barcode is free again (M1). What was scanned is there, and is not voided.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither registered it just now nor leads; CONFLICT if it was voided, or sorted, set aside, scanned or
// explained, or if a case is about it.
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
	named, err := isNamed(tx, item)
	switch {
	case err != nil:
		return err
	case named:
		return touched()
	}
	return mayVoid(tx, policy.MailItem, item.EstateID, void.Recorded{By: item.RegisteredByID, At: item.CreatedAt})
}

// isNamed tells whether a scan, an excuse or a case names the item.
func isNamed(tx *act.Tx, item *ent.MailItem) (named bool, err error) {
	for _, is := range []func(context.Context) (bool, error){
		tx.MailScan.Query().Where(mailscan.EstateID(item.EstateID), mailscan.ItemID(item.ID)).Exist,
		tx.MailExcuse.Query().Where(mailexcuse.EstateID(item.EstateID), mailexcuse.ItemID(item.ID), mailexcuse.VoidedAtIsNil()).Exist,
		tx.MailCase.Query().Where(mailcase.EstateID(item.EstateID), mailcase.ItemID(item.ID), mailcase.VoidedAtIsNil()).Exist,
	} {
		if named, err = is(tx); named || err != nil {
			break
		}
	}
	return named, err
}

// mayVoid refuses who neither recorded it just now nor leads where it was recorded. Errors: FORBIDDEN M1.
func mayVoid(tx *act.Tx, on policy.Resource, estate uuid.UUID, r void.Recorded) (err error) {
	r.Clause = "M1"
	if r.Leads, err = leads(tx, on, policy.Approve, estate); err != nil {
		return err
	}
	return void.May(tx, r)
}
