package keys

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// MissingOldKeysInput is so many keys of the old lock that did not come back from who had them.
type MissingOldKeysInput struct {
	HolderID uuid.UUID
	Count    int
}

// loseMissing reports the keys lost that the ledger has and that did not come back when the lock was changed: no lock change
// makes keys disappear (K2.3, K3.1).
func loseMissing(tx *act.Tx, c *ent.KeyLockChange, set *ent.KeySet, in RecordLockChangeInput) error {
	had, err := tx.KeyBalance.Query().Where(keybalance.SetID(set.ID), keybalance.CountGT(0),
		keybalance.HasHolderWith(keyholder.KindNotIn(keyholder.KindSource, keyholder.KindLost, keyholder.KindScrapped))).WithHolder().Order(keybalance.ByHolderID()).All(tx)
	if err != nil {
		return err
	}
	for _, b := range had {
		if err := notLent(b.Edges.Holder); err != nil {
			return err
		}
	}
	missing, err := whoseMissing(had, in)
	if err != nil {
		return err
	}
	for i, m := range missing {
		at := slices.IndexFunc(had, func(b *ent.KeyBalance) bool { return b.HolderID == m.HolderID })
		if at < 0 || m.Count > had[at].Count {
			return fault.Clash("台账上此处没有这么多把旧钥匙。", "The ledger has not so many keys of the old lock there.").By("K3.1").At(fmt.Sprintf("missing.%d.count", i))
		}
		if _, err := reportLoss(tx, ReportKeyLossInput{SetID: &set.ID, HolderID: &m.HolderID, Count: m.Count,
			Circumstances: "换锁时未收回(not given back when the lock was changed):" + c.Reason}); err != nil {
			return err
		}
	}
	return nil
}

// knowHolders finds who is said not to have given keys back. Errors: NOT_FOUND at missing.
func knowHolders(tx *act.Tx, estate uuid.UUID, missing []*MissingOldKeysInput) error {
	for i, m := range missing {
		h, err := tx.KeyHolder.Query().Where(keyholder.ID(m.HolderID), keyholder.EstateID(estate)).Only(tx)
		if _, err := act.Find(h, err, fmt.Sprintf("missing.%d.holderID", i)); err != nil {
			return err
		}
	}
	return nil
}

// whoseMissing says with whom the keys are that did not come back: as told, or with the only one who had any.
//
// Errors: INVALID_INPUT at oldCount for more keys than the ledger has; at missing if it does not add up.
func whoseMissing(had []*ent.KeyBalance, in RecordLockChangeInput) ([]*MissingOldKeysInput, error) {
	expected, told := 0, 0
	for _, b := range had {
		expected += b.Count
	}
	for _, m := range in.Missing {
		told += m.Count
	}
	short := expected - in.OldCount
	switch {
	case short < 0:
		return nil, fault.Invalid("oldCount", "台账上只有 %[1]d 把旧钥匙;找回的请先登记找回(recordKeyFound)。",
			"The ledger has %[1]d keys of the old lock; record those found first that were lost (recordKeyFound).", expected).By("K3.1")
	case len(in.Missing) == 0 && short > 0 && len(had) == 1:
		return []*MissingOldKeysInput{{had[0].HolderID, short}}, nil
	case told != short:
		return nil, fault.Invalid("missing", "台账上有 %[1]d 把旧钥匙,收回 %[2]d 把,请说明另外 %[3]d 把是谁没有交回。",
			"The ledger has %[1]d keys of the old lock, and %[2]d came back: say who did not give back the other %[3]d.", expected, in.OldCount, short).By("K3.1")
	}
	return in.Missing, nil
}
