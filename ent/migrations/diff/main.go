// Command diff writes the next migration: what the entities' schemas have that the migrations have not.
//
//	go run ./ent/migrations/diff NAME     writes ent/migrations/NNNNN_NAME.sql, if anything differs
//	go run ./ent/migrations/diff -check   prints what differs and fails, if anything does
//
// It applies the migrations to a database of its own and compares that with the schemas.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	atlas "ariga.io/atlas/sql/schema"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/database/local"
)

func main() {
	check := flag.Bool("check", false, "fail if anything differs")
	flag.Parse()
	if err := run(context.Background(), *check, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "diff:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool, name string) error {
	if !check && name == "" {
		return errors.New("give the migration a name")
	}
	cluster, err := local.Temporary(ctx, local.Options{Fast: true})
	if err != nil {
		return err
	}
	defer cluster.Close()
	if err := migrations.Up(ctx, cluster.OwnerURL()); err != nil {
		return err
	}
	statements, err := plan(ctx, cluster.OwnerURL())
	switch {
	case err != nil:
		return err
	case len(statements) == 0:
		return nil
	case check:
		return fmt.Errorf("the migrations lack:\n%s", strings.Join(statements, "\n"))
	}
	return write(name, statements)
}

// plan compares the database with the entities' tables and returns the statements that are missing.
// Indexes written by hand are kept: WithDropIndex is off.
func plan(ctx context.Context, url string) ([]string, error) {
	db, err := entsql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	want, err := tables()
	if err != nil {
		return nil, err
	}
	catch := &catcher{}
	m, err := schema.NewMigrate(entsql.OpenDB(dialect.Postgres, db.DB()), schema.WithDir(catch), schema.WithFormatter(catch),
		schema.WithMigrationMode(schema.ModeInspect), schema.WithDiffHook(keepByHand))
	if err != nil {
		return nil, err
	}
	if err := m.NamedDiff(ctx, "diff", want...); err != nil && !errors.Is(err, migrate.ErrNoPlan) {
		return nil, err
	}
	return catch.statements, nil
}

// keepByHand keeps checks and foreign keys that were written by hand: to drop one, write that by hand too.
func keepByHand(next schema.Differ) schema.Differ {
	byHand := func(c atlas.Change) bool {
		switch c.(type) {
		case *atlas.DropCheck, *atlas.DropForeignKey:
			return true
		}
		return false
	}
	return schema.DiffFunc(func(current, desired *atlas.Schema) ([]atlas.Change, error) {
		changes, err := next.Diff(current, desired)
		for _, c := range changes {
			if m, ok := c.(*atlas.ModifyTable); ok {
				m.Changes = slices.DeleteFunc(m.Changes, byHand)
			}
		}
		empty := func(c atlas.Change) bool { m, ok := c.(*atlas.ModifyTable); return ok && len(m.Changes) == 0 }
		return slices.DeleteFunc(changes, empty), err
	})
}

// catcher is a migration directory that keeps what would be written to it.
type catcher struct {
	migrate.MemDir
	statements []string
}

// Format keeps the statements of the plan.
func (c *catcher) Format(p *migrate.Plan) ([]migrate.File, error) {
	for _, ch := range p.Changes {
		c.statements = append(c.statements, ch.Cmd+";")
	}
	return nil, nil
}

// write makes the file, with the walls of every table that is new.
func write(name string, statements []string) error {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return err
	}
	text := "-- +goose Up\n" + strings.Join(statements, "\n") + "\n"
	for _, name := range slices.Sorted(maps.Keys(ent.Entities)) {
		e := ent.Entities[name]
		if strings.Contains(text, fmt.Sprintf("CREATE TABLE %q", e.Table)) {
			text += wall(e.Table, e.Estate, e.Household, e.AppendOnly)
		}
	}
	var last int // numbers have gaps
	if _, err := fmt.Sscanf(slices.Max(files), "%05d_", &last); err != nil {
		return err
	}
	path := fmt.Sprintf("ent/migrations/%05d_%s.sql", last+1, name)
	return os.WriteFile(path, []byte(text), 0o644)
}

func wall(table, estate, household string, appendOnly bool) string {
	args := fmt.Sprintf("'%s'", table)
	if household != "" {
		args += fmt.Sprintf(", household => '%s'", household)
	}
	if appendOnly {
		args += ", append_only => true"
	}
	if estate != "estate_id" {
		args += fmt.Sprintf(", estate => '%s'", estate)
	}
	return "SELECT wall(" + args + ");\n"
}
