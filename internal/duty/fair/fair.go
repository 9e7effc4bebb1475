// Package fair draws up a proposal for a month's roster (D1.1): who stands where, as much alike as leave, rest and employment allow. It is pure: it reads
// nothing and writes nothing, and the same input gives the same roster.
package fair

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/calendar"
)

// Span is when a shift begins, ends, and is rested from.
type Span struct{ Starts, Ends, Rested time.Time }

// Place is one person's place on a shift of a day: a shift that takes two has two.
type Place struct {
	Shift uuid.UUID
	Day   calendar.Day
	Span
	Weight int // in minutes, as WeightOf has it
}

// Hand is somebody who can be put down.
type Hand struct {
	ID          uuid.UUID
	From, Until calendar.Day // employed from, and before; Until zero: open
	Off         []Span       // leave
	Busy        []Span       // shifts that stand already, of whatever roster
	Load        int          // what counts before: the weight of the last months, and of what stands
}

// fits tells whether somebody may stand in a place, beside what stands already: employed, not on leave, on nothing else, and rested before and after.
func (h *Hand) fits(p Place) bool {
	if p.Day.Before(h.From) || !h.Until.IsZero() && !p.Day.Before(h.Until) {
		return false
	}
	for _, o := range h.Off {
		if o.Starts.Before(p.Ends) && p.Starts.Before(o.Ends) {
			return false
		}
	}
	return !slices.ContainsFunc(h.Busy, p.Span.clashes)
}

// clashes tells whether one person cannot work both: they overlap, or there is no rest between them.
func (s Span) clashes(o Span) bool { return s.Starts.Before(o.Rested) && o.Starts.Before(s.Rested) }

// searchSteps bounds the search for a roster that covers everything, where putting people down one after the other left a gap.
const searchSteps = 200_000

// Propose puts people down in the places, each time who has the least load: it is a pure function, and the same input gives the same roster. The answer
// has for each place the index of who stands there, or -1.
//
// It respects leave, employment and rest. It covers every place if that can be done and the search finds how within its steps: first by moving people
// along, then by trying. In the end no place can go to somebody with less load, by more than the place weighs: so loads differ by no more than
// a place's weight, but for what leave, rest and the loads of before forbid.
func Propose(places []Place, hands []Hand) []int {
	b := &board{places: places, hands: hands, at: make([]int, len(places)), held: make([][]int, len(hands)), load: make([]int, len(hands))}
	for i := range b.at {
		b.at[i] = -1
	}
	for i, h := range hands {
		b.load[i] = h.Load
	}
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Or(places[x].Starts.Compare(places[y].Starts), cmp.Compare(places[y].Weight, places[x].Weight))
	})
	whole := true
	for _, p := range order {
		whole = (b.take(p) || b.makeRoom(p, map[int]bool{p: true})) && whole
	}
	if !whole {
		b.search(order)
	}
	b.balance()
	return b.at
}

// board is a proposal under way.
type board struct {
	places []Place
	hands  []Hand
	at     []int   // who stands in each place; -1: nobody
	held   [][]int // the places of each person
	load   []int
}

func (b *board) put(p, h int) {
	b.at[p] = h
	b.held[h] = append(b.held[h], p)
	b.load[h] += b.places[p].Weight
}

func (b *board) lift(p int) {
	h := b.at[p]
	b.at[p] = -1
	b.held[h] = slices.DeleteFunc(b.held[h], func(x int) bool { return x == p })
	b.load[h] -= b.places[p].Weight
}

// clashing are the places that somebody holds and could not hold beside p.
func (b *board) clashing(p, h int) (list []int) {
	for _, x := range b.held[h] {
		if b.places[x].clashes(b.places[p].Span) {
			list = append(list, x)
		}
	}
	return list
}

// byLoad lists who may stand in a place but for what they hold, the least load first.
func (b *board) byLoad(p int) (list []int) {
	for h := range b.hands {
		if b.hands[h].fits(b.places[p]) {
			list = append(list, h)
		}
	}
	slices.SortStableFunc(list, func(x, y int) int { return cmp.Compare(b.load[x], b.load[y]) })
	return list
}

// take puts down who has the least load of those who can.
func (b *board) take(p int) bool {
	for _, h := range b.byLoad(p) {
		if len(b.clashing(p, h)) == 0 {
			b.put(p, h)
			return true
		}
	}
	return false
}

// makeRoom puts somebody down whose one clashing place another takes over, who may have to give up one in turn.
func (b *board) makeRoom(p int, seen map[int]bool) bool {
	for _, h := range b.byLoad(p) {
		in := b.clashing(p, h)
		if len(in) != 1 || seen[in[0]] {
			continue
		}
		seen[in[0]] = true
		b.lift(in[0])
		b.put(p, h)
		if b.take(in[0]) || b.makeRoom(in[0], seen) {
			return true
		}
		b.lift(p)
		b.put(in[0], h)
	}
	return false
}

// search tries from the beginning, place by place, until all are covered or its steps are used up; then what was there before stays.
func (b *board) search(order []int) {
	try := &board{places: b.places, hands: b.hands, at: make([]int, len(b.places)), held: make([][]int, len(b.hands)), load: make([]int, len(b.hands))}
	for i := range try.at {
		try.at[i] = -1
	}
	for i, h := range b.hands {
		try.load[i] = h.Load
	}
	steps := searchSteps
	var from func(n int) bool
	from = func(n int) bool {
		if n == len(order) {
			return true
		}
		for _, h := range try.byLoad(order[n]) {
			if steps--; steps < 0 {
				return false
			}
			if len(try.clashing(order[n], h)) > 0 {
				continue
			}
			try.put(order[n], h)
			if from(n + 1) {
				return true
			}
			try.lift(order[n])
		}
		return false
	}
	if from(0) {
		b.at, b.held, b.load = try.at, try.held, try.load
	}
}

// balance gives places to who has less load, as long as that makes loads more alike: each move lessens the sum of their squares, so it ends.
func (b *board) balance() {
	for moved := true; moved; {
		moved = false
		for p, from := range b.at {
			if from < 0 {
				continue
			}
			for _, to := range b.byLoad(p) {
				if b.load[from]-b.load[to] <= b.places[p].Weight {
					break // the others have more
				}
				if to != from && len(b.clashing(p, to)) == 0 {
					b.lift(p)
					b.put(p, to)
					moved = true
					break
				}
			}
		}
	}
}

// WeightOf is what a shift counts: its minutes, and half as much again for those at night (22:00 to 6:00) and for a day that is not worked in the office.
func WeightOf(cal *calendar.Calendar, day calendar.Day, s Span) int {
	minutes := int(s.Ends.Sub(s.Starts) / time.Minute)
	weight := minutes
	for d := day.AddDays(-1); !d.After(day.AddDays(1)); d = d.AddDays(1) {
		night := cal.StartOfDay(d).Add(22 * time.Hour)
		begins, ends := later(night, s.Starts), earlier(night.Add(8*time.Hour), s.Ends)
		if begins.Before(ends) {
			weight += int(ends.Sub(begins)/time.Minute) / 2
		}
	}
	if !cal.IsWorkingDay(day) {
		weight += minutes / 2
	}
	return weight
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
