package keys_test

import (
	"fmt"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestK1_1_WhoSignsForEngineering(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	engineer := hired(app, app.A.EngineeringDepartment, "李工", app.As(policy.Engineering).Account)
	keeper := hired(app, app.A.EngineeringDepartment, "管钥匙的", custodian.Account)
	sheet, checks := drafted(custodian, app.A.ID, owes(app.A.Units[0], "车库", 3))
	custodian.Do(checkLines, checking(sheet, found(checks["车库"], 3, 0)))
	by := func(staff any, signature vars) vars {
		return signing(sheet, vars{"engineering": vars{"staffID": staff}, "signature": signature})
	}
	password := vars{"credential": stewardtest.Password}
	for name, c := range map[string]struct {
		in    vars
		code  fault.Code
		field string
	}{
		"another person than the deliverer": {signing(sheet, vars{"signature": vars{"name": "张三"}}), fault.InvalidInput, "signature.name"},
		"nobody":                            {signing(sheet, vars{"signature": vars{}}), fault.InvalidInput, "signature.name"},
		"without the password":              {by(engineer, vars{}), fault.InvalidInput, "signature.credential"},
		"with a wrong one":                  {by(engineer, vars{"credential": "wrong horse battery"}), "", "signature.credential"},
		"of another department":             {by(app.A.Staff, vars{}), fault.InvalidInput, "engineering.staffID"},
		"of another estate":                 {by(app.B.Staff, vars{}), fault.NotFound, "engineering.staffID"},
		"the custodian in both capacities":  {by(keeper, password), fault.RuleBroken, ""},
	} {
		answer := custodian.Ask(signSheet, c.in).Get("errors.0.extensions")
		if c.code != "" && answer.Get("code").String() != string(c.code) || !answer.Exists() || c.field != "" && answer.Get("field").String() != c.field {
			t.Errorf("%s: %s", name, answer.Raw)
		}
	}
	custodian.Do(signSheet, by(engineer, password))
	if s := custodian.Do(sheetSigned, vars{"s": sheet}).Get(`signatures.edges.#(node.capacity=="deliverer").node`); s.Get("signerName").String() != "李工" || s.Get("method").String() != "CREDENTIAL" {
		t.Errorf("signed by %s", s.Raw)
	}
}

func TestK1_1_SheetsThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, unit := app.As(policy.KeyCustodian), app.A.Units[0]
	many := make([]vars, 501)
	for i := range many {
		many[i] = owes(unit, fmt.Sprint("门", i), 1)
	}
	for field, in := range map[string]vars{
		"lines": accepting(app.A.ID, many[:201]...), "lines.1.place": accepting(app.A.ID, owes(unit, "车库", 1), owes(unit, " 车库", 1)),
		"lines.0.place": accepting(app.A.ID, owes(unit, " ", 1)), "lines.0.due": accepting(app.A.ID, owes(unit, "车库", 0)),
		"deliverer": {"in": vars{"estateID": app.A.ID, "deliverer": "", "lines": many[:1]}},
	} {
		if r := custodian.Refused(draftSheet, in, fault.InvalidInput); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	for field, in := range map[string]vars{"estateID": accepting(app.B.ID, owes(unit, "车库", 1)), "lines.1.unitID": accepting(app.A.ID, owes(unit, "车库", 1), owes(app.B.Units[0], "车库", 1))} {
		if r := custodian.Refused(draftSheet, in, fault.NotFound); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}

	sheet, _ := drafted(custodian, app.A.ID, many[:200]...)
	for _, more := range [][]vars{many[200:400], many[400:499]} {
		custodian.Do(addLines, vars{"in": vars{"acceptanceID": sheet, "lines": more}})
	}
	if r := custodian.Refused(addLines, vars{"in": vars{"acceptanceID": sheet, "lines": many[499:]}}, fault.InvalidInput, "K1.1"); r.Field != "lines" {
		t.Errorf("the 501st line: refused at %q", r.Field)
	}
	custodian.Do(cancelSheet, vars{"in": vars{"acceptanceID": sheet}})
	custodian.Refused(cancelSheet, vars{"in": vars{"acceptanceID": sheet}}, fault.Conflict, "K1.1")
	custodian.Refused(signSheet, signing(sheet, nil), fault.Conflict, "K1.1")

	sheet, checks := drafted(custodian, app.A.ID, owes(unit, "车库", 3))
	other, others := drafted(custodian, app.A.ID, owes(unit, "车库", 3))
	for field, line := range map[string]vars{"lines.0.delivered": found(checks["车库"], 3, 1), "lines.0.faulty": found(checks["车库"], 3, -1)} {
		if r := custodian.Refused(checkLines, checking(sheet, line), fault.InvalidInput, "K1.1"); r.Field != field {
			t.Errorf("%v: refused at %q", line, r.Field)
		}
	}
	if r := custodian.Refused(checkLines, checking(sheet, found(checks["车库"], 3, 0), found(others["车库"], 3, 0)), fault.NotFound); r.Field != "lines.1.checkID" {
		t.Errorf("another sheet's line: refused at %q", r.Field)
	}
	if v := custodian.Do(linesOf, vars{"a": sheet}).Get("keyAcceptanceChecks.edges.0.node.version").Int(); v != 1 {
		t.Error("of a refused check something stayed")
	}
	custodian.Do(removeLine, vars{"in": vars{"checkID": others["车库"]}})
	custodian.Refused(signSheet, signing(other, nil), fault.RuleBroken, "K1.1") // no line is left
	for _, in := range []vars{checking(sheet, found(checks["车库"], 3, 0))} {
		once := custodian.With("Idempotency-Key", "check")
		once.Do(checkLines, in)
		once.Do(checkLines, in)
	}
	if v := custodian.Do(linesOf, vars{"a": sheet}).Get("keyAcceptanceChecks.edges.0.node.version").Int(); v != 2 {
		t.Errorf("repeated, the check was noted %d times", v-1)
	}

	questions := map[string]vars{
		draftSheet: accepting(app.A.ID, owes(unit, "车库", 1)), addLines: {"in": vars{"acceptanceID": sheet, "lines": []vars{owes(unit, "露台", 1)}}},
		checkLines: checking(sheet, found(checks["车库"], 3, 0)), signSheet: signing(sheet, nil),
		cancelSheet: {"in": vars{"acceptanceID": sheet}}, removeLine: {"in": vars{"checkID": checks["车库"]}},
	}
	for document, in := range questions {
		for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Security, policy.Engineering, policy.Auditor} {
			app.As(role).Refused(document, in, fault.Forbidden)
		}
		app.Foreign(policy.KeyCustodian).Refused(document, in, fault.NotFound)
		app.Resident().Refused(document, in, fault.Forbidden)
		app.Nobody().Refused(document, in, fault.Unauthenticated)
	}
	if n := len(app.As(policy.Engineering).Do(linesOf, vars{"a": sheet}).Get("keyAcceptanceChecks.edges").Array()); n != 1 {
		t.Errorf("engineering sees %d lines of the sheet", n)
	}
}
