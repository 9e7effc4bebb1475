package keys

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/keyscrapping"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// scrapping is the one witnessed act by which a set goes back to engineering: three persons sign what was requested (K3.2).
var scrapping = signature.Declare(signature.Ceremony{
	Kind: "keys.scrap", Clause: "K3.2", Capacities: []string{"requester", "leader", "engineering"}, Certificate: true,
	Of:       map[string]department.Kind{"engineering": department.KindEngineering},
	Distinct: [][2]string{{"requester", "leader"}, {"requester", "engineering"}, {"leader", "engineering"}},
})

// consent is the leader's.
var consent = approval.Declare(approval.Kind{
	Name: "keys.scrap", Clause: "K3.2", Resource: policy.KeyScrapping, Lapses: 30 * 24 * time.Hour, In: "consentKeyScrapping", Decided: consentDecided,
})

// consentDecided ends the request that found no consent.
func consentDecided(tx *act.Tx, a *ent.Approval) error {
	if a.State == entapproval.StateGiven {
		return nil
	}
	s, err := tx.KeyScrapping.Query().Where(keyscrapping.ID(a.SubjectID)).ForUpdate().Only(tx)
	if err != nil || s.State != keyscrapping.StateOpen {
		return err
	}
	return s.Update().SetState(keyscrapping.StateEnded).Exec(tx)
}

// RequestKeyScrappingInput says which set is scrapped, and why.
type RequestKeyScrappingInput struct {
	SetID     uuid.UUID
	Reason    string
	Signature *signature.Input
}

// Check refuses an empty or endless reason.
func (in RequestKeyScrappingInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// Prepare verifies the requester's own password.
func (in RequestKeyScrappingInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// RequestKeyScrappingPayload is the request, which awaits the leader's consent.
type RequestKeyScrappingPayload struct{ Scrapping *ent.KeyScrapping }

// RequestScrapping asks that a set which is due goes back to engineering, signed by who asks (K3.2).
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; RULE K3.1 if the set is not due; CONFLICT K3.2 if it was requested.
var RequestScrapping = act.Guarded(act.New("keys.requestScrapping", act.Needs(policy.KeyScrapping, policy.Create), act.Clauses("K3.2", "K3.1"), requestScrapping), scrapRequestGuard)

func requestScrapping(tx *act.Tx, in RequestKeyScrappingInput) (*RequestKeyScrappingPayload, error) {
	set, err := lockSet(tx, in.SetID, "setID")
	if err != nil {
		return nil, err
	}
	if err := canScrap(tx, set); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	s, err := tx.KeyScrapping.Create().SetEstateID(set.EstateID).SetSetID(set.ID).SetReason(reason).
		SetRequestedByID(tx.Viewer.Account).SetRequestedByName(tx.Viewer.Name).SetRequestedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	content := map[string]any{ // what all three sign: the approval keeps it
		"scrapping": s.ID, "set": set.ID, "label": set.Label, "generation": set.Generation, "lockChanges": set.LockChanges,
		"reason": reason, "requestedBy": s.RequestedByName, "requestedAt": s.RequestedAt,
	}
	if _, err := scrapping.Sign(tx, signature.Signing{
		Capacity: "requester", Estate: s.EstateID, Subject: s.ID, By: in.Signature, Content: content, Field: "signature",
	}); err != nil {
		return nil, err
	}
	a, err := consent.Ask(tx, approval.Question{
		Estate: s.EstateID, Subject: s.ID, Reason: reason, TitleZH: "报废钥匙:" + set.Label, TitleEN: "Scrap keys: " + set.Label, Content: content,
	})
	if err != nil {
		return nil, err
	}
	s, err = s.Update().SetApprovalID(a.ID).Save(tx)
	return &RequestKeyScrappingPayload{s}, err
}

// canScrap refuses a set that is not due for scrapping (K3.1).
func canScrap(_ *act.Tx, s *ent.KeySet) error {
	if s.Condition == keyset.ConditionDueForScrapping {
		return nil
	}
	return notDue().At("setID")
}

// notDue refuses to scrap what is in use, or scrapped.
func notDue() *fault.Error {
	return fault.Rule("K3.1", "只有不齐或已换锁三次的钥匙才报废;这套不在其列。",
		"Only a set that is incomplete, or whose lock was changed three times, is scrapped; this one is not due.")
}

// ConsentKeyScrappingInput is the leader's yes.
type ConsentKeyScrappingInput struct {
	ScrappingID uuid.UUID
	Note        *string
	Signature   *signature.Input
}

// Check refuses an endless note.
func (in ConsentKeyScrappingInput) Check() error {
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// Prepare verifies the leader's own password.
func (in ConsentKeyScrappingInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// ConsentKeyScrappingPayload is the scrapping, with the consent.
type ConsentKeyScrappingPayload struct{ Scrapping *ent.KeyScrapping }

// ConsentScrapping is the leader's consent, signed under the request and given as the approval in one (K3.2).
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; RULE K3.2 for who requested it, or once it has lapsed; CONFLICT if it
// was decided.
var ConsentScrapping = act.Guarded(act.New("keys.consentScrapping", act.Needs(policy.KeyScrapping, policy.Approve), act.Clauses("K3.2"), consentScrapping), consentGuard)

func consentScrapping(tx *act.Tx, in ConsentKeyScrappingInput) (*ConsentKeyScrappingPayload, error) {
	s, err := lockScrapping(tx, in.ScrappingID)
	if err != nil {
		return nil, err
	}
	if _, err := scrapping.Sign(tx, signature.Signing{
		Capacity: "leader", Estate: s.EstateID, Subject: s.ID, By: in.Signature, Content: json.RawMessage(s.Edges.Approval.Content), Field: "signature",
	}); err != nil {
		return nil, err
	}
	var note string
	if in.Note != nil {
		note = *in.Note
	}
	return &ConsentKeyScrappingPayload{s}, consent.Give(tx, s.Edges.Approval.ID, note, in.Signature, "scrappingID")
}

// lockScrapping finds a scrapping that is open, with what was signed, and locks it.
func lockScrapping(tx *act.Tx, id uuid.UUID) (*ent.KeyScrapping, error) {
	s, err := tx.KeyScrapping.Query().Where(keyscrapping.ID(id)).WithApproval().ForUpdate().Only(tx)
	if s, err = act.Find(s, err, "scrappingID"); err != nil {
		return nil, err
	}
	return s, isOpen(tx, s)
}

// isOpen refuses a scrapping that has ended, with a certificate or without.
func isOpen(_ *act.Tx, s *ent.KeyScrapping) error {
	switch s.State {
	case keyscrapping.StateDone:
		return fault.Clash("这套钥匙已报废退还工程部。", "The set was scrapped, and went back to engineering.").By("K3.2").At("scrappingID")
	case keyscrapping.StateEnded:
		return fault.Rule("K3.2", "这次报废未获同意或已结束,请重新申请。", "This scrapping found no consent, or has ended; request it again.").At("scrappingID")
	}
	return nil
}
