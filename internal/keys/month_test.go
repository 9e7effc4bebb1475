package keys_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// ways are the movements of a random history: from what to what, for what reason.
var ways = []struct{ from, to, reason string }{
	{"SOURCE", "CABINET", "ACCEPTED"}, {"SOURCE", "DESK", "REPLACED"}, {"SOURCE", "CABINET", "COPIED"}, {"CABINET", "DESK", "PLACED"},
	{"CABINET", "SEAL", "SEALED"}, {"SEAL", "CABINET", "UNSEALED"}, {"DESK", "EXTERNAL", "LENT"}, {"EXTERNAL", "DESK", "RETURNED"},
	{"CABINET", "HOUSEHOLD", "HANDED_OVER"}, {"HOUSEHOLD", "DESK", "TAKEN_BACK"}, {"EXTERNAL", "LOST", "LOST"}, {"LOST", "DESK", "FOUND"},
	{"HOUSEHOLD", "LOST", "LOST"}, {"CABINET", "ENGINEERING", "TO_ENGINEERING"}, {"ENGINEERING", "CABINET", "FROM_ENGINEERING"},
	{"CABINET", "SCRAPPED", "SCRAPPED"}, {"DESK", "SCRAPPED", "RETIRED"}, {"CABINET", "LOST", "ADJUSTED"}, {"SOURCE", "DESK", "ADJUSTED"},
}

// world is an estate of a property's own: a building in an area and one in none, with a set of each kind, and all kinds of holders.
type world struct {
	app     *stewardtest.App
	ctx     context.Context
	estate  uuid.UUID
	loss    uuid.UUID
	sets    []uuid.UUID
	line    []string // of each set: area and kind
	holders map[string]uuid.UUID
}

func newWorld(t *rapid.T, app *stewardtest.App) *world {
	w := &world{app: app, ctx: app.Context(), loss: ids.New(0x030a), holders: map[string]uuid.UUID{}}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	e, err := registry.CreateEstate.Do(w.ctx, registry.CreateEstateInput{Code: "X" + strings.ToUpper(uuid.NewString()[:8]), Name: "丙小区"})
	must(err)
	w.estate = e.Estate.ID
	area, err := registry.CreateArea.Do(w.ctx, registry.CreateAreaInput{EstateID: w.estate, Code: "一区", Name: "一区"})
	must(err)
	for i, in := range []*ent.Area{area.Area, nil} {
		b := registry.CreateBuildingInput{EstateID: w.estate, Code: fmt.Sprintf("%d栋", i+1)}
		if in != nil {
			b.AreaID = &in.ID
		}
		building, err := registry.CreateBuilding.Do(w.ctx, b)
		must(err)
		unit, err := registry.CreateUnit.Do(w.ctx, registry.CreateUnitInput{BuildingID: building.Building.ID, Number: "101"})
		must(err)
		for _, kind := range []string{"UNIT", "PUBLIC_AREA"} {
			set := ids.New(0x0301)
			must(plain(app, `INSERT INTO key_sets (id, created_at, estate_id, unit_id, place, label, kind, sort_key) VALUES ($1, $2, $3, $4, $5::varchar, $5, $5, $5)`,
				set, stewardtest.Start, w.estate, unit.Unit.ID, kind))
			w.sets, w.line = append(w.sets, set), append(w.line, map[bool]string{true: "一区 "}[in != nil]+kind)
		}
	}
	x, err := registry.RegisterExternalPerson.Do(w.ctx, registry.RegisterExternalPersonInput{EstateID: w.estate, Name: "师傅", Company: "锁业", Phone: stewardtest.Phone})
	must(err)
	code := "1-101"
	h, err := registry.CreateHousehold.Do(w.ctx, registry.CreateHouseholdInput{EstateID: w.estate, Code: &code, Name: "业户"})
	must(err)
	must(plain(app, `INSERT INTO key_holders (id, created_at, estate_id, kind, name, external_person_id, household_id)
		VALUES (new_id(770), $1, $2, 'EXTERNAL', '师傅', $3, NULL), (new_id(770), $1, $2, 'HOUSEHOLD', '业户', NULL, $4)`, stewardtest.Start, w.estate, x.ExternalPerson.ID, h.Household.ID))
	holders, err := app.DB.Ent.KeyHolder.Query().Where(keyholder.EstateID(w.estate)).All(w.ctx)
	must(err)
	for _, h := range holders {
		w.holders[string(h.Kind)] = h.ID
	}
	must(plain(app, `INSERT INTO key_losses (id, created_at, estate_id, set_id, label, holder_id, holder_name, count, circumstances, occurred_at, reported_at, reported_by_id, reported_by_name)
		VALUES ($1, $2, $3, $4, '门', $5, '', 1, '', $2, $2, $1, '')`, w.loss, stewardtest.Start, w.estate, w.sets[0], w.holders["DESK"]))
	return w
}

