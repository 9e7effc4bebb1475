package demo

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/policy"
)

// checks are the supervisor's spot checks (K4.3): in one all is there, in one a difference is resolved, and of the
// last a difference is open still.
func (h *history) checks() map[int][]func() error {
	return map[int][]func() error{
		18: {func() error {
			check, _, err := h.check(20, 4, 0)
			if err != nil {
				return err
			}
			return h.closeCheck(check)
		}},
		8: {func() error {
			check, differ, err := h.check(40, 4, 1)
			if err != nil {
				return err
			}
			if err := h.resolve(differ[0], keys.DifferenceAdjusted, "核对验收表,当时多记一把,更正台账"); err != nil {
				return err
			}
			return h.closeCheck(check)
		}},
		2: {func() error {
			_, differ, err := h.check(40, 5, 2)
			if err != nil {
				return err
			}
			return h.resolve(differ[0], keys.DifferenceMiscounted, "两把钥匙扣在一起,复点无误")
		}},
	}
}

// check draws and counts: so many of the lines are one key short, all of sets that the rest of the story has no need of.
// What is drawn differs from one demo to the next, as ids do; of so many sets some are in the cabinet.
func (h *history) check(size, register, short int) (_ *ent.KeySpotCheck, differ []uuid.UUID, err error) {
	supervisor := h.as(policy.Supervisor)
	p, err := keys.DrawSpotCheck.Do(supervisor, keys.DrawKeySpotCheckInput{EstateID: h.estate.ID, Size: size, RegisterSize: register})
	if err != nil {
		return nil, nil, err
	}
	there, err := h.there()
	if err != nil {
		return nil, nil, err
	}
	lines, err := act.From(h.system).DB.Ent.ReconciliationLine.Query().
		Where(reconciliationline.ReconciliationID(p.SpotCheck.ReconciliationID)).Order(reconciliationline.ByPosition()).All(h.system)
	if err != nil {
		return nil, nil, err
	}
	in := keys.CountKeySpotCheckInput{SpotCheckID: p.SpotCheck.ID}
	for _, l := range lines {
		count := 1 // an entry of the register, complete and signed
		if l.PlaceID != nil {
			count = there[place{l.ItemID, *l.PlaceID}]
			if count > 0 && len(differ) < short && !slices.Contains(h.sets, l.ItemID) && !slices.Contains(h.kept, l.ItemID) {
				count--
				differ = append(differ, l.ID)
			}
		}
		in.Lines = append(in.Lines, &keys.KeyCountInput{LineID: l.ID, Count: count})
	}
	if len(differ) < short {
		return nil, nil, fmt.Errorf("only %d of the sets drawn have keys that could be missing", len(differ))
	}
	_, err = keys.CountSpotCheck.Do(supervisor, in)
	return p.SpotCheck, differ, err
}

// place is a set at a holder.
type place struct{ set, holder uuid.UUID }

// there is how many keys are where.
func (h *history) there() (map[place]int, error) {
	list, err := act.From(h.system).DB.Ent.KeyBalance.Query().Where(keybalance.EstateID(h.estate.ID)).All(h.system)
	out := make(map[place]int, len(list))
	for _, b := range list {
		out[place{b.SetID, b.HolderID}] = b.Count
	}
	return out, err
}

func (h *history) resolve(line uuid.UUID, how keys.KeyDifferenceResolution, why string) error {
	_, err := keys.ResolveDifference.Do(h.as(policy.Supervisor), keys.ResolveKeyDifferenceInput{LineID: line, Resolution: how, Reason: why})
	return err
}

func (h *history) closeCheck(check *ent.KeySpotCheck) error {
	_, err := keys.CloseSpotCheck.Do(h.as(policy.Supervisor), keys.CloseKeySpotCheckInput{SpotCheckID: check.ID})
	return err
}
