package keys_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	sealFields = `seal { id number count state sealedByName endedByName endReason previous { number state } }`
	sealKeys   = `mutation($in: SealKeysInput!) { sealKeys(input: $in) { ` + sealFields + ` } }`
	breakSeal  = `mutation($in: BreakKeySealInput!) { breakKeySeal(input: $in) { ` + sealFields + ` movement { reason count note from { kind } to { kind } } } }`
	changeSeal = `mutation($in: ChangeKeySealInput!) { changeKeySeal(input: $in) { ` + sealFields + ` } }`
)

func sealing(app *stewardtest.App, set any, count int, number string, more vars) vars {
	in := vars{"setID": set, "count": count, "number": number, "securityStaffID": guardOf(app), "signature": vars{}}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

func breaking(seal string, to uuid.UUID) vars {
	return vars{"in": vars{"sealID": seal, "reason": "消防检查", "toID": to}}
}

// pumpRoom accepts one key of a public area, and more by a lock that all open: so many are in the cabinet, none is sealed.
func pumpRoom(t *testing.T, app *stewardtest.App, count int) (set string) {
	t.Helper()
	unit, custodian := publicArea(app, "泵房"), app.As(policy.KeyCustodian)
	for range count {
		sheet, checks := drafted(custodian, app.A.ID, owes(unit, "机房门", 1))
		custodian.Do(checkLines, checking(sheet, found(checks["机房门"], 1, 0)))
		custodian.Do(signSheet, signing(sheet, nil))
	}
	s := setAt(app, "机房门")
	if has(s, "CABINET") != int64(count) || s.Get("kind").String() != "PUBLIC_AREA" {
		t.Fatalf("the pump room: %s", s.Raw)
	}
	return s.Get("id").String()
}

func TestK1_3_OfAPublicAreaOneKeyStaysAndTheRestIsSealed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, unit := app.As(policy.KeyCustodian), publicArea(app, "泵房")
	guard := hired(app, app.A.SecurityDepartment, "赵队长", app.As(policy.Security).Account)
	sheet, checks := drafted(custodian, app.A.ID, owes(unit, "机房门", 4), owes(unit, "水箱", 1), owes(app.A.Units[0], "车库", 3))
	door, lid := checks["机房门"], checks["水箱"]
	custodian.Do(checkLines, checking(sheet, found(door, 4, 0), found(lid, 1, 0), found(checks["车库"], 3, 0)))

	seals := func(list ...vars) vars { return vars{"seals": list} }
	number := func(check, number string) vars { return vars{"checkID": check, "number": number} }
	with := func(more vars, who vars) vars { more["security"] = who; return signing(sheet, more) }
	bySecurity := vars{"staffID": guard, "signature": vars{"credential": stewardtest.Password}}
	for field, in := range map[string]vars{
		"seals":                   signing(sheet, nil),
		"seals.1.checkID":         with(seals(number(door, "F-1"), number(lid, "F-2")), bySecurity), // one key is not sealed
		"seals.0.checkID":         with(seals(number(checks["车库"], "F-1"), number(door, "F-2")), bySecurity),
		"seals.1.number":          with(seals(number(door, "F-1"), number(lid, "F - 1")), bySecurity),
		"seals.0.number":          with(seals(number(door, " ")), bySecurity),
		"security":                signing(sheet, seals(number(door, "F-1"))),
		"security.staffID":        with(seals(number(door, "F-1")), vars{"staffID": app.A.Staff, "signature": vars{}}),
		"security.signature.name": with(seals(number(door, "F-1")), vars{"staffID": guard, "signature": vars{"name": "赵队长", "credential": stewardtest.Password}}),
	} {
		if r := custodian.Refused(signSheet, in, fault.InvalidInput); r.Field != field || !strings.Contains(field, ".") && r.Clause != "K1.3" {
			t.Errorf("%s: refused at %q by %q", field, r.Field, r.Clause)
		}
	}
	if r := custodian.Refused(signSheet, with(seals(number(door, "F-0001")), bySecurity), fault.Conflict, "K1.3"); r.Field != "seals" { // the seed's
		t.Errorf("a number that was used: refused at %q", r.Field)
	}
	custodian.Do(signSheet, with(seals(number(door, "F-1")), bySecurity))

	s := setAt(app, "机房门")
	if has(s, "CABINET") != 1 || has(s, "SEAL") != 3 || has(setAt(app, "水箱"), "SEAL") != 0 {
		t.Errorf("accepted: %s", s.Raw)
	}
	packet := app.As(policy.Security).Do(`query($s: ID!) { keySeals(where: {setID: $s}) { edges { node { number count state } } } }`, vars{"s": s.Get("id").String()})
	if got := packet.Get("keySeals.edges.#.node").Raw; got != `[{"number":"F-1","count":3,"state":"SEALED"}]` {
		t.Errorf("security has %s", got)
	}
	if by := custodian.Do(sheetSigned, vars{"s": sheet}).Get(`signatures.edges.#(node.capacity=="security").node`); by.Get("signerName").String() != "赵队长" || by.Get("method").String() != "CREDENTIAL" {
		t.Errorf("signed by %s", by.Raw)
	}
}

