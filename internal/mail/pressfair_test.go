package mail_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/stewardtest"
)

// shares asks the database how so many copies are shared.
func shares(t *testing.T, conn *pgx.Conn, copies int, wanted []int, department []bool) (given []int) {
	t.Helper()
	if err := conn.QueryRow(context.Background(), `SELECT press_shares($1, $2, $3)`, copies, wanted, department).Scan(&given); err != nil {
		t.Fatal(err)
	}
	return given
}

func total(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

// However many copies come, and whoever wants how many: all are given out or nobody wants more; households have what they want before a
// department has any; none has two more than another of its kind who lacks some; and one more copy takes nothing from anybody.
func TestM7_SharesAreFair(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	conn := superuser(t, app)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(r, "subscribers")
		wanted := rapid.SliceOfN(rapid.IntRange(1, 4), n, n).Draw(r, "wanted")
		department := rapid.SliceOfN(rapid.Bool(), n, n).Draw(r, "department")
		copies := rapid.IntRange(0, total(wanted)+2).Draw(r, "copies")
		given, more := shares(t, conn, copies, wanted, department), shares(t, conn, copies+1, wanted, department)
		if total(given) != min(copies, total(wanted)) {
			r.Fatalf("%d of %d are given out: %v", total(given), copies, given)
		}
		for i := range wanted {
			if given[i] < 0 || given[i] > wanted[i] || more[i] < given[i] {
				r.Fatalf("%d gets %d of %d, and %d of one more", i, given[i], wanted[i], more[i])
			}
			for j := range wanted {
				lacks := given[i] < wanted[i]
				if lacks && !department[i] && department[j] && given[j] > 0 {
					r.Fatalf("department %d gets %d, and household %d lacks some: %v of %v", j, given[j], i, given, wanted)
				}
				if lacks && department[i] == department[j] && (given[j] > given[i]+1 || j > i && given[j] > given[i]) {
					r.Fatalf("%d gets %d and %d only %d of %d", j, given[j], i, given[i], wanted[i])
				}
			}
		}
	})
}

// Who wants the same goes short as often: through any number of days, however many come each day, no household lacks two copies more
// than another, and the same days give the same shares whatever the order in which people subscribed.
func TestM7_GoingShortGoesRound(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	conn := superuser(t, app)
	rapid.Check(t, func(r *rapid.T) {
		n, each := rapid.IntRange(2, 5).Draw(r, "households"), rapid.IntRange(1, 3).Draw(r, "copies each")
		days := rapid.SliceOfN(rapid.IntRange(0, n*each), 4, 7).Draw(r, "copies that come")
		order := rapid.Permutation([]int{0, 1, 2, 3, 4}[:n]).Draw(r, "order of subscribing")
		lacking := simulate(t, conn, app, n, each, order, days)
		for day, so := range lacking {
			if slices.Max(so)-slices.Min(so) > 1 {
				r.Fatalf("after day %d of %v, by household: %v", day, days, so)
			}
		}
		slices.Reverse(order)
		if again := simulate(t, conn, app, n, each, order, days); fmt.Sprint(again) != fmt.Sprint(lacking) {
			r.Fatalf("subscribed in another order: %v, and before %v", again, lacking)
		}
	})
}

// simulate has households get an issue on each of some days, in a transaction that is rolled back: how many copies each lacked after each.
func simulate(t *testing.T, conn *pgx.Conn, app *stewardtest.App, n, each int, order, days []int) (lacking [][]int) {
	t.Helper()
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	exec := func(sql string, args ...any) {
		if _, err := tx.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	publication := uuid.New()
	exec(`INSERT INTO publications (id, created_at, estate_id, name, kind, frequency, recorded_by_id, recorded_by_name) VALUES ($1, now(), $2, '轮流', 'NEWSPAPER', 'DAILY', $2, 'x')`, publication, app.A.ID)
	homes := make([]uuid.UUID, n)
	for i := range homes {
		homes[i] = uuid.New()
		exec(`INSERT INTO households (id, created_at, estate_id, code, name, sort_key, version) VALUES ($1, now(), $2, $3, $3, $3, 1)`, homes[i], app.A.ID, fmt.Sprintf("轮%d", i))
	}
	for _, i := range order {
		exec(`INSERT INTO press_subscriptions (id, created_at, estate_id, publication_id, publication_name, household_id, copies, from_on, last_on, recorded_by_id, recorded_by_name)
			VALUES (gen_random_uuid(), now(), $1, $2, '轮流', $3, $4, '2026-01-01', '2026-12-31', $1, 'x')`, app.A.ID, publication, homes[i], each)
	}
	for d, copies := range days {
		receipt, day := uuid.New(), time.Date(2026, 4, 1+d, 0, 0, 0, 0, time.UTC)
		exec(`INSERT INTO press_receipts (id, created_at, estate_id, day, received_at, delivered_by, received_by_id, received_by_name) VALUES ($1, now(), $2, $3, now(), 'x', $2, 'x')`, receipt, app.A.ID, day)
		exec(`INSERT INTO press_deliveries (id, created_at, estate_id, receipt_id, publication_id, day, delivered) VALUES (gen_random_uuid(), now(), $1, $2, $3, $4, $5)`, app.A.ID, receipt, publication, day, copies)
		so := make([]int, n)
		for i, home := range homes {
			if err := tx.QueryRow(ctx, `SELECT sum(wanted - given) FROM press_allocations WHERE publication_id = $1 AND household_id = $2`, publication, home).Scan(&so[i]); err != nil {
				t.Fatal(err)
			}
		}
		lacking = append(lacking, so)
	}
	return lacking
}

// superuser is a connection past all walls.
func superuser(t *testing.T, app *stewardtest.App) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SET app.estate_ids = '*'`); err != nil { // the owner, whose the triggers are, is bound by the walls
		t.Fatal(err)
	}
	return conn
}
