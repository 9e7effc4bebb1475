package obligation_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A reminder is an act by the clause that demands what is due, and not by that of loans.
func TestRemindersAreByTheirClause(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	lend(app, app.As(policy.CSOfficer))
	app.As(policy.KeyCustodian).Do(`mutation($in: ReportKeyLossInput!) { reportKeyLoss(input: $in) { loss { id } } }`,
		vars{"in": vars{"setID": app.A.Sets[1], "holderID": app.A.Desk, "count": 1, "circumstances": "清点时少一把"}})
	app.Clock.Advance(25 * time.Hour)
	if n := remind(t, app); n != 2 {
		t.Errorf("%d reminders", n)
	}
	for _, clause := range []string{"K2.2", "K2.3"} {
		if n := len(app.IDs(`SELECT gen_random_uuid() FROM audit.entries WHERE action = 'obligations.remind' AND body::jsonb ->> 'clause' = $1`, clause)); n != 1 {
			t.Errorf("%d entries on the audit trail by %s", n, clause)
		}
	}
}

func TestAKindIsDeclaredOnceAndInFull(t *testing.T) {
	t.Parallel()
	whole := obligation.Kind{Name: "keys.loss", Clause: "K2.3", TitleZH: "答复:", TitleEN: "Answer "} // declared by the keys already
	for _, k := range []obligation.Kind{whole, {TitleZH: "x", TitleEN: "x"}, {Name: "test.untitled", TitleZH: "x"}, {Name: "test.untitled", TitleEN: "x"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is declared", k)
				}
			}()
			obligation.Declare(k)
		}()
	}
}
