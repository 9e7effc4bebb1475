package late_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// The database draws the line where late.When does, and every table that says why a row is late is held to it.
func TestTheDatabaseAgrees(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dbtest.New(t, stewardtest.Template()).SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	for _, c := range []struct {
		ago    time.Duration
		reason string
		want   bool
	}{
		{-time.Microsecond, "停电", false}, {0, "", true}, {late.Free, "", true}, {late.Free + time.Microsecond, "", false},
		{late.Free + time.Microsecond, "停电", true}, {late.Most, "停电", true}, {late.Most, "", false}, {late.Most + time.Microsecond, "停电", false},
	} {
		var got bool
		if err := conn.QueryRow(ctx, `SELECT in_time($1, $2, $3)`, stewardtest.Start.Add(-c.ago), stewardtest.Start, c.reason).Scan(&got); err != nil || got != c.want {
			t.Errorf("%v ago with the reason %q: %v %v", c.ago, c.reason, got, err)
		}
	}
	rows, err := conn.Query(ctx, `SELECT c.relname::text || CASE WHEN k.oid IS NULL THEN ' is not held' ELSE '' END
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
		LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.conname = c.relname || '_in_time' AND k.convalidated
		WHERE a.attname = 'late_reason' AND NOT a.attisdropped ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 4 {
		t.Fatalf("%v %v", tables, err)
	}
	for _, name := range tables {
		if len(name) > len(" is not held") && name[len(name)-len(" is not held"):] == " is not held" {
			t.Errorf("%s to being in time: SELECT late('table', 'column') in its migration", name)
		}
	}
}
