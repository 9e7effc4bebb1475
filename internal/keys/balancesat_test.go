package keys_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	balancesAt = `query($e: ID!, $at: Time!, $s: ID, $h: ID, $n: Int, $after: Cursor) { keyBalancesAt(estateID: $e, at: $at, setID: $s, holderID: $h, first: $n, after: $after) {
		edges { node { count set { id label unit { number building { code } } } holder { id kind name } } } pageInfo { hasNextPage endCursor } } }`
)

func TestK4_1_WhereKeysWereAtATime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	custodian.Do(moveKeys, vars{"in": vars{"setID": set, "count": 2, "fromID": app.A.Cabinet, "toID": app.A.Desk}})
	app.Clock.Advance(time.Hour)
	app.As(policy.CSOfficer).Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, set, 3))
	at := func(p *stewardtest.Person, at time.Time) map[string]int64 {
		out := map[string]int64{}
		for _, r := range p.Do(balancesAt, vars{"e": app.A.ID, "at": at, "s": set}).Get("keyBalancesAt.edges.#.node").Array() {
			if out[r.Get("holder.kind").String()] = r.Get("count").Int(); r.Get("set.unit.number").String() != "101" || r.Get("set.unit.building.code").String() != "1栋" {
				t.Errorf("the set is %s", r.Raw)
			}
		}
		return out
	}
	for _, role := range []policy.Role{policy.KeyCustodian, policy.CSOfficer, policy.Supervisor, policy.Auditor, policy.ProjectManager, policy.Security} {
		for _, c := range []struct {
			at   time.Time
			want map[string]int64
		}{
			{stewardtest.Start.AddDate(0, 0, -8), map[string]int64{}},
			{stewardtest.Start.Add(-1), map[string]int64{"SOURCE": -5, "CABINET": 3, "DESK": 2}},
			{stewardtest.Start, map[string]int64{"SOURCE": -5, "CABINET": 1, "DESK": 4}},
			{stewardtest.Start.Add(time.Hour), map[string]int64{"SOURCE": -5, "CABINET": 1, "DESK": 1, "STAFF": 3}},
			{stewardtest.Start.AddDate(1, 0, 0), map[string]int64{"SOURCE": -5, "CABINET": 1, "DESK": 1, "STAFF": 3}},
		} {
			got := at(app.As(role), c.at)
			for kind, n := range c.want {
				if got[kind] != n || len(got) != len(c.want) {
					t.Errorf("%s, at %v: %v, want %v", role, c.at, got, c.want)
					break
				}
			}
		}
	}

	// All pages together are the whole, in natural order.
	all := custodian.Do(balancesAt, vars{"e": app.A.ID, "at": app.Clock.Now()}).Get("keyBalancesAt")
	var paged []gjson.Result
	for in := (vars{"e": app.A.ID, "at": app.Clock.Now(), "n": 2}); ; {
		page := custodian.Do(balancesAt, in).Get("keyBalancesAt")
		paged = append(paged, page.Get("edges.#.node").Array()...)
		if !page.Get("pageInfo.hasNextPage").Bool() {
			break
		}
		in["after"] = page.Get("pageInfo.endCursor").String()
	}
	rows := all.Get("edges.#.node").Array()
	if len(rows) < 12 || len(paged) != len(rows) || all.Get("pageInfo.hasNextPage").Bool() {
		t.Fatalf("%d rows, %d by pages", len(rows), len(paged))
	}
	for i := range rows {
		if rows[i].Raw != paged[i].Raw || i > 0 && rows[i].Get("set.label").String() < rows[i-1].Get("set.label").String() {
			t.Errorf("row %d: %s, by pages %s", i, rows[i].Raw, paged[i].Raw)
		}
	}
	desk := custodian.Do(balancesAt, vars{"e": app.A.ID, "at": app.Clock.Now(), "h": app.A.Desk}).Get("keyBalancesAt.edges.#.node")
	if desk.Get("#").Int() != 4 || desk.Get("0.count").Int() != 1 || desk.Get("1.count").Int() != 2 {
		t.Errorf("at the desk: %s", desk.Raw)
	}
}

