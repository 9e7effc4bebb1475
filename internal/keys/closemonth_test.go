package keys_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	closeMonth = `mutation($in: CloseKeyMonthInput!) { closeKeyMonth(input: $in) { statement { id month closedByName closedAt } } }`
	keyMonth   = `query($e: ID!, $m: Date!) { keyMonth(estateID: $e, month: $m) { month closed closedAt closedByName lines { area kind opening accepted replaced copied
		takenBack found fromEngineering handedOver lost scrapped retired toEngineering adjusted closing withHouseholds lockChanges } } }`
)

// constraintOf is PostgreSQL's code and constraint.
func constraintOf(err error) (code, constraint string) {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code, pg.ConstraintName
	}
	return fmt.Sprint(err), ""
}

// monthOf are the lines of a month, each written as its kind and the figures that are not zero.
func monthOf(p *stewardtest.Person, app *stewardtest.App, month string) (m gjson.Result, lines string) {
	m = p.Do(keyMonth, vars{"e": app.A.ID, "m": month}).Get("keyMonth")
	m.Get("lines").ForEach(func(_, l gjson.Result) bool {
		lines += l.Get("area").String() + " " + l.Get("kind").String()
		l.ForEach(func(k, v gjson.Result) bool {
			if v.Type == gjson.Number && v.Int() != 0 {
				lines += fmt.Sprintf(" %s=%d", k.String(), v.Int())
			}
			return true
		})
		lines += "; "
		return true
	})
	return m, strings.TrimSuffix(lines, "; ")
}

func TestK4_2_AMonthIsClosed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, area := app.As(policy.KeyCustodian), app.A.Name+"一区"
	if m, lines := monthOf(custodian, app, "2026-02-14"); m.Get("month").String() != "2026-02-01" || m.Get("closed").Bool() || m.Get("closedAt").String() != "" ||
		lines != area+" UNIT accepted=20 closing=20; "+area+" PUBLIC_AREA" {
		t.Errorf("February, open: %s", m.Raw)
	}
	at := func(month string) vars { return vars{"in": vars{"estateID": app.A.ID, "month": month}} }
	for month, code := range map[string]fault.Code{"2026-03-31": fault.RuleBroken, "2030-01-01": fault.RuleBroken, "2026-01-01": fault.Conflict, "2025-12-01": fault.Conflict, "2025-06-01": fault.Conflict} {
		if r := custodian.Refused(closeMonth, at(month), code, "K4.2"); r.Field != "month" {
			t.Errorf("%s: refused at %q", month, r.Field)
		}
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Auditor, policy.Security, policy.Archivist} {
		app.As(role).Refused(closeMonth, at("2026-02-01"), fault.Forbidden)
	}
	if r := app.Foreign(policy.KeyCustodian).Refused(closeMonth, at("2026-02-01"), fault.NotFound); r.Field != "estateID" {
		t.Errorf("foreign: refused at %q", r.Field)
	}
	app.Resident().Refused(closeMonth, at("2026-02-01"), fault.Forbidden)

	s := custodian.With("Idempotency-Key", "february").Do(closeMonth, at("2026-02-28")).Get("closeKeyMonth.statement")
	if again := custodian.With("Idempotency-Key", "february").Do(closeMonth, at("2026-02-28")).Get("closeKeyMonth.statement"); again.Raw != s.Raw {
		t.Errorf("repeated: %s, not %s", again.Raw, s.Raw)
	}
	custodian.Refused(closeMonth, at("2026-02-01"), fault.Conflict, "K4.2")
	m, lines := monthOf(app.As(policy.Auditor), app, "2026-02-01")
	if !m.Get("closed").Bool() || m.Get("closedByName").String() != custodian.Email || s.Get("closedByName").String() != custodian.Email || lines != area+" UNIT accepted=20 closing=20; "+area+" PUBLIC_AREA" {
		t.Errorf("February, closed: %s", m.Raw)
	}
	for p, code := range map[*stewardtest.Person]fault.Code{app.As(policy.CSOfficer): fault.Forbidden, app.Foreign(policy.KeyCustodian): fault.NotFound, app.Resident(): fault.NotFound, app.Nobody(): fault.Unauthenticated} {
		p.Refused(keyMonth, vars{"e": app.A.ID, "m": "2026-02-01"}, code)
	}
	if n := app.As(policy.Supervisor).Do(`{ keyStatementLines(where: {kind: UNIT}) { edges { node { closing } } } }`, nil).Get("keyStatementLines.edges.#").Int(); n != 1 {
		t.Errorf("%d stored lines of units", n)
	}

	// The area is renamed afterwards: what was closed stays as it was named.
	app.SQL(`UPDATE areas SET name = '新区' WHERE id = $1`, app.A.Area)
	if _, now := monthOf(custodian, app, "2026-02-01"); now != lines {
		t.Errorf("February, after the area was renamed: %s", now)
	}
	custodian.Do(moveKeys, vars{"in": vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "toID": app.A.Desk}})
	app.As(policy.CSOfficer).Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1))
	app.Clock.Advance(31 * 24 * time.Hour) // 2 April
	custodian.SignIn()
	if _, lines := monthOf(custodian, app, "2026-03-01"); lines != "新区 UNIT opening=20 closing=20; 新区 PUBLIC_AREA" {
		t.Errorf("March: %s", lines)
	}
	custodian.Refused(closeMonth, at("2026-04-01"), fault.RuleBroken, "K4.2")
	app.Clock.Advance(30 * 24 * time.Hour)
	custodian.SignIn()
	if r := custodian.Refused(closeMonth, at("2026-04-01"), fault.RuleBroken, "K4.2"); !strings.Contains(r.Message, "earliest") {
		t.Errorf("April before March: %s", r.Message)
	}
	custodian.Do(closeMonth, at("2026-03-01"))
	custodian.Do(closeMonth, at("2026-04-01"))
}

