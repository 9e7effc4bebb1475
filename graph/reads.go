package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
)

// RecordReads puts who read which watched rows, and who asked in vain for which, on the audit trail before the answer leaves; without that there is none (A6).
type RecordReads struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = RecordReads{}

// ExtensionName is what gqlgen calls it.
func (RecordReads) ExtensionName() string { return "RecordReads" }

// Validate accepts every schema.
func (RecordReads) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse answers once what was read is on the trail.
func (RecordReads) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	ctx, reads := access.WithReads(ctx)
	answer := next(ctx)
	if list := reads.All(); len(list) > 0 {
		if err := act.From(ctx).AppendReads(ctx, list); err != nil {
			graphql.AddError(ctx, err)
			return &graphql.Response{Errors: graphql.GetErrors(ctx)}
		}
	}
	if list := reads.Misses(); len(list) > 0 {
		if err := act.From(ctx).AppendMisses(ctx, list); err != nil {
			graphql.AddError(ctx, err)
			return &graphql.Response{Errors: graphql.GetErrors(ctx)}
		}
	}
	return answer
}
