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

// below gives, of a path below the field being answered, the context in which ent finds what is selected there: rows that
// are loaded past a list's query bring then what is asked of them, and cost no statement each.
func below(ctx context.Context) func(path ...string) context.Context {
	return func(path ...string) context.Context {
		op, at := graphql.GetOperationContext(ctx), *graphql.GetFieldContext(ctx)
		for _, name := range path {
			at.Field = part(op, at.Field, name)
		}
		return graphql.WithFieldContext(ctx, &at)
	}
}

// part is what is selected of a field's part; nothing, if that is not asked for.
func part(op *graphql.OperationContext, of graphql.CollectedField, name string) (all graphql.CollectedField) {
	for _, f := range graphql.CollectFields(op, of.Selections, nil) {
		if f.Name == name {
			all.Field, all.Selections = f.Field, append(all.Selections, f.Selections...)
		}
	}
	return all
}
