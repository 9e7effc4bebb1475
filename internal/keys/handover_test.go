package keys_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	handOver        = `mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { id reason count occurredAt lateReason from { kind } to { kind household { id } } } } }`
	takeBack        = `mutation($in: TakeBackKeysInput!) { takeBackKeys(input: $in) { movement { id reason count occurredAt from { kind household { id } } to { kind } } } }`
	giveEngineering = `mutation($in: GiveKeysToEngineeringInput!) { giveKeysToEngineering(input: $in) { movement { id reason count note occurredAt from { kind } to { kind } } } }`
	takeEngineering = `mutation($in: TakeKeysFromEngineeringInput!) { takeKeysFromEngineering(input: $in) { movement { id reason count note occurredAt from { kind } to { kind } } } }`
	signaturesOf    = `query($id: ID!) { signatures(where: {subjectID: $id}) { edges { node { kind capacity signerName method attestedByName resident { id } staff { id } } } } }`
)

// changed is the input with some of it changed; nil leaves it out.
func changed(in vars, change vars) vars {
	out := vars{}
	for _, from := range []vars{in["in"].(vars), change} {
		for k, v := range from {
			if out[k] = v; v == nil {
				delete(out, k)
			}
		}
	}
	return vars{"in": out}
}

// signed lists who signed: capacity, name and way.
func signed(p *stewardtest.Person, id string) map[string]string {
	out := map[string]string{}
	for _, s := range p.Do(signaturesOf, vars{"id": id}).Get("signatures.edges.#.node").Array() {
		out[s.Get("capacity").String()] = s.Get("kind").String() + " " + s.Get("signerName").String() + " " + s.Get("method").String()
	}
	return out
}

func TestK4_1_KeysOfAHouseholdAreSignedForInAndOut(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	in := vars{"in": vars{"setID": set, "count": 2, "fromID": app.A.Cabinet, "householdID": app.A.Household, "residentID": app.A.Resident, "signature": vars{}}}
	m := custodian.Do(handOver, in).Get("handOverKeys.movement")
	if m.Get("reason").String() != "HANDED_OVER" || m.Get("to.household.id").String() != app.A.Household.String() {
		t.Errorf("handed over: %s", m.Raw)
	}
	if s := signed(custodian, m.Get("id").String()); len(s) != 2 || s["household"] != "keys.handOver 甲小区业户 ATTESTED" || s["handler"] != "keys.handOver "+custodian.Email+" SESSION" {
		t.Errorf("signed: %v", s)
	}
	if n := app.Resident().Do(signaturesOf, vars{"id": m.Get("id").String()}).Get("signatures.edges.#").Int(); n != 2 {
		t.Errorf("the household sees %d of its signatures", n)
	}

	// From now on the resident has an account, and signs by its password.
	resident := app.Resident()
	app.SQL(`UPDATE residents SET account_id = $1 WHERE id = $2`, resident.Account, app.A.Resident)
	out := vars{"in": vars{"setID": set, "count": 1, "toID": app.A.Desk, "householdID": app.A.Household, "residentID": app.A.Resident, "signature": vars{}}}
	if r := custodian.Refused(takeBack, out, fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("without a password: refused at %q", r.Field)
	}
	out = changed(out, vars{"signature": vars{"credential": stewardtest.Password}})
	m = custodian.With("Idempotency-Key", "back").Do(takeBack, out).Get("takeBackKeys.movement")
	if m.Get("reason").String() != "TAKEN_BACK" || m.Get("from.household.id").String() != app.A.Household.String() || m.Get("to.kind").String() != "DESK" {
		t.Errorf("taken back: %s", m.Raw)
	}
	if again := custodian.With("Idempotency-Key", "back").Do(takeBack, out).Get("takeBackKeys.movement"); again.Raw != m.Raw {
		t.Errorf("repeated: %s", again.Raw)
	}
	if s := signed(custodian, m.Get("id").String()); s["household"] != "keys.takeBack 甲小区业户 CREDENTIAL" || s["handler"] != "keys.takeBack "+custodian.Email+" SESSION" {
		t.Errorf("signed: %v", s)
	}

	// Somebody without account signs in the household's place, by name, for the key that is left; then there is none.
	byProxy := changed(out, vars{"residentID": nil, "signature": vars{"name": "代办人"}})
	custodian.Do(takeBack, byProxy)
	if r := custodian.Refused(takeBack, byProxy, fault.Conflict, "K4.1"); r.Field != "count" {
		t.Errorf("more than it has: refused at %q", r.Field)
	}
	if got := read(app, set); got.cabinet != app.A.InCabinet-2 || got.desk != app.A.AtDesk+2 || got.household != 0 {
		t.Errorf("at the end: %+v", got)
	}
}

