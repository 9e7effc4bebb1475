package audit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/audit"
)

// BenchmarkAct does an act with and without its audit entry by turns, so that both meet the same
// machine, and reports the medians and their ratio.
func BenchmarkAct(b *testing.B) {
	db, ctx := newDatabase(b), b.Context()
	changes := []audit.Change{change(b, "count", 1, 2), change(b, "state", "in", "out"), change(b, "dueAt", nil, start)}
	do := func(recorded bool) time.Duration {
		began := time.Now()
		err := pgx.BeginFunc(ctx, db.app, func(tx pgx.Tx) error {
			for range 3 {
				if _, err := tx.Exec(ctx, `INSERT INTO things VALUES ($1, 'thing')`, uuid.New()); err != nil {
					return err
				}
			}
			if !recorded {
				return nil
			}
			rec := audit.NewRecorder(tx)
			for _, c := range changes {
				if err := rec.Add(ctx, estateA, c); err != nil {
					return err
				}
			}
			_, err := rec.Append(ctx, entry(estateA, 1))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	for range 50 {
		do(true)
		do(false)
	}
	var with, without []time.Duration
	for b.Loop() {
		with = append(with, do(true))
		without = append(without, do(false))
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2].Microseconds())
	}
	b.ReportMetric(median(with), "with-µs")
	b.ReportMetric(median(without), "without-µs")
	b.ReportMetric(median(with)/median(without), "ratio")
}

// BenchmarkVerify measures how fast a stored trail is proved.
func BenchmarkVerify(b *testing.B) {
	db := newDatabase(b)
	for i := range 1000 {
		act(b, db.app, entry(estateA, i), 3)
	}
	for b.Loop() {
		verifyWhole(b, db.app, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/entry")
}