func TestK4_1_WhoMaySeeWhereKeysWere(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := vars{"e": app.A.ID, "at": app.Clock.Now()}
	for _, p := range []*stewardtest.Person{app.Foreign(policy.KeyCustodian), app.Resident()} {
		if r := p.Refused(balancesAt, in, fault.NotFound); r.Field != "estateID" {
			t.Errorf("%s: refused at %q", p.Email, r.Field)
		}
	}
	app.As(policy.Archivist).Refused(balancesAt, in, fault.Forbidden)
	app.Nobody().Refused(balancesAt, in, fault.Unauthenticated)
	custodian := app.As(policy.KeyCustodian)
	another := custodian.Do(`{ keyBalances(first: 1) { pageInfo { endCursor } } }`, nil).Get("keyBalances.pageInfo.endCursor").String()
	if r := custodian.Refused(balancesAt, vars{"e": app.A.ID, "at": app.Clock.Now(), "after": another}, fault.InvalidInput); r.Field != "after" {
		t.Errorf("refused at %q", r.Field)
	}
	custodian.Refused(balancesAt, vars{"e": app.A.ID, "at": app.Clock.Now(), "n": 201}, fault.InvalidInput)
	for _, foreign := range []vars{{"s": app.B.Sets[0]}, {"h": app.B.Desk}} { // of another estate there is nothing
		foreign["e"], foreign["at"] = app.A.ID, app.Clock.Now()
		if rows := custodian.Do(balancesAt, foreign).Get("keyBalancesAt.edges.#").Int(); rows != 0 {
			t.Errorf("%v: %d rows", foreign, rows)
		}
	}
}

// moved is a movement of a random history.
type moved struct {
	id, from, to uuid.UUID
	count        int
	reason       string
	at           time.Time
}

