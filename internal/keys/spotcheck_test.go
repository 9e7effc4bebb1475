package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	checkSheet = `id seed population size registerPopulation registerSize drawnByName reconciliation { id state closeNote closedByName
		lines { id itemID placeID position label expected counted countedByName state resolution resolutionReason } }`
	drawSpotCheck   = `mutation($in: DrawKeySpotCheckInput!) { drawKeySpotCheck(input: $in) { spotCheck { ` + checkSheet + ` } } }`
	countSpotCheck  = `mutation($in: CountKeySpotCheckInput!) { countKeySpotCheck(input: $in) { spotCheck { ` + checkSheet + ` } } }`
	resolveKeys     = `mutation($in: ResolveKeyDifferenceInput!) { resolveKeyDifference(input: $in) { line { id state resolution resolutionReason resolvedByName } } }`
	closeSpotCheck  = `mutation($in: CloseKeySpotCheckInput!) { closeKeySpotCheck(input: $in) { spotCheck { ` + checkSheet + ` } } }`
	cancelSpotCheck = `mutation($in: CancelKeySpotCheckInput!) { cancelKeySpotCheck(input: $in) { spotCheck { ` + checkSheet + ` } } }`
	seenOf          = `query($id: ID!, $sheet: ID!, $line: ID!) { check: node(id: $id) { ... on KeySpotCheck { seed } } sheet: node(id: $sheet) { ... on Reconciliation { title } }
		line: node(id: $line) { ... on ReconciliationLine { label } } reconciliationLines(where: {reconciliationID: $sheet}) { edges { node { label } } } }`
	redrawSpotCheck = `query($id: ID!) { redrawKeySpotCheck(spotCheckID: $id) { matches sets { id label } loans { id } } }`
)

func sample(estate uuid.UUID, size, register int) vars {
	return vars{"in": vars{"estateID": estate, "size": size, "registerSize": register}}
}

// sheet is a spot check's sheet: its lines in the order of their positions.
type sheet struct {
	id    string
	lines []gjson.Result
}

func checkSheetOf(check gjson.Result) sheet {
	s := sheet{check.Get("id").String(), make([]gjson.Result, len(check.Get("reconciliation.lines").Array()))}
	for _, l := range check.Get("reconciliation.lines").Array() {
		s.lines[l.Get("position").Int()-1] = l
	}
	return s
}

// of is the line of the set at the place, or of the loan at no place.
func (s sheet) of(item any, place any) gjson.Result {
	for _, l := range s.lines {
		if l.Get("itemID").String() == text(item) && l.Get("placeID").String() == text(place) {
			return l
		}
	}
	return gjson.Result{}
}

func text(id any) string {
	switch id := id.(type) {
	case uuid.UUID:
		return id.String()
	case string:
		return id
	}
	return ""
}

// agreed is the count of every line as the ledger has it, but for those that are given.
func agreed(app *stewardtest.App, s sheet, but map[string]int) vars {
	var lines []vars
	for _, l := range s.lines {
		n, ok := but[l.Get("id").String()]
		if !ok {
			n = 1 // an entry of the register
			if place := l.Get("placeID").String(); place != "" {
				n = balance(app, uuid.MustParse(l.Get("itemID").String()), uuid.MustParse(place))
			}
		}
		lines = append(lines, vars{"lineID": l.Get("id").String(), "count": n})
	}
	return vars{"in": vars{"spotCheckID": s.id, "lines": lines}}
}

func resolved(line gjson.Result, how string) vars {
	return vars{"in": vars{"lineID": line.Get("id").String(), "resolution": how, "reason": "盘点后查明"}}
}

