package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/reconcile"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CloseKeySpotCheckInput says what is to be said at the end.
type CloseKeySpotCheckInput struct {
	SpotCheckID uuid.UUID
	Note        *string
}

// Check refuses an endless note.
func (in CloseKeySpotCheckInput) Check() error {
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// CloseKeySpotCheckPayload is the spot check that ended.
type CloseKeySpotCheckPayload struct{ SpotCheck *ent.KeySpotCheck }

// CloseSpotCheck ends a spot check of which every line matches or is resolved (K4.3).
//
// Errors: NOT_FOUND; RULE K4.3 for who keeps the keys; CONFLICT while a line awaits its count or differs, and if it ended.
var CloseSpotCheck = act.Guarded(act.New("keys.closeSpotCheck", act.Needs(policy.KeySpotCheck, policy.Settle), act.Clauses("K4.3"), closeSpotCheck), spotCheckGuard(spotCheck.CanClose))

func closeSpotCheck(tx *act.Tx, in CloseKeySpotCheckInput) (*CloseKeySpotCheckPayload, error) {
	check, err := toSettle(tx, in.SpotCheckID)
	if err != nil {
		return nil, err
	}
	note := ""
	if in.Note != nil {
		note = *in.Note
	}
	_, err = spotCheck.Close(tx, check.ReconciliationID, note)
	return &CloseKeySpotCheckPayload{check}, err
}

// CancelKeySpotCheckInput says why it is not counted.
type CancelKeySpotCheckInput struct {
	SpotCheckID uuid.UUID
	Reason      string
}

// Check refuses an empty or endless reason.
func (in CancelKeySpotCheckInput) Check() error { return reconcile.CheckReason(in.Reason) }

// CancelKeySpotCheckPayload is the spot check that ended.
type CancelKeySpotCheckPayload struct{ SpotCheck *ent.KeySpotCheck }

// CancelSpotCheck gives a spot check up before all is counted; it stays on record with the reason (K4.3).
//
// Errors: NOT_FOUND; RULE K4.3 for who keeps the keys; CONFLICT once all is counted, and if it ended.
var CancelSpotCheck = act.Guarded(act.New("keys.cancelSpotCheck", act.Needs(policy.KeySpotCheck, policy.Settle), act.Clauses("K4.3"), cancelSpotCheck), spotCheckGuard(spotCheck.CanCancel))

func cancelSpotCheck(tx *act.Tx, in CancelKeySpotCheckInput) (*CancelKeySpotCheckPayload, error) {
	check, err := toSettle(tx, in.SpotCheckID)
	if err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	_, err = spotCheck.Cancel(tx, check.ReconciliationID, in.Reason)
	return &CancelKeySpotCheckPayload{check}, err
}
