package keys_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestK1_1_TheDatabaseHoldsSheetsToIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	draft := func(n int) (sheet, check string) {
		place := fmt.Sprint("门", n)
		sheet, checks := drafted(custodian, app.A.ID, owes(app.A.Units[0], place, 3))
		return sheet, checks[place]
	}
	const takesEffect = `UPDATE key_acceptances SET state = 'EFFECTIVE', accepted_at = created_at WHERE id = $1`
	unchecked, _ := draft(1)
	if by := refusedBy(t, app, takesEffect, unchecked); by != "key_acceptances_checked" {
		t.Errorf("an unchecked sheet took effect, but for %q", by)
	}
	checked, line := draft(2)
	if by := refusedBy(t, app, `UPDATE key_acceptance_checks SET delivered = 2, faulty = 2 WHERE id = $1`, line); by != "key_acceptance_checks_checked" && by != "key_acceptance_checks_counted" {
		t.Errorf("more than are due were counted, but for %q", by)
	}
	custodian.Do(checkLines, checking(checked, found(line, 3, 0)))
	if by := refusedBy(t, app, takesEffect, checked); by != "key_acceptances_signed" {
		t.Errorf("an unsigned sheet took effect, but for %q", by)
	}
	if by := refusedBy(t, app, `UPDATE key_acceptances SET state = 'VOIDED', voided_at = created_at, void_reason = 'x', voided_by_id = id, voided_by_name = 'x', accepted_at = created_at WHERE id = $1`, checked); by != "key_acceptances_state" {
		t.Errorf("a draft was voided, but for %q", by)
	}
	custodian.Do(signSheet, signing(checked, nil))
	for sql, want := range map[string]string{
		`UPDATE key_acceptance_checks SET remark = 'x' WHERE id = $1`: "key_acceptance_checks_draft",
		`INSERT INTO key_acceptance_checks (id, created_at, estate_id, acceptance_id, unit_id, place, due)
			SELECT gen_random_uuid(), created_at, estate_id, acceptance_id, unit_id, 'x', 1 FROM key_acceptance_checks WHERE id = $1`: "key_acceptance_checks_draft",
		`UPDATE key_acceptances SET state = 'DRAFT', accepted_at = NULL WHERE id = (SELECT acceptance_id FROM key_acceptance_checks WHERE id = $1)`: "key_acceptances_state",
		`UPDATE key_acceptances SET accepted_at = now() WHERE id = (SELECT acceptance_id FROM key_acceptance_checks WHERE id = $1)`:                 "key_acceptances_state",
		`INSERT INTO key_acceptances (id, created_at, estate_id, handler, accepted_at)
			SELECT gen_random_uuid(), created_at, estate_id, 'x', created_at FROM key_acceptance_checks WHERE id = $1`: "key_acceptances_checked",
		`INSERT INTO key_acceptances (id, created_at, estate_id, handler, state, source_file)
			SELECT gen_random_uuid(), created_at, estate_id, 'x', 'DRAFT', 'x.csv' FROM key_acceptance_checks WHERE id = $1`: "key_acceptances_imported",
	} {
		if by := refusedBy(t, app, sql, line); by != want {
			t.Errorf("%s: refused by %q, want %q", sql, by, want)
		}
	}
	app.SQL(`ALTER TABLE key_acceptances DISABLE TRIGGER key_acceptance_in_effect`) // the mutant
	if by := refusedBy(t, app, takesEffect, unchecked); by != "" {
		t.Errorf("without the guard it is refused by %q, so this proves nothing", by)
	}
}

func TestK1_3_TheDatabaseHoldsSealsToIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	set := pumpRoom(t, app, 3)
	custodian.Do(sealKeys, sealing(app, set, 2, "F-1", nil))
	const move = `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at)
		SELECT gen_random_uuid(), now(), s.estate_id, s.id, f.id, t.id, 1, '%s', now() FROM key_sets s
			JOIN key_holders f ON f.estate_id = s.estate_id AND f.kind = '%s' JOIN key_holders t ON t.estate_id = s.estate_id AND t.kind = '%s' WHERE s.id = $1`
	for sql, want := range map[string]string{
		fmt.Sprintf(move, "SEALED", "CABINET", "SEAL"):   "key_seals_balance", // without a packet
		fmt.Sprintf(move, "UNSEALED", "SEAL", "CABINET"): "key_seals_balance",
		fmt.Sprintf(move, "PLACED", "SEAL", "DESK"):      "key_seals_balance",
		`UPDATE key_seals SET state = 'BROKEN', ended_at = now(), ended_by_id = id, ended_by_name = 'x', end_reason = 'x' WHERE set_id = $1`: "key_seals_balance",
		`UPDATE key_seals SET count = 1 WHERE set_id = $1`:        "key_seals_balance",
		`UPDATE key_seals SET state = 'BROKEN' WHERE set_id = $1`: "key_seals_ended",
		`UPDATE key_seals SET state = 'SEALED', ended_at = NULL, ended_by_id = NULL, ended_by_name = '', end_reason = '' WHERE number = 'F-0001' AND set_id <> $1`: "key_seals_once",
		`INSERT INTO key_holders (id, created_at, estate_id, kind, name) SELECT gen_random_uuid(), created_at, estate_id, 'SEAL', 'x' FROM key_sets WHERE id = $1`: "key_holders_seal",
	} {
		if by := refusedBy(t, app, sql, set); by != want {
			t.Errorf("%s: refused by %q, want %q", sql, by, want)
		}
	}
}

