package keys_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Where an estate has no leader the general manager is told, though who reports sees no grants beyond the estate.
func TestK2_3_WithoutALeaderTheGeneralManagerIsTold(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	gm := app.As(policy.GeneralManager)
	loss := app.As(policy.CSOfficer).Do(reportLoss, lossOf(app.A.Sets[0], app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	if m := unread(gm); m.Get("subjectID").String() != loss {
		t.Errorf("the general manager is told %s", m.Raw)
	}
	if o := lossDue(app, loss); o.Get("accountID").String() != gm.Account.String() {
		t.Errorf("due: %s", o.Raw)
	}
}
