package mail_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	desks     = 10
	perSecond = 20
)

// registered registers so many letters with barcodes of the prefix.
func registered(app *stewardtest.App, prefix string, n int) {
	receipt := received(app)
	for from := 0; from < n; from += 100 {
		var list []vars
		for i := from; i < min(n, from+100); i++ {
			list = append(list, vars{"kind": "REGISTERED", "barcode": fmt.Sprintf("%s%05d", prefix, i), "householdID": app.A.Household})
		}
		app.As(policy.Receptionist).Do(registerMail, vars{"in": vars{"receiptID": receipt, "items": list}})
	}
}

// desk is a receptionist at a desk of the estate.
func desk(app *stewardtest.App, n int) *stewardtest.Person {
	return app.Member(fmt.Sprintf("desk%d@a.example", n), app.GrantIn(policy.Receptionist, app.A))
}

// Ten desks of one estate scan 20 codes a second for three seconds, by fours, each item at two desks, every fifth code unknown, every third
// batch twice as its answer was lost: none is lost, none is doubled, and each item matches once.
func TestM2_TenDesksScanAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const each, batch = 3 * perSecond, 4
	const known = each * 4 / 5
	registered(app, "XA", desks/2*known)
	var group sync.WaitGroup
	for d := range desks {
		p := desk(app, d)
		group.Go(func() {
			var codes []string
			for i := range each {
				if i%5 == 4 {
					codes = append(codes, fmt.Sprintf("QQ%d-%d", d, i))
				} else {
					codes = append(codes, fmt.Sprintf("XA%05d", d/2*known+i/5*4+i%5))
				}
			}
			for i := 0; i < each; i += batch {
				in := scanning(app, fmt.Sprintf("%d号台 %d", d, i), codes[i:i+batch]...)
				for range 1 + (i/batch%3)/2 {
					if answer, err := p.Try(scanMail, in); err != nil || len(answer.Get("data.scanMail.scans").Array()) != batch {
						t.Errorf("desk %d: %v %s", d, err, answer.Raw)
					}
				}
			}
		})
	}
	group.Wait()
	for sql, want := range map[string]string{
		`SELECT count(*)::text FROM mail_scans WHERE day_id = $1`:                                             fmt.Sprint(desks * each),
		`SELECT count(DISTINCT key)::text FROM mail_scans WHERE day_id = $1`:                                  fmt.Sprint(desks * each),
		`SELECT count(DISTINCT item_id)::text FROM mail_scans WHERE day_id = $1 AND outcome = 'MATCHED'`:      fmt.Sprint(desks / 2 * known),
		`SELECT count(*)::text FROM mail_scans WHERE day_id = $1 AND outcome = 'MATCHED'`:                     fmt.Sprint(desks / 2 * known),
		`SELECT count(*)::text FROM mail_scans WHERE day_id = $1 AND outcome = 'DOUBLE'`:                      fmt.Sprint(desks / 2 * known),
		`SELECT count(*)::text FROM mail_scans WHERE day_id = $1 AND outcome = 'UNKNOWN' AND code LIKE 'QQ%'`: fmt.Sprint(desks * each / 5),
	} {
		if got := texts(t, app, sql, today(app)); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", sql, got, want)
		}
	}
}

// How many scans a second ten desks of one estate are answered, one code a call and by tens, over HTTP with the audit trail:
//
//	go test ./internal/mail -run xxx -bench Scan -benchtime 3s
func BenchmarkScan(b *testing.B) {
	for _, batch := range []int{1, 10} {
		b.Run(fmt.Sprintf("by %d", batch), func(b *testing.B) {
			app := stewardtest.New(b)
			registered(app, "XA", 2000)
			people := make([]*stewardtest.Person, desks)
			for d := range people {
				people[d] = desk(app, d)
			}
			var next atomic.Int64
			var group sync.WaitGroup
			b.ResetTimer()
			began := time.Now()
			for d, p := range people {
				group.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						codes := make([]string, batch)
						for i := range codes {
							codes[i] = fmt.Sprintf("XA%05d", (int(n)*batch+i)%2000)
						}
						if answer, err := p.Try(scanMail, scanning(app, fmt.Sprintf("%d %d", d, n), codes...)); err != nil || answer.Get("errors").Exists() {
							b.Error(err, answer.Raw)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N*batch)/time.Since(began).Seconds(), "scans/s")
		})
	}
}
