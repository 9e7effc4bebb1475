package keys

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
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
var CloseSpotCheck = act.Guarded(act.New("keys.closeSpotCheck", act.Needs(policy.KeySpotCheck, policy.Settle).SessionOnly(), act.Clauses("K4.3"), closeSpotCheck), spotCheckGuard(spotCheck.CanClose))

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

// CancelSpotCheck gives a spot check up before anything is counted; it stays on record with the reason, all who may draw one are told,
// and what is drawn again on the same day is drawn with the same seed (K4.3).
//
// Errors: NOT_FOUND, also for who keeps the keys; CONFLICT once a line is counted, and if it ended.
var CancelSpotCheck = act.Guarded(act.New("keys.cancelSpotCheck", act.Needs(policy.KeySpotCheck, policy.Settle).SessionOnly(), act.Clauses("K4.3"), cancelSpotCheck), spotCheckGuard(spotCheck.CanCancel))

func cancelSpotCheck(tx *act.Tx, in CancelKeySpotCheckInput) (*CancelKeySpotCheckPayload, error) {
	check, err := toSettle(tx, in.SpotCheckID)
	if err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	sheet, err := spotCheck.Cancel(tx, check.ReconciliationID, in.Reason)
	if err != nil {
		return nil, err
	}
	return &CancelKeySpotCheckPayload{check}, tellCancelled(tx, check, sheet)
}

// tellCancelled puts the end of a spot check that nobody counted into the inboxes of all others who may settle one: the leaders
// and managers.
func tellCancelled(tx *act.Tx, check *ent.KeySpotCheck, sheet *ent.Reconciliation) error {
	today, err := tx.Today(check.EstateID)
	if err != nil {
		return err
	}
	rows, err := tx.Raw.Query(tx, `SELECT DISTINCT account FROM identity.holders($1, $2) WHERE role = ANY ($3) AND account <> $4 ORDER BY 1`,
		check.EstateID, today, tx.Viewer.Holders(policy.KeySpotCheck, policy.Settle), tx.Viewer.Account)
	if err != nil {
		return err
	}
	told, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	messages := make([]account.Message, len(told))
	for i, id := range told {
		messages[i] = account.Message{
			AccountID: id, Estate: check.EstateID, Kind: "keys.spotCheck", Subject: check.ID,
			TitleZH: "钥匙抽查已取消", TitleEN: "A spot check of keys was cancelled",
			BodyZH: sheet.ClosedByName + " 取消了 " + check.DrawnByName + " 的抽查,原因:" + sheet.CloseNote + "(K4.3)。当天再抽,仍为同一批。",
			BodyEN: sheet.ClosedByName + " cancelled the check that " + check.DrawnByName + " drew; the reason given: " + sheet.CloseNote +
				" (K4.3). What is drawn again today is the same.",
		}
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}
