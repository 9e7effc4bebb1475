package mail_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// raw is a connection of the serving role, past the program.
func raw(t *testing.T, app *stewardtest.App) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), app.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SET app.estate_ids = '*'; SET app.account_id = '*'; SET ROLE steward_app`); err != nil {
		t.Fatal(err)
	}
	return conn
}

// refusalOf tells by what a transaction of these statements is refused: a constraint, or else a code.
func refusalOf(t *testing.T, conn *pgx.Conn, statements ...func(pgx.Tx) error) string {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		for _, s := range statements {
			if err := s(tx); err != nil {
				return err
			}
		}
		return nil
	})
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && pg.ConstraintName != "":
		return pg.ConstraintName
	case ok:
		return pg.Code
	case err != nil:
		t.Fatal(err)
	}
	return ""
}

func sql(text string, args ...any) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), text, args...)
		return err
	}
}

// delivers writes a delivery of an item past the program.
func delivers(delivery uuid.UUID, household any, item, method string, count int) []func(pgx.Tx) error {
	return []func(pgx.Tx) error{
		sql(`INSERT INTO mail_deliveries (id, created_at, estate_id, household_id, slot, count, method, recipient, delivered_at, delivered_by_id, delivered_by_name)
			SELECT $1, now(), estate_id, $2, 'x', $3, $4::text, CASE $4::text WHEN 'BOX' THEN '' ELSE 'x' END, now(), gen_random_uuid(), 'x' FROM mail_items WHERE id = $5`,
			delivery, household, count, method, item),
		sql(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, department_id, delivery_id, acted_by_id, acted_by_name, acted_at)
			SELECT gen_random_uuid(), now(), estate_id, id, 'DELIVERED', household_id, department_id, $1, gen_random_uuid(), 'x', now() FROM mail_items WHERE id = $2`, delivery, item),
	}
}

