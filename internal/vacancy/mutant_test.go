package vacancy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/stewardtest"
)

// mutant is a trigger, and what shows when it is taken away.
type mutant struct {
	trigger, table string
	do             string // what is written past the program
	probe          string // what is looked at after, if anything
	with, without  string // what comes of it: the constraint that refuses, or what the probe shows
}

// What is written in the cases, besides what each is about: a visit that is whole has all three.
const (
	visit = `INSERT INTO inspections (id, created_at, estate_id, vacancy_id, unit_id, inspected_at, inspected_on, inspected_by_id, inspected_by_name)
		VALUES (:new, :now, :estate, :vacancy, :unit, :now, '2026-03-02', :new, '客服'); `
	finds = `INSERT INTO inspection_results (id, created_at, estate_id, inspection_id, vacancy_id, item_id, result, done_on)
		SELECT new_id(x'0706'::int), :now, :estate, :new, :vacancy, id, 'NORMAL', '2026-03-02' FROM inspection_items WHERE estate_id = :estate AND code = 'VENTILATION'; `
	signedBy = `INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, attested_by_name, content_hash, signed_at)
		VALUES (new_id(x'0204'::int), :now, :estate, 'vacancy.inspect', :new, 'inspector', '客服', 'ATTESTED', :new, '主管', '00', :now); `
	voidVisit = `UPDATE inspections SET voided_at = :now, void_reason = 'x', voided_by_id = :new, voided_by_name = 'x' WHERE id = :new; `
	empties   = `INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, sort_key, since_on) SELECT :new, :now, estate_id, id, building_id, sort_key, '2026-03-02' FROM units WHERE id = :lived; `
	begins    = `UPDATE inspection_rounds SET state = 'UNDER_WAY', started_at = :now WHERE id = :round; `
)

// The plan, and what is due by it (00061): without each trigger what it makes is lacking, or what it refuses is written.
var planMutants = []mutant{
	{"inspection_plan_begins", "estates", `INSERT INTO estates (id, created_at, code, name) VALUES (:new, :now, 'NEW', '新小区')`,
		`SELECT count(*)::text FROM inspection_items WHERE estate_id = :new`, "5", "0"},
	{"inspection_dues_open", "vacancies", empties, `SELECT count(*)::text FROM inspection_dues WHERE vacancy_id = :new`, "5", "0"},
	{"inspection_dues_move", "vacancies", `UPDATE vacancies SET state = 'CLOSED', ended_on = since_on WHERE id = :vacancy`,
		`SELECT count(*)::text FROM inspection_dues WHERE vacancy_id = :vacancy AND ended_on IS NULL`, "0", "5"},
	{"inspection_dues_replan", "inspection_items", `UPDATE inspection_items SET interval_count = 5 WHERE estate_id = :estate AND code = 'VENTILATION'`,
		`SELECT due_on::text FROM inspection_dues d WHERE vacancy_id = :vacancy AND EXISTS (SELECT FROM inspection_items i WHERE i.id = d.item_id AND i.code = 'VENTILATION')`, "2026-03-07", "2026-03-09"},
	{"vacancy_dues_follow", "inspection_dues", empties, `SELECT coalesce(due_on::text, 'nothing') FROM vacancies WHERE id = :new`, "2026-03-09", "nothing"},
	{"vacancy_dues_move", "inspection_dues", `UPDATE inspection_items SET interval_count = 5 WHERE estate_id = :estate AND code = 'VENTILATION'`,
		`SELECT ventilation_due_on::text FROM vacancies WHERE id = :vacancy`, "2026-03-07", "2026-03-09"},
}

// Visits, and what they find (00061).
var visitMutants = []mutant{
	{"inspections_signed", "inspections", visit + finds, "", "inspections_signed", ""},
	{"inspections_results", "inspections", visit + signedBy, "", "inspections_results", ""},
	{"inspection_begins", "inspections", strings.Replace(visit, ":unit", ":lived", 1) + finds + signedBy, "", "inspections_belongs", ""},
	{"inspection_result_begins", "inspection_results", visit + finds + signedBy, `SELECT coalesce(due_on::text, 'never') FROM inspection_results WHERE inspection_id = :new`, "2026-03-09", "never"},
	{"inspection_result_belongs", "inspection_results", visit + strings.Replace(finds, "2026-03-02", "2026-03-01", 1) + signedBy, "", "inspection_results_belongs", ""},
	{"inspection_result_counts", "inspection_results", visit + finds + signedBy, `SELECT coalesce(ventilated_on::text, 'never') FROM vacancies WHERE id = :vacancy`, "2026-03-02", "never"},
	{"inspection_voids", "inspections", visit + finds + signedBy + voidVisit, `SELECT coalesce(ventilated_on::text, 'never') FROM vacancies WHERE id = :vacancy`, "never", "2026-03-02"},
	{"stays_voided", "inspections", visit + finds + signedBy + voidVisit + `UPDATE inspections SET void_reason = 'y' WHERE id = :new`, "", "voided", ""},
}

