package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keycopyorder"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyscrapping"
	"github.com/steward-pm/steward/ent/keyseal"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// What is ordered for a set is ordered once.
var (
	changeOrdered = fault.Clash("这套钥匙已申请换锁,请先完成或取消。",
		"A lock change of this set is ordered already; carry it out or cancel it first.").By("K3.1").At("setID")
	scrapRequested = fault.Clash("这套钥匙已申请报废,请等候主管同意或先撤回。",
		"The scrapping of this set was requested already; wait for the leader's consent, or withdraw it first.").By("K3.2").At("setID")
)

func init() {
	act.Explain("key_movements_lent", fault.Rule("K3.1", "这套钥匙已不齐或已换锁三次,待报废,不能借出;请先找回、换锁或办理报废。",
		"This set is incomplete or its lock was changed three times, so it is due for scrapping and not lent; find the keys, change the lock, or scrap it first."))
	act.Explain("key_movements_scrapped", fault.Rule("K3.1", "这套钥匙已报废,请重新向工程部验收后再办理。",
		"This set is scrapped; accept a new one from engineering first."))
	act.Explain("key_movements_old_lock", oldLock())
	act.Explain("key_movements_copied", fault.Rule("K2.3", "配钥匙须按已批准的申请、按申请的数量登记。",
		"Copies are recorded by an approved order only, and as many as it says."))
	act.Explain("key_lock_changes_open", changeOrdered)
	act.Explain("key_lock_changes_scrap", atItsEnd())
	act.Explain("key_lock_changes_ended", fault.Clash("这次换锁已办结,请重新读取。", "This lock change has ended; read it again.").By("K3.1"))
	act.Explain("key_lock_changes_out", stillLent())
	act.Explain("key_lock_changes_approved", restsOnNobody())
	act.Explain("key_lock_changes_counted", fault.Rule("K3.1", "换锁时未收回的旧钥匙须先报失。", "Keys of the old lock that did not come back are reported lost first."))
	act.Explain("key_lock_changes_demanded", fault.Rule("K3.1", "只有主管或经理可以直接要求换锁。", "Only a supervisor or a manager demands a lock change."))
	act.Explain("key_scrappings_whole", fault.Rule("K3.1", "这套钥匙已齐,请先撤回报废申请。", "The set is whole again; withdraw the request to scrap it first."))
	act.Explain("key_scrappings_open", scrapRequested)
	act.Explain("key_scrappings_due", notDue())
	act.Explain("key_scrappings_ended", fault.Clash("这次报废已办结,请重新读取。", "This scrapping has ended; read it again.").By("K3.2"))
	act.Explain("key_scrappings_out", fault.Rule("K3.2", "还有钥匙在外,请先收回再报废。", "Keys of this set are out; take them back before it is scrapped."))
	act.Explain("key_scrappings_certified", fault.Rule("K3.2", "报废须经主管同意,并由申请人、主管、工程部三方签字。",
		"A set is scrapped with the leader's consent, signed by the requester, the leader and engineering."))
}

// restsOnNobody refuses a lock change that rests on no leader.
func restsOnNobody() *fault.Error {
	return fault.Rule("K3.1", "换锁须由主管要求或批准,目前尚未批准。", "A lock change is demanded or approved by a leader; nobody has approved this one.")
}

// atItsEnd refuses another lock for a set whose lock was changed three times.
func atItsEnd() *fault.Error {
	return fault.Rule("K3.1", "锁已更换三次或已报废,不再换锁;请办理报废,再重新验收新钥匙。",
		"The lock was changed three times, or the set is scrapped: do not change it again, but scrap the set and accept a new one.")
}

// oldLock refuses what would bring keys back that open nothing any more.
func oldLock() *fault.Error {
	return fault.Rule("K3.1", "这些钥匙属于已更换的锁或已报废的一套,不再入账;请将实物交工程部销毁。",
		"These keys are of a lock that was changed, or of a scrapped set, and are not taken back: give them to engineering to be destroyed.")
}

// stillLent refuses to end the keys of a set while somebody has borrowed some.
func stillLent() *fault.Error {
	return fault.Clash("还有钥匙借出未还,请先收回或报失。", "Keys of this set are lent; take them back, or report them lost, first.").By("K3.1")
}

// borrowed tells whether the holder has borrowed what it holds.
func borrowed(h *ent.KeyHolder) bool {
	switch h.Kind {
	case keyholder.KindStaff, keyholder.KindResident, keyholder.KindExternal:
		return true
	}
	return false
}

// gather moves all keys of a locked set to the scrapped ones, as e says, wherever they are. A holder of whom stays says
// why keys may not be with it refuses it all.
func gather(tx *act.Tx, set *ent.KeySet, e entry, stays func(*ent.KeyHolder) error) (err error) {
	balances, err := tx.KeyBalance.Query().Where(keybalance.SetID(set.ID), keybalance.CountGT(0)).WithHolder().Order(keybalance.ByHolderID()).All(tx)
	if err != nil {
		return err
	}
	for _, b := range balances {
		if err := stays(b.Edges.Holder); err != nil {
			return err
		}
	}
	if e.to, err = office(tx, set.EstateID, keyholder.KindScrapped); err != nil {
		return err
	}
	e.set = set
	for _, b := range balances {
		if e.from, e.count = b.Edges.Holder, b.Count; e.from.Kind == keyholder.KindScrapped {
			continue
		}
		if _, err := post(tx, e); err != nil {
			return err
		}
	}
	_, err = breakSeals(tx, keyseal.SetID(set.ID), e.note)
	return err
}

// endOrders ends what was ordered for keys that are no longer there: copies (K2.3), and a scrapping if the set goes on.
func endOrders(tx *act.Tx, set *ent.KeySet, reason string) error {
	copies, err := tx.KeyCopyOrder.Query().Where(keycopyorder.SetID(set.ID), keycopyorder.StateEQ(keycopyorder.StateOpen)).All(tx)
	if err != nil {
		return err
	}
	for _, o := range copies {
		if err := copying.Retract(tx, *o.ApprovalID, reason); err != nil {
			return err
		}
	}
	return keepWhole(tx, set.ID, reason)
}

// keepWhole takes back the scrapping that was requested for a set which is in use again: its keys were found, or its lock
// was changed (K3.1, K3.2).
func keepWhole(tx *act.Tx, set uuid.UUID, reason string) error {
	scrappings, err := tx.KeyScrapping.Query().Where(keyscrapping.SetID(set), keyscrapping.StateEQ(keyscrapping.StateOpen),
		keyscrapping.HasSetWith(keyset.ConditionEQ(keyset.ConditionInUse))).All(tx)
	for _, s := range scrappings {
		if err := consent.Retract(tx, *s.ApprovalID, reason); err != nil {
			return err
		}
	}
	return err
}
