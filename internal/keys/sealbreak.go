package keys

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyseal"
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
var BreakSeal = act.New("keys.breakSeal", act.Needs(policy.KeySeal, policy.Update), act.Clauses("K1.3"), breakSeal)

func breakSeal(tx *act.Tx, in BreakKeySealInput) (*BreakKeySealPayload, error) {
	s, err := sealOf(tx, in.SealID)
	if err != nil {
		return nil, err
	}
	to, err := placeOf(tx, s.EstateID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	if err := isSealed(s); err != nil {
		return nil, err
	}
	from, err := office(tx, s.EstateID, keyholder.KindSeal)
	if err != nil {
		return nil, err
	}
	set := s.Edges.Set
	if s, err = endSeal(tx, s, keyseal.StateBroken, in.Reason).Save(tx); err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: set, from: from, to: to, count: s.Count, reason: keymovement.ReasonUnsealed, note: s.EndReason})
	if err != nil {
		return nil, err
	}
	return &BreakKeySealPayload{s, m}, tellSealBroken(tx, set, s)
}

// ChangeKeySealInput says which seal is replaced by which number, and why.
type ChangeKeySealInput struct {
	SealID uuid.UUID
	Number string
	Reason string
}

// Check refuses what is no number or reason.
func (in ChangeKeySealInput) Check() error {
	return cmp.Or(wording.CheckCode("number", in.Number), wording.CheckText("reason", in.Reason, 1, 200))
}

// ChangeKeySealPayload is the new seal; previous is the one that it replaces.
type ChangeKeySealPayload struct{ Seal *ent.KeySeal }

// ChangeSeal puts a packet under another number, with the same keys in it (K1.3).
//
// Errors: NOT_FOUND; CONFLICT if it is sealed no more, or the number was used before.
var ChangeSeal = act.New("keys.changeSeal", act.Needs(policy.KeySeal, policy.Update), act.Clauses("K1.3"), changeSeal)

func changeSeal(tx *act.Tx, in ChangeKeySealInput) (*ChangeKeySealPayload, error) {
	old, err := sealOf(tx, in.SealID)
	if err != nil {
		return nil, err
	}
	if err := isSealed(old); err != nil {
		return nil, err
	}
	if err := endSeal(tx, old, keyseal.StateReplaced, in.Reason).Exec(tx); err != nil {
		return nil, err
	}
	s, err := newSeal(tx, old.EstateID, old.SetID, in.Number, old.Count).SetPreviousID(old.ID).SetNillableAcceptanceLineID(old.AcceptanceLineID).Save(tx)
	return &ChangeKeySealPayload{s}, atNumber(err, "number")
}

// sealOf locks a packet, and finds its set. Errors: NOT_FOUND.
func sealOf(tx *act.Tx, id uuid.UUID) (*ent.KeySeal, error) {
	s, err := tx.KeySeal.Query().Where(keyseal.ID(id)).WithSet().ForUpdate().Only(tx)
	return act.Find(s, err, "sealID")
}

// isSealed refuses to end a seal again. Errors: CONFLICT.
func isSealed(s *ent.KeySeal) error {
	if s.State == keyseal.StateSealed {
		return nil
	}
	return fault.Clash("该封条已拆封或已更换,请重新读取。", "The seal was broken or replaced meanwhile; read again.").By("K1.3").At("sealID")
}

// endSeal ends a packet. The ledger follows with the entry of its keys: the database has the two agree.
func endSeal(tx *act.Tx, s *ent.KeySeal, state keyseal.State, reason string) *ent.KeySealUpdateOne {
	reason = wording.Tidy(reason)
	tx.Because(reason)
	return s.Update().SetState(state).SetEndedAt(tx.Now).SetEndedByID(tx.Viewer.Account).SetEndedByName(tx.Viewer.Name).SetEndReason(reason)
}

// tellSealBroken puts the broken seal into the inboxes of the leaders of customer service.
func tellSealBroken(tx *act.Tx, set *ent.KeySet, s *ent.KeySeal) error {
	department, err := obligation.CustomerService(tx, s.EstateID)
	if err != nil {
		return err
	}
	leaders, err := obligation.Leaders(tx, s.EstateID, department)
	if err != nil {
		return err
	}
	messages := make([]account.Message, len(leaders))
	for i, leader := range leaders {
		messages[i] = account.Message{
			AccountID: leader, Estate: s.EstateID, Kind: "keys.seal", Subject: s.ID,
			TitleZH: "封存钥匙已拆封:" + set.Label, TitleEN: "Sealed keys were unsealed: " + set.Label,
			BodyZH: s.EndedByName + " 拆开了 " + s.Number + " 号封存,原因:" + s.EndReason + "(K1.3)。",
			BodyEN: s.EndedByName + " broke seal " + s.Number + "; the reason given: " + s.EndReason + " (K1.3).",
		}
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}
