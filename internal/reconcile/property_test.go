package reconcile_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/reconcile"
)

// model is what a sheet must show, kept beside it in plain values.
type model struct {
	state    reconciliation.State
	expected []int
	counted  []*int
	resolved []bool
}

func (m *model) open() (open int) {
	for i, c := range m.counted {
		if c == nil || *c != m.expected[i] && !m.resolved[i] {
			open++
		}
	}
	return open
}

// Over random sheets and random orders of counting, resolving, closing and cancelling, the sheet is as the model:
// what it said is shown when all is counted and not before, and it is closed only when nothing is open.
func TestSheetsFollowTheModel(t *testing.T) {
	t.Parallel()
	o := open(t)
	rapid.Check(t, func(t *rapid.T) {
		m := &model{state: reconciliation.StateCounting, expected: rapid.SliceOfN(rapid.IntRange(0, 2), 1, 4).Draw(t, "expected")}
		m.counted, m.resolved = make([]*int, len(m.expected)), make([]bool, len(m.expected))
		id, err := o.sheet(m.expected...)
		if err != nil {
			t.Fatal(err)
		}
		_, lines := o.read(id)
		ids := make([]uuid.UUID, len(lines))
		for i, l := range lines {
			ids[i] = l.ID
		}
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			m.step(t, o, id, ids)
			m.compare(t, o, id)
		}
	})
}

func (m *model) step(t *rapid.T, o office, id uuid.UUID, ids []uuid.UUID) {
	at := rapid.IntRange(0, len(ids)-1).Draw(t, "line")
	var err error
	allowed := false
	switch rapid.SampledFrom([]string{"count", "count", "count", "resolve", "resolve", "close", "cancel"}).Draw(t, "act") {
	case "count":
		allowed = m.state == reconciliation.StateCounting
		order := rapid.Permutation(ids).Draw(t, "order")[:rapid.IntRange(1, len(ids)).Draw(t, "so many")]
		counts, n := make([]reconcile.Counted, len(order)), rapid.IntRange(0, 2).Draw(t, "count")
		for j, line := range ids {
			allowed = allowed && (m.counted[j] == nil || !slices.Contains(order, line)) // once
		}
		for i, line := range order {
			counts[i] = reconcile.Counted{LineID: line, Count: n}
			for j := range ids {
				if allowed && ids[j] == line {
					m.counted[j] = &n
				}
			}
		}
		err = o.count(id, counts...)
		if allowed && m.allCounted() {
			m.state = reconciliation.StateSettling
		}
	case "resolve":
		allowed = m.state == reconciliation.StateSettling && *m.counted[at] != m.expected[at] && !m.resolved[at]
		m.resolved[at] = m.resolved[at] || allowed
		err = o.resolve(ids[at], "查明")
	case "close":
		if allowed = m.state == reconciliation.StateSettling && m.open() == 0; allowed {
			m.state = reconciliation.StateClosed
		}
		err = o.close(id)
	case "cancel":
		if allowed = m.state == reconciliation.StateCounting && !slices.ContainsFunc(m.counted, func(n *int) bool { return n != nil }); allowed {
			m.state = reconciliation.StateCancelled
		}
		err = o.cancel(id, "不查了")
	}
	if allowed != (err == nil) || err != nil && !fault.Is(err, fault.Conflict) {
		t.Fatalf("allowed: %v, but %v", allowed, err)
	}
}

func (m *model) allCounted() bool {
	for _, c := range m.counted {
		if c == nil {
			return false
		}
	}
	return true
}

func (m *model) compare(t *rapid.T, o office, id uuid.UUID) {
	s, lines := o.read(id)
	if s.State != m.state {
		t.Fatalf("%s, the model says %s", s.State, m.state)
	}
	shown := m.state == reconciliation.StateSettling || m.state == reconciliation.StateClosed
	for i, l := range lines {
		want := reconciliationline.StateAwaiting
		switch {
		case shown && m.resolved[i]:
			want = reconciliationline.StateResolved
		case shown && *m.counted[i] != m.expected[i]:
			want = reconciliationline.StateDifferent
		case shown:
			want = reconciliationline.StateMatched
		}
		same := (l.Counted == nil) == (m.counted[i] == nil) && (l.Counted == nil || *l.Counted == *m.counted[i])
		if l.State != want || !same || (l.Expected != nil) != shown || shown && *l.Expected != m.expected[i] {
			t.Fatalf("line %d: %v, the model says %s", i, l, want)
		}
	}
}
