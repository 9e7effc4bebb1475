package fair

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/calendar"
)

var first = calendar.Date(2026, time.April, 1)

// spanAt is a shift that begins on the n-th day at an hour, lasts some, and is rested from after some.
func spanAt(n, hour, lasts, rest int) Span {
	starts := first.AddDays(n).UTC().Add(time.Duration(hour) * time.Hour)
	ends := starts.Add(time.Duration(lasts) * time.Hour)
	return Span{starts, ends, ends.Add(time.Duration(rest) * time.Hour)}
}

// task is a month to be drawn up, small enough to be tried through where asked for.
type task struct {
	places []Place
	hands  []Hand
}

func tasks(days, people, most int) *rapid.Generator[task] {
	return rapid.Custom(func(t *rapid.T) (in task) {
		for d := range rapid.IntRange(1, days).Draw(t, "days") {
			for range rapid.IntRange(0, most).Draw(t, "places") {
				s := spanAt(d, rapid.SampledFrom([]int{0, 8, 14, 20}).Draw(t, "hour"), rapid.SampledFrom([]int{6, 8, 12}).Draw(t, "lasts"), rapid.SampledFrom([]int{0, 8, 11}).Draw(t, "rest"))
				in.places = append(in.places, Place{uuid.Nil, first.AddDays(d), s, int(s.Ends.Sub(s.Starts)/time.Minute) + rapid.IntRange(0, 240).Draw(t, "more")})
			}
		}
		for i := range rapid.IntRange(0, people).Draw(t, "people") {
			h := Hand{ID: uuid.UUID{byte(i + 1)}, From: first.AddDays(rapid.IntRange(-9, 2).Draw(t, "from")), Load: rapid.IntRange(0, 3000).Draw(t, "load")}
			if rapid.Bool().Draw(t, "leaves") {
				h.Until = first.AddDays(rapid.IntRange(1, days).Draw(t, "until"))
			}
			if rapid.Bool().Draw(t, "off") {
				h.Off = []Span{spanAt(rapid.IntRange(0, days).Draw(t, "off from"), 0, 24*rapid.IntRange(1, 3).Draw(t, "off days"), 0)}
			}
			if rapid.Bool().Draw(t, "busy") {
				h.Busy = []Span{spanAt(rapid.IntRange(-1, days).Draw(t, "busy on"), 12, 8, 11)}
			}
			in.hands = append(in.hands, h)
		}
		return in
	})
}

// wrong is why a roster is none, by the words of the rule and not by those of the program.
func (in task) wrong(at []int) error {
	for p, h := range at {
		if h < 0 {
			continue
		}
		who, s := in.hands[h], in.places[p]
		switch {
		case s.Day.Before(who.From), !who.Until.IsZero() && !s.Day.Before(who.Until):
			return fmt.Errorf("place %d: %d is not employed", p, h)
		case slices.ContainsFunc(who.Off, func(o Span) bool { return o.Starts.Before(s.Ends) && o.Ends.After(s.Starts) }):
			return fmt.Errorf("place %d: %d is on leave", p, h)
		}
		beside := slices.Clone(who.Busy)
		for q, other := range at {
			if q != p && other == h {
				beside = append(beside, in.places[q].Span)
			}
		}
		for _, o := range beside {
			if o.Starts.Before(s.Ends) && s.Starts.Before(o.Ends) {
				return fmt.Errorf("place %d: %d is there twice", p, h)
			}
			if !o.Starts.After(s.Starts) && s.Starts.Before(o.Rested) || !s.Starts.After(o.Starts) && o.Starts.Before(s.Rested) {
				return fmt.Errorf("place %d: %d has no rest", p, h)
			}
		}
	}
	return nil
}

// coverable tries everything.
func (in task) coverable(at []int) bool {
	p := len(at)
	if p == len(in.places) {
		return true
	}
	for h := range in.hands {
		next := append(slices.Clone(at), h)
		if in.wrong(next) == nil && in.coverable(next) {
			return true
		}
	}
	return false
}

func TestD1_1_AProposalRespectsLeaveRestAndEmployment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := tasks(10, 6, 4).Draw(t, "task")
		at := Propose(in.places, in.hands)
		if err := in.wrong(at); err != nil {
			t.Fatal(err)
		}
		if again := Propose(in.places, in.hands); !slices.Equal(at, again) {
			t.Fatalf("the same gives %v and %v", at, again)
		}
	})
}

