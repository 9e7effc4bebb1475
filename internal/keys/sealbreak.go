package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyseal"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// BreakKeySealInput says which seal is broken, why, and where its keys go.
type BreakKeySealInput struct {
	SealID uuid.UUID
	Reason string
	ToID   uuid.UUID // a cabinet or the front desk
}

// Check refuses what is no reason.
func (in BreakKeySealInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 200) }

// BreakKeySealPayload is the seal as it stands after, and the entry of its keys.
type BreakKeySealPayload struct {
	Seal     *ent.KeySeal
	Movement *ent.KeyMovement
}

// BreakSeal takes all keys out of a packet, and tells the leader (K1.3).
//
// Errors: NOT_FOUND; INVALID_INPUT for another place than a cabinet or the desk; CONFLICT if it is sealed no more.
var BreakSeal = act.Guarded(act.New("keys.breakSeal", act.Needs(policy.KeySeal, policy.Update).SessionOnly(), act.Clauses("K1.3"), breakSeal), sealGuard)

func breakSeal(tx *act.Tx, in BreakKeySealInput) (*BreakKeySealPayload, error) {
	s, err := sealOf(tx, in.SealID)
	if err != nil {
		return nil, err
	}
	to, err := placeOf(tx, s.EstateID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	if err := isSealed(tx, s); err != nil {
		return nil, err
	}
	from, err := office(tx, s.EstateID, keyholder.KindSeal)
	if err != nil {
		return nil, err
	}
	set := s.Edges.Set
	if s, err = endSeal(tx, s, keyseal.StateBroken, in.Reason); err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: set, from: from, to: to, count: s.Count, reason: keymovement.ReasonUnsealed, note: s.EndReason})
	return &BreakKeySealPayload{s, m}, err
}

// sealOf locks a packet, and finds its set. Errors: NOT_FOUND.
func sealOf(tx *act.Tx, id uuid.UUID) (*ent.KeySeal, error) {
	s, err := tx.KeySeal.Query().Where(keyseal.ID(id)).WithSet().ForUpdate().Only(tx)
	return act.Find(s, err, "sealID")
}

var sealGuard = act.Guard[*ent.KeySeal]{
	Entity: ent.TypeKeySeal,
	ID:     func(s *ent.KeySeal) uuid.UUID { return s.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeySeal, error) {
		return tx.KeySeal.Query().Where(keyseal.IDIn(list...)).All(tx)
	},
	Check: isSealed,
}

// isSealed refuses to end a seal again. Errors: CONFLICT.
func isSealed(_ *act.Tx, s *ent.KeySeal) error {
	if s.State == keyseal.StateSealed {
		return nil
	}
	return fault.Clash("该封条已拆封或已更换,请重新读取。", "The seal was broken or replaced meanwhile; read again.").By("K1.3").At("sealID")
}

// breakSeals ends the packets that are sealed still, of those that the predicate selects, whose keys came out of them.
func breakSeals(tx *act.Tx, which predicate.KeySeal, reason string) ([]*ent.KeySeal, error) {
	seals, err := tx.KeySeal.Query().Where(which, keyseal.StateEQ(keyseal.StateSealed)).Order(keyseal.ByID()).WithSet().ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	for i, s := range seals {
		if seals[i], err = endSeal(tx, s, keyseal.StateBroken, reason); err != nil {
			return nil, err
		}
	}
	return seals, nil
}

// endSeal ends a packet, by whichever act, and tells the leaders of customer service (K1.3). The ledger follows with the
// entry of its keys: the database has the two agree.
func endSeal(tx *act.Tx, s *ent.KeySeal, state keyseal.State, reason string) (*ent.KeySeal, error) {
	label := s.Edges.Set.Label
	reason = wording.Tidy(reason)
	tx.Because(reason)
	s, err := s.Update().SetState(state).SetEndedAt(tx.Now).SetEndedByID(tx.Viewer.Account).SetEndedByName(tx.Viewer.Name).SetEndReason(reason).Save(tx)
	if err != nil {
		return nil, err
	}
	department, err := obligation.CustomerService(tx, s.EstateID)
	if err != nil {
		return nil, err
	}
	m := account.Message{
		Estate: s.EstateID, Kind: "keys.seal", Subject: s.ID,
		TitleZH: "封存钥匙已拆封:" + label, TitleEN: "Sealed keys were unsealed: " + label,
		BodyZH: s.EndedByName + " 拆开了 " + s.Number + " 号封存,原因:" + reason + "(K1.3)。",
		BodyEN: s.EndedByName + " broke seal " + s.Number + "; the reason given: " + reason + " (K1.3).",
	}
	if state == keyseal.StateReplaced {
		m.TitleZH, m.TitleEN = "封存钥匙已换封:"+label, "Sealed keys were sealed anew: "+label
		m.BodyZH = s.EndedByName + " 更换了 " + s.Number + " 号封条,原因:" + reason + "(K1.3)。"
		m.BodyEN = s.EndedByName + " replaced seal " + s.Number + "; the reason given: " + reason + " (K1.3)."
	}
	return s, obligation.Tell(tx, department, m)
}
