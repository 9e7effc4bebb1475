package fees_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// peopled adds so many households to estate A, each with a flat of its own.
func peopled(t testing.TB, app *stewardtest.App, n int) {
	t.Helper()
	app.Super(`WITH homes AS (
			INSERT INTO households (id, created_at, estate_id, version, code, name, sort_key)
			SELECT new_id(x'0107'::int), now(), $1, 1, 'N' || i, '业户' || i, i::text FROM generate_series(1, $3::int) i RETURNING id, code),
		flats AS (
			INSERT INTO units (id, created_at, estate_id, version, building_id, entrance, number, label, kind, state, area_hundredths, remark, sort_key)
			SELECT new_id(x'0104'::int), now(), $1, 1, $2, '9单元', i::text, '9单元' || i, 'FLAT', 'OCCUPIED', 5000 + i, '', lpad(i::text, 9, '0') FROM generate_series(1, $3::int) i RETURNING id, number, label)
		INSERT INTO occupancies (id, created_at, estate_id, version, household_id, unit_id, unit_label, capacity, payer, state, from_on, moved_in_on)
			SELECT new_id(x'0108'::int), now(), $1, 1, h.id, u.id, u.label, 'OWNER', true, 'MOVED_IN', '2026-03-01', '2026-03-01' FROM homes h JOIN flats u ON h.code = 'N' || u.number`, app.A.ID, app.A.Building, n)
}

func TestF2_ALargeRunIsAJobsAndMayBeKilled(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	peopled(t, app, 700)
	r := billed(app, "2026-03-01")
	if r.Get("state").String() != "RUNNING" || r.Get("payers").Int() != 702 || r.Get("notices").Int() != 0 {
		t.Fatalf("it is %s", r.Raw)
	}
	billed(app, "2026-03-01")
	if n := value[int](t, app, `SELECT count(*)::int FROM river.river_job WHERE kind = 'fees.bill'`); n != 1 {
		t.Errorf("%d jobs", n)
	}
	run := uuid.MustParse(r.Get("id").String())
	progress := func() int { return value[int](t, app, `SELECT notices::int FROM fee_runs WHERE id = $1`, run) }

	// One is killed when some are made.
	ctx, kill := context.WithCancel(app.Context())
	ended := make(chan error)
	go func() { ended <- fees.Work(ctx, run) }()
	for progress() == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	kill()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Logf("killed: %v", err)
	}
	made := progress()
	if made%100 != 0 && made != 702 {
		t.Errorf("%d are made: half a chunk", made)
	}
	// Then some go on at once, as servers do.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := fees.Work(app.Context(), run); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := billed(app, "2026-03-01"); got.Get("state").String() != "BILLED" || got.Get("notices").Int() != 702 {
		t.Errorf("after %d it is %s", made, got.Raw)
	}
	if n := value[int](t, app, `SELECT count(*)::int FROM (SELECT number, row_number() OVER (ORDER BY sort_key, household_id) n FROM fee_notices WHERE run_id = $1) x WHERE number <> '202603-' || lpad(n::text, 5, '0')`, run); n != 0 {
		t.Errorf("%d numbers are not in walking order", n)
	}
	sound(t, app)

	// Without the lock on the run two servers meet at the same households: the database refuses the second notice.
	if err := app.TrySQL(`INSERT INTO fee_notices SELECT new_id(x'0904'::int), created_at, number || 'x', month, issued_on, pay_by, household_name, building, address, amount, credited, settled, state, sort_key, estate_id, run_id, household_id FROM fee_notices WHERE run_id = $1 LIMIT 1`, run); err == nil {
		t.Error("a household has two notices of a run")
	}
	if s := app.As(policy.CSOfficer).Do(`{ feeRuns(first: 1) { edges { node { state notices payers } } } }`, nil).Get("feeRuns.edges.0.node"); s.Get("notices").Int() != 702 {
		t.Errorf("customer service sees %s", s.Raw)
	}
}
