package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/vacancy"
)

// Resolver answers every field that is no plain field of an entity.
type Resolver struct {
	runtime *act.Runtime
}

// New makes the root of all resolvers.
func New(rt *act.Runtime) *Resolver {
	if rt != nil { // without one the schema is there, and answers nothing
		vacancy.CountKeys(rt.DB.Ent, func(ctx context.Context) bool { return asks(ctx, "keysHeld") })
	}
	return &Resolver{rt}
}

// asks tells whether the document that is answered names the field anywhere.
func asks(ctx context.Context, field string) bool {
	return graphql.HasOperationContext(ctx) && strings.Contains(graphql.GetOperationContext(ctx).RawQuery, field)
}

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
