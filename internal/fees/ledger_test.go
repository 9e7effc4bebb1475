package fees_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The parts of a month are together the month, however it is cut, and each is at most a fen off its exact share.
func TestF1_PartsOfAMonthAreTheWhole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	rapid.Check(t, func(t *rapid.T) {
		whole, days := rapid.Int64Range(0, 1_000_000_000).Draw(t, "whole"), rapid.IntRange(28, 31).Draw(t, "days")
		cuts := []int{0}
		for cuts[len(cuts)-1] < days {
			cuts = append(cuts, rapid.IntRange(cuts[len(cuts)-1]+1, days).Draw(t, "cut"))
		}
		rows, err := conn.Query(context.Background(), `SELECT fee_part($1, $2, a, b) FROM unnest($3::int[], $4::int[]) AS cuts(a, b)`, whole, days, cuts[:len(cuts)-1], cuts[1:])
		if err != nil {
			t.Fatal(err)
		}
		parts, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for i, part := range parts {
			sum += part
			if off := part*int64(days) - whole*int64(cuts[i+1]-cuts[i]); off > int64(days) || -off > int64(days) {
				t.Errorf("%d of %d days of %d are %d", cuts[i+1]-cuts[i], days, whole, part)
			}
		}
		if sum != whole {
			t.Errorf("%v are together %d, want %d", parts, sum, whole)
		}
	})
}

var errUndone = errors.New("undone")

// However often a unit's payer changes within months, together they are charged each month's fee, whenever they are billed.
func TestF1_PayersShareEachMonth(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		cuts := []int{0}
		for cuts[len(cuts)-1] < 61 { // 2 March and on, until the end of April
			cuts = append(cuts, rapid.IntRange(cuts[len(cuts)-1]+1, 61).Draw(t, "cut"))
		}
		err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
			for i, from := range cuts[:len(cuts)-1] {
				until := &cuts[i+1]
				if *until == 61 {
					until = nil
				}
				if _, err := tx.Exec(ctx, `INSERT INTO occupancies (id, created_at, estate_id, household_id, unit_id, unit_label, capacity, payer, state, from_on, until_on, moved_in_on)
					VALUES (new_id(x'0108'::int), now(), $1, $2, $3, 'x', 'USER', true, CASE WHEN $5::int IS NULL THEN 'MOVED_IN' ELSE 'MOVED_OUT' END, date '2026-03-01' + $4::int, date '2026-03-01' + $5::int, date '2026-03-01' + $4::int)`,
					app.A.ID, []uuid.UUID{app.A.Household, app.A.OtherHousehold}[i%2], app.A.Units[3], from, until); err != nil {
					return err
				}
			}
			var march, april int64
			if err := tx.QueryRow(ctx, `SELECT sum(amount) FILTER (WHERE from_on < '2026-04-01'), sum(amount) FILTER (WHERE from_on >= '2026-04-01') FROM fee_charges($1, '2026-04-01') WHERE unit_id = $2`,
				app.A.ID, app.A.Units[3]).Scan(&march, &april); err != nil {
				return err
			}
			if march != whole || april != whole {
				t.Errorf("cut at %v the payers are charged %d and %d, want %d each", cuts, march, april, whole)
			}
			return errUndone
		})
		if !errors.Is(err, errUndone) {
			t.Fatal(err)
		}
	})
}

// Whatever is done in what order, the books are sound.
func TestF5_TheBooksAreSoundWhateverIsDone(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	homes := []uuid.UUID{app.A.Household, app.A.OtherHousehold}
	months := []string{"2026-03-01", "2026-04-01"}
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(rt, "steps") {
			home := rapid.SampledFrom(homes).Draw(rt, "household")
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				if len(months) > 0 {
					billed(app, months[0])
					months = months[1:]
				}
			case 1:
				pays(app, home, rapid.IntRange(1, 30000).Draw(rt, "amount"), nil)
			case 2:
				for _, n := range noticesOf(app, home, "2026-02-01") {
					_, _ = accountant.Try(creditNotice, vars{"in": vars{"noticeID": n.Get("id").String(), "amount": rapid.IntRange(1, 3000).Draw(rt, "credit"), "reason": "更正"}})
				}
			case 3:
				open := app.IDs(`SELECT id FROM fee_payments p WHERE estate_id = $1 AND amount > 0 AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.reverses_id = p.id) ORDER BY receipt DESC LIMIT 1`, app.A.ID)
				if len(open) > 0 {
					_, _ = accountant.Try(reversePayment, vars{"in": vars{"paymentID": open[0], "reason": "记错"}})
				}
			default:
				_, _ = accountant.Try(settleCredit, vars{"in": vars{"householdID": home}})
			}
		}
	})
	sound(t, app)
}

func TestF5_TheJournalBalancesAndStays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	lopsided := `INSERT INTO fee_entries (id, created_at, estate_id, number, booked_on, kind, household_id, subject_id, about)
		VALUES (new_id(x'090a'::int), now(), $1, 99999, '2026-03-02', 'PAID', $2, $2, 'x')`
	if got := refusedBy(app.TrySQL(lopsided, app.A.ID, app.A.Household)); got != "fee_entries_balanced" {
		t.Errorf("an entry of nothing is refused by %q", got)
	}
	alone := `INSERT INTO fee_postings (id, created_at, estate_id, entry_id, household_id, account, amount)
		SELECT new_id(x'090b'::int), now(), estate_id, id, household_id, 'CASH', 5 FROM fee_entries WHERE estate_id = $1 AND kind = 'BILLED' LIMIT 1`
	if got := refusedBy(app.TrySQL(alone, app.A.ID)); got != "fee_entries_balanced" {
		t.Errorf("a posting that stands alone is refused by %q", got)
	}
	for _, table := range []string{"fee_entries", "fee_postings", "fee_accounts", "fee_payments", "fee_allocations", "fee_credit_notes", "fee_notices", "fee_notice_lines"} {
		for _, right := range []string{"UPDATE", "DELETE", "TRUNCATE"} {
			if value[bool](t, app, `SELECT has_table_privilege('steward_app', $1, $2)`, table, right) {
				t.Errorf("the serving role may %s %s", right, table)
			}
		}
	}
	for _, table := range []string{"fee_entries", "fee_postings", "fee_accounts"} {
		if value[bool](t, app, `SELECT has_table_privilege('steward_app', $1, 'INSERT')`, table) {
			t.Errorf("the serving role may write %s", table)
		}
	}
	// Without its triggers the journal takes what does not balance.
	app.Super(`ALTER TABLE fee_entries DISABLE TRIGGER fee_entry_has_postings`)
	app.SQL(lopsided, app.A.ID, app.A.Household)
	list := app.As(policy.Accountant).Do(`{ feeEntries(first: 200) { edges { node { number kind about postings { account amount } } } } }`, nil).Get("feeEntries.edges.#.node")
	if len(list.Array()) < 10 {
		t.Errorf("the journal is %s", list.Raw)
	}
}
