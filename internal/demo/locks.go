package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/policy"
)

// locks are lock changes, copies and scrapped sets (K2.3, K3.1, K3.2): a lock changed three times, whose set went back to
// engineering under a certificate; a set that is incomplete, whose scrapping waits for the leader's consent; copies that
// came, and some that wait for approval. The change that the loss of yesterday asks for is ordered and not done.
func (h *history) locks() map[int][]func() error {
	var copies *ent.KeyCopyOrder
	var scrapping *ent.KeyScrapping
	worn, short, copied, wanted := h.kept[0], h.kept[1], h.kept[2], h.kept[3]
	return map[int][]func() error{
		29: {func() error { return h.changeLock(worn, "锁芯磨损") }},
		22: {func() error { return h.changeLock(worn, "钥匙拧断在锁内") }},
		21: {func() (err error) { copies, err = h.orderCopies(copied, "看房频繁,增配两把"); return err },
			func() error {
				_, err := approval.Give.Do(h.as(policy.Supervisor), approval.GiveApprovalInput{
					ApprovalID: *copies.ApprovalID, Note: "同意,配好即入柜", Signature: h.password(policy.Supervisor),
				})
				return err
			}},
		19: {func() error {
			_, err := keys.RecordCopies.Do(h.custodian, keys.RecordKeyCopiesInput{OrderID: copies.ID})
			return err
		}},
		14: {func() error { return h.changeLock(worn, "再次更换门锁") },
			func() (err error) { scrapping, err = h.askScrapping(worn, "门锁已更换三次"); return err }},
		12: {func() error {
			_, err := keys.ConsentScrapping.Do(h.as(policy.Supervisor), keys.ConsentKeyScrappingInput{ScrappingID: scrapping.ID, Signature: h.password(policy.Supervisor)})
			return err
		}},
		10: {func() error {
			_, err := keys.CompleteScrapping.Do(h.custodian, keys.CompleteKeyScrappingInput{
				ScrappingID: scrapping.ID, EngineerID: h.mechanics[h.estate.ID][0], Signature: attested(),
			})
			return err
		}},
		6: {func() error { return h.changeLock(h.sets[famous], "拾到的钥匙可能被复制,稳妥起见换锁") }, func() error { return h.toDesk(h.sets[famous]) }},
		4: {func() error { return h.breakOff(short) },
			func() error { _, err := h.askScrapping(short, "缺一把,已不齐"); return err }},
		1: {func() error { _, err := h.orderCopies(wanted, "装修队需多人进出"); return err }},
	}
}

// changeLock has a lock changed that the custodian asks for and the supervisor approves: all old keys come back, and four
// new ones are put into the cabinet.
func (h *history) changeLock(set uuid.UUID, reason string) error {
	p, err := keys.OrderLockChange.Do(h.custodian, keys.OrderLockChangeInput{SetID: set, Reason: reason})
	if err != nil {
		return err
	}
	if _, err := approval.Give.Do(h.as(policy.Supervisor), approval.GiveApprovalInput{
		ApprovalID: *p.LockChange.ApprovalID, Note: "同意换锁", Signature: h.password(policy.Supervisor),
	}); err != nil {
		return err
	}
	h.clock.Advance(40 * time.Minute)
	back, err := h.countOf(set)
	if err != nil {
		return err
	}
	_, err = keys.RecordLockChange.Do(h.custodian, keys.RecordLockChangeInput{
		LockChangeID: p.LockChange.ID, OldCount: back, NewCount: 4, EngineerID: h.mechanics[h.estate.ID][0], Signature: attested(),
	})
	return err
}

// countOf is how many keys of a set are somewhere.
func (h *history) countOf(set uuid.UUID) (n int, err error) {
	list, err := act.From(h.system).DB.Ent.KeyBalance.Query().Where(keybalance.SetID(set),
		keybalance.HasHolderWith(keyholder.KindNotIn(keyholder.KindSource, keyholder.KindLost, keyholder.KindScrapped))).All(h.system)
	for _, b := range list {
		n += b.Count
	}
	return n, err
}

func (h *history) orderCopies(set uuid.UUID, reason string) (*ent.KeyCopyOrder, error) {
	p, err := keys.OrderCopies.Do(h.custodian, keys.OrderKeyCopiesInput{SetID: set, Count: 2, Reason: reason})
	if err != nil {
		return nil, err
	}
	return p.Order, nil
}

func (h *history) askScrapping(set uuid.UUID, reason string) (*ent.KeyScrapping, error) {
	p, err := keys.RequestScrapping.Do(h.custodian, keys.RequestKeyScrappingInput{SetID: set, Reason: reason, Signature: h.password(policy.KeyCustodian)})
	if err != nil {
		return nil, err
	}
	return p.Scrapping, nil
}

// breakOff has a key of the cabinet gone for good, and the leader content with the lock.
func (h *history) breakOff(set uuid.UUID) error {
	p, err := keys.ReportLoss.Do(h.custodian, keys.ReportKeyLossInput{SetID: &set, HolderID: &h.cabinet, Count: 1, Circumstances: "试钥匙时断在门锁里,断片已取出"})
	if err != nil {
		return err
	}
	_, err = keys.AnswerLoss.Do(h.manager, keys.AnswerKeyLossInput{LossID: p.Loss.ID, Finding: "钥匙已毁,锁完好,不必换锁", LockChange: false})
	return err
}
