package keys_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// toldOf are the titles in the inbox that are of this subject.
func toldOf(p *stewardtest.Person, subject string) (list []string) {
	for _, m := range p.Do(`{ inbox(first: 50) { edges { node { title body subjectID } } } }`, nil).Get("inbox.edges").Array() {
		if m.Get("node.subjectID").String() == subject {
			list = append(list, m.Get("node.title").String()+" "+m.Get("node.body").String())
		}
	}
	return list
}

// The leaders hear of keys that were found, and of an outsider who was given keys.
func TestK2_3_TheLeaderHearsOfWhatWasFound(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[0]
	loss := app.As(policy.CSOfficer).Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	before := len(toldOf(supervisor, loss))
	custodian.Do(`mutation($in: RecordKeyFoundInput!) { recordKeyFound(input: $in) { movement { id } } }`,
		vars{"in": vars{"lossID": loss, "count": 1, "toID": app.A.Desk, "note": "抽屉里"}})
	if told := toldOf(supervisor, loss); len(told) != before+1 || !strings.Contains(strings.Join(told, " "), "抽屉里") {
		t.Errorf("the supervisor hears %v", told)
	}
	m := custodian.Do(giveEngineering, vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "reason": "改造", "signature": vars{"name": "开发商孙工"}}}).Get("giveKeysToEngineering.movement.id").String()
	if told := toldOf(supervisor, m); len(told) != 1 || !strings.Contains(told[0], "开发商孙工") {
		t.Errorf("of the outsider the supervisor hears %v", told)
	}
}

// Copies are approved by the supervisor of customer service, whose keys they are, or a manager.
func TestK2_3_AnotherDepartmentApprovesNoCopies(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	grant := app.GrantIn(policy.Supervisor, app.A)
	grant.Department = app.A.SecurityDepartment
	other := app.Member("guards@a.example", grant)
	order := func() string {
		return app.As(policy.KeyCustodian).Do(orderCopies, vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "reason": "业主要求"}}).Get("orderKeyCopies.order.approval.id").String()
	}
	id := order()
	give := vars{"in": vars{"approvalID": id, "note": "", "signature": vars{"credential": stewardtest.Password}}}
	const yes = `mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { approval { state } } }`
	other.Refused(yes, give, fault.Forbidden, "K2.3")
	other.Refused(`mutation($in: DeclineApprovalInput!) { declineApproval(input: $in) { approval { state } } }`, vars{"in": vars{"approvalID": id, "note": "不"}}, fault.Forbidden, "K2.3")
	if told := toldOf(other, id); len(told) != 0 {
		t.Errorf("another department is asked: %v", told)
	}
	if _, by := constraintOf(app.TrySQL(`UPDATE approvals SET state = 'DECLINED', decided_by_id = $2, decided_by_name = 'x', decided_at = asked_at, decision_note = 'x' WHERE id = $1`, id, other.Account)); by != "approvals_in_department" {
		t.Errorf("by SQL it is refused by %q", by)
	}
	app.As(policy.Supervisor).Do(yes, give)
	id = order()
	app.As(policy.ProjectManager).Do(yes, vars{"in": vars{"approvalID": id, "note": "", "signature": vars{"credential": stewardtest.Password}}})
}

// A count is once, and what was begun is not given up, whoever writes it.
func TestK4_3_TheDatabaseKeepsACount(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	s := checkSheetOf(supervisor.Do(drawSpotCheck, sample(app.A.ID, 2, 0)).Get("drawKeySpotCheck.spotCheck"))
	line := s.lines[0].Get("id").String()
	supervisor.Do(countSpotCheck, vars{"in": vars{"spotCheckID": s.id, "lines": []vars{{"lineID": line, "count": 99}}}})
	for sql, want := range map[string]string{
		`UPDATE reconciliation_lines SET counted = 1 WHERE id = $1`:                                             "reconciliation_lines_once",
		`UPDATE reconciliation_lines SET counted = NULL, counted_at = NULL, counted_by_id = NULL WHERE id = $1`: "reconciliation_lines_once",
		`UPDATE reconciliation_lines SET counted_by_name = '别人' WHERE id = $1`:                                  "reconciliation_lines_once",
		`UPDATE reconciliations SET state = 'CANCELLED', closed_at = now(), closed_by_id = gen_random_uuid(), close_note = 'x'
			WHERE id = (SELECT reconciliation_id FROM reconciliation_lines WHERE id = $1)`: "reconciliations_begun",
	} {
		if _, by := constraintOf(app.TrySQL(sql, uuid.MustParse(line))); by != want {
			t.Errorf("%s is refused by %q", sql, by)
		}
	}
}
