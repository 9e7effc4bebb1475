package obligation

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// TellBreachInput says why something was not done in time.
type TellBreachInput struct {
	ID     uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in TellBreachInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 2000) }

// TellBreachPayload is the obligation with its reason.
type TellBreachPayload struct{ Obligation *ent.Obligation }

// Explain records why an obligation was breached: once, so that the reason first given stays.
//
// Errors: NOT_FOUND; CONFLICT if it is not breached, or was explained before.
var Explain = act.Guarded(act.New("obligations.explain", act.Needs(policy.Obligation, policy.Update), nil, explain), explainGuard)

func explain(tx *act.Tx, in TellBreachInput) (*TellBreachPayload, error) {
	o, err := tx.Obligation.Query().Where(obligation.ID(in.ID), told(tx)).ForUpdate().Only(tx)
	if o, err = act.Find(o, err, "id"); err != nil {
		return nil, err
	}
	if err := canExplain(tx, o); err != nil {
		return nil, err
	}
	o, err = o.Update().SetBreachReason(wording.Tidy(in.Reason)).Save(tx)
	return &TellBreachPayload{o}, err
}

var explainGuard = act.Guard[*ent.Obligation]{
	Entity: ent.TypeObligation,
	ID:     func(o *ent.Obligation) uuid.UUID { return o.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Obligation, error) {
		return tx.Obligation.Query().Where(obligation.IDIn(list...), told(tx)).All(tx)
	},
	Check: canExplain,
}

// canExplain refuses what another department answers for, what is not breached, and what is explained already.
func canExplain(tx *act.Tx, o *ent.Obligation) error {
	switch {
	case !tx.Viewer.Scope(policy.Obligation, policy.Update).Covers(o.RowScope()):
		return fault.Missing().At("id")
	case o.State != obligation.StateBreached:
		return fault.Clash("这一项没有逾期,无需说明原因。", "This is not breached, so there is nothing to explain.")
	case o.BreachReason != "":
		return fault.Clash("原因已经说明过,不能更改。", "The reason was given before and stays.").With("reason", o.BreachReason)
	}
	return nil
}
