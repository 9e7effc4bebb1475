package access

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Read is a row of a watched entity that an answer is made from.
type Read struct {
	Type string // the entity's name
	ID   uuid.UUID
	Row  Row
}

// Reads collects the watched rows that an answer is made from, so that they are on the audit trail before it leaves (A6).
type Reads struct {
	mu     sync.Mutex
	rows   map[Read]bool
	missed map[Read]bool
	asked  map[uuid.UUID]bool
}

// WithReads has what is read in the context collected.
func WithReads(ctx context.Context) (context.Context, *Reads) {
	r := &Reads{rows: map[Read]bool{}, missed: map[Read]bool{}, asked: map[uuid.UUID]bool{}}
	return context.WithValue(ctx, readsKey, r), r
}

// collecting is who collects what is read, or nil: if the program itself reads, an act does, or nobody collects.
func collecting(ctx context.Context) *Reads {
	r, _ := ctx.Value(readsKey).(*Reads)
	if r == nil || RuleFrom(ctx) != nil || From(ctx).IsSystem() {
		return nil
	}
	return r
}

// Saw notes a watched row.
func Saw(ctx context.Context, read Read) {
	if r := collecting(ctx); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.rows[read] = true
	}
}

// Asked notes whose watched rows a list was asked for: how many there are, and that there is none, is read, too, where no row is.
func Asked(ctx context.Context, whose ...uuid.UUID) {
	if r := collecting(ctx); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, id := range whose {
			r.asked[id] = true
		}
	}
}

// Missed notes a watched row that somebody asked for by its id and is not shown, be it there or not.
func Missed(ctx context.Context, entity string, id uuid.UUID) {
	if r := collecting(ctx); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.missed[Read{Type: entity, ID: id}] = true
	}
}

// All lists what was read, each row once, in no order.
func (r *Reads) All() []Read {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.rows))
}

// Misses lists what was asked for by its id and is not shown, each once, in no order.
func (r *Reads) Misses() []Read {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.missed))
}

// Whose lists what Asked noted, in order.
func (r *Reads) Whose() []uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Keys(r.asked), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

// LivesIn tells whether the viewer is a resident of the household.
func (v *Viewer) LivesIn(household uuid.UUID) bool {
	return slices.ContainsFunc(v.Grants, func(g Grant) bool { return g.Household == household && household != uuid.Nil })
}
