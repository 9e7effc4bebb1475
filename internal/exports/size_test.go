package exports_test

import (
	"runtime"
	"testing"

	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/stewardtest"
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

// Not parallel: it measures memory.
func TestAHundredThousandRowsInConstantMemory(t *testing.T) {
	app := stewardtest.New(t)
	const rows = 100_000
	app.SQL(`INSERT INTO units (id, created_at, version, estate_id, building_id, entrance, number, label, kind, state, area_hundredths, remark, sort_key)
		SELECT gen_random_uuid(), $2, 1, $1, $3, 'x', n::text, 'x' || n, 'FLAT', 'VACANT', 8950, '备注', to_char(n, '000000') FROM generate_series(1, $4::int) n`,
		app.A.ID, stewardtest.Start, app.A.Building, rows)
	app.SQL(`ANALYZE units`) // as autovacuum does a minute after an import
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
