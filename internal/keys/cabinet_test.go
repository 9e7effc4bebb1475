package keys_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const createCabinet = `mutation($in: CreateKeyCabinetInput!) { createKeyCabinet(input: $in) { holder { id kind name } } }`

func cabinet(estate uuid.UUID, name string) vars {
	return vars{"in": vars{"estateID": estate, "name": name}}
}

func TestK1_2_CabinetsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	h := custodian.Do(createCabinet, cabinet(app.A.ID, " 二号\t柜A ")).Get("createKeyCabinet.holder")
	if h.Get("kind").String() != "CABINET" || h.Get("name").String() != "二号 柜A" {
		t.Errorf("created %s", h.Raw)
	}
	// What people read as one name is one: space, capitals and full-width forms make no other. 钥匙柜 is there from the first day.
	for _, name := range []string{"二号 柜A", "二号柜a", "二 号 柜Ａ", "钥匙柜", "钥 匙柜"} {
		if r := custodian.Refused(createCabinet, cabinet(app.A.ID, name), fault.Conflict, "K1.2"); r.Field != "name" {
			t.Errorf("%s: refused at %q", name, r.Field)
		}
	}
	custodian.Do(createCabinet, cabinet(app.A.ID, "二号柜B"))
	app.Foreign(policy.KeyCustodian).Do(createCabinet, cabinet(app.B.ID, "二号柜A")) // another estate's is no hindrance

	t.Run("keys are moved there, and not lent by officers", func(t *testing.T) {
		in := vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "toID": h.Get("id").String()}}
		custodian.In(t).Do(`mutation($in: MoveKeysInput!) { moveKeys(input: $in) { movement { id } } }`, in)
		loan := loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
		loan["in"].(vars)["fromID"] = h.Get("id").String()
		app.As(policy.CSOfficer).In(t).Refused(lendKeys, loan, fault.Forbidden, "K1.2")
	})
}

func TestK1_2_CabinetsThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	for name, why := range map[string]string{"": "empty", " \u3000": "space", strings.Repeat("柜", 101): "long", "柜\u202e一": "an override", "柜\x07": "a control character"} {
		if r := custodian.Refused(createCabinet, cabinet(app.A.ID, name), fault.InvalidInput); r.Field != "name" {
			t.Errorf("%s: refused at %q", why, r.Field)
		}
	}
	custodian.Do(createCabinet, cabinet(app.A.ID, strings.Repeat("柜", 100))) // characters count, not bytes

	for _, estate := range []uuid.UUID{app.B.ID, uuid.New()} { // a foreign estate is answered as one that is not there
		if r := custodian.Refused(createCabinet, cabinet(estate, "柜"), fault.NotFound); r.Field != "estateID" {
			t.Errorf("estate %s: refused at %q", estate, r.Field)
		}
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Archivist, policy.Security, policy.Auditor} {
		app.As(role).Refused(createCabinet, cabinet(app.A.ID, "柜"), fault.Forbidden)
	}
	app.Resident().Refused(createCabinet, cabinet(app.A.ID, "柜"), fault.Forbidden)
	app.Nobody().Refused(createCabinet, cabinet(app.A.ID, "柜"), fault.Unauthenticated)
}