// Whoever writes it: the database has what is delivered signed for, by whom it is for.
func TestM3_TheDatabaseHasItSigned(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	list := inSlots(app, vars{}, vars{"kind": "LETTER"}, vars{"kind": "LETTER"})
	unsorted := id(items(app, vars{"householdID": app.A.Household})[0])
	conn, box := raw(t, app), uuid.New()
	for name, c := range map[string]struct {
		statements []func(pgx.Tx) error
		want       string
	}{
		"a registered letter into the box": {delivers(uuid.New(), app.A.Household, list[0], "BOX", 1), "mail_items_signed_for"},
		"signed by nobody":                 {delivers(uuid.New(), app.A.Household, list[0], "SIGNED", 1), "mail_deliveries_signed"},
		"to another household":             {delivers(uuid.New(), app.A.OtherHousehold, list[1], "BOX", 1), "mail_items_way"},
		"of more than there is":            {delivers(uuid.New(), app.A.Household, list[1], "BOX", 2), "mail_deliveries_whole"},
		"by an event alone":                {delivers(uuid.New(), app.A.Household, list[1], "BOX", 1)[1:], "mail_events_delivery"},
		"before it is sorted":              {delivers(uuid.New(), app.A.Household, unsorted, "BOX", 1), "mail_items_way"},
		"as it is":                         {delivers(box, app.A.Household, list[2], "BOX", 1), ""},
	} {
		if got := refusalOf(t, conn, c.statements...); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	void := sql(`UPDATE mail_deliveries SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`, box)
	if got := refusalOf(t, conn, void); got != "mail_deliveries_taken_back" {
		t.Errorf("a void that gives nothing back: %q", got)
	}
	if got := refusalOf(t, conn, sql(`UPDATE mail_deliveries SET recipient = 'y' WHERE id = $1`, box)); got != "42501" {
		t.Errorf("another recipient: %q", got)
	}
	d := app.As(policy.MailSorter).Do(deliverMail, route(signed(vars{"itemIDs": list[:1]}, "residentID", app.A.Resident))).Get("deliverMail.deliveries.0.id").String()
	back := sql(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, acted_by_id, acted_by_name, acted_at)
		SELECT gen_random_uuid(), now(), estate_id, id, 'SORTED', household_id, gen_random_uuid(), 'x', now() FROM mail_items WHERE delivery_id = $1`, d)
	if got := refusalOf(t, conn, back); got != "mail_items_way" {
		t.Errorf("back into the slot without a void: %q", got)
	}
	// The mutant: it is the trigger that asks for the signatures.
	app.SQL(`DROP TRIGGER mail_deliveries_signed ON mail_deliveries`)
	other := inSlots(app, vars{})
	if got := refusalOf(t, conn, delivers(uuid.New(), app.A.Household, other[0], "SIGNED", 1)...); got != "" {
		t.Errorf("without the trigger: %q, so this proves nothing of it", got)
	}
}

// Whoever writes it: the database closes no day of which something is not explained.
func TestM5_TheDatabaseClosesNoDayTooEarly(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	early := raw(t, app)
	inSlots(app, vars{"barcode": "XA01"})
	if got := refusalOf(t, early, sql(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = 'x' WHERE id = $1`, today(app))); got != "mail_days_order" {
		t.Errorf("over an open day: %q", got)
	}
	for _, text := range []string{`ALTER TABLE mail_days DISABLE TRIGGER mail_day_closes`,
		`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = 'x' WHERE day < '2026-03-01'`,
		`ALTER TABLE mail_days ENABLE TRIGGER mail_day_closes`} {
		app.SQL(text)
	}
	day, conn := today(app), raw(t, app)
	scans := app.As(policy.Receptionist).Do(scanMail, scanning(app, "一号台", "QQ99", "XA01")).Get("scanMail.scans")
	shut := sql(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = 'x' WHERE id = $1`, day)
	explain := func(scan string) func(pgx.Tx) error {
		return sql(`INSERT INTO mail_excuses (id, created_at, estate_id, day_id, scan_id, kind, reason, given_by_id, given_by_name, given_at)
			VALUES (gen_random_uuid(), now(), $1, $2, $3, 'UNMATCHED', 'x', gen_random_uuid(), 'x', now())`, app.A.ID, day, scan)
	}
	miscounted := func(by int) func(pgx.Tx) error {
		return sql(`INSERT INTO mail_excuses (id, created_at, estate_id, day_id, mail_kind, difference, kind, reason, given_by_id, given_by_name, given_at)
			VALUES (gen_random_uuid(), now(), $1, $2, 'REGISTERED', $3, 'MISCOUNTED', 'x', gen_random_uuid(), 'x', now())`, app.A.ID, day, by)
	}
	excuse := func(kind, function string) func(pgx.Tx) error {
		return sql(`INSERT INTO mail_excuses (id, created_at, estate_id, day_id, item_id, kind, reason, given_by_id, given_by_name, given_at)
			SELECT gen_random_uuid(), now(), $1, $2, id, $3, 'x', gen_random_uuid(), 'x', now() FROM `+function+`($1, $2, true) f(id)`, app.A.ID, day, kind)
	}
	for _, c := range []struct {
		name string
		do   func(pgx.Tx) error
		want string
	}{
		{"with a scan that is not explained", shut, "mail_days_explained"},
		{"a scan that matches is explained", explain(scans.Get("1.id").String()), "mail_excuses_unmatched"},
		{"a scan is explained", explain(scans.Get("0.id").String()), ""},
		{"and once more", explain(scans.Get("0.id").String()), "mail_excuses_once"},
		{"on the scan itself", sql(`UPDATE mail_scans SET explanation = 'y'`), "42501"},
		{"another outcome", sql(`UPDATE mail_scans SET outcome = 'MATCHED'`), "42501"},
		{"with items that were not scanned", shut, "mail_days_explained"},
		{"what was scanned is explained", excuse("UNSCANNED", "mail_undelivered"), "mail_excuses_missing"},
		{"what is missing is explained", excuse("UNSCANNED", "mail_missing"), ""},
		{"with items that are still here", shut, "mail_days_delivered"},
		{"an excuse for both", sql(`INSERT INTO mail_excuses (id, created_at, estate_id, day_id, item_id, scan_id, kind, reason, given_by_id, given_by_name, given_at)
			SELECT gen_random_uuid(), now(), estate_id, day_id, id, id, 'UNMATCHED', 'x', gen_random_uuid(), 'x', now() FROM mail_scans WHERE id = $1`, scans.Get("0.id").String()), "mail_excuses_about"},
		{"what is still here is excused", excuse("UNDELIVERED", "mail_undelivered"), ""},
		{"with other items than were counted", shut, "mail_days_counted"},
		{"explained by another difference", miscounted(-7), "mail_excuses_counted"},
		{"explained as it is", miscounted(-8), ""},
		{"figures of one's own", sql(`UPDATE mail_days SET listed = 0`), "42501"},
	} {
		if got := refusalOf(t, conn, c.do); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	voided := sql(`UPDATE mail_excuses SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE day_id = $1 AND kind = 'MISCOUNTED'`, day)
	if got := refusalOf(t, conn, voided) + refusalOf(t, conn, shut); got != "mail_days_counted" {
		t.Errorf("with a reason that was voided: %q", got)
	}
	app.SQL(`ALTER TABLE mail_excuses DISABLE TRIGGER mail_excuse_needed`)
	if got := refusalOf(t, conn, miscounted(-7)) + refusalOf(t, conn, explain(scans.Get("1.id").String())); got != "" {
		t.Errorf("without the trigger: %q, so this proves nothing of it", got)
	}
	app.SQL(`ALTER TABLE mail_days DISABLE TRIGGER mail_day_closes`) // the mutant: it is the trigger that does not
	if got := refusalOf(t, conn, shut); got != "" {
		t.Errorf("without the trigger: %q, so this proves nothing of it", got)
	}
}

// Two desks scan the same item at once: the second waits for the first and is a double. Without the lock, and the index, both would match.
func TestM2_AnItemMatchesOnceADay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	inSlots(app, vars{"barcode": "XA01"}, vars{"barcode": "XA02"})
	day := today(app)
	scan := func(conn *pgx.Conn, code string) (tx pgx.Tx, outcome string) {
		tx, err := conn.Begin(context.Background())
		if err == nil {
			err = tx.QueryRow(context.Background(), `INSERT INTO mail_scans (id, created_at, estate_id, day_id, key, code, desk, scanned_at, scanned_by_id, scanned_by_name)
				VALUES (gen_random_uuid(), now(), $1, $2, gen_random_uuid()::text, $3, 'x', now(), gen_random_uuid(), 'x') RETURNING outcome`, app.A.ID, day, code).Scan(&outcome)
		}
		if err != nil {
			t.Error(err)
		}
		return tx, outcome
	}
	one, two := raw(t, app), raw(t, app)
	both := func(code string, waits bool) (first, second string) {
		tx, first := scan(one, code)
		done := make(chan string, 1)
		go func() {
			tx, outcome := scan(two, code)
			_ = tx.Commit(context.Background())
			done <- outcome
		}()
		if waits {
			select {
			case got := <-done:
				t.Errorf("the second desk did not wait: %s", got)
			case <-time.After(200 * time.Millisecond):
			}
			_ = tx.Commit(context.Background())
			return first, <-done
		}
		second = <-done
		_ = tx.Commit(context.Background())
		return first, second
	}
	if a, b := both("XA01", true); a != "MATCHED" || b != "DOUBLE" {
		t.Errorf("two desks at once: %s and %s", a, b)
	}
	app.SQL(`DROP INDEX mail_scans_matched`)
	app.SQL(`DO $$ BEGIN EXECUTE replace(pg_get_functiondef('mail_scan_decides'::regproc), 'FOR NO KEY UPDATE', ''); END $$`)
	if a, b := both("XA02", false); a != "MATCHED" || b != "MATCHED" {
		t.Errorf("without the lock: %s and %s, so this proves nothing of it", a, b)
	}
}

// Who closes the day while a scan comes in waits for it, and is refused for what it is. Without the lock the day would close over it.
func TestM2_ADayIsNotClosedOverAScan(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	app.SQL(`INSERT INTO mail_days (id, created_at, estate_id, day, opened_at) VALUES (new_id(x'0806'::int), now(), $1, '2026-03-02', now())`, app.A.ID)
	day := today(app)
	explainAll(app)
	counted(app)
	desk, office := raw(t, app), raw(t, app)
	shut := sql(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = 'x' WHERE id = $1`, day)
	over := func() string {
		done := make(chan string, 1)
		scan := sql(`INSERT INTO mail_scans (id, created_at, estate_id, day_id, key, code, desk, scanned_at, scanned_by_id, scanned_by_name)
			VALUES (gen_random_uuid(), now(), $1, $2, gen_random_uuid()::text, 'QQ99', 'x', now(), gen_random_uuid(), 'x')`, app.A.ID, day)
		if got := refusalOf(t, desk, scan, func(pgx.Tx) error {
			go func() { done <- refusalOf(t, office, shut) }()
			time.Sleep(200 * time.Millisecond)
			return nil
		}); got != "" {
			t.Fatalf("the scan: %q", got)
		}
		return <-done
	}
	if got := over(); got != "mail_days_explained" {
		t.Errorf("closed over a scan: %q", got)
	}
	explainAll(app)
	app.SQL(`DO $$ BEGIN EXECUTE replace(pg_get_functiondef('mail_scan_decides'::regproc), 'FOR SHARE', ''); END $$`)
	if got := over(); got != "" {
		t.Errorf("without the lock: %q, so this proves nothing of it", got)
	}
}