// It is the database that refuses an entry of a closed month, to the moment of the estate's midnight, and to plain SQL.
func TestK4_2_AClosedMonthTakesNoEntry(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	midnight := time.Date(2026, 3, 1, 0, 0, 0, 0, stewardtest.Start.Location())
	at := func(when time.Time) error {
		return enter(app, app.A.ID, app.A.Sets[0], nil, nil, &moved{from: app.A.Source, to: app.A.Cabinet, count: 1, reason: "ACCEPTED", at: when})
	}
	if err := at(midnight.Add(-time.Minute)); err != nil {
		t.Fatalf("while the month is open: %v", err)
	}
	custodian.Do(closeMonth, vars{"in": vars{"estateID": app.A.ID, "month": "2026-02-01"}})
	for _, when := range []time.Time{midnight.Add(-time.Microsecond), midnight.AddDate(0, 0, -10), midnight.AddDate(-2, 0, 0)} {
		if code, constraint := constraintOf(at(when)); code != "23514" || constraint != "key_movements_open_month" {
			t.Errorf("at %v: %s %s", when, code, constraint)
		}
	}
	if err := at(midnight); err != nil {
		t.Errorf("at the first moment of March: %v", err)
	}
	if err := enter(app, app.B.ID, app.B.Sets[0], nil, nil, &moved{from: app.B.Source, to: app.B.Cabinet, count: 1, reason: "ACCEPTED", at: midnight.Add(-1)}); err != nil {
		t.Errorf("in the other estate: %v", err)
	}
	_, before := monthOf(custodian, app, "2026-02-01")
	app.SQL(`ALTER TABLE key_movements DISABLE TRIGGER key_month_open`)
	if err := at(midnight.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	app.Super(`DELETE FROM key_statement_lines WHERE estate_id = $1`, app.A.ID)
	app.Super(`DELETE FROM key_statements WHERE estate_id = $1`, app.A.ID)
	if _, after := monthOf(custodian, app, "2026-02-01"); after == before {
		t.Error("without the trigger the month is the same, so that it guards nothing")
	}
}

// Lines whose figures do not add up, and months out of turn, are refused to plain SQL too.
func TestK4_2_TheDatabaseHoldsTheEquation(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for sql, constraint := range map[string]string{
		`INSERT INTO key_statement_lines (id, created_at, estate_id, statement_id, position, area, kind, opening, accepted, closing) SELECT new_id(791), now(), estate_id, id, 9, '', 'UNIT', 1, 1, 3 FROM key_statements`:   "key_statement_lines_equation",
		`INSERT INTO key_statement_lines (id, created_at, estate_id, statement_id, position, area, kind, opening, adjusted, closing) SELECT new_id(791), now(), estate_id, id, 9, '', 'UNIT', 1, -2, -1 FROM key_statements`: "key_statement_lines_counts",
		`INSERT INTO key_statements (id, created_at, estate_id, month, closed_by_id, closed_by_name, closed_at) SELECT new_id(790), now(), estate_id, '2026-02-02', id, '', '2026-03-02' FROM key_statements`:                "key_statements_month",
		`INSERT INTO key_statements (id, created_at, estate_id, month, closed_by_id, closed_by_name, closed_at) SELECT new_id(790), now(), estate_id, '2026-03-01', id, '', '2026-03-31' FROM key_statements`:                "key_statements_over",
		`INSERT INTO key_statements (id, created_at, estate_id, month, closed_by_id, closed_by_name, closed_at) SELECT new_id(790), now(), estate_id, '2026-03-01', id, '', '2026-04-01' FROM key_statements`:                "key_statements_order",
	} {
		if code, by := constraintOf(plain(app, sql)); code != "23514" || by != constraint {
			t.Errorf("%s: %s %s", constraint, code, by)
		}
	}
}

// While keys are moved, the month is closed: each movement is either in the statement or refused.
func TestK4_2_ClosingRacesWithPosting(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	last := time.Date(2026, 2, 28, 23, 59, 0, 0, stewardtest.Start.Location())
	var posted, closings atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				switch _, constraint := constraintOf(enter(app, app.A.ID, app.A.Sets[0], nil, nil, &moved{from: app.A.Source, to: app.A.Cabinet, count: 1, reason: "ACCEPTED", at: last})); constraint {
				case "":
					posted.Add(1)
				case "key_movements_open_month":
				default:
					t.Errorf("refused by %s", constraint)
				}
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			answer, err := custodian.Try(closeMonth, vars{"in": vars{"estateID": app.A.ID, "month": "2026-02-01"}})
			if answer.Get("data.closeKeyMonth.statement.id").Exists() {
				closings.Add(1)
			} else if code := answer.Get("errors.0.extensions.code").String(); err != nil || code != string(fault.Conflict) {
				t.Errorf("%v %s", err, answer.Raw)
			}
		})
	}
	wg.Wait()
	m, _ := monthOf(custodian, app, "2026-02-01")
	if got := m.Get("lines.0.accepted").Int(); closings.Load() != 1 || got != 20+posted.Load() {
		t.Errorf("%d closings; %d keys were accepted, and the statement has %d", closings.Load(), 20+posted.Load(), got)
	}
}

