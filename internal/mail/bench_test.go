package mail_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A day's work is as fast after ten million items as after ten thousand, since every index begins with the estate and leads to the day, and what
// is on its way has an index of its own. The larger deployment takes minutes and 5 GB to make:
//
//	MAIL_ITEMS=10000    go test ./internal/mail -run - -bench BenchmarkADaysWork -benchtime 50x
//	MAIL_ITEMS=10000000 go test ./internal/mail -run - -bench BenchmarkADaysWork -benchtime 50x -timeout 60m
func BenchmarkADaysWork(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("MAIL_ITEMS"))
	if err != nil {
		b.Skip("MAIL_ITEMS says how many items there are")
	}
	app := stewardtest.New(b)
	delivered(b, app, n)
	receptionist, sorter := app.As(policy.Receptionist), app.As(policy.MailSorter)
	receipt := receptionist.Do(receiveMail, receiving(app, 500, 500)).Get("receiveMail.receipt.id").String()
	code := 0
	register := func(count int) []string {
		list := make([]vars, count)
		for i := range list {
			code++
			list[i] = vars{"kind": "REGISTERED", "barcode": fmt.Sprintf("DAY%d", code), "householdID": app.A.Household}
		}
		var ids []string
		for _, item := range receptionist.Do(registerMail, vars{"in": vars{"receiptID": receipt, "items": list}}).Get("registerMail.items.#.id").Array() {
			ids = append(ids, item.String())
		}
		return ids
	}
	register(100)
	register(100)
	b.Run("what came today", func(b *testing.B) {
		for b.Loop() {
			sorter.Do(`query($e: ID!) { mailItems(first: 200, where: {estateID: $e, receivedOn: "2026-03-02", stateIn: [RECEIVED, SORTED], voidedAtIsNil: true}, orderBy: {field: SLOT, direction: ASC}) {
				totalCount edges { node { id slot state household { name } } } } }`, vars{"e": app.A.ID})
		}
	})
	b.Run("the day's register", func(b *testing.B) {
		for b.Loop() {
			r, err := receptionist.Request(http.MethodGet, "/registers/mail-items.csv?estate=A&from=2026-03-02&to=2026-03-02", nil)
			if err != nil {
				b.Fatal(err)
			}
			if status, body, err := receptionist.Send(r); err != nil || status != http.StatusOK {
				b.Fatal(status, string(body), err)
			}
		}
	})
	var fresh [][]string
	b.Run("register 20", func(b *testing.B) {
		for b.Loop() {
			fresh = append(fresh, register(20))
		}
	})
	b.Run("sort 20", func(b *testing.B) {
		for b.Loop() {
			if len(fresh) == 0 {
				b.StopTimer()
				fresh = append(fresh, register(20))
				b.StartTimer()
			}
			sorter.Do(sortMail, named(fresh[0]...))
			fresh = fresh[1:]
		}
	})
	b.Run("a household's last 50", func(b *testing.B) {
		for b.Loop() {
			app.Resident().Do(`{ mailItems(first: 50) { edges { node { id receivedOn state } } } }`, nil)
		}
	})
}

// delivered makes so many items that came and were delivered in ten years before today, half of them in each estate, as their events would have
// left them. Indexes are made after the rows, and statistics after both, as they are in a deployment that has been at work.
func delivered(b *testing.B, app *stewardtest.App, n int) {
	b.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, app.SuperURL)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	exec := func(sql string, args ...any) {
		if _, err := conn.Exec(ctx, sql, args...); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`SET session_replication_role = replica; SET maintenance_work_mem = '1GB'; SET synchronous_commit = off`)
	indexes := column(b, conn, `SELECT indexdef FROM pg_indexes WHERE tablename = 'mail_items' AND indexname <> 'mail_items_pkey'`)
	for _, name := range column(b, conn, `SELECT quote_ident(indexname) FROM pg_indexes WHERE tablename = 'mail_items' AND indexname <> 'mail_items_pkey'`) {
		exec(`DROP INDEX ` + name)
	}
	for _, e := range []stewardtest.Estate{app.A, app.B} {
		receipt := uuid.New()
		exec(`INSERT INTO mail_receipts (id, created_at, estate_id, received_on, received_at, delivered_by, received_by_id, received_by_name)
			VALUES ($1, '2016-01-01', $2, '2016-01-01', '2016-01-01', '邮递员', $1, '接待员')`, receipt, e.ID)
		// 400 households, of which two are those of the tests; ids in the order of the days.
		exec(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, sender, addressee, household_id, state, changed_at, changed_by_name, slot, sort_key, registered_by_id, registered_by_name)
			SELECT new_id(x'0803'::int), d, $1, $2, d, 'REGISTERED', 'H' || i, '寄件人', '收件人', CASE i % 400 WHEN 0 THEN $3::uuid WHEN 1 THEN $4::uuid ELSE md5('household' || i % 400)::uuid END, 'DELIVERED', d, '分拣员', '1栋1单元101', '0101', $2, '接待员'
			FROM (SELECT i, date '2026-03-01' - ((($5::bigint - i) * 3650) / $5)::int AS d FROM generate_series(1, $5::bigint) i) days`, e.ID, receipt, e.Household, e.OtherHousehold, n/2)
	}
	for _, sql := range indexes {
		exec(sql)
	}
	exec(`ANALYZE mail_items`)
	var size string
	if err := conn.QueryRow(ctx, `SELECT count(*) || ' items, ' || pg_size_pretty(pg_total_relation_size('mail_items')) FROM mail_items`).Scan(&size); err != nil {
		b.Fatal(err)
	}
	b.Log(size)
}

func column(b *testing.B, conn *pgx.Conn, sql string) []string {
	b.Helper()
	rows, err := conn.Query(context.Background(), sql)
	if err != nil {
		b.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	return list
}
