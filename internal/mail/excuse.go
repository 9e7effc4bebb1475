package mail

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailexcuse"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ExcuseMailInput gives one reason for items of a day.
type ExcuseMailInput struct {
	DayID   uuid.UUID
	ItemIDs []uuid.UUID
	Reason  string
}

// Check refuses what is no list of items, and no reason.
func (in ExcuseMailInput) Check() error {
	if err := checkItems(in.ItemIDs); err != nil {
		return err
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ExcuseMailPayload are the excuses, in the order of the items.
type ExcuseMailPayload struct{ Excuses []*ent.MailExcuse }

// ExplainMissingMailInput gives one reason for items of a day's list that were not scanned.
type ExplainMissingMailInput struct{ ExcuseMailInput }

// ExplainMissingMailPayload are the explanations, in the order of the items.
type ExplainMissingMailPayload struct{ Excuses []*ent.MailExcuse }

// ExplainMissing records why items of the day's list were not scanned: the day does not close before (M2).
//
// Errors: NOT_FOUND; CONFLICT for an item that is not missing, or explained, and once the day is closed.
var ExplainMissing = act.New("mail.explainMissing", act.Needs(policy.MailExcuse, policy.Create), act.Clauses("M2"), explainMissing)

func explainMissing(tx *act.Tx, in ExplainMissingMailInput) (*ExplainMissingMailPayload, error) {
	list, err := in.record(tx, mailexcuse.KindUnscanned, Missing, notMissing)
	return &ExplainMissingMailPayload{list}, err
}

// Excuse records why items are still here at the end of the day: the day does not close before, and the leaders hear of it then (M5). What
// was excused is on the next day's list again.
//
// Errors: NOT_FOUND; CONFLICT for an item that was delivered or returned, or excused, and once the day is closed.
var Excuse = act.New("mail.excuse", act.Needs(policy.MailExcuse, policy.Create), act.Clauses("M5"), excuse)

func excuse(tx *act.Tx, in ExcuseMailInput) (*ExcuseMailPayload, error) {
	list, err := in.record(tx, mailexcuse.KindUndelivered, Undelivered, notLate)
	return &ExcuseMailPayload{list}, err
}

// record writes an excuse of the kind for each item that is of those which need one.
func (in ExcuseMailInput) record(tx *act.Tx, kind mailexcuse.Kind, those func(*uuid.UUID, *bool) predicate.MailItem, none func() *fault.Error) ([]*ent.MailExcuse, error) {
	day, err := tx.MailDay.Get(tx, in.DayID)
	if day, err = act.Find(day, err, "dayID"); err != nil {
		return nil, err
	}
	there, err := tx.MailItem.Query().Where(mailitem.IDIn(in.ItemIDs...), mailitem.EstateID(day.EstateID)).Order(mailitem.ByID()).ForShare().IDs(tx)
	if err != nil {
		return nil, err
	}
	isThere := setOf(there)
	for i, id := range in.ItemIDs {
		if !isThere[id] {
			return nil, fault.Missing().At(fmt.Sprintf("itemIDs.%d", i))
		}
	}
	if err := canWork(day); err != nil {
		return nil, err
	}
	open := true
	need, err := tx.MailItem.Query().Where(mailitem.IDIn(in.ItemIDs...), those(&day.ID, &open)).IDs(tx)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	needs := setOf(need)
	rows := make([]*ent.MailExcuseCreate, len(in.ItemIDs))
	for i, id := range in.ItemIDs {
		if !needs[id] {
			return nil, none().At(fmt.Sprintf("itemIDs.%d", i))
		}
		rows[i] = reasonFor(tx, day, kind, reason).SetItemID(id)
	}
	return tx.MailExcuse.CreateBulk(rows...).Save(tx)
}

// reasonFor is a reason that the viewer gives now, of a kind, for something of the day that is to be set.
func reasonFor(tx *act.Tx, day *ent.MailDay, kind mailexcuse.Kind, reason string) *ent.MailExcuseCreate {
	return tx.MailExcuse.Create().SetEstateID(day.EstateID).SetDayID(day.ID).SetKind(kind).SetReason(reason).
		SetGivenByID(tx.Viewer.Account).SetGivenByName(tx.Viewer.Name).SetGivenAt(tx.Now)
}

func setOf(list []uuid.UUID) map[uuid.UUID]bool {
	out := make(map[uuid.UUID]bool, len(list))
	for _, id := range list {
		out[id] = true
	}
	return out
}

// notMissing refuses to explain what was scanned, or explained.
func notMissing() *fault.Error {
	return fault.Clash("这件邮件不在当天未刷码的清单中(已刷码或已说明),请刷新清单。",
		"The item is not missing on that day: it was scanned, or explained; read the list again.").By("M2")
}

// notLate refuses to excuse what went out, or was excused.
func notLate() *fault.Error {
	return fault.Clash("这件邮件不在当天未送达的清单中(已送达、已退回或已说明),请刷新清单。",
		"The item is not undelivered on that day: it went out, or was excused; read the list again.").By("M5")
}
