package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/policy"
)

// The properties draw from few ids of each kind, so that scopes and rows meet.

func id(n int) uuid.UUID { return uuid.MustParse(fmt.Sprintf("00000000-0000-7000-8000-%012d", n)) }

// some draws one of three ids of a kind, or none.
func some(kind int) *rapid.Generator[uuid.UUID] {
	return rapid.SampledFrom([]uuid.UUID{uuid.Nil, id(10*kind + 1), id(10*kind + 2), id(10*kind + 3)})
}

// a draws one of the three.
func a(kind int) *rapid.Generator[uuid.UUID] {
	return some(kind).Filter(func(x uuid.UUID) bool { return x != uuid.Nil })
}

const (
	estate = iota
	department
	account
	household
)

var places = rapid.Custom(func(t *rapid.T) access.Place {
	return access.Place{Estate: some(estate).Draw(t, "estate"), Department: some(department).Draw(t, "department")}
})

var scopes = rapid.Custom(func(t *rapid.T) access.Scope {
	s := access.Scope{
		Portfolio:     rapid.IntRange(0, 4).Draw(t, "portfolio") == 0,
		Estates:       rapid.SliceOfN(a(estate), 0, 2).Draw(t, "estates"),
		Departments:   rapid.SliceOfN(places, 0, 2).Draw(t, "departments"),
		Selves:        rapid.SliceOfN(places, 0, 2).Draw(t, "selves"),
		Account:       some(account).Draw(t, "account"),
		AllHouseholds: rapid.SliceOfN(a(estate), 0, 2).Draw(t, "all households"),
		Households:    rapid.SliceOfN(a(household), 0, 2).Draw(t, "households"),
	}
	if s.Portfolio {
		s.Except = rapid.SliceOfN(a(estate), 0, 2).Draw(t, "except")
	}
	return s
})

var rows = rapid.Custom(func(t *rapid.T) access.Row {
	return access.Row{
		Estate: a(estate).Draw(t, "estate"), Department: some(department).Draw(t, "department"),
		Self: some(account).Draw(t, "self"), Household: some(household).Draw(t, "household"),
	}
})

// entities have some of the columns of scope, or all.
var entities = rapid.Custom(func(t *rapid.T) access.Entity {
	column := func(name string) string { return rapid.SampledFrom([]string{"", name}).Draw(t, name) }
	return access.Entity{Name: "Row", Table: "rows", Estate: "estate_id", Department: column("department_id"), Self: column("account_id"), Household: column("household_id")}
})

// shown is what the generated RowScope reads of a row: what the entity has a column for.
func shown(e access.Entity, r access.Row) access.Row {
	if e.Department == "" {
		r.Department = uuid.Nil
	}
	if e.Self == "" {
		r.Self = uuid.Nil
	}
	if e.Household == "" {
		r.Household = uuid.Nil
	}
	return r
}

// What a scope selects in PostgreSQL is what it covers in Go, whatever the entity declares, and whatever
// the viewer's own filter asks beside it.
func TestPredicateSelectsWhatScopeCovers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dbtest.New(t, dbtest.Empty).AppURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if _, err := conn.Exec(ctx, `CREATE TEMPORARY TABLE rows (n int, estate_id uuid NOT NULL, department_id uuid, account_id uuid, household_id uuid)`); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		e, scope := entities.Draw(t, "entity"), scopes.Draw(t, "scope")
		table := rapid.SliceOfN(rows, 1, 12).Draw(t, "rows")
		fill(t, conn, table)
		wanted := rapid.SliceOfN(rapid.IntRange(0, 11), 0, 3).Draw(t, "filter")
		got := selected(t, conn, func(s *sql.Selector) {
			filter(s, wanted)
			if p := scope.Predicate(e); p != nil {
				p(s)
			}
		})
		for n, row := range table {
			asked := len(wanted) == 0
			for _, w := range wanted {
				asked = asked || w == n
			}
			if covers := scope.Covers(shown(e, row)); got[n] != (asked && covers) {
				t.Fatalf("row %d %+v: selected %v, covered %v, asked for %v", n, row, got[n], covers, asked)
			}
		}
	})
}

// filter is what a viewer asks: n is one of the wanted, by OR, which must not loosen the scope beside it.
func filter(s *sql.Selector, wanted []int) {
	if len(wanted) == 0 {
		return
	}
	var any []*sql.Predicate
	for _, n := range wanted {
		any = append(any, sql.EQ(s.C("n"), n))
	}
	s.Where(sql.Or(any...))
}

func fill(t *rapid.T, conn *pgx.Conn, table []access.Row) {
	null := func(x uuid.UUID) *uuid.UUID {
		if x == uuid.Nil {
			return nil
		}
		return &x
	}
	var b pgx.Batch
	b.Queue(`TRUNCATE rows`)
	for n, r := range table {
		b.Queue(`INSERT INTO rows VALUES ($1, $2, $3, $4, $5)`, n, r.Estate, null(r.Department), null(r.Self), null(r.Household))
	}
	if err := conn.SendBatch(context.Background(), &b).Close(); err != nil {
		t.Fatal(err)
	}
}

