package keys

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyscrapping"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// CompleteKeyScrappingInput says who of engineering takes the keys back.
type CompleteKeyScrappingInput struct {
	ScrappingID uuid.UUID
	EngineerID  uuid.UUID
	Signature   *signature.Input
}

// Prepare proves engineering's signature.
func (in CompleteKeyScrappingInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Staff: &in.EngineerID, Field: "engineerID"}, "signature")
}

// CompleteKeyScrappingPayload is the scrapping with its certificate, and the set.
type CompleteKeyScrappingPayload struct {
	Scrapping *ent.KeyScrapping
	Set       *ent.KeySet
}

// CompleteScrapping hands all keys of the set back to engineering, which signs for them; the certificate is issued, and the
// set is scrapped until its successor is accepted (K3.2).
//
// Errors: NOT_FOUND; INVALID_INPUT for a signature that is none; RULE K3.2 without the leader's consent, for a signer who
// signed before, or while keys are lent or with a household; RULE K3.1 if the set is no longer due; CONFLICT if it was done.
var CompleteScrapping = act.Guarded(act.New("keys.completeScrapping", act.Needs(policy.KeyScrapping, policy.Update), act.Clauses("K3.2", "K3.1", "K1.3"), completeScrapping), completeGuard)

func completeScrapping(tx *act.Tx, in CompleteKeyScrappingInput) (*CompleteKeyScrappingPayload, error) {
	s, err := lockScrapping(tx, in.ScrappingID)
	if err != nil {
		return nil, err
	}
	set, err := lockSet(tx, s.SetID, "scrappingID")
	if err != nil {
		return nil, err
	}
	if canScrap(tx, set) != nil {
		return nil, notDue().At("scrappingID")
	}
	if _, err := consent.Use(tx, s.Edges.Approval.ID, "scrappingID"); err != nil {
		return nil, err
	}
	if err := gather(tx, set, entry{reason: keymovement.ReasonScrapped, order: orders{scrapping: &s.ID}, note: s.Reason}, inTheOffice); err != nil {
		return nil, err
	}
	if s, err = certify(tx, s, in); err != nil { // with it the database scraps the set
		return nil, err
	}
	if set, err = tx.KeySet.Get(tx, set.ID); err != nil {
		return nil, err
	}
	if err := endOrders(tx, set, s.Reason); err != nil {
		return nil, err
	}
	return &CompleteKeyScrappingPayload{s, set}, dropLockChange(tx, set, s.Reason)
}

// certify has engineering sign what was requested, and issues the certificate.
func certify(tx *act.Tx, s *ent.KeyScrapping, in CompleteKeyScrappingInput) (*ent.KeyScrapping, error) {
	content := json.RawMessage(s.Edges.Approval.Content)
	if _, err := scrapping.Sign(tx, signature.Signing{
		Capacity: "engineering", Estate: s.EstateID, Subject: s.ID, By: in.Signature, Content: content, Field: "signature",
	}); err != nil {
		return nil, err
	}
	c, err := scrapping.Certify(tx, s.EstateID, s.ID, "钥匙报废证明", "Certificate of scrapped keys", content)
	if err != nil {
		return nil, err
	}
	return s.Update().SetState(keyscrapping.StateDone).SetCertificateID(c.ID).SetDoneAt(tx.Now).Save(tx)
}

// inTheOffice refuses keys that are lent, or with a household: they are taken back first (K3.2).
func inTheOffice(h *ent.KeyHolder) error {
	switch {
	case borrowed(h):
		return fault.Rule("K3.2", "%[1]s 还借着这套钥匙,请先收回或报失。", "%[1]s has borrowed keys of this set; take them back, or report them lost, first.", h.Name).At("scrappingID")
	case h.Kind == keyholder.KindHousehold:
		return fault.Rule("K3.2", "业户 %[1]s 还有这套钥匙,请先收回。", "The household %[1]s has keys of this set; take them back first.", h.Name).At("scrappingID")
	}
	return nil
}

// dropLockChange cancels the change that is ordered for the lock of a scrapped set.
func dropLockChange(tx *act.Tx, set *ent.KeySet, reason string) error {
	c, err := tx.KeyLockChange.Query().Where(keylockchange.SetID(set.ID), keylockchange.StateEQ(keylockchange.StateOrdered)).ForUpdate().Only(tx)
	if ent.IsNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	_, err = cancelChange(tx, c, reason)
	return err
}
