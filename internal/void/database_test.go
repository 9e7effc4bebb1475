package void_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// also is what else a row says when it is voided.
var also = map[string]string{
	"key_copy_orders": ", state = 'VOIDED', made_at = coalesce(made_at, now())",
	"key_acceptances": ", state = 'VOIDED', accepted_at = coalesce(accepted_at, now())", "archive_documents": ", state = 'VOIDED', volume_id = NULL, bound_at = NULL, current = false", "key_losses": ", state = 'VOIDED'",
	"violations": ", state = 'VOIDED'", "complaints": ", state = 'VOIDED'", "correspondences": ", state = 'VOIDED'", "renovations": ", state = 'VOIDED'",
	"key_loans": ", state = 'VOIDED', returned_at = NULL", "archive_loans": ", state = 'VOIDED', returned_at = NULL",
}

const whole = `voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x'`

// Whoever writes it: every table with voids takes a whole one, and nothing that undoes or changes it after.
func TestAVoidIsWholeAndStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dbtest.New(t, stewardtest.Template()).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if _, err := conn.Exec(ctx, `SET app.estate_ids = '*'; SET ROLE steward_app`); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(ctx, `SELECT c.relname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
		WHERE a.attname = 'void_reason' AND NOT a.attisdropped ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 7 {
		t.Fatalf("%v %v", tables, err)
	}
	for _, table := range tables {
		disable(t, conn, table)
		set := func(what string) string {
			_, err := conn.Exec(ctx, `UPDATE `+table+` SET `+what+` WHERE id = (SELECT id FROM `+table+` ORDER BY voided_at, id LIMIT 1)`)
			if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName != "" {
				return pg.ConstraintName
			}
			if err != nil {
				t.Fatalf("%s: %v", table, err)
			}
			return ""
		}
		for _, half := range []string{"voided_at = now()", "void_reason = 'x'", "voided_by_id = gen_random_uuid()", "voided_by_name = 'x'"} {
			if got := set(half + also[table]); got != table+"_voided" && got != table+"_state_voided" {
				t.Errorf("%s takes half a void (%s): %q", table, half, got)
			}
		}
		if got := set(whole + also[table]); got != "" {
			t.Errorf("%s takes no void: %q", table, got)
			continue
		}
		for _, change := range []string{
			"void_reason = 'y'", "voided_by_name = 'y'", "voided_at = now() + interval '1 day'",
			"voided_at = NULL, void_reason = '', voided_by_id = NULL, voided_by_name = ''",
		} {
			if got := set(change); got != "voided" {
				t.Errorf("%s has a void changed (%s): %q", table, change, got)
			}
		}
	}
}

// The mutant: it is the trigger that keeps a void.
func TestWithoutTheTriggerAVoidIsUndone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dbtest.New(t, stewardtest.Template()).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	for _, sql := range []string{
		`DROP TRIGGER stays_voided ON key_follow_ups`, `SET app.estate_ids = '*'`, `SET ROLE steward_app`,
		`UPDATE key_follow_ups SET ` + whole, `UPDATE key_follow_ups SET voided_at = NULL, void_reason = '', voided_by_id = NULL, voided_by_name = ''`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// disable takes a table's other triggers away: what may be voided is a rule of its chapter.
func disable(t *testing.T, conn *pgx.Conn, table string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), `RESET ROLE; DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = '`+table+`'::regclass AND NOT tgisinternal AND tgname NOT IN ('stays_voided', 'mail_case_follows') LOOP
			EXECUTE format('ALTER TABLE `+table+` DISABLE TRIGGER %I', name);
		END LOOP; END $$; SET ROLE steward_app`); err != nil {
		t.Fatal(err)
	}
}
