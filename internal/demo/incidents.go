package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/keys"
)

// evening is what does not go as it should, after yesterday's returns: two keys are lost, one of which the manager
// has dealt with and the other not (K2.3), an officer asks for the cabinet in vain (K1.2), and engineering is
// reminded of what it owes (K1.4).
func (h *history) evening() error {
	mechanic, contractor := h.mechanics[h.estate.ID][0], h.contractors[h.estate.ID][0]
	answered, err := h.lose(keys.BorrowerInput{StaffID: &mechanic}, h.sets[len(h.sets)-1], "检修时从工具包掉落,已沿路寻找")
	if err != nil {
		return err
	}
	h.clock.Advance(20 * time.Minute)
	if _, err := keys.AnswerLoss.Do(h.manager, keys.AnswerKeyLossInput{LossID: answered.ID, Finding: "已查监控,未找到,当晚换锁芯", LockChange: true}); err != nil {
		return err
	}
	if _, err := h.lose(keys.BorrowerInput{ExternalPersonID: &contractor}, h.sets[len(h.sets)-2], "施工结束后找不到"); err != nil {
		return err
	}
	h.clock.Advance(20 * time.Minute)
	_, err = keys.OpenCabinet.Do(h.officer, keys.OpenKeyCabinetInput{CabinetID: h.cabinet, Purpose: "取备用钥匙"})
	if !fault.Is(err, fault.Forbidden) {
		return err
	}
	if _, err := keys.OpenCabinet.Do(h.custodian, keys.OpenKeyCabinetInput{CabinetID: h.cabinet, Purpose: "代前台取备用钥匙"}); err != nil {
		return err
	}
	return h.chase()
}

// lose lends a key that does not come back, and reports it lost.
func (h *history) lose(who keys.BorrowerInput, set uuid.UUID, how string) (*ent.KeyLoss, error) {
	lent, err := keys.Lend.Do(h.officer, keys.LendKeysInput{Borrower: who, Purpose: "漏水检修", Lines: []keys.LendLineInput{{SetID: set, Count: 1}}, Signature: attested()})
	if err != nil {
		return nil, err
	}
	h.clock.Advance(30 * time.Minute)
	in := keys.ReportKeyLossInput{SetID: &set, HolderID: &lent.Loan.BorrowerID, Count: 1, Circumstances: how}
	p, err := keys.ReportLoss.Do(h.officer, in)
	if err != nil {
		return nil, err
	}
	return p.Loss, nil
}

// chase has the custodian follow up a few of the keys that engineering owes.
func (h *history) chase() error {
	owed, err := act.From(h.system).DB.Ent.KeySet.Query().Where(keyset.EstateID(h.estate.ID), keyset.OutstandingGT(0)).
		Order(ent.Asc(keyset.FieldSortKey)).Limit(3).IDs(h.system)
	if err != nil {
		return err
	}
	for i, set := range owed {
		next := h.today.AddDays(2 + i)
		in := keys.NoteOutstandingKeysInput{SetID: set, Note: "已催工程部,答应补齐", FollowUpOn: &next}
		if _, err := keys.NoteOutstanding.Do(h.custodian, in); err != nil {
			return err
		}
	}
	return nil
}