// A closed month stands under the areas of its closing, an open one under those of today.
func TestK4_2_WhereABuildingGoesToAnotherArea(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	app.Clock.Advance(31 * 24 * time.Hour) // April
	custodian.SignIn()
	for _, month := range []string{"2026-02-01", "2026-03-01"} {
		custodian.Do(closeMonth, vars{"in": vars{"estateID": app.A.ID, "month": month}})
	}
	_, closed := monthOf(custodian, app, "2026-03-01")
	_, open := monthOf(custodian, app, "2026-04-01")
	app.SQL(`INSERT INTO areas (id, created_at, estate_id, code, name, sort_key) VALUES (new_id(x'0102'::int), $2, $1, '二区', '甲小区二区', '二区')`, app.A.ID, stewardtest.Start)
	app.SQL(`UPDATE buildings SET area_id = (SELECT id FROM areas WHERE code = '二区') WHERE id = $1`, app.A.Building)
	if _, lines := monthOf(custodian, app, "2026-03-01"); lines != closed {
		t.Errorf("the closed month was %s, and is %s", closed, lines)
	}
	if _, lines := monthOf(custodian, app, "2026-04-01"); lines != strings.ReplaceAll(open, "一区", "二区") || lines == open {
		t.Errorf("the open month was %s, and is %s", open, lines)
	}
}
