// Package void counters an act that was recorded by mistake: the row stays, and says who voided it, when and why. A void
// is never undone, and what is voided does not change any more; the database holds each table to it by the SQL
// function voidable(). What the act did besides its row (an entry in a ledger, an obligation) the chapter counters.
// Who recorded it voids it at once, and later who leads (May); of each void the leaders hear (Tell).
package void

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
)

func init() { act.Explain("voided", voided()) }

// Input says what is voided, and why; embed it in the input of the act.
type Input struct {
	ID     uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in Input) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// marking is an update of a row that can be voided; U is the update itself.
type marking[U any] interface {
	SetVoidedAt(time.Time) U
	SetVoidReason(string) U
	SetVoidedByID(uuid.UUID) U
	SetVoidedByName(string) U
}

// Mark has the update void its row, by the viewer and now; the reason is on the audit trail, too.
func Mark[U marking[U]](tx *act.Tx, u U, reason string) U {
	reason = wording.Tidy(reason)
	tx.Because(reason)
	return u.SetVoidedAt(tx.Now).SetVoidReason(reason).SetVoidedByID(tx.Viewer.Account).SetVoidedByName(tx.Viewer.Name)
}

// Refuse refuses what was voided before. Errors: CONFLICT.
func Refuse(voidedAt *time.Time) error {
	if voidedAt == nil {
		return nil
	}
	return voided()
}

func voided() *fault.Error {
	return fault.Clash("这条记录已作废,不能再更改;如有需要请重新登记。", "This was voided and does not change any more; record anew what is needed.")
}