func selected(t *rapid.T, conn *pgx.Conn, where func(*sql.Selector)) map[int]bool {
	table := sql.Table("rows")
	s := sql.Dialect(dialect.Postgres).Select("n").From(table)
	where(s)
	query, args := s.Query()
	found, err := conn.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[int])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	out := map[int]bool{}
	for _, n := range list {
		out[n] = true
	}
	return out
}

// grants are of any role at any kind of place, those that the database would refuse too.
var grants = rapid.Custom(func(t *rapid.T) access.Grant {
	return access.Grant{
		Role: rapid.SampledFrom(policy.Roles).Draw(t, "role"), Estate: some(estate).Draw(t, "estate"),
		Department: some(department).Draw(t, "department"), Household: some(household).Draw(t, "household"),
	}
})

func load(t testing.TB) *policy.Table {
	t.Helper()
	table, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// An audit only takes away, and takes everything in its estate.
func TestBarredNeverWidens(t *testing.T) {
	t.Parallel()
	table := load(t)
	rapid.Check(t, func(t *rapid.T) {
		held := rapid.SliceOfN(grants, 0, 4).Draw(t, "grants")
		v := access.New(table, access.Viewer{Account: a(account).Draw(t, "account"), Grants: held, Audits: rapid.SliceOfN(some(estate), 0, 2).Draw(t, "audits")})
		scope := rapid.OneOf(scopes, rapid.Custom(func(t *rapid.T) access.Scope {
			return v.Scope(rapid.SampledFrom(policy.Resources).Draw(t, "resource"), rapid.SampledFrom(policy.Actions).Draw(t, "action"))
		})).Draw(t, "scope")
		before := fmt.Sprint(scope)
		barred := v.Barred(scope)
		if fmt.Sprint(scope) != before {
			t.Fatalf("the scope itself was changed: %s, now %v", before, scope)
		}
		row := rows.Draw(t, "row")
		if barred.Covers(row) && !scope.Covers(row) {
			t.Fatalf("%+v is covered by %+v, not by %+v", row, barred, scope)
		}
		for _, audited := range v.Audits {
			row.Household = householdOf(held, audited) // its rows, and those of a household there
			row.Estate = audited
			if barred.Covers(row) {
				t.Fatalf("%+v is in an audited estate, and covered by %+v", row, barred)
			}
			if audited == uuid.Nil && !barred.Empty() {
				t.Fatalf("an auditor of the portfolio may write in %+v", barred)
			}
		}
		if elsewhere := a(estate).Draw(t, "elsewhere"); scope.Whole() && !slices.Contains(v.Audits, uuid.Nil) && !slices.Contains(v.Audits, elsewhere) &&
			!barred.Covers(access.Row{Estate: elsewhere}) {
			t.Fatalf("the portfolio without %v lacks %v", v.Audits, elsewhere)
		}
		if len(v.Audits) == 0 && barred.Covers(row) != scope.Covers(row) {
			t.Fatalf("nothing is audited, but %+v became %+v", scope, barred)
		}
	})
}

func householdOf(held []access.Grant, estate uuid.UUID) uuid.UUID {
	for _, g := range held {
		if g.Estate == estate && g.Role == policy.Resident {
			return g.Household
		}
	}
	return uuid.Nil
}

// An auditor who also lives in the estate writes nothing about the own household either.
func TestBarredTakesTheHouseholdsOfTheEstate(t *testing.T) {
	t.Parallel()
	lives := []access.Grant{
		{Role: policy.Resident, Estate: id(1), Household: id(31)},
		{Role: policy.Resident, Estate: id(2), Household: id(32)},
	}
	scope := access.Scope{Households: []uuid.UUID{id(31), id(32)}}
	barred := access.New(load(t), access.Viewer{Account: id(21), Grants: lives, Audits: []uuid.UUID{id(1)}}).Barred(scope)
	if barred.Covers(access.Row{Estate: id(1), Household: id(31)}) || !barred.Covers(access.Row{Estate: id(2), Household: id(32)}) {
		t.Errorf("who audits estate 1 may write in %+v", barred)
	}
}

// What a rule may read is no less than the scope, and never of an estate that the scope does not touch.
func TestEstatesOnlyTouchesNoOtherEstate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scope, row := scopes.Draw(t, "scope"), rows.Draw(t, "row")
		wide := scope.EstatesOnly()
		touched := scope.Portfolio && !slices.Contains(scope.Except, row.Estate) || row.Household != uuid.Nil && slices.Contains(scope.Households, row.Household)
		for _, e := range slices.Concat(scope.Estates, scope.AllHouseholds) {
			touched = touched || e == row.Estate
		}
		for _, p := range append(append([]access.Place{}, scope.Departments...), scope.Selves...) {
			touched = touched || p.Estate == row.Estate
		}
		if wide.Covers(row) != touched {
			t.Fatalf("%+v: the widened scope covers it: %v; the scope touches its estate: %v", row, wide.Covers(row), touched)
		}
		if !scope.Portfolio && wide.Covers(access.Row{}) {
			t.Fatalf("%+v covers what is in no estate", wide)
		}
	})
}

