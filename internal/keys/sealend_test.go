package keys_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Whichever act ends a seal tells the leader of customer service.
func TestK1_3_TheLeaderIsToldOfEverySealThatEnds(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor := app.As(policy.KeyCustodian), app.As(policy.Supervisor)
	told := func(what, seal string) {
		t.Helper()
		inbox := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get("inbox.edges.#.node").Array()
		if !tells(inbox, "keys.seal", seal) {
			t.Errorf("%s: the leader is told %v", what, inbox)
		}
	}
	packet := func(set string) string {
		return app.IDs(`SELECT id FROM key_seals WHERE set_id = $1 AND state = 'SEALED'`, set)[0].String()
	}

	set := pumpRoom(t, app, 3)
	custodian.Do(sealKeys, sealing(app, set, 2, "F-1", nil))
	changed := packet(set)
	changeLock(app, uuid.MustParse(set), 2)
	told("a lock change", changed)

	unit := publicArea(app, "电梯间")
	sheet, checks := drafted(custodian, app.A.ID, owes(unit, "机房", 3))
	custodian.Do(checkLines, checking(sheet, found(checks["机房"], 3, 0)))
	custodian.Do(signSheet, signing(sheet, vars{"seals": []vars{{"checkID": checks["机房"], "number": "F-2"}}, "security": vars{"staffID": guardOf(app), "signature": vars{}}}))
	voided := packet(setAt(app, "机房").Get("id").String())
	app.As(policy.ProjectManager).Do(voidSheet, vars{"in": vars{"id": sheet, "reason": "录错小区"}})
	told("a voided acceptance", voided)
}

func TestK1_3_SecuritySignsForAnotherSeal(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	set := pumpRoom(t, app, 3)
	seal := custodian.Do(sealKeys, sealing(app, set, 2, "F-1", nil)).Get("sealKeys.seal.id").String()
	keeper := hired(app, app.A.SecurityDepartment, "管钥匙的", custodian.Account)
	with := func(more vars) vars {
		in := vars{"sealID": seal, "number": "F-2", "reason": "封条破损"}
		for k, v := range more {
			in[k] = v
		}
		return vars{"in": in}
	}
	for field, in := range map[string]vars{
		"signature.name":  with(vars{"securityStaffID": guardOf(app), "signature": vars{"name": "保安队长"}}),
		"securityStaffID": with(vars{"securityStaffID": app.A.Staff, "signature": vars{}}),
	} {
		if r := custodian.Refused(changeSeal, in, fault.InvalidInput); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	custodian.Refused(changeSeal, with(vars{"securityStaffID": keeper, "signature": ownPassword}), fault.RuleBroken, "K1.3") // who keeps the keys
	custodian.Refused(changeSeal, with(vars{"securityStaffID": app.B.Staff, "signature": vars{}}), fault.NotFound)
	const another = `INSERT INTO key_seals (id, created_at, estate_id, set_id, number, count, sealed_at, sealed_by_id, sealed_by_name)
		VALUES (new_id(x'030e'::int), now(), $1, $2, 'F-9', 1, now(), $1, 'x')`
	if got := barredAtEnd(t, app, "key_seals_signed", another, app.A.ID, set); got != "key_seals_signed" {
		t.Errorf("nobody signed: refused by %q", got)
	}
}

func TestK1_2_K1_3_CanSaysWhetherASealOrAHookEnds(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	broken := app.IDs(`SELECT id FROM key_seals WHERE estate_id = $1`, app.A.ID)[0]
	hook := app.IDs(`SELECT id FROM key_hooks WHERE estate_id = $1`, app.A.ID)[0]
	can := func(action string, id any) (bool, string) {
		c := custodian.Do(`query($c: [CanInput!]!) { can(checks: $c) { allowed clause } }`, vars{"c": []vars{{"action": action, "id": id}}}).Get("can.0")
		return c.Get("allowed").Bool(), c.Get("clause").String()
	}
	for _, action := range []string{"keys.breakSeal", "keys.changeSeal"} {
		if ok, clause := can(action, broken); ok || clause != "K1.3" {
			t.Errorf("%s of a broken one: %v by %q", action, ok, clause)
		}
	}
	if ok, _ := can("keys.clearHook", hook); !ok {
		t.Errorf("a hook with a set cannot be cleared")
	}
	custodian.Do(`mutation($in: ClearKeyHookInput!) { clearKeyHook(input: $in) { hook { id } } }`, vars{"in": vars{"hookID": hook}})
	if ok, clause := can("keys.clearHook", hook); ok || clause != "K1.2" {
		t.Errorf("a free hook: %v by %q", ok, clause)
	}
}
