package keys

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
)

// passing is a way in which keys pass between the office and somebody for whom it does not keep them: an entry in the ledger,
// signed by whom they go to or come from, and by the handler, who is another person (K4.1).
type passing struct {
	reason   keymovement.Reason
	ceremony *signature.Ceremony
}

// withHousehold is a way that a household signs for.
func withHousehold(kind string, reason keymovement.Reason) passing {
	return passing{reason, signature.Declare(signature.Ceremony{
		Kind: kind, Clause: "K4.1", Capacities: []string{"household", "handler"}, Distinct: [][2]string{{"household", "handler"}},
	})}
}

// passed says what passes in one case.
type passed struct {
	set      *ent.KeySet
	from, to *ent.KeyHolder
	count    int
	note     string
	given    late.Given
	by       *signature.Input
}

// passContent is what is signed.
type passContent struct {
	Reason keymovement.Reason `json:"reason"`
	SetID  uuid.UUID          `json:"setID"`
	Set    string             `json:"set"`
	Count  int                `json:"count"`
	From   string             `json:"from"`
	To     string             `json:"to"`
	At     time.Time          `json:"at"`
	Note   string             `json:"note,omitempty"`
}

// pass enters and signs it.
//
// Errors: INVALID_INPUT for a time that is not in time; CONFLICT at count if fewer keys are there, or were then; those of signing.
func (p passing) pass(tx *act.Tx, e passed) (*ent.KeyMovement, error) {
	at, why, err := late.When(tx, e.given, "K4.1")
	if err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: e.set, from: e.from, to: e.to, count: e.count, reason: p.reason, note: e.note, at: at, lateReason: why})
	if f := act.Explained(err); f != nil && f.Field == "" {
		return nil, f.At("count")
	}
	if err != nil {
		return nil, err
	}
	return m, p.ceremony.SignBoth(tx, signature.Signing{
		Estate: m.EstateID, Subject: m.ID, Household: m.HouseholdID, By: e.by, Field: "signature",
		Content: passContent{p.reason, e.set.ID, e.set.Label, m.Count, e.from.Name, e.to.Name, m.OccurredAt.UTC(), m.Note},
	})
}
