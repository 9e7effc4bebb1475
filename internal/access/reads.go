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
	mu    sync.Mutex
	rows  map[Read]bool
	asked map[uuid.UUID]bool
}

// WithReads has what is read in the context collected.
func WithReads(ctx context.Context) (context.Context, *Reads) {
	r := &Reads{rows: map[Read]bool{}, asked: map[uuid.UUID]bool{}}
	return context.WithValue(ctx, readsKey, r), r
}

// Saw notes a watched row, unless the program itself reads it, an act does, or nobody collects.
func Saw(ctx context.Context, read Read) {
	r, _ := ctx.Value(readsKey).(*Reads)
	if r == nil || RuleFrom(ctx) != nil || From(ctx).IsSystem() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows[read] = true
}

// Asked notes whose watched rows a list was asked for: how many there are, and that there is none, is read, too, where no row is.
func Asked(ctx context.Context, whose ...uuid.UUID) {
	r, _ := ctx.Value(readsKey).(*Reads)
	if r == nil || From(ctx).IsSystem() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range whose {
		r.asked[id] = true
	}
}

// Whose lists what Asked noted, in order.
func (r *Reads) Whose() []uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Keys(r.asked), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

// All lists what was read, each row once, in no order.
func (r *Reads) All() (list []Read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for read := range r.rows {
		list = append(list, read)
	}
	return list
}

// LivesIn tells whether the viewer is a resident of the household.
func (v *Viewer) LivesIn(household uuid.UUID) bool {
	return slices.ContainsFunc(v.Grants, func(g Grant) bool { return g.Household == household && household != uuid.Nil })
}