func TestK4_1_EngineeringSignsForWhatItGets(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[3]
	engineer := custodianHires(app, app.A.EngineeringDepartment, "钱工")
	in := vars{"in": vars{"setID": set, "count": 2, "fromID": app.A.Cabinet, "reason": "工程 改造", "staffID": engineer, "signature": vars{}}}
	m := custodian.Do(giveEngineering, in).Get("giveKeysToEngineering.movement")
	if m.Get("reason").String() != "TO_ENGINEERING" || m.Get("note").String() != "工程 改造" || m.Get("to.kind").String() != "ENGINEERING" {
		t.Errorf("given: %s", m.Raw)
	}
	if s := signed(custodian, m.Get("id").String()); s["engineering"] != "keys.engineering 钱工 ATTESTED" || s["handler"] != "keys.engineering "+custodian.Email+" SESSION" {
		t.Errorf("signed: %v", s)
	}
	back := vars{"in": vars{"setID": set, "count": 1, "toID": app.A.Desk, "reason": "改造完工", "signature": vars{"name": "孙工"}}}
	m = custodian.Do(takeEngineering, back).Get("takeKeysFromEngineering.movement")
	if m.Get("reason").String() != "FROM_ENGINEERING" || m.Get("from.kind").String() != "ENGINEERING" || m.Get("to.kind").String() != "DESK" {
		t.Errorf("taken: %s", m.Raw)
	}
	custodian.Refused(takeEngineering, changed(back, vars{"count": 2}), fault.Conflict, "K4.1")
	for staff, code := range map[uuid.UUID]fault.Code{app.A.Staff: fault.InvalidInput, app.B.Staff: fault.NotFound} {
		for document, in := range map[string]vars{giveEngineering: in, takeEngineering: changed(back, vars{"signature": vars{}})} {
			if r := custodian.Refused(document, changed(in, vars{"staffID": staff, "count": 1}), code); r.Field != "staffID" {
				t.Errorf("another's signature: refused at %q", r.Field)
			}
		}
	}
	_, lines := monthOf(custodian, app, "2026-03-01")
	if want := app.A.Name + "一区 UNIT opening=20 fromEngineering=1 toEngineering=2 closing=19; " + app.A.Name + "一区 PUBLIC_AREA"; lines != want {
		t.Errorf("the month has %s, want %s", lines, want)
	}
}

// custodianHires has a manager hire somebody without account.
func custodianHires(app *stewardtest.App, department uuid.UUID, name string) string {
	return app.As(policy.ProjectManager).Do(`mutation($in: HireStaffInput!) { hireStaff(input: $in) { staff { id } } }`,
		vars{"in": vars{"estateID": app.A.ID, "departmentID": department, "name": name}}).Get("hireStaff.staff.id").String()
}

