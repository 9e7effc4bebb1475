package void_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
)

// Whoever recorded whatever whenever: who leads voids it, who recorded it within 15 minutes, and nobody else.
func TestWhoMayVoid(t *testing.T) {
	t.Parallel()
	people := rapid.SampledFrom([]uuid.UUID{uuid.Nil, uuid.New(), uuid.New()})
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		viewer, ago := people.Draw(t, "viewer"), time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "ago"))
		r := void.Recorded{Clause: "K2.1", By: people.Draw(t, "recorded by"), At: now.Add(-ago), Leads: rapid.Bool().Draw(t, "leads")}
		err := void.May(&act.Tx{Viewer: &access.Viewer{Account: viewer}, Now: now}, r)
		own := viewer == r.By && viewer != uuid.Nil && ago <= 15*time.Minute
		if f := fault.From(err); (err == nil) != (own || r.Leads) || err != nil && (f.Code != fault.Forbidden || f.Clause != "K2.1") {
			t.Fatalf("%v of %+v: %v", viewer, r, err)
		}
	})
}
