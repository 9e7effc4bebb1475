package keys_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const dashboard = `query($e: [ID!]) { keyDashboard(estateIDs: $e) {
	estates { estate { id code } ...f } total { estate { id } ...f } } }
	fragment f on KeyFigures { keysOut keysOverdue keysOutstanding keysSealed keysLost lossesUnanswered setsDueForScrapping
		lockChangesOrdered discrepancies approvalsWaiting obligationsDueToday obligationsPastDue }`

func TestK2_2_TheDashboardCountsWhatIsOutAndOverdue(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Clock.Advance(10 * time.Hour) // the evening
	manager := app.As(policy.ProjectManager)
	before := manager.Do(dashboard, nil).Get("keyDashboard")
	if n := len(before.Get("estates").Array()); n != 1 {
		t.Fatalf("a manager of one estate sees %d", n)
	}
	app.As(policy.CSOfficer).Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 2))
	after := manager.Do(dashboard, nil).Get("keyDashboard.estates.0")
	for figure, more := range map[string]int64{"keysOut": 2, "keysOverdue": 0, "obligationsDueToday": 1, "obligationsPastDue": 0} {
		if got := after.Get(figure).Int() - before.Get("estates.0."+figure).Int(); got != more {
			t.Errorf("%s grew by %d, want %d", figure, got, more)
		}
	}
	app.Clock.Advance(5*time.Hour + time.Minute) // a minute past the end of the day
	late := manager.In(t).Do(dashboard, nil).Get("keyDashboard.estates.0")
	for figure, more := range map[string]int64{"keysOut": 2, "keysOverdue": 2, "obligationsDueToday": 0, "obligationsPastDue": 1} {
		if got := late.Get(figure).Int() - before.Get("estates.0."+figure).Int(); got != more {
			t.Errorf("past midnight %s is %d more, want %d", figure, got, more)
		}
	}
}

func TestK2_2_TheDashboardOfEachRole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.As(policy.KeyCustodian).Do(orderCopies, copiesOf(app.A.Sets[0], 1)) // which the leader is asked to approve
	app.Foreign(policy.KeyCustodian).Do(orderCopies, copiesOf(app.B.Sets[0], 1))
	t.Run("the portfolio is the sum of its estates", func(t *testing.T) {
		d := app.As(policy.GeneralManager).In(t).Do(dashboard, nil).Get("keyDashboard")
		a, b := d.Get("estates.0"), d.Get("estates.1")
		if a.Get("estate.code").String() != "A" || b.Get("estate.code").String() != "B" || d.Get("total.estate").Type.String() != "Null" {
			t.Fatalf("not A and B: %s", d.Raw)
		}
		for _, figure := range []string{"keysOutstanding", "keysLost", "lossesUnanswered", "lockChangesOrdered", "approvalsWaiting"} {
			if got, want := d.Get("total."+figure).Int(), a.Get(figure).Int()+b.Get(figure).Int(); got != want || want == 0 {
				t.Errorf("%s is %d in all, %d and %d in the estates", figure, got, a.Get(figure).Int(), b.Get(figure).Int())
			}
		}
	})
	t.Run("what a role may not see is null, not zero", func(t *testing.T) {
		d := app.As(policy.Security).In(t).Do(dashboard, nil).Get("keyDashboard.estates.0")
		for figure, seen := range map[string]bool{"keysOutstanding": true, "keysSealed": true, "keysOut": false, "approvalsWaiting": false, "discrepancies": false} {
			if d.Get(figure).Type.String() == "Null" == seen {
				t.Errorf("security sees %s: %s, want seen %v", figure, d.Get(figure).Raw, seen)
			}
		}
	})
	t.Run("a supervisor counts the department's obligations", func(t *testing.T) {
		of := func() int64 {
			return app.As(policy.Supervisor).In(t).Do(dashboard, nil).Get("keyDashboard.estates.0.obligationsDueToday").Int()
		}
		before := of()
		app.As(policy.CSOfficer).In(t).Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[1], 1))
		if got := of(); got != before+1 {
			t.Errorf("%d due today, want %d", got, before+1)
		}
	})
	app.As(policy.ProjectManager).Refused(dashboard, vars{"e": []uuid.UUID{app.A.ID, app.B.ID}}, fault.NotFound)
	app.Nobody().Refused(dashboard, nil, fault.Unauthenticated)
	for name, p := range map[string]*stewardtest.Person{"a resident": app.Resident(), "an accountant": app.As(policy.Accountant)} {
		if d := p.Do(dashboard, nil).Get("keyDashboard"); len(d.Get("estates").Array()) != 0 || d.Get("total.keysOut").Type.String() != "Null" {
			t.Errorf("%s sees %s", name, d.Raw)
		}
	}
}
