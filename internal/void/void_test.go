package void_test

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
)

func TestInput(t *testing.T) {
	t.Parallel()
	for reason, ok := range map[string]bool{"": false, " \t": false, "录错房号": true, strings.Repeat("错", 500): true, strings.Repeat("错", 501): false} {
		f := fault.From(void.Input{Reason: reason}.Check())
		if (f == nil) != ok || f != nil && f.Field != "reason" {
			t.Errorf("%q: %v", reason, f)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	if err := void.Refuse(nil); err != nil {
		t.Errorf("what stands is refused: %v", err)
	}
	if f := fault.From(void.Refuse(new(time.Time))); f == nil || f.Code != fault.Conflict {
		t.Errorf("what is voided: %v", f)
	}
}
