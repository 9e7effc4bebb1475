package database_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What each wall holds with the others off: first the leak with both off, then that one alone stops it.

func TestEachWallAloneHidesAForeignEstate(t *testing.T) {
	t.Parallel()
	open, scoped := stewardtest.New(t, stewardtest.Options{Unscoped: true}), stewardtest.New(t)
	wallTwo(open, false)
	secret := rowsOf(open, "%estate = $1", open.B.ID)
	for name := range ent.Entities {
		if secret[name] == nil {
			t.Errorf("estate B has no %s: seed one in internal/stewardtest/seed.go", name)
		}
	}
	manager := open.As(policy.ProjectManager)
	leaks(t, "both walls off", manager, secret)
	wallTwo(open, true)
	holds(t, "row-level security alone", manager, secret)
	holds(t, "row-level security alone, a resident", open.Resident(), secret)

	wallTwo(scoped, false)
	secret = rowsOf(scoped, "%estate = $1", scoped.B.ID)
	holds(t, "scope alone", scoped.As(policy.ProjectManager), secret)
	holds(t, "scope alone, a resident", scoped.Resident(), secret)
}

// A resident sees rows of the own household, of every entity that says whose its rows are, and no other row.
func TestEachWallAloneHidesTheNeighbours(t *testing.T) {
	t.Parallel()
	open, scoped := stewardtest.New(t, stewardtest.Options{Unscoped: true}), stewardtest.New(t)
	for _, app := range []*stewardtest.App{open, scoped} {
		liveA(app)
	}
	secret := func(app *stewardtest.App) rows { return rowsOf(app, "%household = $1", app.A.OtherHousehold) }
	for name, e := range ent.Entities {
		if e.Household != "" && secret(open)[name] == nil {
			t.Errorf("the neighbour has no %s: seed one in internal/stewardtest/seed.go, or make one in live", name)
		}
	}
	wallTwo(open, false)
	leaks(t, "both walls off", open.Resident(), secret(open))
	wallTwo(open, true)
	holds(t, "row-level security alone", open.Resident(), secret(open))
	holds(t, "row-level security alone, what is nobody's", open.Resident(), others(open))
	leaks(t, "row-level security alone, the own rows", open.Neighbour(), secret(open))

	holds(t, "both walls", scoped.Resident(), secret(scoped))
	leaks(t, "both walls, the own rows", scoped.Neighbour(), secret(scoped))
	wallTwo(scoped, false)
	holds(t, "scope alone", scoped.Resident(), secret(scoped))
	holds(t, "scope alone, what is nobody's", scoped.Resident(), others(scoped))
	leaks(t, "scope alone, the own rows", scoped.Neighbour(), secret(scoped))
}

// others are the rows of estate A that belong to no household at all.
func others(app *stewardtest.App) rows {
	out := rowsOf(app, "%estate = $1", app.A.ID)
	for name, e := range ent.Entities {
		if e.Household != "" {
			out[name] = app.IDs(fmt.Sprintf(`SELECT id FROM %s WHERE estate_id = $1 AND %s IS NULL`, e.Table, e.Household), app.A.ID)
		}
	}
	return out
}

// writes are mutations upon what is in the estate, as its manager would make them.
func writes(e stewardtest.Estate) map[string]vars {
	return map[string]vars{
		`mutation($in: UpdateUnitInput!) { updateUnit(input: $in) { unit { id } } }`:       {"id": e.Units[3], "expectedVersion": 1, "remark": "改"},
		`mutation($in: UpdateAreaInput!) { updateArea(input: $in) { area { id } } }`:       {"id": e.Area, "expectedVersion": 1, "name": "改"},
		`mutation($in: CreateAreaInput!) { createArea(input: $in) { area { id } } }`:       {"estateID": e.ID, "code": "二区", "name": "新"},
		`mutation($in: CreateUnitInput!) { createUnit(input: $in) { unit { id } } }`:       {"buildingID": e.Building, "number": "999"},
		`mutation($in: UpdateEstateInput!) { updateEstate(input: $in) { estate { id } } }`: {"id": e.ID, "expectedVersion": 1, "name": "改"},
		lendKeys: {"borrower": vars{"staffID": e.Staff}, "purpose": "看房", "signature": vars{}, "lines": []vars{{"setID": e.Sets[0], "count": 1}}},
		handOver: {"setID": e.Sets[0], "count": 1, "fromID": e.Cabinet, "householdID": e.Household, "signature": vars{"name": "代办人"}},
	}
}

