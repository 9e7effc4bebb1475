package vacancy_test

import (
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// atOnce does all at once, and refuses answers that say of nothing what is wrong.
func atOnce(t *testing.T, ways ...func() (gjson.Result, error)) {
	t.Helper()
	answers := make([]gjson.Result, len(ways))
	var wg sync.WaitGroup
	for i, way := range ways {
		wg.Go(func() { answers[i], _ = way() })
	}
	wg.Wait()
	for i, a := range answers {
		if a.Get("errors.0.extensions.code").String() == "INTERNAL" {
			t.Errorf("%d: %s", i, a.Raw)
		}
	}
}

// hollow counts the lines of a round that cannot be: closed with neither a visit nor a reason nor a move-in, or with both.
func hollow(t *testing.T, w walk, round string) string {
	t.Helper()
	return texts(t, w.app, `SELECT count(*)::text FROM inspection_round_lines n JOIN inspection_rounds r ON r.id = n.round_id JOIN vacancies v ON v.id = n.vacancy_id
		WHERE r.id = $1 AND (r.state = 'CLOSED' AND n.inspection_id IS NULL AND n.skip_reason = '' AND v.state = 'OPEN'
			OR n.inspection_id IS NOT NULL AND n.skip_reason <> '' OR r.state = 'CANCELLED' AND n.inspection_id IS NOT NULL)`, round)
}

// Lines are sent in any order, the round is closed and somebody moves in, all at once.
func TestV4_1_ARoundIsRecordedAndClosedAtOnce(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, loan := w.begun()
	w.later(hour)
	first, second := w.line(stops[0], "VENTILATION", "LEAKS"), w.line(stops[1], "VENTILATION")
	w.back(loan)
	move := vars{"in": vars{"estateID": w.app.A.ID, "name": "新户", "occupancy": vars{"unitID": w.app.A.Units[3], "movedInOn": "2026-03-09"}}}
	skips := closing(round, vars{"vacancyID": stops[0], "reason": "锁坏"}, vars{"vacancyID": stops[1], "reason": "锁坏"})
	atOnce(t,
		func() (gjson.Result, error) { return w.officer.Try(recordRound, batchOf(round, first, second)) },
		func() (gjson.Result, error) { return w.officer.Try(recordRound, batchOf(round, second, first)) },
		func() (gjson.Result, error) { return w.officer.Try(closeRound, closing(round)) },
		func() (gjson.Result, error) { return w.officer.Try(closeRound, skips) },
		func() (gjson.Result, error) { return w.officer.Try(moveInto, move) },
	)
	if n := hollow(t, w, round); n != "0" {
		t.Errorf("%s lines that cannot be", n)
	}
}

// A visit is voided while the round is closed: it is closed without it, or says that it was voided since.
func TestV4_1_AVisitIsVoidedAndItsRoundClosedAtOnce(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, loan := w.begun()
	w.later(hour)
	p := w.officer.Do(recordRound, batchOf(round, w.line(stops[0], "VENTILATION"), w.line(stops[1], "VENTILATION"))).Get("recordRoundInspections")
	w.back(loan)
	supervisor := w.app.As(policy.Supervisor)
	supervisor.SignIn()
	atOnce(t,
		func() (gjson.Result, error) { return w.officer.Try(closeRound, closing(round)) },
		func() (gjson.Result, error) {
			return supervisor.Try(voidInspection, stewardtest.Void(p.Get("inspections.0.id").String(), "看错门牌"))
		},
	)
	if n := hollow(t, w, round); n != "0" {
		t.Errorf("%s lines that cannot be", n)
	}
	if marked := texts(t, w.app, `SELECT (state <> 'CLOSED' OR voided_visits = 1)::text FROM inspection_rounds WHERE id = $1`, round); marked != "true" {
		t.Error("the round is closed, and does not say that a visit was voided")
	}
}
