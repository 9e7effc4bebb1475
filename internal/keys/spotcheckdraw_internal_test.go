package keys

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// candidates are so many ids, all different.
func candidates(n int) []uuid.UUID {
	list := make([]uuid.UUID, n)
	for i := range list {
		binary.BigEndian.PutUint32(list[i][:], uint32(i))
	}
	return list
}

// A draw is the seed's alone: the same again whatever the order, of the right size, without duplicates, from among
// the candidates; a larger sample holds the smaller one (K4.3).
func TestDrawProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.StringN(1, 40, -1).Draw(t, "seed")
		among := candidates(rapid.IntRange(0, 40).Draw(t, "candidates"))
		size := rapid.IntRange(0, 50).Draw(t, "size")
		drawn := draw(seed, among, size)
		if want := min(size, len(among)); len(drawn) != want {
			t.Fatalf("%d drawn, want %d", len(drawn), want)
		}
		mixed := append(rapid.Permutation(among).Draw(t, "order"), among[:len(among)/2]...)
		if again := draw(seed, mixed, size); !slices.Equal(again, drawn) {
			t.Fatalf("drawn again in another order: %v, before %v", again, drawn)
		}
		if more := draw(seed, among, size+1); !slices.Equal(more[:len(drawn)], drawn) {
			t.Fatalf("a larger sample %v does not hold %v", more, drawn)
		}
		seen := map[uuid.UUID]bool{}
		for _, id := range drawn {
			if seen[id] || !slices.Contains(among, id) {
				t.Fatalf("%s is drawn twice, or is no candidate", id)
			}
			seen[id] = true
		}
	})
}

// Over many seeds every candidate is drawn about as often as any other.
func TestDrawGivesEverySetAChance(t *testing.T) {
	t.Parallel()
	const n, size, draws = 20, 5, 4000
	times, among := map[uuid.UUID]int{}, candidates(n)
	for i := range draws {
		for _, id := range draw(fmt.Sprintf("seed %d", i), among, size) {
			times[id]++
		}
	}
	for _, id := range among { // 1000 each, with a deviation of 27
		if got := times[id]; got < 850 || got > 1150 {
			t.Errorf("%s was drawn %d times, want about %d", id, got, draws*size/n)
		}
	}
}

func TestSeedsAreNotGuessed(t *testing.T) {
	t.Parallel()
	if a, b := newSeed(), newSeed(); a == b || len(a) != 32 {
		t.Errorf("seeds %q and %q", a, b)
	}
}
