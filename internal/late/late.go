// Package late lets an act be recorded after it happened: paper is kept while the system is down, and entered when it is
// up again. For ten minutes that takes nothing; for a day it takes a reason, which stays on the row; then it is too
// late. The database holds each table to it by the SQL function late().
package late

import (
	"time"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
)

// How late an act may be recorded.
const (
	Free = 10 * time.Minute // for so long no reason is asked
	Most = 24 * time.Hour   // and for so long an act can be recorded at all
)

// Given is when an act happened and why it is recorded late, as an input says it; embed it there.
type Given struct {
	OccurredAt *time.Time // nil: now
	LateReason *string    // needed after Free
}

// Check refuses what is no reason.
func (g Given) Check() error {
	return wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 200) }, "lateReason", g.LateReason)
}

// When tells when the act happened, and why that is recorded late; no reason where it is not. The clause is the act's.
//
// Errors: INVALID_INPUT at occurredAt for a time to come or too long ago, at lateReason where one is needed.
func When(tx *act.Tx, g Given, clause string) (at time.Time, reason string, err error) {
	if g.OccurredAt == nil {
		return tx.Now, "", nil
	}
	if g.LateReason != nil {
		reason = wording.Tidy(*g.LateReason)
	}
	switch ago := tx.Now.Sub(*g.OccurredAt); {
	case ago < 0, ago > Most:
		err = fault.Invalid("occurredAt", "发生时间应在最近 24 小时内,且不晚于现在。",
			"Give a time within the last 24 hours, and not one to come.").By(clause)
	case ago > Free && reason == "":
		err = fault.Invalid("lateReason", "补记请说明原因。", "Say why it is recorded late.").By(clause)
	case ago <= Free:
		reason = "" // it is not late
	}
	return *g.OccurredAt, reason, err
}
