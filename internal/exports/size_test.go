package exports_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// gauge counts lines, and notes the most memory in use as they go by.
type gauge struct {
	bytes, lines, sinceLast int
	most                    uint64
}

func (g *gauge) Write(b []byte) (int, error) {
	g.bytes += len(b)
	for _, c := range b {
		if c == '\n' {
			g.lines++
		}
	}
	if g.sinceLast += len(b); g.sinceLast > 1<<20 {
		g.sinceLast = 0
		g.most = max(g.most, inUse())
	}
	return len(b), nil
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func manyUnits(app *stewardtest.App, rows int) {
	app.SQL(`INSERT INTO units (id, created_at, version, estate_id, building_id, entrance, number, label, kind, state, area_hundredths, remark, sort_key)
		SELECT gen_random_uuid(), $2, 1, $1, $3, 'x', n::text, 'x' || n, 'FLAT', 'VACANT', 8950, '备注', to_char(n, '000000') FROM generate_series(1, $4::int) n`,
		app.A.ID, stewardtest.Start, app.A.Building, rows)
	app.SQL(`ANALYZE units`) // as autovacuum does a minute after an import
}

// Not parallel: it measures memory.
func TestAHundredThousandRowsInConstantMemory(t *testing.T) {
	app := stewardtest.New(t)
	const rows = 100_000
	manyUnits(app, rows)
	before := inUse()
	var g gauge
	var s database.Statements
	if err := exports.Write(database.CountStatements(app.Context(), &s), "units", "csv", exports.Params{Estate: "A"}, &g); err != nil {
		t.Fatal(err)
	}
	if g.lines < rows {
		t.Errorf("%d lines", g.lines)
	}
	if grown := int64(g.most) - int64(before); grown > 16<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	if pages := rows / 500; s.Count() > 3*pages+20 {
		t.Errorf("%d statements for %d pages", s.Count(), pages)
	}
}

// Not parallel: it measures time. How far a large export is, is seen while it is written; cancelled then, it stops and leaves nothing.
func TestA4_3_ALargeExportShowsHowFarItIs(t *testing.T) {
	s := watch(t)
	app := stewardtest.New(t, stewardtest.Options{Files: s})
	const rows = 20_000
	manyUnits(app, rows)
	officer := app.As(policy.CSOfficer)
	x := ask(officer, app, "units", "XLSX", nil)
	var done atomic.Bool
	go func() {
		defer done.Store(true)
		if err := app.Exports.Work(app.Context(), id(t, x), 1, false); err != nil {
			t.Error(err)
		}
	}()
	seen := int64(0)
	for !done.Load() {
		app.Clock.Advance(3 * time.Second)
		now := again(officer, x)
		if n := now.Get("rows").Int(); now.Get("state").String() == "RUNNING" && n > 0 && n < rows && seen == 0 {
			seen = n
			officer.Do(cancelExport, vars{"id": x.Get("id").String()})
		}
	}
	if now := again(officer, x); seen == 0 || now.Get("state").String() != "CANCELLED" || s.count() != 0 {
		t.Errorf("%d rows were shown; it is %s, and %d contents are there", seen, now.Raw, s.count())
	}
	for _, format := range []string{"XLSX", "CSV"} {
		x, begun := ask(officer, app, "units", format, nil), time.Now()
		work(t, app, x)
		now := again(officer, x)
		if now.Get("state").String() != "DONE" || now.Get("rows").Int() < rows {
			t.Errorf("it is %s", now.Raw)
		}
		t.Logf("%d rows as %s: %d bytes, %s", now.Get("rows").Int(), format, now.Get("size").Int(), time.Since(begun))
	}
}