func TestK4_3_ASpotCheckFromTheDrawToTheEnd(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, custodian := app.As(policy.Supervisor), app.As(policy.KeyCustodian)
	loan, _ := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[3], 1)
	const mine = `{ keySpotChecks { totalCount } }`
	before := custodian.Do(mine, nil).Get("keySpotChecks.totalCount").Int()

	// All four sets, and the set of the public area, which had a key by mistake: all that the office kept.
	check := supervisor.Do(drawSpotCheck, sample(app.A.ID, 5, 1)).Get("drawKeySpotCheck.spotCheck")
	s := checkSheetOf(check)
	if check.Get("population").Int() != 5 || len(check.Get("seed").String()) != 32 || check.Get("drawnByName").String() == "" || check.Get("reconciliation.state").String() != "COUNTING" {
		t.Errorf("drawn: %s", check.Raw)
	}
	blind := func(p *stewardtest.Person) {
		t.Helper()
		seen := p.Ask(seenOf, vars{"id": s.id, "sheet": check.Get("reconciliation.id").String(), "line": s.lines[0].Get("id").String()})
		if seen.Get("errors.#").Int() != 3 || len(seen.Get("data.reconciliationLines.edges").Array()) != 0 || !seen.Get("data.reconciliationLines").Exists() {
			t.Errorf("%s sees what is to be counted: %s", p.Email, seen.Raw)
		}
	}
	keepers := []*stewardtest.Person{custodian, app.As(policy.CSOfficer), app.Member("all@a.example", app.GrantIn(policy.ProjectManager, app.A), app.GrantIn(policy.KeyCustodian, app.A))}
	for _, p := range keepers {
		blind(p)
	}
	if got := custodian.Do(mine, nil).Get("keySpotChecks.totalCount").Int(); got != before {
		t.Errorf("the custodian sees %d spot checks", got)
	}
	custodian.Refused(redrawSpotCheck, vars{"id": s.id}, fault.NotFound)
	missing, over, entry := s.of(app.A.Sets[0], app.A.Cabinet), s.of(app.A.Sets[1], app.A.Desk), s.lines[len(s.lines)-1]
	if !missing.Exists() || !over.Exists() || entry.Get("placeID").Type != gjson.Null || !strings.Contains(entry.Get("label").String(), "借用登记") {
		t.Fatalf("the sheet: %s", check.Raw)
	}
	if check.Get("registerPopulation").Int() == 2 && entry.Get("itemID").String() != loan && s.of(loan, nil).Exists() {
		t.Errorf("one loan was to be drawn: %s", check.Raw)
	}

	all := agreed(app, s, map[string]int{missing.Get("id").String(): app.A.InCabinet - 1, over.Get("id").String(): app.A.AtDesk + 2, entry.Get("id").String(): 0})
	t.Run("the count is blind until all is counted", func(t *testing.T) {
		lines := all["in"].(vars)["lines"].([]vars)
		some := supervisor.In(t).Do(countSpotCheck, vars{"in": vars{"spotCheckID": s.id, "lines": lines[:len(lines)-1]}}).Get("countKeySpotCheck.spotCheck")
		seen := some.Raw
		for _, p := range keepers {
			blind(p.In(t))
		}
		for _, p := range []*stewardtest.Person{supervisor, app.As(policy.ProjectManager)} {
			seen += p.In(t).Do(`query($s: ID!, $l: ID!) { reconciliationLines(where: {reconciliationID: $s}) { edges { node { expected state } } }
				node(id: $l) { ... on ReconciliationLine { expected state } } reconciliations { edges { node { lines { expected state } } } } }`,
				vars{"s": check.Get("reconciliation.id").String(), "l": missing.Get("id").String()}).Raw
		}
		for _, state := range []string{"MATCHED", "DIFFERENT", `"expected":0`, `"expected":1`, `"expected":2`, `"expected":3`} {
			if strings.Contains(seen, state) {
				t.Errorf("%s is shown before all is counted: %s", state, seen)
			}
		}
		supervisor.In(t).Refused(closeSpotCheck, vars{"in": vars{"spotCheckID": s.id}}, fault.Conflict, "K4.3")
		if r := supervisor.In(t).Refused(countSpotCheck, vars{"in": vars{"spotCheckID": s.id, "lines": lines[:1]}}, fault.Conflict, "K4.3"); r.Field != "lines.0.lineID" {
			t.Errorf("a second count is refused at %q", r.Field)
		}
		supervisor.In(t).Refused(cancelSpotCheck, vars{"in": vars{"spotCheckID": s.id, "reason": "不查了"}}, fault.Conflict, "K4.3")
		supervisor.In(t).Refused(resolveKeys, resolved(missing, "EXPLAINED"), fault.Conflict, "K4.3")
	})
	last := all["in"].(vars)["lines"].([]vars)
	counted := supervisor.Do(countSpotCheck, vars{"in": vars{"spotCheckID": s.id, "lines": last[len(last)-1:]}}).Get("countKeySpotCheck.spotCheck")
	if counted.Get("reconciliation.state").String() != "SETTLING" || counted.Get(`reconciliation.lines.#(state=="DIFFERENT")#|#`).Int() != 3 {
		t.Fatalf("counted: %s", counted.Raw)
	}
	if l := checkSheetOf(counted).of(app.A.Sets[0], app.A.Cabinet); l.Get("expected").Int() != int64(app.A.InCabinet) || l.Get("countedByName").String() == "" {
		t.Errorf("the line: %s", l.Raw)
	}
	for _, p := range keepers {
		if seed := p.Do(`query($id: ID!) { node(id: $id) { ... on KeySpotCheck { seed } } }`, vars{"id": s.id}).Get("node.seed").String(); seed != check.Get("seed").String() {
			t.Errorf("%s does not see what was counted", p.Email)
		}
	}
	t.Run("each difference is resolved once, with a reason", func(t *testing.T) {
		p := supervisor.In(t)
		p.Refused(countSpotCheck, all, fault.Conflict, "K4.3")
		p.Refused(cancelSpotCheck, vars{"in": vars{"spotCheckID": s.id, "reason": "不查了"}}, fault.Conflict, "K4.3")
		if r := p.Refused(resolveKeys, resolved(entry, "ADJUSTED"), fault.InvalidInput, "K4.3"); r.Field != "resolution" {
			t.Errorf("an entry of the register is adjusted: at %q", r.Field)
		}
		p.Refused(resolveKeys, resolved(missing, "FOUND"), fault.InvalidInput, "K4.3")
		p.Refused(resolveKeys, resolved(over, "LOST"), fault.InvalidInput, "K4.3")
		p.Refused(resolveKeys, resolved(over, "FOUND"), fault.Conflict, "K4.3")
		if l := p.Do(resolveKeys, resolved(missing, "LOST")).Get("resolveKeyDifference.line"); l.Get("state").String() != "RESOLVED" || l.Get("resolution").String() != "LOST" || l.Get("resolvedByName").String() == "" {
			t.Errorf("resolved: %s", l.Raw)
		}
		p.Refused(resolveKeys, resolved(missing, "EXPLAINED"), fault.Conflict, "K4.3")
		p.Do(resolveKeys, resolved(over, "ADJUSTED"))
		p.Refused(closeSpotCheck, vars{"in": vars{"spotCheckID": s.id}}, fault.Conflict, "K4.3")
		p.Do(resolveKeys, resolved(entry, "EXPLAINED"))
		if m := read(app, app.A.Sets[0]); m.cabinet != app.A.InCabinet-1 { // read panics unless the accounts sum to zero
			t.Errorf("the ledger after the loss: %+v", m)
		}
		if m := read(app, app.A.Sets[1]); m.desk != app.A.AtDesk+2 {
			t.Errorf("the ledger after the adjustment: %+v", m)
		}
		if l := p.Do(`query($s: ID!) { keyLosses(where: {setID: $s}) { edges { node { count circumstances } } } }`, vars{"s": app.A.Sets[0]}).Get("keyLosses.edges.0.node"); l.Get("count").Int() != 1 {
			t.Errorf("the loss: %s", l.Raw)
		}
	})
	end := supervisor.Do(closeSpotCheck, vars{"in": vars{"spotCheckID": s.id, "note": "已办结"}}).Get("closeKeySpotCheck.spotCheck.reconciliation")
	if end.Get("state").String() != "CLOSED" || end.Get("closeNote").String() != "已办结" || end.Get("closedByName").String() == "" {
		t.Errorf("closed: %s", end.Raw)
	}
	supervisor.Refused(closeSpotCheck, vars{"in": vars{"spotCheckID": s.id}}, fault.Conflict, "K4.3")

	t.Run("the seed draws the same again, whatever came since", func(t *testing.T) {
		app.Clock.Advance(time.Hour)
		lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[2], 1)
		r := custodian.In(t).Do(redrawSpotCheck, vars{"id": s.id}).Get("redrawKeySpotCheck")
		if !r.Get("matches").Bool() || len(r.Get("sets").Array()) != 5 || r.Get("loans.0.id").String() != entry.Get("itemID").String() {
			t.Errorf("drawn again: %s", r.Raw)
		}
	})
}

