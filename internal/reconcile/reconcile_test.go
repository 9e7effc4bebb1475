package reconcile_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/reconcile"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestACountFromItsSheetToItsEnd(t *testing.T) {
	t.Parallel()
	o := open(t)
	id, err := o.sheet(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	_, lines := o.read(id)
	first, second := lines[0].ID, lines[1].ID
	refused(t, o.resolve(first, "少一把"), fault.Conflict)
	refused(t, o.close(id), fault.Conflict)
	if err := o.count(id, reconcile.Counted{LineID: first, Count: 2}); err != nil {
		t.Fatal(err)
	}
	refused(t, o.count(id, reconcile.Counted{LineID: first, Count: 3}), fault.Conflict, "lines.0.lineID") // for good
	refused(t, o.cancel(id, "不查了"), fault.Conflict)
	if s, lines := o.read(id); s.State != reconciliation.StateCounting || lines[0].Expected != nil || lines[0].State != reconciliationline.StateAwaiting || lines[0].CountedByName == "" {
		t.Errorf("shown before all is counted: %v %v", s, lines)
	}
	if err := o.count(id, reconcile.Counted{LineID: second, Count: 5}); err != nil {
		t.Fatal(err)
	}
	s, lines := o.read(id)
	if s.State != reconciliation.StateSettling || s.CountedAt == nil || *lines[0].Expected != 3 || lines[0].State != reconciliationline.StateDifferent || lines[1].State != reconciliationline.StateMatched {
		t.Errorf("all counted: %v %v", s, lines)
	}
	due, err := o.DB.Ent.Obligation.Query().Where(obligation.SubjectID(id)).Only(o.Context())
	if want := time.Date(2026, 3, 6, 0, 0, 0, 0, stewardtest.Start.Location()); err != nil || due.Kind != "reconcile.resolve" || due.Clause != "K4.3" || !due.DueAt.Equal(want) {
		t.Errorf("due: %v %v, want the end of the third working day, %s", due, err, want)
	}
	refused(t, o.count(id, reconcile.Counted{LineID: first, Count: 3}), fault.Conflict)
	refused(t, o.cancel(id, "不查了"), fault.Conflict)
	refused(t, o.close(id), fault.Conflict)
	refused(t, o.resolve(second, "没有差异"), fault.Conflict)
	refused(t, o.resolve(first, "  "), fault.InvalidInput, "reason")
	if err := o.resolve(first, " 借出 未登记 "); err != nil {
		t.Fatal(err)
	}
	refused(t, o.resolve(first, "再来一次"), fault.Conflict)
	if due, err = o.DB.Ent.Obligation.Get(o.Context(), due.ID); err != nil || due.State != obligation.StateMet {
		t.Errorf("due after it is resolved: %v %v", due, err)
	}
	if err := o.close(id); err != nil {
		t.Fatal(err)
	}
	refused(t, o.close(id), fault.Conflict)
	if s, lines = o.read(id); s.State != reconciliation.StateClosed || s.ClosedByName == "" || lines[0].ResolutionReason != "借出 未登记" || lines[0].Resolution != "EXPLAINED" {
		t.Errorf("closed: %v %v", s, lines)
	}
}