func TestK1_3_SealedChangedAndBroken(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor := app.As(policy.KeyCustodian), app.As(policy.Supervisor)
	set := pumpRoom(t, app, 4)
	s := custodian.Do(sealKeys, sealing(app, set, 2, " f-10 ", nil)).Get("sealKeys.seal")
	if s.Get("number").String() != "f-10" || s.Get("state").String() != "SEALED" || s.Get("sealedByName").String() != custodian.Email {
		t.Errorf("sealed: %s", s.Raw)
	}
	by := custodian.Do(sheetSigned, vars{"s": s.Get("id").String()}).Get("signatures.edges.#.node.capacity").Array()
	if len(by) != 2 {
		t.Errorf("signed by %v", by)
	}
	if at := setAt(app, "机房门"); has(at, "CABINET") != 2 || has(at, "SEAL") != 2 {
		t.Errorf("then: %s", at.Raw)
	}

	changing := vars{"in": vars{"sealID": s.Get("id").String(), "number": "F-11", "reason": "封条破损", "securityStaffID": guardOf(app), "signature": vars{}}}
	changed := custodian.Do(changeSeal, changing).Get("changeKeySeal.seal")
	if changed.Get("previous.state").String() != "REPLACED" || changed.Get("previous.number").String() != "f-10" || changed.Get("count").Int() != 2 {
		t.Errorf("changed: %s", changed.Raw)
	}
	inbox := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID body } } } }`, nil).Get("inbox.edges.#.node").Array()
	if !tells(inbox, "keys.seal", s.Get("id").String()) {
		t.Errorf("the leader is told %v", inbox)
	}
	if by := custodian.Do(sheetSigned, vars{"s": changed.Get("id").String()}).Get(`signatures.edges.#.node.capacity`).Array(); len(by) != 2 {
		t.Errorf("the new seal is signed by %v", by)
	}
	if r := custodian.Refused(changeSeal, changing, fault.Conflict, "K1.3"); r.Field != "sealID" {
		t.Errorf("changed again: refused at %q", r.Field)
	}
	custodian.Refused(breakSeal, breaking(s.Get("id").String(), app.A.Cabinet), fault.Conflict, "K1.3")

	id := changed.Get("id").String()
	if r := custodian.Refused(breakSeal, breaking(id, app.A.Source), fault.InvalidInput); r.Field != "toID" {
		t.Errorf("to the source: refused at %q", r.Field)
	}
	broken := custodian.Do(breakSeal, breaking(id, app.A.Desk)).Get("breakKeySeal")
	if m := broken.Get("movement"); m.Get("reason").String() != "UNSEALED" || m.Get("from.kind").String() != "SEAL" || m.Get("to.kind").String() != "DESK" || m.Get("count").Int() != 2 {
		t.Errorf("the entry: %s", m.Raw)
	}
	if b := broken.Get("seal"); b.Get("state").String() != "BROKEN" || b.Get("endReason").String() != "消防检查" || b.Get("endedByName").String() != custodian.Email {
		t.Errorf("broken: %s", b.Raw)
	}
	if m := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID body } } } }`, nil).Get(`inbox.edges.#(node.kind=="keys.seal").node`); m.Get("subjectID").String() != id || !strings.Contains(m.Get("body").String(), "F-11") {
		t.Errorf("the leader is told %s", m.Raw)
	}
	custodian.Refused(breakSeal, breaking(id, app.A.Desk), fault.Conflict, "K1.3")
	for _, used := range []string{"f-10", "F-11"} { // a number is never used again
		if r := custodian.Refused(sealKeys, sealing(app, set, 1, used, nil), fault.Conflict, "K1.3"); r.Field != "number" {
			t.Errorf("%s once more: refused at %q", used, r.Field)
		}
	}
	read(app, uuid.MustParse(set))
}

