package fees

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/feedunningline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// F7: the accountant reviews, and finance stamps, by two members of staff over the same content; what was stamped has a certificate.
var dunCeremony = signature.Declare(signature.Ceremony{
	Kind: "fees.dun", Clause: "F7", Capacities: []string{"reviewer", "stamper"}, Distinct: [][2]string{{"reviewer", "stamper"}}, Certificate: true, Subject: ent.TypeFeeDunning,
})

// dunningContent is what is reviewed and stamped: what the notice says, and nothing that changes after.
type dunningContent struct {
	Number    int64              `json:"number"`
	Revision  int                `json:"revision"`
	Level     feedunning.Level   `json:"level"`
	Household string             `json:"household"`
	Address   string             `json:"address"`
	DraftedOn string             `json:"draftedOn"`
	Amount    int64              `json:"amount"`
	Lines     []dunningLineWords `json:"lines"`
}

type dunningLineWords struct {
	Number  string `json:"number"`
	Month   string `json:"month"`
	PayBy   string `json:"payBy"`
	Asked   int64  `json:"asked"`
	Settled int64  `json:"settled"`
	Amount  int64  `json:"amount"`
}

// contentOf is what a notice that was loaded with its lines says.
func contentOf(d *ent.FeeDunning) dunningContent {
	c := dunningContent{d.Number, d.Revision, d.Level, d.HouseholdName, d.Address, d.DraftedOn.Format(time.DateOnly), d.Amount, []dunningLineWords{}}
	for _, l := range d.Edges.Lines {
		c.Lines = append(c.Lines, dunningLineWords{l.Number, l.Month.Format("2006-01"), l.PayBy.Format(time.DateOnly), l.Asked, l.Settled, l.Amount})
	}
	return c
}

// withDemands loads what dunning notices ask for, the oldest first.
func withDemands(q *ent.FeeDunningQuery) {
	q.WithLines(func(q *ent.FeeDunningLineQuery) {
		q.Order(feedunningline.ByMonth(), feedunningline.ByNumber(), feedunningline.ByID())
	})
}

// lockDunnings finds notices as they stand, in the order given. Errors: NOT_FOUND at the one that is not there; what check says, there.
func lockDunnings(tx *act.Tx, list []uuid.UUID, check func(*act.Tx, *ent.FeeDunning) error) ([]*ent.FeeDunning, error) {
	q := tx.FeeDunning.Query().Where(feedunning.IDIn(list...)).Order(feedunning.ByID()).ForUpdate()
	withDemands(q)
	found, err := q.All(tx)
	if err != nil {
		return nil, err
	}
	of := make(map[uuid.UUID]*ent.FeeDunning, len(found))
	for _, d := range found {
		of[d.ID] = d
	}
	out := make([]*ent.FeeDunning, len(list))
	for i, id := range list {
		field := fmt.Sprintf("dunningIDs.%d", i)
		if out[i] = of[id]; out[i] == nil {
			return nil, fault.Missing().At(field)
		}
		if err := check(tx, out[i]); err != nil {
			if f := fault.From(err); f != nil {
				return nil, f.At(field)
			}
			return nil, err
		}
	}
	return out, nil
}

// dunningGuard is the precondition of a step.
func dunningGuard(check func(*act.Tx, *ent.FeeDunning) error) act.Guard[*ent.FeeDunning] {
	return act.Guard[*ent.FeeDunning]{
		Entity: ent.TypeFeeDunning,
		ID:     func(d *ent.FeeDunning) uuid.UUID { return d.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeDunning, error) {
			return tx.FeeDunning.Query().Where(feedunning.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}

// ReviewFeeDunningsInput names the dunning notices that the accountant has reviewed.
type ReviewFeeDunningsInput struct{ DunningIDs []uuid.UUID }

// Check refuses none, too many, and one that is named twice.
func (in ReviewFeeDunningsInput) Check() error { return checkDunnings(in.DunningIDs, "F7") }

// ReviewFeeDunningsPayload are the notices, in the order given.
type ReviewFeeDunningsPayload struct{ Dunnings []*ent.FeeDunning }

// Review records that the accountant reviewed drafts, and signs what they say (F7).
//
// Errors: NOT_FOUND; RULE F7 for what is no draft.
var Review = act.Guarded(act.New("fees.reviewDunnings", act.Needs(policy.FeeDunning, policy.Update).SessionOnly(), act.Clauses("F7"), review), dunningGuard(canReview))

func review(tx *act.Tx, in ReviewFeeDunningsInput) (*ReviewFeeDunningsPayload, error) {
	list, err := lockDunnings(tx, in.DunningIDs, canReview)
	if err != nil {
		return nil, err
	}
	for i, d := range list {
		content := contentOf(d)
		_, hash, err := signature.Canonical(content)
		if err != nil {
			return nil, err
		}
		if list[i], err = d.Update().SetState(feedunning.StateReviewed).SetContentHash(hash).SetReviewedAt(tx.Now).SetReviewedByID(tx.Viewer.Account).SetReviewedByName(tx.Viewer.Name).Save(tx); err != nil {
			return nil, err
		}
		if _, err := dunCeremony.SignBySession(tx, signature.Signing{Capacity: "reviewer", Estate: d.EstateID, Subject: d.ID, Content: content, Field: fmt.Sprintf("dunningIDs.%d", i)}); err != nil {
			return nil, err
		}
	}
	return &ReviewFeeDunningsPayload{list}, nil
}

func canReview(_ *act.Tx, d *ent.FeeDunning) error {
	if d.State != feedunning.StateDraft {
		return fault.Rule("F7", "只有草稿才审核;这份已审核,或已撤回、被新版本代替。", "Drafts are reviewed; this one was, or was withdrawn or replaced.")
	}
	return nil
}
