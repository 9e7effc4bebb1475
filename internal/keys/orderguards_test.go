package keys_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// can says no where the act would refuse, by the same clause.
func TestK2_3_K3_1_K3_2_CanKnowsWhatAnOrderMeets(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[2]
	can := func(p *stewardtest.Person, action string, id any, allowed bool, clause string) {
		t.Helper()
		got := p.Do(`query($c: [CanInput!]!) { can(checks: $c) { allowed clause } }`, vars{"c": []vars{{"action": action, "id": id}}}).Get("can.0")
		if got.Get("allowed").Bool() != allowed || got.Get("clause").String() != clause {
			t.Errorf("%s: %s", action, got.Raw)
		}
	}
	order := custodian.Do(orderCopies, copiesOf(set, 1)).Get("orderKeyCopies.order")
	can(custodian, "keys.recordCopies", order.Get("id").String(), false, "K2.3") // it is not approved yet
	custodian.Refused(`mutation($in: RecordKeyCopiesInput!) { recordKeyCopies(input: $in) { order { id } } }`, vars{"in": vars{"orderID": order.Get("id").String()}}, fault.RuleBroken, "K2.3")
	supervisor.Do(`mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { approval { state } } }`,
		vars{"in": vars{"approvalID": order.Get("approval.id").String(), "note": "", "signature": vars{"credential": stewardtest.Password}}})
	can(custodian, "keys.recordCopies", order.Get("id").String(), true, "")

	can(supervisor, "keys.orderLockChange", set, true, "")
	const change = `mutation($in: OrderLockChangeInput!) { orderLockChange(input: $in) { lockChange { id } } }`
	supervisor.Do(change, vars{"in": vars{"setID": set, "reason": "锁芯损坏"}})
	can(supervisor, "keys.orderLockChange", set, false, "K3.1") // it is ordered
	supervisor.Refused(change, vars{"in": vars{"setID": set, "reason": "锁芯损坏"}}, fault.Conflict, "K3.1")

	scrapped := app.A.Sets[1]
	app.Super(`UPDATE key_sets SET condition = 'DUE_FOR_SCRAPPING' WHERE id = $1`, scrapped)
	can(custodian, "keys.requestScrapping", scrapped, true, "")
	id := custodian.Do(`mutation($in: RequestKeyScrappingInput!) { requestKeyScrapping(input: $in) { scrapping { id } } }`,
		vars{"in": vars{"setID": scrapped, "reason": "不齐", "signature": vars{"credential": stewardtest.Password}}}).Get("requestKeyScrapping.scrapping.id").String()
	can(custodian, "keys.requestScrapping", scrapped, false, "K3.2")
	can(custodian, "keys.completeScrapping", id, false, "K3.2") // no consent yet
	can(supervisor, "keys.consentScrapping", id, true, "")
	app.Super(`UPDATE approvals SET expires_at = asked_at + interval '1 second' WHERE subject_id = $1`, uuid.MustParse(id))
	app.Clock.Advance(2e9)
	can(supervisor, "keys.consentScrapping", id, false, "K3.2") // it has lapsed
}
