package keys_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Months that are closed, and the days of keys that are out, end where they ended: the estate's time zone stays (K4.2, K2.2).
func TestK4_2_TheTimeZoneStaysOnceSomethingWentByIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	general := app.As(policy.GeneralManager)
	const update = `mutation($in: UpdateEstateInput!) { updateEstate(input: $in) { estate { timeZone version } } }`
	version := general.Do(`query($id: ID!) { node(id: $id) { ... on Estate { version } } }`, vars{"id": app.A.ID}).Get("node.version").Int()
	to := func(zone string) vars {
		return vars{"in": vars{"id": app.A.ID, "expectedVersion": version, "timeZone": zone}}
	}
	refused := func() {
		t.Helper()
		if r := general.Refused(update, to("Asia/Urumqi"), fault.RuleBroken, "K4.2"); r.Field != "timeZone" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	loan, _ := lendTo(app, vars{"externalPersonID": app.A.External}, app.A.Sets[0], 1)
	refused() // a month is closed, and keys are out
	app.Super(`DELETE FROM key_statement_lines WHERE estate_id = $1`, app.A.ID)
	app.Super(`DELETE FROM key_statements WHERE estate_id = $1`, app.A.ID)
	refused() // keys are out
	app.As(policy.CSOfficer).Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}})
	e := general.Do(update, to("Asia/Urumqi")).Get("updateEstate.estate")
	if e.Get("timeZone").String() != "Asia/Urumqi" {
		t.Errorf("nothing went by it: %s", e.Raw)
	}
	version = e.Get("version").Int()
	app.SQL(`INSERT INTO key_statements (id, created_at, estate_id, month, closed_by_id, closed_by_name, closed_at)
		SELECT new_id(x'0316'::int), $2, id, '2026-01-01', id, '钥匙管理员', $2 FROM estates WHERE id = $1`, app.A.ID, stewardtest.Start)
	general.Refused(update, to("Asia/Shanghai"), fault.RuleBroken, "K4.2") // a month is closed
	general.Do(update, to("Asia/Urumqi"))
}