func TestD1_1_AProposalCoversEveryShiftIfThatCanBeDone(t *testing.T) {
	t.Parallel()
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		in := tasks(4, 3, 2).Draw(t, "task")
		if !in.coverable(nil) {
			return
		}
		found++
		if at := Propose(in.places, in.hands); slices.Contains(at, -1) {
			t.Fatalf("it leaves a gap: %v", at)
		}
	})
	if found < 10 {
		t.Errorf("only %d of what was tried could be covered", found)
	}
}

// No place could go to somebody with less load, by more than it weighs: what is uneven only leave, rest and employment keep so.
func TestD1_1_LoadsDifferByNoMoreThanAShift(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := tasks(12, 6, 3).Draw(t, "task")
		at := Propose(in.places, in.hands)
		load := make([]int, len(in.hands))
		for h := range in.hands {
			load[h] = in.hands[h].Load
		}
		for p, h := range at {
			if h >= 0 {
				load[h] += in.places[p].Weight
			}
		}
		for p, h := range at {
			for other := range in.hands {
				if h < 0 || load[h]-load[other] <= in.places[p].Weight {
					continue
				}
				moved := slices.Clone(at)
				moved[p] = other
				if in.wrong(moved) == nil {
					t.Fatalf("place %d weighs %d, and could go from %d with %d to %d with %d", p, in.places[p].Weight, h, load[h], other, load[other])
				}
			}
		}
	})
}

// Where nothing stands in the way, loads differ by one shift at most: a month of three shifts a day among ten.
func TestD1_1_AMonthIsShared(t *testing.T) {
	t.Parallel()
	var in task
	for d := range 30 {
		for _, hour := range []int{0, 8, 16} {
			in.places = append(in.places, Place{uuid.Nil, first.AddDays(d), spanAt(d, hour, 8, 11), 480})
		}
	}
	for i := range 10 {
		in.hands = append(in.hands, Hand{ID: uuid.UUID{byte(i + 1)}, From: first.AddDays(-100)})
	}
	at := Propose(in.places, in.hands)
	if err := in.wrong(at); err != nil || slices.Contains(at, -1) {
		t.Fatalf("%v: %v", err, at)
	}
	count := make([]int, 10)
	for _, h := range at {
		count[h]++
	}
	if slices.Max(count)-slices.Min(count) > 1 {
		t.Errorf("shifts by person: %v", count)
	}
}

func TestD1_1_NightsAndFreeDaysWeighMore(t *testing.T) {
	t.Parallel()
	cal, err := calendar.New("Asia/Shanghai", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	day := func(d calendar.Day, hour, lasts int) int {
		starts := cal.StartOfDay(d).Add(time.Duration(hour) * time.Hour)
		ends := starts.Add(time.Duration(lasts) * time.Hour)
		return WeightOf(cal, d, Span{starts, ends, ends})
	}
	wednesday, saturday := calendar.Date(2026, time.April, 15), calendar.Date(2026, time.April, 18)
	for _, c := range []struct{ got, want int }{
		{day(wednesday, 8, 8), 480}, {day(wednesday, 22, 8), 720}, {day(wednesday, 20, 12), 720 + 240}, {day(wednesday, 0, 8), 480 + 180}, {day(saturday, 8, 8), 720}, {day(saturday, 22, 8), 960},
	} {
		if c.got != c.want {
			t.Errorf("it weighs %d, want %d", c.got, c.want)
		}
	}
}

// A gap that only a chain of moves closes is closed: each of three can do one place that another can do, too.
func TestD1_1_PeopleMoveAlongToCoverAGap(t *testing.T) {
	t.Parallel()
	in := task{places: []Place{{Day: first, Span: spanAt(0, 8, 8, 11), Weight: 480}, {Day: first, Span: spanAt(0, 8, 8, 11), Weight: 480}, {Day: first, Span: spanAt(0, 9, 8, 11), Weight: 480}}}
	in.hands = []Hand{{From: first, Load: 0}, {From: first, Load: 100}, {From: first, Load: 200, Off: []Span{spanAt(0, 16, 1, 0)}}}
	in.places[0].Span, in.places[1].Span = spanAt(0, 6, 8, 11), spanAt(0, 7, 8, 11)
	at := Propose(in.places, in.hands)
	if err := in.wrong(at); err != nil || slices.Contains(at, -1) || at[2] == 2 {
		t.Fatalf("%v: %v", err, at)
	}
}
