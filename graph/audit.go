package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// selects tells whether the document asks for the field at the path below the one being answered, so that
// what costs a statement is loaded only then.
func selects(ctx context.Context, path ...string) bool {
	fields := graphql.CollectFieldsCtx(ctx, nil)
	return selected(graphql.GetOperationContext(ctx), fields, path)
}

func selected(op *graphql.OperationContext, fields []graphql.CollectedField, path []string) bool {
	for _, f := range fields {
		if f.Name != path[0] {
			continue
		}
		if len(path) == 1 || selected(op, graphql.CollectFields(op, f.Selections, nil), path[1:]) {
			return true
		}
	}
	return false
}
