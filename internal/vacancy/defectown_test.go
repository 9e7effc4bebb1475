package vacancy_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What was passed to customer service is acknowledged and resolved by its officers, who are those employed there; one who did not resolve it
// inspects it again.
func TestV5_CustomerServiceAnswersWhatIsPassedToIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	other := app.Member("other-officer@a.example", account.NewGrant{Role: string(policy.CSOfficer), Estate: app.A.ID, From: calendar.DayOf(stewardtest.Start)})
	own := officer.Do(reportDefect, reporting(app, vars{"departmentID": app.A.Department})).Get("reportDefect.defect.id").String()
	engineers := reported(app)
	officer.Refused(acknowledgeDefect, upon(own, nil), fault.Forbidden) // employed nowhere
	app.SQL(`UPDATE staffs SET account_id = $1, department_id = $2 WHERE id = $3`, officer.Account, app.A.SecurityDepartment, app.A.Staff)
	officer.Refused(acknowledgeDefect, upon(own, nil), fault.Forbidden, "V5") // employed elsewhere
	app.SQL(`UPDATE staffs SET department_id = $1 WHERE id = $2`, app.A.Department, app.A.Staff)
	officer.Refused(acknowledgeDefect, upon(engineers, nil), fault.Forbidden, "V5")
	app.Foreign(policy.CSOfficer).Refused(acknowledgeDefect, upon(own, nil), fault.Forbidden)
	can := officer.Do(`query($own: ID!, $other: ID!) { can(checks: [{action: "vacancy.acknowledgeDefect", id: $own}, {action: "vacancy.acknowledgeDefect", id: $other}]) { allowed } }`,
		vars{"own": own, "other": engineers}).Get("can")
	if can.Raw != `[{"allowed":true},{"allowed":false}]` {
		t.Errorf("may the officer: %s", can.Raw)
	}
	if d := officer.Do(acknowledgeDefect, upon(own, nil)).Get("acknowledgeDefect.defect"); d.Get("state").String() != "ACKNOWLEDGED" || d.Get("acknowledgedByName").String() != officer.Email {
		t.Errorf("acknowledged: %s", d.Raw)
	}
	officer.Do(resolveDefect, upon(own, vars{"resolution": "已清理杂物"}))
	officer.Refused(reinspectDefect, upon(own, vars{"resolved": true}), fault.RuleBroken, "V5")
	if d := other.Do(reinspectDefect, upon(own, vars{"resolved": true})).Get("reinspectDefect.defect"); d.Get("state").String() != "CLOSED" {
		t.Errorf("closed: %s", d.Raw)
	}
	if got := obligations(t, app, own); got != "acknowledge MET met, reinspect MET met, resolve MET met" {
		t.Errorf("due: %s", got)
	}
}