// A sheet of a hundred lines takes as many statements as one of ten.
func TestK1_1_ASheetIsAcceptedAtOnceHoweverLong(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, unit := app.As(policy.KeyCustodian), publicArea(app, "泵房")
	count := func(document, idempotent string, in vars) (gjson.Result, int) {
		body, err := json.Marshal(map[string]any{"query": document, "variables": in})
		if err != nil {
			t.Fatal(err)
		}
		var s database.Statements
		r := httptest.NewRequestWithContext(database.CountStatements(t.Context(), &s), http.MethodPost, "/graphql", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+custodian.Token)
		w := httptest.NewRecorder()
		app.Handler().ServeHTTP(w, r)
		answer := gjson.ParseBytes(w.Body.Bytes())
		if answer.Get("errors").Exists() {
			t.Fatalf("%s: %.2000s", idempotent, w.Body.String())
		}
		return answer, s.Count()
	}
	cost := map[int][2]int{}
	for _, n := range []int{10, 100} {
		for again := range 2 { // sets that are new, and sets that are there and of which keys were missing
			lines := make([]vars, n)
			for i := range lines {
				lines[i] = owes(unit, fmt.Sprintf("门%d-%d", n, i), 4)
			}
			sheet, checks := drafted(custodian, app.A.ID, lines...)
			checked, seals := make([]vars, 0, n), make([]vars, 0, n)
			for place, check := range checks {
				checked = append(checked, found(check, 2+again, 0))
				seals = append(seals, vars{"checkID": check, "number": fmt.Sprint("S", again, place)})
			}
			custodian.Do(checkLines, checking(sheet, checked...))
			c := cost[n]
			_, c[again] = count(signSheet, fmt.Sprint(n), signing(sheet, vars{"seals": seals, "security": vars{"staffID": guardOf(app), "signature": vars{}}}))
			cost[n] = c
		}
	}
	if cost[10] != cost[100] {
		t.Errorf("statements: %v", cost)
	}
	if s := setAt(app, "门100-99"); has(s, "CABINET") != 2 || has(s, "SEAL") != 3 || s.Get("outstanding").Int() != 1 {
		t.Errorf("accepted: %s", s.Raw)
	}
}

const voidSheet = `mutation($in: VoidKeyAcceptanceInput!) { voidKeyAcceptance(input: $in) { acceptance { id state voidReason voidedByName } } }`