// What row-level security (wall 2) is told reaches every row of the scope (wall 1): one wall does not
// starve the other, for any grant that the database lets stand.
func TestSettingsReachWhatTheScopeDoes(t *testing.T) {
	t.Parallel()
	table := load(t)
	rapid.Check(t, func(t *rapid.T) {
		held := rapid.SliceOfN(grants.Filter(lawful), 0, 4).Draw(t, "grants")
		v := access.New(table, access.Viewer{Account: a(account).Draw(t, "account"), Grants: held})
		row := rows.Draw(t, "row")
		if !v.Scope(rapid.SampledFrom(policy.Resources).Draw(t, "resource"), policy.Read).Covers(row) {
			return
		}
		s := v.Settings()
		admitted := s.EstateIDs == "*" || strings.Contains(s.EstateIDs, row.Estate.String()) ||
			row.Household != uuid.Nil && strings.Contains(s.Households, row.Household.String())
		if !admitted {
			t.Fatalf("%+v is in the scope of %+v, but not in %+v", row, held, s)
		}
	})
}

// lawful is a grant that identity.grantRole would give.
func lawful(g access.Grant) bool {
	switch g.Role {
	case policy.Resident:
		return g.Estate != uuid.Nil && g.Household != uuid.Nil
	case policy.GeneralManager:
		return g.Estate == uuid.Nil
	case policy.Auditor:
		return true
	default:
		return g.Estate != uuid.Nil
	}
}

func TestWhoReachesNothing(t *testing.T) {
	t.Parallel()
	table := load(t)
	manager := []access.Grant{{Role: policy.GeneralManager}}
	for name, v := range map[string]*access.Viewer{
		"nobody":                        nil,
		"no grants":                     access.New(table, access.Viewer{Account: id(1)}),
		"a password by somebody else":   access.New(table, access.Viewer{Account: id(1), Grants: manager, MustChangePassword: true}),
		"an officer of no estate named": access.New(table, access.Viewer{Account: id(1), Grants: []access.Grant{{Role: policy.Security}}}),
	} {
		scope := v.Scope(policy.Staff, policy.Read)
		if row := (access.Row{Estate: id(1), Department: id(11), Self: id(21), Household: id(31)}); scope.Covers(row) {
			t.Errorf("%s reaches %+v", name, row)
		}
		if s := v.Settings(); v == nil && s != (access.Settings{}) {
			t.Errorf("nobody's settings are %+v", s)
		}
	}
	if s := access.New(table, access.Viewer{Account: id(1), Grants: manager, MustChangePassword: true}).Settings(); s.EstateIDs != "" {
		t.Errorf("before the password is changed row-level security admits %q", s.EstateIDs)
	}
	if !access.System(table, "job").Scope(policy.Staff, policy.Update).Portfolio {
		t.Error("the program does not reach everything")
	}
}

// A general manager's token for one estate reaches that estate: by the scope alone, without row-level security.
func TestPortfolioReachNarrowedToAnEstate(t *testing.T) {
	t.Parallel()
	narrowed := access.New(load(t), access.Viewer{Account: id(1), Token: id(41), Grants: []access.Grant{{Role: policy.GeneralManager, Estate: id(1)}}})
	for _, r := range policy.Resources {
		for _, a := range policy.Actions {
			if s := narrowed.Scope(r, a); s.Portfolio || s.Covers(access.Row{Estate: id(2)}) || s.Covers(access.Row{}) {
				t.Errorf("%s of %s reaches %+v", a, r, s)
			}
		}
	}
	if !narrowed.Scope(policy.Staff, policy.Read).Covers(access.Row{Estate: id(1)}) {
		t.Error("nothing is left of the token's own estate")
	}
}

// Contact data may be filtered by only if it is seen in full wherever it is read.
func TestSeesFully(t *testing.T) {
	t.Parallel()
	table := load(t)
	at := func(role policy.Role, estate uuid.UUID) access.Grant {
		return access.Grant{Role: role, Estate: estate, Household: id(31)}
	}
	for _, c := range []struct {
		held []access.Grant
		want bool
	}{
		{[]access.Grant{at(policy.CSOfficer, id(1))}, true},
		{[]access.Grant{at(policy.GeneralManager, uuid.Nil)}, true},
		{[]access.Grant{at(policy.Resident, id(1))}, true},
		{[]access.Grant{at(policy.Archivist, id(1))}, false},
		{[]access.Grant{at(policy.Auditor, uuid.Nil)}, false},
		{[]access.Grant{at(policy.CSOfficer, id(1)), at(policy.Archivist, id(2))}, false},
		{[]access.Grant{at(policy.CSOfficer, id(1)), at(policy.Archivist, id(1))}, true},
		{[]access.Grant{at(policy.CSOfficer, id(1)), at(policy.Auditor, uuid.Nil)}, false},
	} {
		if got := access.New(table, access.Viewer{Account: id(21), Grants: c.held}).SeesFully(policy.ResidentPerson); got != c.want {
			t.Errorf("%+v sees fully: %v", c.held, got)
		}
	}
}