func TestWhatIsNoCount(t *testing.T) {
	t.Parallel()
	o := open(t)
	if _, err := o.sheet(); !fault.Is(err, fault.Conflict) {
		t.Errorf("a sheet without lines: %v", err)
	}
	id, err := o.sheet(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := o.sheet(1)
	if err != nil {
		t.Fatal(err)
	}
	_, lines := o.read(id)
	_, elsewhere := o.read(foreign)
	line := lines[0].ID
	for _, c := range []struct {
		field  string
		code   fault.Code
		counts []reconcile.Counted
	}{
		{"lines", fault.InvalidInput, nil},
		{"lines", fault.InvalidInput, make([]reconcile.Counted, 501)},
		{"lines.1.count", fault.InvalidInput, []reconcile.Counted{{lines[1].ID, 1}, {line, -1}}},
		{"lines.0.count", fault.InvalidInput, []reconcile.Counted{{line, 1_000_001}}},
		{"lines.1.lineID", fault.InvalidInput, []reconcile.Counted{{line, 1}, {line, 1}}},
		{"lines.1.lineID", fault.NotFound, []reconcile.Counted{{line, 1}, {elsewhere[0].ID, 1}}},
	} {
		refused(t, o.count(id, c.counts...), c.code, c.field)
	}
	if _, lines = o.read(id); lines[0].Counted != nil {
		t.Error("a count that was refused is on the sheet")
	}
	refused(t, o.count(uuid.New(), reconcile.Counted{LineID: line}), fault.NotFound)
	refused(t, o.resolve(uuid.New(), "不存在"), fault.NotFound, "lineID")
	refused(t, o.cancel(id, ""), fault.InvalidInput, "reason")
	for name, rule := range map[string]func(*act.Tx) (*ent.Reconciliation, error){
		"count": func(tx *act.Tx) (*ent.Reconciliation, error) {
			return other.Count(tx, id, []reconcile.Counted{{line, 1}})
		},
		"close":  func(tx *act.Tx) (*ent.Reconciliation, error) { return other.Close(tx, id, "") },
		"cancel": func(tx *act.Tx) (*ent.Reconciliation, error) { return other.Cancel(tx, id, "别的") },
		"resolve": func(tx *act.Tx) (*ent.Reconciliation, error) {
			_, err := other.Resolve(tx, line, "X", "别的")
			return nil, err
		},
	} {
		if _, err := o.do(rule); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s by another kind: %v", name, err)
		}
	}
	if err := o.cancel(id, "门锁更换中"); err != nil {
		t.Fatal(err)
	}
	refused(t, o.cancel(id, "再取消"), fault.Conflict)
	refused(t, o.count(id, reconcile.Counted{LineID: line, Count: 1}), fault.Conflict)
	if s, _ := o.read(id); s.State != reconciliation.StateCancelled || s.CloseNote != "门锁更换中" {
		t.Errorf("cancelled: %v", s)
	}
}

// What the record said is nowhere to be read before all is counted: not on the sheet, not on the audit trail.
func TestTheCountIsBlind(t *testing.T) {
	t.Parallel()
	o := open(t)
	id, err := o.sheet(777_777, 888_888)
	if err != nil {
		t.Fatal(err)
	}
	_, lines := o.read(id)
	if err := o.count(id, reconcile.Counted{LineID: lines[0].ID, Count: 1}); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		p := o.As(policy.ProjectManager)
		return p.Do(`query($id: ID!) { node(id: $id) { ... on ReconciliationLine { expected state } } reconciliationLines { edges { node { expected counted state reconciliation { lines { expected } } } } } }`,
			map[string]any{"id": lines[0].ID}).Raw +
			p.Do(`query($e: ID!) { auditTrail(first: 20, where: {estateID: $e, action: "test.reconcile"}) { edges { node { changes { fields { name before after } } } } } }`,
				map[string]any{"e": o.A.ID}).Raw
	}
	if text := look(); strings.Contains(text, "777777") || strings.Contains(text, "888888") || !strings.Contains(text, `"frozen"`) {
		t.Errorf("the count is not blind:\n%s", text)
	}
	if err := o.count(id, reconcile.Counted{LineID: lines[1].ID, Count: 888_888}); err != nil {
		t.Fatal(err)
	}
	if text := look(); !strings.Contains(text, `"expected":777777`) {
		t.Errorf("what the record said is not shown after:\n%s", text)
	}
}

// race runs the acts at once, and gives how many were done; all others must be a CONFLICT.
func race(t *testing.T, acts ...func() error) (done int) {
	t.Helper()
	errs := make([]error, len(acts))
	var wg sync.WaitGroup
	for i, f := range acts {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			done++
		} else {
			refused(t, err, fault.Conflict)
		}
	}
	return done
}

func TestRaces(t *testing.T) {
	t.Parallel()
	o := open(t)
	for range 5 {
		id, err := o.sheet(2)
		if err != nil {
			t.Fatal(err)
		}
		_, lines := o.read(id)
		count := func(n int) func() error {
			return func() error { return o.count(id, reconcile.Counted{LineID: lines[0].ID, Count: n}) }
		}
		if n := race(t, count(1), count(3), count(1), count(3)); n != 1 {
			t.Errorf("%d counted the last line", n)
		}
		if n, err := o.DB.Ent.Obligation.Query().Where(obligation.SubjectID(id)).Count(o.Context()); err != nil || n != 1 {
			t.Errorf("%d obligations of one sheet: %v", n, err)
		}
		resolve := func() error { return o.resolve(lines[0].ID, "查明") }
		closing := func() error { return o.close(id) }
		n := race(t, resolve, resolve, closing, closing)
		s, lines := o.read(id)
		if closed := s.State == reconciliation.StateClosed; lines[0].State != reconciliationline.StateResolved || n != map[bool]int{true: 2, false: 1}[closed] {
			t.Errorf("%d of resolve and close were done: %v %v", n, s, lines)
		}
	}
}