// Keys that an adjustment took out of the ledger come back from there, those reported lost by their loss, and others
// from the source.
func TestK4_3_SurplusAndMissingKeysKeepTheSums(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, set := app.As(policy.Supervisor), app.A.Sets[0]
	app.As(policy.CSOfficer).Do(reportLoss, lossOf(set, app.A.Desk, 1))
	settle := func(place uuid.UUID, count int, how string) (got model) {
		t.Helper()
		s := checkSheetOf(supervisor.Do(drawSpotCheck, sample(app.A.ID, 5, 0)).Get("drawKeySpotCheck.spotCheck"))
		line := s.of(set, place)
		supervisor.Do(countSpotCheck, agreed(app, s, map[string]int{line.Get("id").String(): count}))
		supervisor.Do(resolveKeys, resolved(line, how))
		supervisor.Do(closeSpotCheck, vars{"in": vars{"spotCheckID": s.id}})
		if got = read(app, set); map[uuid.UUID]int{app.A.Cabinet: got.cabinet, app.A.Desk: got.desk}[place] != count && how != "EXPLAINED" {
			t.Errorf("%s to %d: the ledger has %+v", how, count, got)
		}
		return got
	}
	holding := func(kind string) int {
		return balance(app, set, app.IDs(`SELECT id FROM key_holders WHERE estate_id = $1 AND kind = $2`, app.A.ID, kind)[0])
	}
	source := holding("SOURCE")
	settle(app.A.Cabinet, 1, "ADJUSTED") // two are missing
	if holding("LOST") != 3 || holding("SOURCE") != source {
		t.Errorf("lost %d, source %d", holding("LOST"), holding("SOURCE"))
	}
	settle(app.A.Cabinet, 4, "ADJUSTED") // three more than that: two come back, one enters
	if holding("LOST") != 1 || holding("SOURCE") != source-1 {
		t.Errorf("lost %d, source %d", holding("LOST"), holding("SOURCE"))
	}
	settle(app.A.Desk, app.A.AtDesk, "FOUND") // the one that was reported lost
	if holding("LOST") != 0 || holding("SOURCE") != source-1 {
		t.Errorf("lost %d, source %d", holding("LOST"), holding("SOURCE"))
	}
	if l := supervisor.Do(`query($s: ID!) { keyLosses(where: {setID: $s}) { edges { node { count found } } } }`, vars{"s": set}).Get("keyLosses.edges.0.node"); l.Get("found").Int() != 1 {
		t.Errorf("the loss: %s", l.Raw)
	}
	before := read(app, set)
	if got := settle(app.A.Desk, 0, "EXPLAINED"); got.desk != before.desk {
		t.Errorf("an explanation moved keys: %+v, before %+v", got, before)
	}
}

// Of several who count the last line, resolve or close at once, one is heard; and the same key twice is one draw.
func TestK4_3_SpotChecksRacedAndRepeated(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor := app.As(policy.Supervisor)
	once := supervisor.With("Idempotency-Key", uuid.NewString())
	first := once.Do(drawSpotCheck, sample(app.A.ID, 1, 0)).Get("drawKeySpotCheck.spotCheck")
	if again := once.Do(drawSpotCheck, sample(app.A.ID, 1, 0)).Get("drawKeySpotCheck.spotCheck.id").String(); again != first.Get("id").String() {
		t.Errorf("drawn twice: %s and %s", first.Get("id"), again)
	}
	s := checkSheetOf(first)
	line := s.lines[0]
	race(t, supervisor, countSpotCheck, agreed(app, s, map[string]int{line.Get("id").String(): 99}))
	race(t, supervisor, resolveKeys, resolved(line, "ADJUSTED"))
	race(t, supervisor, closeSpotCheck, vars{"in": vars{"spotCheckID": s.id}})
	read(app, uuid.MustParse(line.Get("itemID").String())) // panics unless the accounts sum to zero
}
