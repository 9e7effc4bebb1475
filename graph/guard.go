package graph

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// RequireViewer is the gate before every resolver: an operation that asks anything but who is asking
// needs somebody signed in, who has changed a password that somebody else set; and nobody finds a
// contact by filtering or ordering who may not see it (see oracle.go). It also tells acts their place
// in the response, which with account and key makes a use of an idempotency key.
type RequireViewer struct{ oracles oracles }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
	graphql.ResponseInterceptor
	graphql.RootFieldInterceptor
} = (*RequireViewer)(nil)

// Root fields that need no viewer, and those that need no more than a password to be changed.
var (
	open       = []string{"__typename", "__schema", "__type", "signIn", "signInMethods", "viewer"}
	firstOfAll = []string{"changePassword", "signOut"}
)

// ExtensionName is what gqlgen calls it.
func (*RequireViewer) ExtensionName() string { return "RequireViewer" }

// Validate looks for the inputs by which contact data could be found out.
func (g *RequireViewer) Validate(schema graphql.ExecutableSchema) error {
	g.oracles = oraclesOf(schema.Schema())
	return nil
}

// MutateOperationContext refuses a subscription before it begins: its resolver runs before the first response.
func (g *RequireViewer) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if op.Operation.Operation != ast.Subscription {
		return nil
	}
	err := g.check(ctx, op)
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*gqlerror.Error](err); ok {
		return refusal
	}
	return gqlerror.Wrap(err)
}

// InterceptResponse refuses the whole operation, before any resolver runs, with the path of the first
// field that is not for the viewer.
func (g *RequireViewer) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if !graphql.HasOperationContext(ctx) {
		return next(ctx) // the operation was refused before
	}
	if err := g.check(ctx, graphql.GetOperationContext(ctx)); err != nil {
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	return next(ctx)
}

func (g *RequireViewer) check(ctx context.Context, op *graphql.OperationContext) error {
	if op == nil || op.Operation == nil {
		return nil
	}
	v := access.From(ctx)
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if refusal := admits(v, f.Name); refusal != nil {
			return gqlerror.WrapPath(ast.Path{ast.PathName(f.Alias)}, refusal)
		}
	}
	return g.oracles.check(v, op.Operation.SelectionSet, op.Variables)
}

// admits tells whether the viewer may ask the root field at all.
func admits(v *access.Viewer, field string) error {
	switch {
	case slices.Contains(open, field):
	case v == nil:
		return fault.SignedOut()
	case v.MustChangePassword && !slices.Contains(firstOfAll, field):
		return fault.Denied("请先修改密码(changePassword),再进行其他操作。", "Change your password (changePassword) first.")
	}
	return nil
}

// InterceptRootField tells a mutation its place in the response.
func (*RequireViewer) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		ctx = act.WithPath(ctx, graphql.GetRootFieldContext(ctx).Field.Alias)
	}
	return next(ctx)
}
