package graph

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
)

// Resolver answers every field that is no plain field of an entity.
type Resolver struct {
	runtime *act.Runtime
}

// New makes the root of all resolvers.
func New(rt *act.Runtime) *Resolver { return &Resolver{rt} }

// db is the client that adds the viewer's scope to every statement.
func (r *Resolver) db() *ent.Client { return r.runtime.DB.Ent }

// page is how many items a list gives: as asked, or 50. The server has refused more than 200 already.
func page(first, last *int) *int {
	if first == nil && last == nil {
		n := 50
		return &n
	}
	return first
}