// What all four ways refuse alike.
func TestK4_1_PassingKeysIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	named := vars{"name": "某某"}
	for document, in := range map[string]vars{
		handOver:        {"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": named}},
		takeBack:        {"in": vars{"setID": set, "count": 1, "toID": app.A.Cabinet, "householdID": app.A.Household, "signature": named}},
		giveEngineering: {"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "reason": "改造", "signature": named}},
		takeEngineering: {"in": vars{"setID": set, "count": 1, "toID": app.A.Cabinet, "reason": "完工", "signature": named}},
	} {
		place, foreign := "fromID", []string{"setID", "fromID"}
		if _, to := in["in"].(vars)["toID"]; to {
			place, foreign = "toID", []string{"setID", "toID"}
		}
		for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Engineering, policy.Auditor} {
			app.As(role).Refused(document, in, fault.Forbidden)
		}
		app.Foreign(policy.KeyCustodian).Refused(document, in, fault.NotFound)
		app.Nobody().Refused(document, in, fault.Unauthenticated)
		other := map[string]uuid.UUID{"setID": app.B.Sets[0], "fromID": app.B.Cabinet, "toID": app.B.Desk, "householdID": app.B.Household}
		if in["in"].(vars)["householdID"] != nil {
			foreign = append(foreign, "householdID")
		}
		for _, field := range foreign {
			if r := custodian.Refused(document, changed(in, vars{field: other[field]}), fault.NotFound); r.Field != field {
				t.Errorf("a foreign %s is refused at %q", field, r.Field)
			}
		}
		now := app.Clock.Now()
		for want, change := range map[string]vars{
			"count":          {"count": 0},
			place:            {place: app.A.Source},
			"signature.name": {"signature": vars{}},
			"occurredAt":     {"occurredAt": now.Add(time.Minute)},
			"lateReason":     {"occurredAt": now.Add(-time.Hour)},
		} {
			if r := custodian.Refused(document, changed(in, change), fault.InvalidInput); r.Field != want {
				t.Errorf("%v is refused at %q, not %s: %s", change, r.Field, want, r.Message)
			}
		}
		// Nobody signs for the other side and as the handler.
		if document == handOver || document == giveEngineering {
			if r := custodian.Refused(document, changed(in, vars{"signature": vars{"name": custodian.Email}}), fault.RuleBroken, "K4.1"); r.Message == "" {
				t.Error("no reason")
			}
		}
	}
	if r := custodian.Refused(handOver, vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "residentID": app.A.OtherResident, "signature": vars{}}},
		fault.InvalidInput, "K4.1"); r.Field != "residentID" {
		t.Errorf("a neighbour signs: refused at %q", r.Field)
	}
	if r := custodian.Refused(giveEngineering, vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "reason": " ", "signature": named}}, fault.InvalidInput, "K4.1"); r.Field != "reason" {
		t.Errorf("without a reason: refused at %q", r.Field)
	}
	if got := read(app, set); got.cabinet != app.A.InCabinet || got.desk != app.A.AtDesk {
		t.Errorf("after what was refused: %+v", got)
	}
}

// What was handed over yesterday is entered today, with a reason; across the end of a closed month it is not.
func TestK4_1_K4_2_HandedOverLate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	yesterday := app.Clock.Now().Add(-20 * time.Hour)
	in := vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "代办人"}, "occurredAt": yesterday, "lateReason": "系统停机"}}
	m := custodian.Do(handOver, in).Get("handOverKeys.movement")
	if at, err := time.Parse(time.RFC3339, m.Get("occurredAt").String()); err != nil || !at.Equal(yesterday) || m.Get("lateReason").String() != "系统停机" {
		t.Errorf("handed over late: %s", m.Raw)
	}
	app.Clock.Advance(30*24*time.Hour + time.Hour) // ten on 1 April
	custodian.SignIn()
	in = changed(in, vars{"occurredAt": app.Clock.Now().Add(-11 * time.Hour)})
	for _, month := range []string{"2026-02-01", "2026-03-01"} {
		custodian.Do(closeMonth, vars{"in": vars{"estateID": app.A.ID, "month": month}})
	}
	if r := custodian.Refused(handOver, in, fault.RuleBroken, "K4.2"); r.Field != "occurredAt" {
		t.Errorf("into March: refused at %q", r.Field)
	}
	custodian.Do(handOver, changed(in, vars{"occurredAt": nil, "lateReason": nil}))
}

// Of many who hand over the last keys at once, as many succeed as there are keys.
func TestK4_1_TheLastKeysAreHandedOverOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	var done atomic.Int64
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			var answer gjson.Result
			answer, err := custodian.Try(handOver, vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "代办人"}}})
			switch code := answer.Get("errors.0.extensions.code").String(); {
			case err == nil && code == "":
				done.Add(1)
			case err != nil || code != string(fault.Conflict):
				t.Errorf("%v %s", err, answer.Raw)
			}
		})
	}
	wg.Wait()
	if got := read(app, app.A.Sets[0]); int(done.Load()) != app.A.InCabinet || got.cabinet != 0 || got.household != app.A.InCabinet {
		t.Errorf("%d handed over: %+v", done.Load(), got)
	}
}
