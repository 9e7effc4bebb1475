package vacancy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func batchOf(round string, lines ...vars) vars {
	return vars{"in": vars{"roundID": round, "lines": lines}}
}

func closing(round string, skips ...vars) vars {
	return vars{"in": vars{"roundID": round, "skips": skips, "signature": vars{"credential": stewardtest.Password}}}
}

// Keys of its units are out with who walks, be they noted on the round or not.
func TestV4_1_ARoundIsNotClosedWithKeysOutThatNobodyNoted(t *testing.T) {
	t.Parallel()
	w := walking(t)
	r := w.officer.Do(planRound, w.plan("2026-03-09")).Get("planInspectionRound.round")
	round := r.Get("id").String()
	without := vars{"in": vars{"roundID": round, "loanIDs": []string{}, "withoutKeysReason": "门未锁"}}
	loan := w.lent(w.app.A.Sets[3])
	if r := w.officer.Refused(startRound, without, fault.RuleBroken, "V4.1"); r.Field != "loanIDs" {
		t.Errorf("refused at %q", r.Field)
	}
	w.back(loan)
	w.officer.Do(startRound, without)
	var lines []vars
	for _, l := range r.Get("lines").Array() {
		lines = append(lines, w.line(l.Get("vacancyID").String(), "VENTILATION"))
	}
	if p := w.officer.Do(recordRound, batchOf(round, lines...)).Get("recordRoundInspections"); p.Get("refused.#").Int() != 0 {
		t.Errorf("of a round without keys: %s", p.Raw)
	}
	loan = w.lent(w.app.A.Sets[3])
	w.officer.Refused(closeRound, closing(round), fault.RuleBroken, "V4.1")
	w.back(loan)
	w.officer.Do(closeRound, closing(round))
}

// A unit is visited while its key is lent, or who walks says how it was entered.
func TestV4_1_AVisitIsMadeWithAKeyOfTheUnit(t *testing.T) {
	t.Parallel()
	w := walking(t)
	r := w.officer.Do(planRound, w.plan("2026-03-09")).Get("planInspectionRound.round")
	round, other, own := r.Get("id").String(), r.Get("lines.0.vacancyID").String(), r.Get("lines.1.vacancyID").String()
	loan := w.lent(w.app.A.Sets[3]) // of the second on the way only
	w.officer.Do(startRound, vars{"in": vars{"roundID": round, "loanIDs": []string{loan}}})
	w.later(hour)
	noted := w.line(own, "VENTILATION")
	w.later(10 * time.Minute)
	w.back(loan)
	w.later(hour)
	after, never := w.line(own, "VENTILATION"), w.line(other, "VENTILATION")
	p := w.officer.Do(recordRound, batchOf(round, after, never)).Get("recordRoundInspections")
	for i, l := range p.Get("refused").Array() {
		if l.Get("line").Int() != int64(i) || l.Get("code").String() != "RULE" || l.Get("clause").String() != "V4.1" || l.Get("field").String() != "withoutKeyReason" {
			t.Errorf("refused: %s", l.Raw)
		}
	}
	if p.Get("refused.#").Int() != 2 {
		t.Errorf("without keys: %s", p.Raw)
	}
	never["withoutKeyReason"], noted["withoutKeyReason"] = " 业主  开门 ", "不需要"
	in := batchOf(round, noted, never)
	in["in"].(vars)["lateReason"] = "地下室无信号"
	p = w.officer.Do(recordRound, in).Get("recordRoundInspections")
	if p.Get("inspections.#").Int() != 2 || p.Get("inspections.0.withoutKeyReason").String() != "" || p.Get("inspections.1.withoutKeyReason").String() != "业主 开门" {
		t.Errorf("with a reason: %s", p.Raw)
	}
	err := w.app.TrySQL(`INSERT INTO inspections (id, created_at, estate_id, vacancy_id, unit_id, round_id, line_key, inspected_at, inspected_on, inspected_by_id, inspected_by_name, late_reason)
		SELECT new_id(x'0705'::int), created_at, estate_id, vacancy_id, unit_id, round_id, NULL, inspected_at - interval '1 second', inspected_on, inspected_by_id, inspected_by_name, late_reason
		FROM inspections WHERE round_id = $1 AND without_key_reason <> ''`, round)
	if err == nil || !strings.Contains(err.Error(), "no key of the unit was lent then") {
		t.Errorf("without a key and a reason: %v", err)
	}
}