// entry is one of a history, with what the model needs to know of it.
type entry struct {
	moved
	way, set, month int
	void, voided    bool // it counters one, or is countered
	of              *entry
}

// history enters a random one over so many months, in order of time: every entry one that is possible.
func (w *world) history(t *rapid.T, months int) (list []*entry) {
	have := map[[2]string]int{} // by line and kind of holder
	for month := range months {
		at := calendarOf(month)
		for range rapid.IntRange(0, 12).Draw(t, "entries") {
			at = at.Add(time.Duration(rapid.IntRange(0, 55).Draw(t, "hours")) * time.Hour)
			set := rapid.IntRange(0, len(w.sets)-1).Draw(t, "set")
			enough := func(kind string, n int) bool { return kind == "SOURCE" || have[[2]string{w.line[set], kind}] >= n }
			var can []*entry
			var undo []*uuid.UUID
			for i, way := range ways {
				if enough(way.from, 1) {
					can = append(can, &entry{moved: moved{from: w.holders[way.from], to: w.holders[way.to], count: 1, reason: way.reason, at: at}, way: i, set: set, month: month})
					undo = append(undo, nil)
				}
			}
			for _, o := range list {
				if o.set == set && !o.void && !o.voided && enough(ways[o.way].to, o.count) {
					can = append(can, &entry{moved: moved{from: o.to, to: o.from, count: o.count, reason: "VOIDED", at: at}, way: o.way, set: set, month: month, void: true, of: o})
					undo = append(undo, &o.id)
				}
			}
			i := rapid.IntRange(0, len(can)-1).Draw(t, "entry")
			e, from, to := can[i], ways[can[i].way].from, ways[can[i].way].to
			if e.void {
				from, to, e.of.voided = to, from, true
			} else if n := rapid.IntRange(1, 6).Draw(t, "count"); enough(from, n) {
				e.count = n
			}
			var loss *uuid.UUID
			if way := ways[e.way]; way.reason == "LOST" || way.reason == "FOUND" {
				loss = &w.loss
			}
			if err := enter(w.app, w.estate, w.sets[set], loss, undo[i], &e.moved); err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			have[[2]string{w.line[set], from}] -= e.count
			have[[2]string{w.line[set], to}] += e.count
			list = append(list, e)
		}
	}
	return list
}

// calendarOf is the beginning of the months of a history: September 2025 and on.
func calendarOf(month int) time.Time {
	return time.Date(2025, time.Month(9+month), 1, 0, 0, 0, 0, stewardtest.Start.Location())
}

func dayOf(month int) calendar.Day { return calendar.DayOf(calendarOf(month)) }

