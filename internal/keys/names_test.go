package keys_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Who signs for the other side is another person: the clerk does not type a colleague's name, or the own.
func TestK4_1_AColleagueIsNoMereName(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	hired(app, app.A.EngineeringDepartment, "王工", uuid.Nil)
	sheet, checks := drafted(custodian, app.A.ID, owes(app.A.Units[0], "车库", 1)) // of the deliverer 王工
	custodian.Do(checkLines, checking(sheet, found(checks["车库"], 1, 0)))
	for _, name := range []string{"王 工", custodian.Email} {
		signed := vars{"name": name}
		for document, c := range map[string]struct {
			in     vars
			clause string
		}{
			handOver:        {vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": signed}}, "K4.1"},
			giveEngineering: {vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "reason": "改造", "signature": signed}}, "K4.1"},
		} {
			if r := custodian.Refused(document, c.in, fault.RuleBroken, c.clause); r.Field != "signature.name" {
				t.Errorf("%s is refused at %q", name, r.Field)
			}
		}
	}
	if r := custodian.Refused(signSheet, signing(sheet, nil), fault.RuleBroken, "K1.1"); r.Field != "signature.name" {
		t.Errorf("the deliverer's name is refused at %q", r.Field)
	}
	if s := read(app, set); s.household != 0 || s.cabinet != app.A.InCabinet {
		t.Errorf("what was refused moved keys: %+v", s)
	}
}

// A colleague may bring a borrower's keys back, and signs for it as such (K2.1).
func TestK2_1_AColleagueBringsKeysBackInPerson(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	guard := hired(app, app.A.SecurityDepartment, "李保安", app.As(policy.Security).Account)
	loan, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 2)
	back := func(more vars) vars { return changed(vars{"in": vars{"loanID": loan, "signature": vars{}}}, more) }

	if r := officer.Refused(returnKeys, back(vars{"returnedBy": "李保安"}), fault.RuleBroken, "K2.1"); r.Field != "returnedBy" {
		t.Errorf("by name: refused at %q", r.Field)
	}
	if r := officer.Refused(returnKeys, back(vars{"returnedBy": "某某", "staffID": guard}), fault.InvalidInput, "K2.1"); r.Field != "returnedBy" {
		t.Errorf("by both: refused at %q", r.Field)
	}
	if r := officer.Refused(returnKeys, back(vars{"staffID": guard}), fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("without the own password: refused at %q", r.Field)
	}
	if r := officer.Refused(returnKeys, back(vars{"staffID": app.B.Staff}), fault.NotFound); r.Field != "staffID" {
		t.Errorf("a foreign one: refused at %q", r.Field)
	}
	l := officer.Do(returnKeys, back(vars{"staffID": guard, "signature": ownPassword})).Get("returnKeys.loan")
	if l.Get("state").String() != "RETURNED" || l.Get("lines.0.returns.0.returnedBy").String() != "李保安" {
		t.Errorf("returned: %s", l.Raw)
	}
}

// Where ours always signs, it is a member of staff by id, and no name: the schema knows no other way.
func TestK3_2_OursSignByID(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	for document, in := range map[string]vars{
		changeSeal:    {"in": vars{"sealID": app.A.Sets[0], "number": "F-9", "reason": "封条破损", "signature": vars{"name": "某某"}}},
		sealKeys:      sealing(app, app.A.Sets[0], 1, "F-9", vars{"signature": vars{"name": "某某"}}),
		recordChange:  changedOf(app, app.A.Sets[0], app.A.Sets[0].String(), 3),
		completeScrap: takenOf(app, app.A.Sets[0].String()),
	} {
		for _, field := range []string{"securityStaffID", "engineerID"} {
			delete(in["in"].(vars), field)
		}
		if a := custodian.Ask(document, in); a.Get("errors.0.extensions.code").String() == "" {
			t.Errorf("done by a mere name: %s", a.Raw)
		} else if code := a.Get("errors.0.extensions.code").String(); code == string(fault.NotFound) || code == string(fault.RuleBroken) {
			t.Errorf("it came to the rule: %s", a.Raw)
		}
	}
}
