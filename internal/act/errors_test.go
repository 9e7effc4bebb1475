package act_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// A value that the database cannot take is the sender's mistake; a statement that is wrong is ours.
func TestWhatTheDatabaseCannotTakeIsInvalidInput(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for i, c := range []struct {
		sql  string
		args []any
		code fault.Code
	}{
		{`SELECT $1::text`, []any{"a\x00b"}, fault.InvalidInput},
		{`SELECT $1::text`, []any{"\xff"}, fault.InvalidInput},
		{`SELECT $1::text::uuid`, []any{"x"}, fault.InvalidInput},
		{`SELECT $1::text::date`, []any{"2026-13-45"}, fault.InvalidInput},
		{`SELECT $1::text::date`, []any{"soon"}, fault.InvalidInput},
		{`SELECT $1::bigint::int`, []any{int64(1) << 40}, fault.InvalidInput},
		{`SELECT 1 / $1::int`, []any{0}, ""},
		{`SELECT nothing`, nil, ""},
		{`SELECT $1::bigint`, []any{[]string{"x"}}, ""}, // pgx refuses: a cursor's value, or a mistake of ours
	} {
		var out any
		err := conn.QueryRow(t.Context(), c.sql, c.args...).Scan(&out)
		if err == nil {
			t.Errorf("%d: %s was done", i, c.sql)
		}
		if got := fault.From(act.Translate(fmt.Errorf("read: %w", err))); c.code == "" && got != nil || c.code != "" && !fault.Is(got, c.code) {
			t.Errorf("%s: %v of %v", c.sql, got, err)
		}
		if unfit := i < 6 || i == 8; act.Unfit(err) != unfit {
			t.Errorf("%s: unfit %t: %v", c.sql, !unfit, err)
		}
	}
}
