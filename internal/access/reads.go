package access

import (
	"context"
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
}

// WithReads has what is read in the context collected.
func WithReads(ctx context.Context) (context.Context, *Reads) {
	r := &Reads{rows: map[Read]bool{}, missed: map[Read]bool{}}
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

// Missed notes a watched row that somebody asked for by its id and is not shown, be it there or not.
func Missed(ctx context.Context, entity string, id uuid.UUID) {
	r, _ := ctx.Value(readsKey).(*Reads)
	if r == nil || RuleFrom(ctx) != nil || From(ctx).IsSystem() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missed[Read{Type: entity, ID: id}] = true
}

// Misses lists what was asked for by its id and is not shown, each once, in no order.
func (r *Reads) Misses() (list []Read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for miss := range r.missed {
		list = append(list, miss)
	}
	return list
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