func TestK1_1_ASheetIsVoidedWhileItsKeysAreWhereTheyCame(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, unit := app.As(policy.KeyCustodian), app.As(policy.Supervisor), publicArea(app, "泵房")
	accepted := func(due, delivered int, number string) (sheet string) {
		sheet, checks := drafted(custodian, app.A.ID, owes(unit, "机房门", due))
		custodian.Do(checkLines, checking(sheet, found(checks["机房门"], delivered, 0)))
		more := vars{}
		if delivered > 1 {
			more = vars{"seals": []vars{{"checkID": checks["机房门"], "number": number}}, "security": vars{"staffID": guardOf(app), "signature": vars{}}}
		}
		custodian.Do(signSheet, signing(sheet, more))
		return sheet
	}
	voiding := func(sheet string) vars { return vars{"in": vars{"id": sheet, "reason": "数错了"}} }
	first, second := accepted(6, 3, "F-1"), accepted(2, 2, "F-2")
	s := setAt(app, "机房门")
	if has(s, "CABINET") != 2 || has(s, "SEAL") != 3 || s.Get("outstanding").Int() != 0 {
		t.Fatalf("accepted: %s", s.Raw)
	}

	t.Run("not after its seal was broken", func(t *testing.T) {
		p := custodian.In(t)
		third := accepted(2, 2, "F-3")
		seal := app.IDs(`SELECT id FROM key_seals WHERE number = 'F-3'`)[0].String()
		p.Do(breakSeal, breaking(seal, app.A.Cabinet))
		if r := supervisor.In(t).Refused(voidSheet, voiding(third), fault.Conflict, "K1.1"); r.Field != "id" {
			t.Errorf("refused at %q", r.Field)
		}
	})
	t.Run("not after its keys went on", func(t *testing.T) {
		p, set := custodian.In(t), s.Get("id").String()
		fourth := accepted(1, 1, "")
		lots := vars{"in": vars{"setID": set, "count": has(setAt(app, "机房门"), "CABINET"), "fromID": app.A.Cabinet, "toID": app.A.Desk}}
		p.Do(`mutation($in: MoveKeysInput!) { moveKeys(input: $in) { movement { id } } }`, lots)
		supervisor.In(t).Refused(voidSheet, voiding(fourth), fault.Conflict, "K1.1")
		back := lots["in"].(vars)
		back["fromID"], back["toID"] = app.A.Desk, app.A.Cabinet
		p.Do(`mutation($in: MoveKeysInput!) { moveKeys(input: $in) { movement { id } } }`, lots)
		supervisor.In(t).Do(voidSheet, voiding(fourth))
	})
	before := setAt(app, "机房门")

	seal := app.IDs(`SELECT id FROM key_seals WHERE number = 'F-2'`)[0].String()
	custodian.Do(changeSeal, vars{"in": vars{"sealID": seal, "number": "F-20", "reason": "封条破损", "securityStaffID": guardOf(app), "signature": vars{}}}) // the packet is the same still
	voided := supervisor.Do(voidSheet, voiding(second)).Get("voidKeyAcceptance.acceptance")
	if voided.Get("state").String() != "VOIDED" || voided.Get("voidReason").String() != "数错了" || voided.Get("voidedByName").String() != supervisor.Email {
		t.Errorf("voided: %s", voided.Raw)
	}
	after := setAt(app, "机房门")
	if has(after, "CABINET") != has(before, "CABINET")-1 || has(after, "SEAL") != has(before, "SEAL")-1 || has(after, "SOURCE") != has(before, "SOURCE")+2 {
		t.Errorf("from %s\nto %s", before.Raw, after.Raw)
	}
	if r := supervisor.Refused(voidSheet, voiding(second), fault.Conflict); r.Code == "" {
		t.Error("voided twice")
	}

	t.Run("what is owed is what the sheet before says", func(t *testing.T) {
		sheet, checks := drafted(custodian.In(t), app.A.ID, owes(unit, "水箱", 5))
		custodian.Do(checkLines, checking(sheet, found(checks["水箱"], 1, 0)))
		custodian.Do(signSheet, signing(sheet, nil))
		next, checks := drafted(custodian, app.A.ID, owes(unit, "水箱", 4))
		custodian.Do(checkLines, checking(next, found(checks["水箱"], 1, 0)))
		custodian.Do(signSheet, signing(next, nil))
		for i, want := range []int64{3, 4, 0} {
			if owed := setAt(app, "水箱").Get("outstanding").Int(); owed != want {
				t.Errorf("after %d were voided %d keys are owed, want %d", i, owed, want)
			}
			if i < 2 {
				supervisor.Do(voidSheet, voiding([]string{next, sheet}[i]))
			}
		}
		if rows := app.As(policy.KeyCustodian).Do(`{ keySets(where: {place: "水箱", outstandingGT: 0}) { edges { node { id } } } }`, nil).Get("keySets.edges").Array(); len(rows) != 0 {
			t.Errorf("still owed: %v", rows)
		}
	})
	t.Run("refused", func(t *testing.T) {
		p := custodian.In(t)
		draft, _ := drafted(p, app.A.ID, owes(unit, "井盖", 1))
		supervisor.In(t).Refused(voidSheet, voiding(draft), fault.Conflict, "K1.1")
		imported := app.IDs(`SELECT id FROM key_acceptances WHERE source_file <> '' AND estate_id = $1`, app.A.ID)[0].String()
		supervisor.In(t).Refused(voidSheet, voiding(imported), fault.RuleBroken, "K1.1")
		if r := supervisor.In(t).Refused(voidSheet, vars{"in": vars{"id": first, "reason": " "}}, fault.InvalidInput); r.Field != "reason" {
			t.Errorf("no reason: refused at %q", r.Field)
		}
		for _, role := range []policy.Role{policy.KeyCustodian, policy.CSOfficer, policy.Security, policy.Engineering, policy.Auditor} {
			app.As(role).In(t).Refused(voidSheet, voiding(first), fault.Forbidden)
		}
		app.Foreign(policy.ProjectManager).In(t).Refused(voidSheet, voiding(first), fault.NotFound)
		app.Nobody().In(t).Refused(voidSheet, voiding(first), fault.Unauthenticated)
	})
}