// Rounds (00063).
var roundMutants = []mutant{
	{"inspection_rounds_signed", "inspection_rounds", begins + `UPDATE inspection_round_lines SET skip_reason = '门锁损坏' WHERE round_id = :round;
		UPDATE inspection_rounds SET state = 'CLOSED', ended_at = :now WHERE id = :round`, "", "inspection_rounds_signed", ""},
	{"inspection_round_line_begins", "inspection_round_lines", `UPDATE inspection_rounds SET state = 'CANCELLED', ended_at = :now, cancel_reason = '下雨' WHERE id = :round;
		INSERT INTO inspection_round_lines (id, created_at, estate_id, round_id, vacancy_id, unit_id, position, planned_on) SELECT :new, :now, estate_id, :round, id, unit_id, 2, '2026-03-02' FROM vacancies
			WHERE estate_id = :estate AND state = 'OPEN' AND id <> :vacancy LIMIT 1`, "", "inspection_round_lines_begin", ""},
	{"inspection_round_line_stays", "inspection_round_lines", `UPDATE inspection_rounds SET state = 'CANCELLED', ended_at = :now, cancel_reason = '下雨' WHERE id = :round;
		UPDATE inspection_round_lines SET skip_reason = '门锁损坏' WHERE round_id = :round`, "", "inspection_rounds_way", ""},
	{"inspection_round_key_fits", "inspection_round_keys", `INSERT INTO inspection_round_keys (id, created_at, estate_id, round_id, loan_id) SELECT :new, :now, estate_id, :round, id FROM key_loans l
		WHERE estate_id = :estate AND state = 'RETURNED' AND NOT EXISTS (SELECT FROM inspection_round_keys k WHERE k.loan_id = l.id)`, "", "inspection_round_keys_out", ""},
	{"inspection_round_moves", "inspection_rounds", `DELETE FROM inspection_round_keys WHERE round_id = :round; ` + begins, "", "inspection_rounds_keys", ""},
	{"inspection_round_visited", "inspections", strings.NewReplacer("(id,", "(round_id, id,", "VALUES (", "VALUES (:round, ").Replace(visit) + finds + signedBy, "", "inspections_under_way", ""},
	{"inspection_round_unvisited", "inspections", begins + `UPDATE staffs SET account_id = :new WHERE id = (SELECT walker_id FROM inspection_rounds WHERE id = :round); ` +
		strings.NewReplacer("(id,", "(round_id, without_key_reason, id,", "VALUES (", "VALUES (:round, '门开着', ").Replace(visit) + finds + signedBy + voidVisit,
		`SELECT count(inspection_id)::text FROM inspection_round_lines WHERE round_id = :round`, "0", "1"},
}

// Each trigger of inspections and of rounds holds something: taken away, it shows.
func TestV4_1_WithoutEachTriggerTheLeakShows(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	one := func(sql string) string { return "'" + app.IDs(sql, app.A.ID)[0].String() + "'" }
	literal := func(id uuid.UUID) string { return "'" + id.String() + "'" }
	names := strings.NewReplacer(":estate", literal(app.A.ID), ":vacancy", one(`SELECT vacancy_id FROM inspections WHERE estate_id = $1`), ":unit", one(`SELECT unit_id FROM inspections WHERE estate_id = $1`),
		":round", one(`SELECT id FROM inspection_rounds WHERE estate_id = $1`), ":lived", literal(app.A.Units[0]), ":new", literal(uuid.New()), ":now", "'"+stewardtest.Start.UTC().Format("2006-01-02 15:04:05Z07:00")+"'")
	conn, err := pgx.Connect(t.Context(), app.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	known := map[string]bool{}
	for _, list := range [][]mutant{planMutants, visitMutants, roundMutants} {
		for _, m := range list {
			known[m.table+"."+m.trigger] = true
			m.do, m.probe = names.Replace(m.do), names.Replace(m.probe)
			if got := m.outcome(t, conn, false); got != m.with {
				t.Errorf("%s: %q, want %q", m.trigger, got, m.with)
			}
			if got := m.outcome(t, conn, true); got != m.without {
				t.Errorf("without %s: %q, want %q, so this proves nothing of it", m.trigger, got, m.without)
			}
		}
	}
	// A trigger that comes later has its case here, or its own test.
	for _, trigger := range strings.Fields(texts(t, app, `SELECT string_agg(tgrelid::regclass || '.' || tgname, ' ') FROM pg_trigger
		WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'inspection%')`)) {
		if !known[trigger] && trigger != "inspection_results.inspection_result_has_defect" && trigger != "inspection_photos.inspection_photo_once" {
			t.Errorf("no test shows what %s holds", trigger)
		}
	}
}

// outcome is what comes of the case in a transaction that is rolled back, with the trigger or without it.
func (m mutant) outcome(t *testing.T, conn *pgx.Conn, without bool) (shown string) {
	t.Helper()
	ctx := t.Context()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	statements := []string{`SET LOCAL app.estate_ids = '*'; SET LOCAL app.account_id = '*'`, m.do, `SET CONSTRAINTS ALL IMMEDIATE`}
	if without {
		statements = append([]string{`ALTER TABLE ` + m.table + ` DISABLE TRIGGER ` + m.trigger}, statements...)
	}
	for _, s := range statements {
		_, err := tx.Exec(ctx, s)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName != "" {
			return pg.ConstraintName
		}
		if err != nil {
			t.Fatalf("%s: %s: %v", m.trigger, s, err)
		}
	}
	if m.probe == "" {
		return ""
	}
	if err := tx.QueryRow(ctx, m.probe).Scan(&shown); err != nil {
		t.Fatalf("%s: %v", m.trigger, err)
	}
	return shown
}
