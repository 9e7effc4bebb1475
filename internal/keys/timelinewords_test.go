package keys

import (
	"strings"
	"testing"

	"github.com/steward-pm/steward/ent/keymovement"
)

func TestSummariesSayItInBothLanguages(t *testing.T) {
	t.Parallel()
	n, from, to := 2, "前台", "王师傅"
	for _, kind := range eventKinds {
		zh := summary(&KeyEvent{Kind: kind, Actor: "李", Count: &n, From: &from, To: &to}, "GIVEN", "因故", false)
		en := summary(&KeyEvent{Kind: kind, Actor: "李", Count: &n, From: &from, To: &to}, "GIVEN", "因故", true)
		if zh == "" || zh == en || strings.Contains(zh+en, "%!") {
			t.Errorf("%s: %q, %q", kind, zh, en)
		}
	}
	for reason := range reasons {
		if err := keymovement.ReasonValidator(reason); err != nil {
			t.Error(err)
		}
	}
	for _, reason := range []keymovement.Reason{keymovement.ReasonLent, keymovement.ReasonVoided, keymovement.ReasonAdjusted} {
		if reasons[reason].in(true) == "" {
			t.Errorf("no words for %s", reason)
		}
	}
}
