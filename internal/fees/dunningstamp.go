package fees

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// StampFeeDunningsInput names the dunning notices that finance stamps.
type StampFeeDunningsInput struct {
	DunningIDs []uuid.UUID
	Signature  *signature.Input
}

// Check refuses none, too many, and one that is named twice.
func (in StampFeeDunningsInput) Check() error { return checkDunnings(in.DunningIDs, "F7") }

// Prepare verifies the stamper's own password.
func (in StampFeeDunningsInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// StampFeeDunningsPayload are the notices, in the order given.
type StampFeeDunningsPayload struct{ Dunnings []*ent.FeeDunning }

// Stamp records that finance stamped what was reviewed, and signs the very content that was (F7). Who stamps is not who reviewed, and of finance; where finance is one
// person, a project manager stamps.
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; RULE F7 for what is not reviewed, for who reviewed it, and for who is not of finance where that has people enough.
var Stamp = act.Guarded(act.New("fees.stampDunnings", act.Needs(policy.FeeDunning, policy.Approve).SessionOnly(), act.Clauses("F7"), stamp), dunningGuard(canStamp))

func stamp(tx *act.Tx, in StampFeeDunningsInput) (*StampFeeDunningsPayload, error) {
	list, err := lockDunnings(tx, in.DunningIDs, canStamp)
	if err != nil {
		return nil, err
	}
	for i, d := range list {
		content := contentOf(d)
		if list[i], err = d.Update().SetState(feedunning.StateStamped).SetStampedAt(tx.Now).SetStampedByID(tx.Viewer.Account).SetStampedByName(tx.Viewer.Name).Save(tx); err != nil {
			return nil, err
		}
		if _, err := dunCeremony.Sign(tx, signature.Signing{Capacity: "stamper", Estate: d.EstateID, Subject: d.ID, By: in.Signature, Content: content, Field: "signature"}); err != nil {
			return nil, err
		}
		if _, err := dunCeremony.Certify(tx, d.EstateID, d.ID, "催缴通知单盖章证明:"+dunningTitle(d), "Certificate of a stamped dunning notice: "+dunningTitle(d), content); err != nil {
			return nil, err
		}
	}
	return &StampFeeDunningsPayload{list}, nil
}

func canStamp(tx *act.Tx, d *ent.FeeDunning) error {
	switch {
	case d.State != feedunning.StateReviewed:
		return fault.Rule("F7", "只有审核过的催缴通知单才盖章。", "What was reviewed, and nothing else, is stamped.")
	case d.ReviewedByID != nil && *d.ReviewedByID == tx.Viewer.Account:
		return twoPeople()
	}
	return nil
}
