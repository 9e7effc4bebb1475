package keys

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/keycopyorder"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// copying is the leader's approval of copies: without it there are none (K2.3).
var copying = approval.Declare(approval.Kind{
	Name: "keys.copy", Clause: "K2.3", Resource: policy.KeyCopyOrder, Lapses: 14 * 24 * time.Hour, Led: true, Decided: copiesDecided,
})

// copiesDecided ends the order that was not approved, or lapsed.
func copiesDecided(tx *act.Tx, a *ent.Approval) error {
	if a.State == entapproval.StateGiven {
		return nil
	}
	o, err := tx.KeyCopyOrder.Query().Where(keycopyorder.ID(a.SubjectID)).ForUpdate().Only(tx)
	if err != nil || o.State != keycopyorder.StateOpen {
		return err
	}
	return o.Update().SetState(keycopyorder.StateEnded).Exec(tx)
}

// OrderKeyCopiesInput says what is copied, and what for.
type OrderKeyCopiesInput struct {
	SetID  uuid.UUID
	Count  int
	Reason string
}

// Check refuses impossible counts, and empty or endless reasons.
func (in OrderKeyCopiesInput) Check() error {
	if err := checkCount("count", in.Count, "K2.3"); err != nil {
		return err
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// OrderKeyCopiesPayload is the order, which awaits the leader's approval.
type OrderKeyCopiesPayload struct{ Order *ent.KeyCopyOrder }

// OrderCopies asks the leader to have keys copied (K2.3).
//
// Errors: NOT_FOUND; RULE K3.1 for a set that is due for scrapping, or scrapped.
var OrderCopies = act.Guarded(act.New("keys.orderCopies", act.Needs(policy.KeyCopyOrder, policy.Create), act.Clauses("K2.3", "K3.1"), orderCopies), copyGuard)

func orderCopies(tx *act.Tx, in OrderKeyCopiesInput) (*OrderKeyCopiesPayload, error) {
	set, err := lockSet(tx, in.SetID, "setID")
	if err != nil {
		return nil, err
	}
	if err := canCopy(tx, set); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	o, err := tx.KeyCopyOrder.Create().SetEstateID(set.EstateID).SetSetID(set.ID).SetCount(in.Count).SetReason(reason).
		SetOrderedByID(tx.Viewer.Account).SetOrderedByName(tx.Viewer.Name).SetOrderedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	office, err := obligation.CustomerService(tx, set.EstateID) // which keeps the keys
	if err != nil {
		return nil, err
	}
	a, err := copying.Ask(tx, approval.Question{
		Estate: set.EstateID, Department: &office, Subject: o.ID, Reason: reason, TitleZH: "配钥匙:" + set.Label, TitleEN: "Copy keys: " + set.Label,
		Content: map[string]any{"order": o.ID, "set": set.ID, "label": set.Label, "generation": set.Generation, "count": in.Count, "reason": reason},
	})
	if err != nil {
		return nil, err
	}
	o, err = o.Update().SetApprovalID(a.ID).Save(tx)
	return &OrderKeyCopiesPayload{o}, err
}

var copyGuard = act.Guard[*ent.KeySet]{Entity: ent.TypeKeySet, ID: idOfSet, Load: sets, Check: canCopy}

// canCopy refuses a set that is incomplete or at its end: no copy makes it whole (K3.1).
func canCopy(_ *act.Tx, s *ent.KeySet) error {
	if s.Condition == keyset.ConditionInUse {
		return nil
	}
	return fault.Rule("K3.1", "这套钥匙待报废或已报废,不再配制;请先找回、换锁或重新验收。",
		"This set is due for scrapping, or scrapped, and not copied: find the keys, change the lock, or accept a new set first.").At("setID")
}

// RecordKeyCopiesInput says that the copies of an order came.
type RecordKeyCopiesInput struct {
	OrderID   uuid.UUID
	CabinetID *uuid.UUID // where they are put; nil: the estate's first cabinet
}

// RecordKeyCopiesPayload is the order, and the entry in the ledger.
type RecordKeyCopiesPayload struct {
	Order    *ent.KeyCopyOrder
	Movement *ent.KeyMovement
}

// RecordCopies takes copies into a cabinet: as many as the approved order says, once (K2.3).
//
// Errors: NOT_FOUND; RULE K2.3 if the order is not approved, or has ended; CONFLICT K2.3 if its copies came.
var RecordCopies = act.Guarded(act.New("keys.recordCopies", act.Needs(policy.KeyCopyOrder, policy.Update), act.Clauses("K2.3"), recordCopies), copiesGuard)

func recordCopies(tx *act.Tx, in RecordKeyCopiesInput) (*RecordKeyCopiesPayload, error) {
	o, err := tx.KeyCopyOrder.Query().Where(keycopyorder.ID(in.OrderID)).WithSet().ForUpdate().Only(tx)
	if o, err = act.Find(o, err, "orderID"); err != nil {
		return nil, err
	}
	cabinet, err := cabinetOf(tx, o.EstateID, in.CabinetID, "cabinetID", "K1.2")
	if err != nil {
		return nil, err
	}
	if err := canRecordCopies(tx, o); err != nil {
		return nil, err
	}
	source, err := office(tx, o.EstateID, keyholder.KindSource)
	if err != nil {
		return nil, err
	}
	if _, err := copying.Use(tx, *o.ApprovalID, "orderID"); err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: o.Edges.Set, from: source, to: cabinet, count: o.Count, reason: keymovement.ReasonCopied, order: orders{copies: &o.ID}, note: o.Reason})
	if err != nil {
		return nil, err
	}
	o, err = o.Update().SetState(keycopyorder.StateMade).SetMadeByID(tx.Viewer.Account).SetMadeByName(tx.Viewer.Name).SetMadeAt(tx.Now).Save(tx)
	return &RecordKeyCopiesPayload{o, m}, err
}

// canRecordCopies refuses an order that has ended, with copies or without.
func canRecordCopies(_ *act.Tx, o *ent.KeyCopyOrder) error {
	switch o.State {
	case keycopyorder.StateMade:
		return fault.Clash("这份申请的钥匙已配好入柜。", "The copies of this order came before.").By("K2.3").At("orderID")
	case keycopyorder.StateEnded, keycopyorder.StateVoided:
		return fault.Rule("K2.3", "这份申请未获批准、已结束或已作废,请重新申请。", "This order was not approved, has ended, or was voided; order again.").At("orderID")
	}
	return nil
}
