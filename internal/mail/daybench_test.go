package mail_test

import (
	"fmt"
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// How a day's work is answered above a history of so many items that were delivered long ago:
//
//	go test ./internal/mail -run xxx -bench DayOver -benchtime 2s -timeout 30m
//
// It stays as it is: what is here, and what went since a day, have indexes of their own.
func BenchmarkDayOver(b *testing.B) {
	for _, history := range []int{10_000, 1_000_000} {
		app := stewardtest.New(b)
		app.Super(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, household_id, slot, sort_key, state, delivery_id,
				changed_at, changed_by_name, registered_by_id, registered_by_name)
			SELECT new_id(x'0803'::int), i.created_at, i.estate_id, i.receipt_id, i.received_on - 1 - n % 3000, 'REGISTERED', 'OLD' || n, i.household_id, i.slot, i.sort_key, 'DELIVERED', i.delivery_id,
				i.changed_at - make_interval(days => 1 + n % 3000), i.changed_by_name, i.registered_by_id, i.registered_by_name
			FROM (SELECT * FROM mail_items WHERE estate_id = $1 AND barcode LIKE 'GONE%' AND household_id IS NOT NULL LIMIT 1) i, generate_series(1, $2::int) n`, app.A.ID, history)
		app.Super(`ANALYZE`)
		registered(app, "XA", 400)
		receptionist, day := app.As(policy.Receptionist), today(app)
		run := func(name string, do func()) {
			b.Run(fmt.Sprintf("%s over %d", name, history), func(b *testing.B) {
				for range b.N {
					do()
				}
			})
		}
		run("check", func() { receptionist.Do(checkDay, vars{"d": day}) })
		run("missing", func() { receptionist.Do(missing, vars{"d": day, "open": true}) })
		run("undelivered", func() { receptionist.Do(undelivered, vars{"d": day, "open": true}) })
		next := 0
		run("scan", func() {
			next++
			receptionist.Do(scanMail, scanning(app, fmt.Sprint(next), fmt.Sprintf("XA%05d", next%400), fmt.Sprintf("OLD%d", next)))
		})
	}
}
