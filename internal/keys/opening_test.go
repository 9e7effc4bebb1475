package keys_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	openCabinet = `mutation($in: OpenKeyCabinetInput!) { openKeyCabinet(input: $in) { opening { id outcome purpose openedByName occurredAt lateReason cabinet { name } } } }`
	openings    = `query($c: ID!) { keyCabinetOpenings(where: {cabinetID: $c}, orderBy: {field: CREATED_AT}) { edges { node { id outcome openedByName openedByID } } } }`
)

func openingOf(cabinet uuid.UUID) vars {
	return vars{"in": vars{"cabinetID": cabinet, "purpose": "取钥匙给工程部"}}
}

func TestK1_2_OpeningsAreRecordedAndRefusalsToo(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := openingOf(app.A.Cabinet)
	before := len(app.As(policy.KeyCustodian).Do(openings, vars{"c": app.A.Cabinet}).Get("keyCabinetOpenings.edges").Array())
	may := []policy.Role{policy.KeyCustodian, policy.ProjectManager, policy.GeneralManager}
	for _, role := range may {
		o := app.As(role).Do(openCabinet, in).Get("openKeyCabinet.opening")
		if o.Get("outcome").String() != "OPENED" || o.Get("openedByName").String() == "" || o.Get("cabinet.name").String() != "钥匙柜" {
			t.Errorf("%s opened %s", role, o.Raw)
		}
	}
	mayNot := []policy.Role{policy.Supervisor, policy.CSOfficer, policy.Archivist, policy.Receptionist, policy.MailSorter, policy.Accountant, policy.SealKeeper, policy.Security, policy.Engineering}
	for _, role := range mayNot {
		if r := app.As(role).Refused(openCabinet, in, fault.Forbidden, "K1.2"); r.Field != "cabinetID" {
			t.Errorf("%s is refused at %q", role, r.Field)
		}
	}
	list := app.As(policy.Supervisor).Do(openings, vars{"c": app.A.Cabinet}).Get("keyCabinetOpenings.edges.#.node").Array()[before:]
	if len(list) != len(may)+len(mayNot) {
		t.Fatalf("%d on record, want %d", len(list), len(may)+len(mayNot))
	}
	for i, role := range may {
		if o := list[i]; o.Get("outcome").String() != "OPENED" || o.Get("openedByID").String() != app.As(role).Account.String() {
			t.Errorf("of %s there is %s", role, o.Raw)
		}
	}
	for i, role := range mayNot {
		if o := list[len(may)+i]; o.Get("outcome").String() != "REFUSED" || o.Get("openedByID").String() != app.As(role).Account.String() {
			t.Errorf("of %s there is %s", role, o.Raw)
		}
	}
	// Each sees the own attempt; on the audit trail it is a refusal.
	officer := app.As(policy.CSOfficer)
	if own := officer.Do(openings, vars{"c": app.A.Cabinet}).Get("keyCabinetOpenings.edges").Array(); len(own) != 1 || own[0].Get("node.outcome").String() != "REFUSED" {
		t.Errorf("the officer sees %v", own)
	}
	if n := len(app.IDs(`SELECT actor_id FROM audit.entries WHERE action = 'keys.openCabinet' AND outcome = 'refused' AND body::jsonb ->> 'clause' = 'K1.2' AND actor_id = $1`, officer.Account)); n != 1 {
		t.Errorf("%d refusals on the audit trail", n)
	}

	t.Run("repeated, it is the same refusal", func(t *testing.T) {
		once := officer.In(t).With("Idempotency-Key", "one-opening")
		once.Refused(openCabinet, in, fault.Forbidden, "K1.2")
		once.Refused(openCabinet, in, fault.Forbidden, "K1.2")
		if own := officer.Do(openings, vars{"c": app.A.Cabinet}).Get("keyCabinetOpenings.edges").Array(); len(own) != 2 {
			t.Errorf("%d attempts on record, want 2", len(own))
		}
	})
	app.As(policy.Auditor).Refused(openCabinet, in, fault.Forbidden)
	app.Resident().Refused(openCabinet, in, fault.Forbidden)
	app.Nobody().Refused(openCabinet, in, fault.Unauthenticated)
	app.Foreign(policy.KeyCustodian).Refused(openCabinet, in, fault.NotFound)
	app.Foreign(policy.CSOfficer).Refused(openCabinet, in, fault.NotFound)
}

func TestK1_2_AnOpeningIsRecordedWithinADay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	at := func(ago time.Duration, more vars) vars {
		in := vars{"cabinetID": app.A.Cabinet, "purpose": "盘点", "occurredAt": stewardtest.Start.Add(-ago)}
		for k, v := range more {
			in[k] = v
		}
		return vars{"in": in}
	}
	late := vars{"lateReason": "系统停机"}
	for field, cases := range map[string][]vars{
		"occurredAt": {at(-time.Second, nil), at(24*time.Hour+time.Second, late)},
		"lateReason": {at(11*time.Minute, nil), at(time.Hour, vars{"lateReason": " "})},
		"purpose":    {at(0, vars{"purpose": " "})},
		"cabinetID":  {at(0, vars{"cabinetID": app.A.Desk})},
	} {
		for _, in := range cases {
			if r := custodian.Refused(openCabinet, in, fault.InvalidInput); r.Field != field {
				t.Errorf("%v: refused at %q", in, r.Field)
			}
		}
	}
	for _, in := range []vars{at(0, nil), at(10*time.Minute, nil), at(24*time.Hour, late)} {
		custodian.Do(openCabinet, in)
	}
}