func TestK1_3_SealsThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	set := pumpRoom(t, app, 3)
	keeper := hired(app, app.A.SecurityDepartment, "管钥匙的", custodian.Account)
	if r := custodian.Refused(sealKeys, sealing(app, app.A.Sets[0], 1, "F-1", nil), fault.RuleBroken, "K1.3"); r.Field != "setID" {
		t.Errorf("keys of a unit: refused at %q", r.Field)
	}
	if r := custodian.Refused(sealKeys, sealing(app, set, 3, "F-1", nil), fault.RuleBroken, "K1.3"); r.Field != "count" {
		t.Errorf("the last key: refused at %q", r.Field)
	}
	custodian.Refused(sealKeys, sealing(app, set, 4, "F-1", nil), fault.Conflict, "K4.1")
	for field, in := range map[string]vars{
		"count": sealing(app, set, 0, "F-1", nil), "number": sealing(app, set, 1, " ", nil), "fromID": sealing(app, set, 1, "F-1", vars{"fromID": app.A.Desk}),
		"signature.name":  sealing(app, set, 1, "F-1", vars{"signature": vars{"name": "保安队长"}}),
		"securityStaffID": sealing(app, set, 1, "F-1", vars{"securityStaffID": app.A.Staff, "signature": vars{}}),
	} {
		if r := custodian.Refused(sealKeys, in, fault.InvalidInput); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	custodian.Refused(sealKeys, sealing(app, set, 1, "F-1", vars{"securityStaffID": keeper, "signature": vars{"credential": stewardtest.Password}}), fault.RuleBroken, "K1.3")
	for _, in := range []vars{sealing(app, app.B.Sets[0], 1, "F-1", nil), sealing(app, set, 1, "F-1", vars{"fromID": app.B.Cabinet}), sealing(app, set, 1, "F-1", vars{"securityStaffID": app.B.Staff, "signature": vars{}})} {
		custodian.Refused(sealKeys, in, fault.NotFound)
	}

	// Of many who seal at once, the last key stays.
	var wg sync.WaitGroup
	answers := make([]gjson.Result, 4)
	for i := range answers {
		wg.Go(func() { answers[i], _ = custodian.Try(sealKeys, sealing(app, set, 1, fmt.Sprint("G-", i), nil)) })
	}
	wg.Wait()
	done := 0
	for _, a := range answers {
		if a.Get("data.sealKeys.seal").Exists() {
			done++
		} else if code := a.Get("errors.0.extensions.code").String(); code != "RULE" && code != "CONFLICT" {
			t.Errorf("raced: %s", a.Raw)
		}
	}
	if s := setAt(app, "机房门"); done != 2 || has(s, "CABINET") != 1 || has(s, "SEAL") != 2 {
		t.Errorf("%d sealed: %s", done, s.Raw)
	}

	id := app.IDs(`SELECT id FROM key_seals WHERE set_id = $1 AND state = 'SEALED' LIMIT 1`, set)[0].String()
	for document, in := range map[string]vars{
		sealKeys: sealing(app, set, 1, "H-1", nil), breakSeal: breaking(id, app.A.Cabinet), changeSeal: {"in": vars{"sealID": id, "number": "H-2", "reason": "破损", "securityStaffID": guardOf(app), "signature": vars{}}},
	} {
		for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Security, policy.Engineering, policy.Auditor} {
			app.As(role).Refused(document, in, fault.Forbidden)
		}
		app.Foreign(policy.KeyCustodian).Refused(document, in, fault.NotFound)
		app.Resident().Refused(document, in, fault.Forbidden)
		app.Nobody().Refused(document, in, fault.Unauthenticated)
	}
	once := custodian.With("Idempotency-Key", "break")
	if first, second := once.Do(breakSeal, breaking(id, app.A.Cabinet)).Raw, once.Do(breakSeal, breaking(id, app.A.Cabinet)).Raw; first != second {
		t.Errorf("repeated, it is %s", second)
	}
	if s := setAt(app, "机房门"); has(s, "SEAL") != 1 {
		t.Errorf("broken twice: %s", s.Raw)
	}
}

// Sealed keys leave their packet only as it is broken: whatever else takes them is refused by the database.
func TestK1_3_TheLedgerAndThePacketsAgree(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	set := pumpRoom(t, app, 3)
	custodian.Do(sealKeys, sealing(app, set, 2, "F-1", nil))
	security := app.IDs(`SELECT id FROM key_holders WHERE estate_id = $1 AND kind = 'SEAL'`, app.A.ID)[0]
	lost := lossOf(set, security, 1)
	custodian.Refused(reportLoss, lost, fault.Conflict, "K1.3")
	if s := setAt(app, "机房门"); has(s, "SEAL") != 2 || has(s, "LOST") != 0 {
		t.Errorf("refused, yet %s", s.Raw)
	}
	app.SQL(`ALTER TABLE key_movements DISABLE TRIGGER key_seal_agrees`) // the mutant
	custodian.Do(reportLoss, lost)
	if s := setAt(app, "机房门"); has(s, "SEAL") != 1 {
		t.Errorf("without the guard: %s", s.Raw)
	}
}