// Who walks is in one unit at a time.
func TestV4_1_TwoVisitsOfARoundAreNotAtOnce(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, _ := w.begun()
	first, second := w.line(stops[0], "VENTILATION"), w.line(stops[1], "VENTILATION")
	second["inspectedAt"] = first["inspectedAt"]
	p := w.officer.Do(recordRound, batchOf(round, first, second)).Get("recordRoundInspections")
	if p.Get("inspections.#").Int() != 1 || p.Get("refused.0.field").String() != "inspectedAt" || p.Get("refused.0.code").String() != "INVALID_INPUT" {
		t.Errorf("at once: %s", p.Raw)
	}
	if p := w.officer.Do(recordRound, batchOf(round, second)).Get("recordRoundInspections"); p.Get("refused.0.field").String() != "inspectedAt" {
		t.Errorf("sent after it: %s", p.Raw)
	}
	err := w.app.TrySQL(`INSERT INTO inspections (id, created_at, estate_id, vacancy_id, unit_id, round_id, inspected_at, inspected_on, inspected_by_id, inspected_by_name)
		SELECT new_id(x'0705'::int), i.created_at, i.estate_id, n.vacancy_id, n.unit_id, i.round_id, i.inspected_at, i.inspected_on, i.inspected_by_id, i.inspected_by_name
		FROM inspections i JOIN inspection_round_lines n ON n.round_id = i.round_id AND n.inspection_id IS NULL WHERE i.round_id = $1`, round)
	if err == nil || !strings.Contains(err.Error(), "two units at the same time") {
		t.Errorf("in the database: %v", err)
	}
	second["inspectedAt"] = w.app.Clock.Now()
	if p := w.officer.Do(recordRound, batchOf(round, second)).Get("recordRoundInspections"); p.Get("inspections.#").Int() != 1 {
		t.Errorf("after it: %s", p.Raw)
	}
}

// A picture is of one visit: of one unit, and of one day.
func TestV4_2_APictureIsOfOneVisit(t *testing.T) {
	t.Parallel()
	w := walking(t)
	officer, id := w.officer, open(t, w.officer, w.app.A.Units[3]).Get("id").String()
	showing := func(n int, codes ...string) vars {
		return with(visited(officer, id, codes...), func(in vars) {
			for _, r := range in["results"].([]vars) {
				r["photoIDs"] = []string{uploaded(t, officer, picture(n))}
			}
		})
	}
	wrong := officer.Do(inspect, showing(1, "LEAKS", "HAZARDS")).Get("recordInspection.inspection.id").String() // of both
	if r := officer.Refused(inspect, showing(1, "FACILITIES"), fault.RuleBroken, "V4.2"); r.Field != "results.0.photoIDs.0" {
		t.Errorf("refused at %q", r.Field)
	}
	round, stops, _ := w.begun()
	lines := make([]vars, 3)
	for i, shows := range []int{1, 2, 2} {
		lines[i] = w.line(stops[min(i, 1)], "LEAKS")
		lines[i]["results"].([]vars)[0]["photoIDs"] = []string{uploaded(t, officer, picture(shows))}
	}
	p := officer.Do(recordRound, batchOf(round, lines[0], lines[1])).Get("recordRoundInspections")
	if p.Get("inspections.#").Int() != 1 || p.Get("refused.0.field").String() != "results.0.photoIDs.0" || p.Get("refused.0.clause").String() != "V4.2" {
		t.Errorf("on a round: %s", p.Raw)
	}
	lines[2]["vacancyID"] = stops[0]
	if p := officer.Do(recordRound, batchOf(round, lines[2])).Get("recordRoundInspections"); p.Get("refused.0.field").String() != "results.0.photoIDs.0" {
		t.Errorf("of the line before: %s", p.Raw)
	}
	w.app.As(policy.Supervisor).SignIn()
	w.app.As(policy.Supervisor).Do(voidInspection, stewardtest.Void(wrong, "录错房号"))
	if p := officer.Do(recordRound, batchOf(round, lines[0])).Get("recordRoundInspections"); p.Get("inspections.#").Int() != 1 {
		t.Errorf("of a visit that was voided: %s", p.Raw)
	}
	w.app.SQL(`ALTER TABLE inspection_photos DISABLE TRIGGER inspection_photo_once`)
	officer.Do(inspect, showing(1, "FACILITIES")) // without the trigger it is that of two
}

