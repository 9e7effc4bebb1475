package act_test

import (
	"slices"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Who is refused the same a hundred times leaves three entries of it, and another refusal its own.
func TestIdenticalRefusalsAreCounted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	refuse := func(f *fault.Error) {
		t.Helper()
		_, err := probe.Do(manager(app), probeInput{Rule: func(*act.Tx) (*probePayload, error) { return nil, f }})
		if !fault.Is(err, f.Code) {
			t.Fatalf("got %v", err)
		}
	}
	want := func(entries ...string) {
		t.Helper()
		if got := trail(t, app, "read"); !slices.Equal(got, entries) {
			t.Errorf("read chain: %q, want %q", got, entries)
		}
	}
	for range 105 {
		refuse(fault.Missing())
	}
	want("refused NOT_FOUND", "refused NOT_FOUND ×10", "refused NOT_FOUND ×100")
	refuse(fault.Rule("K2.2", "不行", "No."))
	app.Clock.Advance(time.Minute)
	refuse(fault.Missing())
	want("refused NOT_FOUND", "refused NOT_FOUND ×10", "refused NOT_FOUND ×100", "refused K2.2 RULE", "refused NOT_FOUND")

	app.Runtime.Refusals = nil // the mutant
	for range 20 {
		refuse(fault.Missing())
	}
	if n := len(trail(t, app, "read")); n != 25 {
		t.Errorf("uncounted, 20 refusals made %d entries", n-5)
	}
}

// One request with 20 refused mutations of one kind is two entries.
func TestAliasesDoNotMultiplyRefusals(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	document := `mutation($in: UpdateAreaInput!) {`
	for alias := range 20 {
		document += " a" + string(rune('a'+alias)) + `: updateArea(input: $in) { area { id } }`
	}
	app.As(policy.KeyCustodian).Refused(document+" }", stewardtest.Vars{"in": stewardtest.Vars{"id": app.A.Area, "expectedVersion": 1}}, fault.Forbidden)
	got := texts(t, app, `SELECT body::jsonb ->> 'reason' FROM audit.entries WHERE action = 'registry.updateArea' AND outcome = 'refused' ORDER BY seq`)
	if !slices.Equal(got, []string{"FORBIDDEN", "FORBIDDEN ×10"}) {
		t.Errorf("entries: %q", got)
	}
}
