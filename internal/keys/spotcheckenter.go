package keys

import (
	"fmt"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyloss"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
)

// enter brings the ledger to what was counted, if the resolution says so: always by entries from a holder to a
// holder, so that the set's accounts sum to zero (K4.1).
func enter(tx *act.Tx, in ResolveKeyDifferenceInput, line *ent.ReconciliationLine) error {
	n := difference(line)
	if in.Resolution != DifferenceLost { // of a loss the leaders hear by its report
		if err := tellSettled(tx, in, line); err != nil {
			return err
		}
	}
	switch in.Resolution {
	case DifferenceMiscounted, DifferenceExplained:
		return nil
	case DifferenceLost: // K2.3: the leader is told, and asked whether the lock is to be changed
		_, err := reportLoss(tx, ReportKeyLossInput{SetID: &line.ItemID, HolderID: line.PlaceID, Count: -n, Circumstances: in.Reason})
		return stillThere(err)
	}
	set, err := tx.KeySet.Get(tx, line.ItemID)
	if err != nil {
		return err
	}
	place, err := tx.KeyHolder.Get(tx, *line.PlaceID)
	if err != nil {
		return err
	}
	lost, err := office(tx, line.EstateID, keyholder.KindLost)
	if err != nil {
		return err
	}
	e := entry{set: set, from: place, to: lost, count: -n, reason: keymovement.ReasonAdjusted, note: wording.Tidy(in.Reason)}
	if n < 0 {
		_, err := post(tx, e)
		return stillThere(err)
	}
	if e.from, e.to, e.count = lost, place, n; in.Resolution == DifferenceFound {
		return ofLoss(tx, e)
	}
	return surplus(tx, e)
}

// tellSettled tells the leaders, but for who settled it, how a difference was: so nobody settles alone what is missing.
func tellSettled(tx *act.Tx, in ResolveKeyDifferenceInput, line *ent.ReconciliationLine) error {
	department, err := obligation.CustomerService(tx, line.EstateID)
	if err != nil {
		return err
	}
	why := wording.Tidy(in.Reason)
	return obligation.Tell(tx, department, account.Message{
		Estate: line.EstateID, Kind: "keys.difference", Subject: line.ReconciliationID,
		TitleZH: fmt.Sprintf("钥匙抽查差异已处理:%s,账面 %d,清点 %d", line.Label, *line.Expected, *line.Counted),
		TitleEN: fmt.Sprintf("A difference of a spot check was settled: %s, %d on record, %d counted", line.Label, *line.Expected, *line.Counted),
		BodyZH:  tx.Viewer.Name + " 处理为 " + string(in.Resolution) + ",原因:" + why + "(K4.3)。",
		BodyEN:  tx.Viewer.Name + " settled it as " + string(in.Resolution) + "; the reason given: " + why + " (K4.3).",
	})
}

// ofLoss brings keys back that were reported lost: of the oldest loss of which so many are missing (K2.3).
func ofLoss(tx *act.Tx, e entry) error {
	losses, err := tx.KeyLoss.Query().Where(keyloss.SetID(e.set.ID), keyloss.VoidedAtIsNil()).Order(keyloss.ByReportedAt(), keyloss.ByID()).ForUpdate().All(tx)
	if err != nil {
		return err
	}
	for _, l := range losses {
		if l.Count-l.Found < e.count {
			continue
		}
		e.reason, e.loss = keymovement.ReasonFound, &l.ID
		if _, err := post(tx, e); err != nil {
			return err
		}
		return l.Update().SetFound(l.Found + e.count).Exec(tx)
	}
	return fault.Clash("没有报失这么多把这套钥匙,请改为调整台账。", "Not so many keys of this set were reported lost; adjust the ledger instead.").By("K4.3").At("resolution")
}

// surplus puts keys that are too many into the ledger: first those that an earlier adjustment took out of it, and what
// is left from the source. What was reported lost stays so, for its loss to find (K2.3).
func surplus(tx *act.Tx, e entry) error {
	missing, err := adjustedAway(tx, e.set, e.from)
	if err != nil {
		return err
	}
	n := e.count
	if e.count = min(n, missing); e.count > 0 {
		if _, err := post(tx, e); err != nil {
			return err
		}
	}
	if e.count = n - e.count; e.count <= 0 {
		return nil
	}
	if e.from, err = office(tx, e.set.EstateID, keyholder.KindSource); err != nil {
		return err
	}
	_, err = post(tx, e)
	return err
}

// adjustedAway is how many keys of the set are missing that nobody reported lost.
func adjustedAway(tx *act.Tx, set *ent.KeySet, lost *ent.KeyHolder) (int, error) {
	balances, err := tx.KeyBalance.Query().Where(keybalance.SetID(set.ID), keybalance.HolderID(lost.ID)).All(tx)
	if err != nil || len(balances) == 0 {
		return 0, err
	}
	losses, err := tx.KeyLoss.Query().Where(keyloss.SetID(set.ID), keyloss.VoidedAtIsNil()).All(tx)
	n := balances[0].Count
	for _, l := range losses {
		n -= l.Count - l.Found
	}
	return max(0, n), err
}

// stillThere says of keys that the ledger has not got any more at the place that they moved since the count.
func stillThere(err error) error {
	if act.Explained(err) != nil || fault.Is(err, fault.Conflict) {
		return fault.Clash("清点后该处钥匙已变动,账面不足,请先核对借还记录。",
			"Keys left this place after the count, and the ledger has fewer there now; look at the loans and moves since.").By("K4.3").At("resolution").Because(err)
	}
	return err
}