// What was signed for is not undone unseen: who leads voids it, and the round says so.
func TestV4_1_AClosedRoundSaysThatAVisitWasVoided(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, loan := w.begun()
	w.later(hour)
	p := w.officer.Do(recordRound, batchOf(round, w.line(stops[0], "VENTILATION"), w.line(stops[1], "VENTILATION"))).Get("recordRoundInspections")
	w.back(loan)
	w.officer.Do(closeRound, closing(round))
	visit := p.Get("inspections.0.id").String()
	w.officer.Refused(voidInspection, stewardtest.Void(visit, "看错门牌"), fault.Forbidden, "V4.1")
	w.app.As(policy.Supervisor).SignIn()
	w.app.As(policy.Supervisor).Do(voidInspection, stewardtest.Void(visit, "看错门牌"))
	r := w.officer.Do(`query($r: ID!) { inspectionRounds(where: {id: $r}) { edges { node { voidedVisits lines { position inspection { id voidedAt } } } } } }`, vars{"r": round}).Get("inspectionRounds.edges.0.node")
	if l := r.Get("lines.#(position==1).inspection"); r.Get("voidedVisits").Int() != 1 || l.Get("id").String() != visit || l.Get("voidedAt").String() == "" {
		t.Errorf("the round: %s", r.Raw)
	}
	if d := w.officer.Do(calendarOf, vars{"e": w.app.A.ID, "m": "2026-03-20"}).Get(`inspectionCalendar.#(day=="2026-03-09")`); d.Get("units").Int() != 2 || d.Get("visited").Int() != 1 {
		t.Errorf("the calendar: %s", d.Raw)
	}
}

// Units that are due today are not kept by a round in a month; that of another round under way waits.
func TestV4_1_ARoundFarAheadKeepsNoUnitFromAnEarlierOne(t *testing.T) {
	t.Parallel()
	w := walking(t)
	far := w.officer.Do(planRound, w.plan("2026-04-08")).Get("planInspectionRound.round.id").String()
	r := w.officer.Do(planRound, w.plan("2026-03-09")).Get("planInspectionRound.round")
	if r.Get("units").Int() != 2 {
		t.Errorf("planned: %s", r.Raw)
	}
	w.officer.Refused(planRound, w.plan("2026-03-09"), fault.Conflict, "V4.1") // those of the day are
	w.officer.Refused(planRound, w.plan("2026-04-08"), fault.Conflict, "V4.1")
	starting := func(round string) vars {
		return vars{"in": vars{"roundID": round, "loanIDs": []string{}, "withoutKeysReason": "门未锁"}}
	}
	w.officer.Do(startRound, starting(r.Get("id").String()))
	w.officer.Refused(startRound, starting(far), fault.Conflict, "V4.1")       // its units are being walked through
	w.officer.Refused(planRound, w.plan("2026-03-10"), fault.Conflict, "V4.1") // so they are on no other
	w.officer.Do(cancelRound, vars{"in": vars{"roundID": r.Get("id").String(), "reason": "下雨"}})
	w.officer.Do(startRound, starting(far))
}

// The units of a round become parking places for as long as it takes to close it.
func TestV4_1_ARoundIsNotClosedByMakingItsUnitsSomethingElse(t *testing.T) {
	t.Parallel()
	w := walking(t)
	flat := built(w.app, "903", "FLAT")
	w.later(7 * 24 * hour)
	r := w.officer.Do(planRound, w.plan("2026-03-16")).Get("planInspectionRound.round")
	round := r.Get("id").String()
	w.officer.Do(startRound, vars{"in": vars{"roundID": round, "loanIDs": []string{}, "withoutKeysReason": "门未锁"}})
	w.officer.Do(updateUnit, vars{"in": vars{"id": flat, "expectedVersion": 1, "kind": "PARKING"}})
	var skips, left []vars
	for _, l := range r.Get("lines").Array() {
		skip := vars{"vacancyID": l.Get("vacancyID").String(), "reason": "改为车位"}
		if left = append(left, skip); !strings.Contains(l.Get("unit.label").String(), "903") {
			skips = append(skips, skip)
		}
	}
	if r := w.officer.Refused(closeRound, closing(round, skips...), fault.RuleBroken, "V4.1"); r.Field != "skips" {
		t.Errorf("refused at %q", r.Field)
	}
	w.officer.Do(closeRound, closing(round, left...))
}

// As many lines as a phone may send, with the five results of the plan and a photo of each.
func TestV4_2_AsManyLinesAsAPhoneMaySend(t *testing.T) {
	t.Parallel()
	w := walking(t)
	round, stops, _ := w.begun()
	lines := make([]vars, 41)
	known := items(w.officer)
	for i := range lines {
		results := []vars{}
		for _, item := range known {
			results = append(results, vars{"itemID": item, "result": "NORMAL", "photoIDs": []string{uuid.NewString()}})
		}
		lines[i] = vars{"key": uuid.NewString(), "vacancyID": stops[i%2], "inspectedAt": w.app.Clock.Now(), "note": "已锁", "results": results}
	}
	if p := w.officer.Do(recordRound, batchOf(round, lines[:40]...)).Get("recordRoundInspections"); p.Get("refused.#").Int() != 40 || p.Get("refused.0.code").String() != "NOT_FOUND" {
		t.Errorf("nobody uploaded the photos: %s", p.Raw)
	}
	if r := w.officer.Refused(recordRound, batchOf(round, lines...), fault.InvalidInput); r.Field != "lines" {
		t.Errorf("refused at %q", r.Field)
	}
}