// reckon is what a month must show, by plain counting: figures by line and column.
func (w *world) reckon(list []*entry, month int) map[string]map[string]int {
	office := map[string]bool{"CABINET": true, "DESK": true, "SEAL": true, "EXTERNAL": true}
	column := map[string]string{"ACCEPTED": "accepted", "REPLACED": "replaced", "COPIED": "copied", "TAKEN_BACK": "taken_back", "FOUND": "found", "FROM_ENGINEERING": "from_engineering",
		"HANDED_OVER": "-handed_over", "LOST": "-lost", "SCRAPPED": "-scrapped", "RETIRED": "-retired", "TO_ENGINEERING": "-to_engineering", "ADJUSTED": "adjusted"}
	out := map[string]map[string]int{}
	for _, e := range list {
		if e.month > month {
			continue
		}
		l := out[w.line[e.set]]
		if l == nil {
			l = map[string]int{}
			out[w.line[e.set]] = l
		}
		from, to, n := ways[e.way].from, ways[e.way].to, e.count
		if e.void {
			from, to = to, from
		}
		if to == "HOUSEHOLD" {
			l["with_households"] += n
		}
		if from == "HOUSEHOLD" {
			l["with_households"] -= n
		}
		if office[from] {
			n = -n
		}
		if office[from] == office[to] {
			continue
		}
		l["closing"] += n
		switch c := column[ways[e.way].reason]; {
		case e.month < month:
			l["opening"] += n
		case c[0] == '-':
			l[c[1:]] -= n
		default:
			l[c] += n
		}
	}
	return out
}

// shown are the figures of a month as it is told; zeros are left out.
func shown(t *rapid.T, m *keys.KeyMonth) map[string]map[string]int {
	out := map[string]map[string]int{}
	for _, l := range m.Lines {
		var figures map[string]any
		text, err := json.Marshal(l)
		if err == nil {
			err = json.Unmarshal(text, &figures)
		}
		if err != nil {
			t.Fatal(err)
		}
		line := map[string]int{}
		for name, v := range figures {
			if n, ok := v.(float64); ok && name != "position" {
				line[name] = int(n)
			}
		}
		name := string(l.Kind)
		if l.Area != "" {
			name = l.Area + " " + name
		}
		out[name] = line
		if in := l.Opening + l.Accepted + l.Replaced + l.Copied + l.TakenBack + l.Found + l.FromEngineering; in-l.HandedOver-l.Lost-l.Scrapped-l.Retired-l.ToEngineering+l.Adjusted != l.Closing {
			t.Fatalf("opening + in - out is not closing: %+v", l)
		}
	}
	return out
}

func same(a, b map[string]map[string]int) bool {
	tidy := func(in map[string]map[string]int) map[string]map[string]int {
		out := map[string]map[string]int{}
		for name, l := range in {
			out[name] = map[string]int{}
			for k, n := range l {
				if n != 0 {
					out[name][k] = n
				}
			}
		}
		return out
	}
	return reflect.DeepEqual(tidy(a), tidy(b))
}

// Over random histories every month adds up, shows what plain counting shows, and opens with what the month before closed
// with; and a month that is closed shows the same as while it was open, whatever comes after.
func TestK4_2_EveryMonthAddsUp(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	anyEntry(app)
	rapid.Check(t, func(t *rapid.T) {
		const months = 4
		w := newWorld(t, app)
		list := w.history(t, months)
		var open [months]map[string]map[string]int
		for i := range months {
			m, err := keys.Month(w.ctx, w.estate, dayOf(i).UTC())
			if err != nil || m.Closed {
				t.Fatalf("%+v %v", m, err)
			}
			if open[i] = shown(t, m); !same(open[i], w.reckon(list, i)) {
				t.Fatalf("month %d: %v, want %v of %+v", i, open[i], w.reckon(list, i), list)
			}
			for name, l := range open[i] {
				if i > 0 && l["opening"] != open[i-1][name]["closing"] {
					t.Fatalf("%s opens month %d with %d, and closed the one before with %d", name, i, l["opening"], open[i-1][name]["closing"])
				}
			}
		}
		for i := range months {
			if len(list) == 0 || list[0].month > i {
				continue // nothing was entered until then
			}
			if _, err := keys.CloseMonth.Do(w.ctx, keys.CloseKeyMonthInput{EstateID: w.estate, Month: dayOf(i)}); err != nil {
				t.Fatalf("close month %d: %v", i, err)
			}
			m, err := keys.Month(w.ctx, w.estate, dayOf(i).UTC())
			if err != nil || !m.Closed || !same(shown(t, m), open[i]) {
				t.Fatalf("month %d, closed: %+v %v, was %v", i, m, err, open[i])
			}
		}
	})
}