// The database holds the course by itself; without its triggers, each of these statements does what it must not.
func TestTheDatabaseHoldsTheCourse(t *testing.T) {
	t.Parallel()
	o := open(t)
	counting, err := o.sheet(1)
	if err != nil {
		t.Fatal(err)
	}
	settling, err := o.sheet(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	_, open := o.read(counting)
	_, lines := o.read(settling)
	if err := o.count(settling, reconcile.Counted{LineID: lines[0].ID, Count: 1}, reconcile.Counted{LineID: lines[1].ID, Count: 9}); err != nil {
		t.Fatal(err)
	}
	const ended = `closed_at = now(), closed_by_id = opened_by_id, close_note = '是'`
	statements := []struct {
		constraint, sql string
		args            []any
	}{
		{"reconciliations_settled", `UPDATE reconciliations SET state = 'CLOSED', ` + ended + ` WHERE id = $1`, []any{settling}},
		{"reconciliations_settled", `UPDATE reconciliations SET state = 'SETTLING', counted_at = now() WHERE id = $1`, []any{counting}},
		{"reconciliations_course", `UPDATE reconciliations SET state = 'COUNTING', counted_at = NULL WHERE id = $1`, []any{settling}},
		{"reconciliations_course", `UPDATE reconciliations SET state = 'CANCELLED', counted_at = NULL, ` + ended + ` WHERE id = $1`, []any{settling}},
		{"reconciliations_course", `UPDATE reconciliations SET frozen_at = now() WHERE id = $1`, []any{settling}},
		{"reconciliation_lines_course", `UPDATE reconciliation_lines SET counted = 8 WHERE id = $1`, []any{lines[1].ID}},
		{"reconciliation_lines_course", `UPDATE reconciliation_lines SET frozen = 9, expected = 9, state = 'MATCHED' WHERE id = $1`, []any{lines[1].ID}},
		{"reconciliation_lines_course", `UPDATE reconciliation_lines SET frozen = 5 WHERE id = $1`, []any{open[0].ID}},
		{"reconciliation_lines_course", `UPDATE reconciliation_lines SET expected = frozen, state = 'MATCHED', counted = frozen, counted_at = now(), counted_by_id = id WHERE id = $1`, []any{open[0].ID}},
		{"reconciliation_lines_course", `INSERT INTO reconciliation_lines (id, created_at, estate_id, reconciliation_id, item_id, position, label, frozen)
			SELECT gen_random_uuid(), now(), estate_id, reconciliation_id, item_id, 99, label, 0 FROM reconciliation_lines WHERE id = $1`, []any{lines[0].ID}},
		{"reconciliation_lines_state", `UPDATE reconciliation_lines SET counted = 9 WHERE id = $1`, []any{lines[0].ID}},
		{"reconciliation_lines_shown", `UPDATE reconciliation_lines SET expected = frozen WHERE id = $1`, []any{open[0].ID}},
		{"reconciliation_lines_resolved", `UPDATE reconciliation_lines SET state = 'RESOLVED' WHERE id = $1`, []any{lines[1].ID}},
	}
	for _, s := range statements {
		got := o.raw(s.sql, s.args...)
		if strings.HasSuffix(s.constraint, "_course") || strings.HasSuffix(s.constraint, "_settled") {
			if got != s.constraint {
				t.Errorf("%s: refused by %q, want %q", s.sql, got, s.constraint)
			}
		} else if got == "" {
			t.Errorf("%s: done", s.sql)
		}
	}
	o.SQL(`DROP TRIGGER reconciliation_course ON reconciliations`)
	o.SQL(`DROP TRIGGER reconciliation_line_course ON reconciliation_lines`)
	o.SQL(`DROP TRIGGER reconciliation_goes_on ON reconciliations`)
	o.SQL(`DROP TRIGGER reconciliation_count_stays ON reconciliation_lines`)
	for _, s := range statements {
		want := ""
		if !strings.HasSuffix(s.constraint, "_course") && !strings.HasSuffix(s.constraint, "_settled") {
			want = s.constraint
		}
		if got := o.raw(s.sql, s.args...); got != want {
			t.Errorf("%s: without the triggers refused by %q, want %q", s.sql, got, want)
		}
	}
}