// enter posts it by plain SQL as the serving role, a second late.
func enter(app *stewardtest.App, estate, set uuid.UUID, loss, reverses *uuid.UUID, m *moved) error {
	m.id = ids.New(0x0303)
	return plain(app, `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at, reverses_id, loss_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, m.id, m.at.Add(time.Second), estate, set, m.from, m.to, m.count, m.reason, m.at, reverses, loss)
}

// plain runs plain SQL as the serving role.
func plain(app *stewardtest.App, sql string, args ...any) error {
	return app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, sql, args...); return err })
}

// errUndone rolls back what was only tried.
var errUndone = errors.New("undone")

// undone tries plain SQL as the serving role, and takes it back.
func undone(app *stewardtest.App, sql string, args ...any) error {
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sql, args...); err != nil {
			return err
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		return nil
	}
	return err
}

// freshSet makes a further set in estate A.
func freshSet(app *stewardtest.App) uuid.UUID {
	set := ids.New(0x0301)
	app.SQL(`INSERT INTO key_sets (id, created_at, estate_id, unit_id, place, label, kind, sort_key) VALUES ($1::uuid, $2, $3, $4, $1::text, $1::text, 'UNIT', $1::text)`,
		set, stewardtest.Start, app.A.ID, app.A.Units[0])
	return set
}

// had replays a history up to a time.
func had(history []moved, at time.Time) map[uuid.UUID]int {
	out := map[uuid.UUID]int{}
	for _, m := range history {
		if !m.at.After(at) {
			out[m.from] -= m.count
			out[m.to] += m.count
		}
	}
	return out
}

// Over random histories, late entries among them, what is asked as of any time equals the replay; the accounts sum to
// zero, and only the source is below it: an entry that would make another negative, then or since, is refused.
func TestK4_1_AsOfAnyTimeOnlyTheSourceIsNegative(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	places := []uuid.UUID{app.A.Source, app.A.Cabinet, app.A.Desk}
	rapid.Check(t, func(t *rapid.T) {
		set, day := freshSet(app), func(label string) time.Time {
			return stewardtest.Start.Add(time.Duration(rapid.IntRange(-6, 6).Draw(t, label)) * time.Hour)
		}
		var history []moved
		for range rapid.IntRange(1, 12).Draw(t, "entries") {
			from := rapid.IntRange(0, 2).Draw(t, "from")
			to := rapid.SampledFrom([]int{1, 2}).Draw(t, "to")
			if from == to {
				continue
			}
			m := moved{from: places[from], to: places[to], count: rapid.IntRange(1, 4).Draw(t, "count"), at: day("at"), reason: "PLACED"}
			if from == 0 {
				m.reason = "ACCEPTED"
			}
			possible := true
			for h := -6; h <= 6 && from != 0; h++ {
				if at := stewardtest.Start.Add(time.Duration(h) * time.Hour); !at.Before(m.at) && had(history, at)[m.from] < m.count {
					possible = false
				}
			}
			switch err := enter(app, app.A.ID, set, nil, nil, &m); {
			case (err == nil) != possible:
				t.Fatalf("%+v after %+v: possible %v, but %v", m, history, possible, err)
			case err == nil:
				history = append(history, m)
			}
		}
		at := day("asked")
		want, sum := had(history, at), int64(0)
		for _, r := range custodian.Do(balancesAt, vars{"e": app.A.ID, "at": at, "s": set}).Get("keyBalancesAt.edges.#.node").Array() {
			n, holder := r.Get("count").Int(), uuid.MustParse(r.Get("holder.id").String())
			if sum += n; int(n) != want[holder] || n < 0 && holder != app.A.Source {
				t.Fatalf("at %v: %s, replayed %v of %+v", at, r.Raw, want, history)
			}
			delete(want, holder)
		}
		for _, n := range want {
			if n != 0 {
				t.Fatalf("left out: %v", want)
			}
		}
		if sum != 0 {
			t.Fatalf("the accounts sum to %d", sum)
		}
	})
}

// It is the trigger that refuses such an entry, and tells so in words; without it the past goes below zero.
func TestK4_1_TheLateGuardIsWhatRefuses(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	set := app.A.Sets[0]
	before := moved{from: app.A.Desk, to: app.A.Cabinet, count: 2, reason: "PLACED", at: stewardtest.Start.AddDate(0, 0, -8)}
	if code, constraint := constraintOf(enter(app, app.A.ID, set, nil, nil, &before)); code != "23514" || constraint != "key_balances_enough" {
		t.Fatalf("before the keys came: %s %s", code, constraint)
	}
	app.SQL(`ALTER TABLE key_movements DISABLE TRIGGER key_post_late`)
	if err := enter(app, app.A.ID, set, nil, nil, &before); err != nil {
		t.Fatal(err)
	}
	desk := app.As(policy.KeyCustodian).Do(balancesAt, vars{"e": app.A.ID, "at": before.at, "h": app.A.Desk}).Get("keyBalancesAt.edges.0.node.count").Int()
	if desk != -2 {
		t.Errorf("without the guard the desk has %d", desk)
	}
}

// Whatever many do at once, the balances are the sums of the movements, and nobody writes them otherwise.
func TestK4_1_BalancesAreTheSumsOfTheMovements(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, officer := app.As(policy.KeyCustodian), app.As(policy.CSOfficer)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			set := app.A.Sets[i%2]
			from, to := app.A.Cabinet, app.A.Desk
			if i%3 == 0 {
				from, to = to, from
			}
			for range 3 {
				_, err := custodian.Try(moveKeys, vars{"in": vars{"setID": set, "count": 1 + i%2, "fromID": from, "toID": to}})
				answer, err2 := officer.Try(lendKeys, loanOf(vars{"externalPersonID": app.A.External}, set, 1))
				if loan := answer.Get("data.lendKeys.loan.id").String(); loan != "" && i%2 == 0 {
					_, err = officer.Try(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}})
				}
				if err != nil || err2 != nil {
					t.Errorf("%v %v", err, err2)
				}
			}
		})
	}
	wg.Wait()
	wrong := app.IDs(`WITH legs AS (SELECT estate_id, set_id, to_id AS holder_id, count AS n FROM key_movements
			UNION ALL SELECT estate_id, set_id, from_id, -count FROM key_movements),
		sums AS (SELECT estate_id, set_id, holder_id, sum(n) AS n FROM legs GROUP BY 1, 2, 3)
		SELECT set_id FROM sums FULL JOIN key_balances b USING (estate_id, set_id, holder_id) WHERE sums.n IS DISTINCT FROM b.count
		UNION ALL SELECT set_id FROM key_balances GROUP BY set_id HAVING sum(count) <> 0
		UNION ALL SELECT set_id FROM key_balances WHERE count < 0 AND NOT source`)
	if len(wrong) > 0 {
		t.Errorf("sets whose balances are not what was moved: %v", wrong)
	}
	for _, sql := range []string{
		`UPDATE key_balances SET count = count + 1`, `DELETE FROM key_balances`, `UPDATE key_movements SET count = count + 1`, `DELETE FROM key_movements`,
		`INSERT INTO key_balances (id, created_at, estate_id, set_id, holder_id, source, count) SELECT new_id(772), now(), estate_id, set_id, from_id, false, 1 FROM key_movements`,
		`UPDATE key_statements SET month = month`, `DELETE FROM key_statements`, `UPDATE key_statement_lines SET closing = closing`, `DELETE FROM key_statement_lines`,
	} {
		err := plain(app, sql)
		if code, _ := constraintOf(err); code != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
