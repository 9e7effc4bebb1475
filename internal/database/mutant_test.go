package database_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// One guard at a time is taken away: the leak shows, and with the guard it is gone.

func TestMutantOnePolicy(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Unscoped: true})
	manager, secret := app.As(policy.ProjectManager), rowsOf(app, "%estate = $1", app.B.ID)
	conn := connect(t, app.SuperURL)
	for name, list := range secret {
		table := ent.Entities[name].Table
		was := texts(t, conn, `SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = $1::text::regclass AND polname = 'estate'`, table)[0]
		app.SQL(`ALTER POLICY estate ON ` + table + ` USING (true)`)
		leaks(t, "without the policy of "+table, manager, rows{name: list})
		app.SQL(`ALTER POLICY estate ON ` + table + ` USING (` + was + `)`)
	}
	holds(t, "with the policies", manager, secret)
}

// changed is the built-in policy with one line changed.
func changed(t *testing.T, line, by string) *policy.Table {
	t.Helper()
	if strings.Count(policy.Text(), line) != 1 {
		t.Fatalf("policy.csv has no line %q: bring the test up to date", line)
	}
	table, err := policy.LoadText(strings.Replace(policy.Text(), line, by, 1))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// lineOf is the line of the built-in policy that begins so.
func lineOf(t *testing.T, beginning string) string {
	t.Helper()
	_, rest, ok := strings.Cut(policy.Text(), "\n"+beginning)
	if !ok {
		t.Fatalf("policy.csv has no line %q: bring the test up to date", beginning)
	}
	rest, _, _ = strings.Cut(rest, "\n")
	return beginning + rest
}

func TestMutantOnePolicyLine(t *testing.T) {
	t.Parallel()
	residents := lineOf(t, "resident, Household|")
	for _, c := range []struct {
		name, line, by string
		walled         bool // row-level security holds it back, too
		who            func(*stewardtest.App) *stewardtest.Person
		secret         func(*stewardtest.App) rows
	}{
		{
			"a department's staff over the estate", "security|engineering, Staff, read, department", "security|engineering, Staff, read, estate", false,
			func(app *stewardtest.App) *stewardtest.Person { return app.As(policy.Security) },
			func(app *stewardtest.App) rows { return rows{ent.TypeStaff: {app.A.Staff}} }, // of customer service
		},
		{
			"a resident's reach over the estate", residents, strings.TrimSuffix(residents, "self") + "estate", true,
			(*stewardtest.App).Resident,
			func(app *stewardtest.App) rows { return rowsOf(app, "%household = $1", app.A.OtherHousehold) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mutant, sound := stewardtest.New(t, stewardtest.Options{Policy: changed(t, c.line, c.by)}), stewardtest.New(t)
			liveA(mutant)
			liveA(sound)
			if c.walled {
				holds(t, "the line changed, behind row-level security", c.who(mutant), c.secret(mutant))
			}
			wallTwo(mutant, false)
			wallTwo(sound, false)
			leaks(t, "the line changed", c.who(mutant), c.secret(mutant))
			holds(t, "the line as it is", c.who(sound), c.secret(sound))
		})
	}
}

// A grant for an estate reaches no further, whatever a line of the policy says.
func TestALineForThePortfolioReachesNoOtherEstate(t *testing.T) {
	t.Parallel()
	const line = "cs-officer, KeyLoan|KeyLoanLine|KeyReturn, read|create|update|export, "
	app := stewardtest.New(t, stewardtest.Options{Policy: changed(t, line+"estate", line+"portfolio")})
	liveB(app)
	wallTwo(app, false)
	all := rowsOf(app, "%estate = $1", app.B.ID)
	holds(t, "a line for the portfolio", app.As(policy.CSOfficer),
		rows{ent.TypeKeyLoan: all[ent.TypeKeyLoan], ent.TypeKeyLoanLine: all[ent.TypeKeyLoanLine], ent.TypeKeyReturn: all[ent.TypeKeyReturn]})
}

// An annotation that is forgotten, on an entity or for one of its columns, shuts out those whom it would let in, and
// lets nobody else in.
func TestMutantOneAnnotation(t *testing.T) {
	t.Parallel()
	entities := maps.Clone(ent.Entities)
	change := func(name string, f func(*access.Entity)) {
		e := entities[name]
		f(&e)
		entities[name] = e
	}
	change(ent.TypeKeyLoan, func(e *access.Entity) { e.Household = "" })
	change(ent.TypeStaff, func(e *access.Entity) { e.Department = "" })
	change(ent.TypeUnit, func(e *access.Entity) { e.Estate = "" })
	delete(entities, ent.TypeFile)
	mutant, sound := stewardtest.New(t, stewardtest.Options{Entities: entities}), stewardtest.New(t)
	liveA(sound)
	wallTwo(sound, false)
	wallTwo(mutant, false)
	loan := mutant.IDs(`UPDATE key_loans SET household_id = $2 WHERE estate_id = $1 RETURNING id`, mutant.A.ID, mutant.A.OtherHousehold)
	for _, c := range []struct {
		who    func(*stewardtest.App) *stewardtest.Person
		secret func(*stewardtest.App) rows
	}{
		{(*stewardtest.App).Neighbour, func(app *stewardtest.App) rows {
			return rows{ent.TypeKeyLoan: rowsOf(app, "%household = $1", app.A.OtherHousehold)[ent.TypeKeyLoan]}
		}},
		{func(app *stewardtest.App) *stewardtest.Person { return app.As(policy.Supervisor) }, func(app *stewardtest.App) rows { return rows{ent.TypeStaff: {app.A.Staff}} }},
		{func(app *stewardtest.App) *stewardtest.Person { return app.As(policy.ProjectManager) }, func(app *stewardtest.App) rows { return rows{ent.TypeUnit: app.A.Units} }},
		{func(app *stewardtest.App) *stewardtest.Person { return app.As(policy.GeneralManager) }, func(app *stewardtest.App) rows {
			return rows{ent.TypeFile: rowsOf(app, "%estate = $1", app.A.ID)[ent.TypeFile]}
		}},
	} {
		leaks(t, "declared", c.who(sound), c.secret(sound))
		holds(t, "not declared", c.who(mutant), c.secret(mutant))
	}
	holds(t, "a loan without its household's column", mutant.Resident(), rows{ent.TypeKeyLoan: loan})
	holds(t, "units without their estate's column", mutant.Foreign(policy.ProjectManager), rows{ent.TypeUnit: mutant.A.Units})
}

// within runs f in an act's transaction whose scope is estate A, as the manager of A.
func within(app *stewardtest.App, about policy.Resource, f func(context.Context, database.Tx) error) error {
	manager := access.New(app.Policy, access.Viewer{Account: uuid.New(), Grants: []access.Grant{{Role: policy.ProjectManager, Estate: app.A.ID}}})
	ctx := access.WithRule(access.With(context.Background(), manager), access.Rule{
		Resource: about, Scope: access.Scope{Estates: []uuid.UUID{app.A.ID}}, Now: stewardtest.Start,
	})
	return app.DB.InTx(ctx, func(tx database.Tx) error { return f(ctx, tx) })
}

func TestMutantCheckOfCreatedAndChangedRows(t *testing.T) {
	t.Parallel()
	open, scoped := stewardtest.New(t, stewardtest.Options{Unscoped: true}), stewardtest.New(t)
	wallTwo(open, false)
	wallTwo(scoped, false)
	for name, write := range map[string]func(*stewardtest.App) error{
		"a created row of what the act is about": func(app *stewardtest.App) error {
			return within(app, policy.Area, func(ctx context.Context, tx database.Tx) error {
				return tx.Area.Create().SetEstateID(app.B.ID).SetCode("新").SetName("新").SetSortKey(naming.Natural("新")).Exec(ctx)
			})
		},
		"a created row of something else": func(app *stewardtest.App) error {
			return within(app, policy.KeySet, func(ctx context.Context, tx database.Tx) error {
				return tx.Area.Create().SetEstateID(app.B.ID).SetCode("另").SetName("另").SetSortKey(naming.Natural("另")).Exec(ctx)
			})
		},
		"a new estate": func(app *stewardtest.App) error {
			return within(app, policy.Estate, func(ctx context.Context, tx database.Tx) error {
				return tx.Estate.Create().SetCode("C").SetName("丙小区").Exec(ctx)
			})
		},
		"a changed row": func(app *stewardtest.App) error {
			return within(app, policy.Unit, func(ctx context.Context, tx database.Tx) error {
				return tx.Unit.UpdateOneID(app.B.Units[0]).SetRemark("改").Exec(ctx)
			})
		},
	} {
		if err := write(open); err != nil {
			t.Errorf("%s: without the check something else refuses, so this proves nothing: %v", name, err)
		}
		if err := write(scoped); !fault.Is(err, fault.NotFound) && !ent.IsNotFound(err) {
			t.Errorf("%s in a foreign estate: %v, want it refused", name, err)
		}
	}
	if err := scoped.DB.Ent.Area.UpdateOneID(scoped.A.Area).SetName("改").Exec(scoped.Context()); err == nil || !strings.Contains(err.Error(), "outside of an act") {
		t.Errorf("a write outside of an act: %v", err)
	}
}

const phones = `query($e: ID!) { residents(where: {estateID: $e}) { edges { node { phone } } } }`

// phonesOf are the telephone numbers of the residents of an estate, as the person is shown them.
func phonesOf(p *stewardtest.Person, estate uuid.UUID) string {
	return p.Do(phones, vars{"e": estate}).Get("residents.edges.#.node.phone").Raw
}

func TestMutantRevealOfContactData(t *testing.T) {
	t.Parallel()
	const full, masked = `["13812345678","13812345678"]`, `["*******5678","*******5678"]`
	sound := stewardtest.New(t)
	if got := phonesOf(sound.As(policy.Archivist), sound.A.ID); got != masked {
		t.Errorf("the archivist is shown %s", got)
	}
	if got := phonesOf(sound.As(policy.CSOfficer), sound.A.ID); got != full {
		t.Errorf("the officer is shown %s", got)
	}
	if got := phonesOf(sound.As(policy.Auditor), sound.A.ID); got != masked {
		t.Errorf("the auditor is shown %s", got)
	}
	both := sound.Member("both@example", sound.GrantIn(policy.CSOfficer, sound.A), sound.GrantIn(policy.Archivist, sound.B))
	if a, b := phonesOf(both, sound.A.ID), phonesOf(both, sound.B.ID); a != full || b != masked {
		t.Errorf("the officer of A who is archivist of B is shown %s of A and %s of B", a, b)
	}

	mutant := stewardtest.New(t, stewardtest.Options{Policy: changed(t, "archivist, Resident|EmergencyContact|Staff, read, estate", "archivist, Resident|EmergencyContact|Staff, read|reveal, estate")})
	if got := phonesOf(mutant.As(policy.Archivist), mutant.A.ID); got != full {
		t.Errorf("by the line changed the archivist is shown %s: so the line is not what masks", got)
	}
	open := stewardtest.New(t, stewardtest.Options{Unscoped: true}) // without the interceptor nothing is ever revealed
	if got := phonesOf(open.As(policy.CSOfficer), open.A.ID); got != masked {
		t.Errorf("without the interceptor the officer is shown %s", got)
	}
}