func TestEachWallAloneKeepsAForeignEstateFromBeingChanged(t *testing.T) {
	t.Parallel()
	open, scoped := stewardtest.New(t, stewardtest.Options{Unscoped: true}), stewardtest.New(t)
	wallTwo(scoped, false)
	for what, app := range map[string]*stewardtest.App{"row-level security alone": open, "scope alone": scoped} {
		before := state(t, app)
		for document, in := range writes(app.B) {
			app.As(policy.ProjectManager).Refused(document, vars{"in": in}, fault.NotFound)
		}
		if state(t, app) != before {
			t.Errorf("%s: the foreign estate was changed", what)
		}
	}
	wallTwo(open, false)
	for document, in := range writes(open.B) { // the mutant: with both off, every one of them does something
		before := state(t, open)
		open.As(policy.ProjectManager).Do(document, vars{"in": in})
		if state(t, open) == before {
			t.Errorf("%s changes nothing: that it is refused proves nothing", document)
		}
	}
}

// state is all that estate B is.
func state(t *testing.T, app *stewardtest.App) string {
	t.Helper()
	conn := connect(t, app.SuperURL)
	return app.Fingerprint(app.B.ID) + texts(t, conn, `SELECT e::text FROM estates e WHERE id = $1`, app.B.ID)[0]
}

// Without both walls, for a superuser even, no reference crosses estates: for every foreign key, a row of B that is
// pointed to a parent in A. First that nothing else than the key stops it.
func TestNoReferenceCrossesEstates(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	liveB(app)
	conn := connect(t, app.SuperURL)
	type key struct{ Name, Child, Column, Parent string }
	list, err := conn.Query(context.Background(), `SELECT f.conname, f.conrelid::regclass::text, a.attname, f.confrelid::regclass::text FROM pg_constraint f
		JOIN pg_class c ON c.oid = f.conrelid AND c.relnamespace = 'public'::regnamespace
		JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = ANY (f.conkey) AND a.attname <> 'estate_id'
		WHERE f.contype = 'f' AND f.confrelid <> 'estates'::regclass
			AND EXISTS (SELECT FROM pg_attribute e WHERE e.attrelid = f.confrelid AND e.attname = 'estate_id')`) // what is of no estate is not another's
	if err != nil {
		t.Fatal(err)
	}
	keys, err := pgx.CollectRows(list, pgx.RowToStructByPos[key])
	if err != nil || len(keys) < 20 {
		t.Fatalf("%d foreign keys: %v", len(keys), err)
	}
	for _, k := range keys {
		children := app.IDs(fmt.Sprintf(`SELECT id FROM %s WHERE estate_id = $1 AND %s IS NOT NULL LIMIT 1`, k.Child, k.Column), app.B.ID)
		parents := app.IDs(fmt.Sprintf(`SELECT id FROM %s WHERE estate_id = $1 LIMIT 1`, k.Parent), app.A.ID)
		if len(children) == 0 || len(parents) == 0 {
			t.Errorf("%s: no row of B uses it, or A has no parent: seed one in internal/stewardtest/seed.go, or make one in live", k.Name)
			continue
		}
		cross := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE id = $2`, k.Child, k.Column)
		exec(t, conn, "BEGIN")
		exec(t, conn, fmt.Sprintf(`ALTER TABLE %s DISABLE TRIGGER USER`, k.Child)) // what a row may become is a rule of its chapter, and no wall
		if got := attempt(t, conn, cross, parents[0], children[0]); got != "23503" {
			t.Errorf("%s lets a row of B point into A: %s", k.Name, got)
		}
		exec(t, conn, fmt.Sprintf(`ALTER TABLE %s DROP CONSTRAINT %s`, k.Child, k.Name))
		if got := attempt(t, conn, cross, parents[0], children[0]); got != "1 rows" {
			t.Errorf("without %s something else refuses (%s): the test proves nothing of it", k.Name, got)
		}
		exec(t, conn, "ROLLBACK")
	}
}
