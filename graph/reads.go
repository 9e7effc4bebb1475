package graph

import (
	"context"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/policy"
)

// RecordReads puts who read which watched rows, and who asked in vain for which, on the audit trail before the answer leaves; without that there is none (A6).
type RecordReads struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
	graphql.FieldInterceptor
} = RecordReads{}

// ExtensionName is what gqlgen calls it.
func (RecordReads) ExtensionName() string { return "RecordReads" }

// Validate accepts every schema.
func (RecordReads) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse answers once what was read is on the trail.
func (RecordReads) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	ctx, reads := access.WithReads(ctx)
	answer := next(ctx)
	list, err := archives.Asked(ctx, reads.All(), reads.Whose())
	if err == nil && len(list) > 0 {
		err = act.From(ctx).AppendReads(ctx, list)
	}
	if err != nil {
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	if list := reads.Misses(); len(list) > 0 {
		if err := act.From(ctx).AppendMisses(ctx, list); err != nil {
			graphql.AddError(ctx, err)
			return &graphql.Response{Errors: graphql.GetErrors(ctx)}
		}
	}
	return answer
}

// InterceptField notes whose watched rows a list is asked for, though it may answer with their number alone.
func (RecordReads) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	f := graphql.GetFieldContext(ctx)
	if where := f.Args["where"]; where != nil && f.Field.Definition != nil {
		entity := ent.Entities[strings.TrimSuffix(f.Field.Definition.Type.Name(), "Connection")]
		if entity.Watched && !access.From(ctx).Scope(entity.Resource(), policy.Read).Empty() {
			access.Asked(ctx, whose(reflect.ValueOf(where))...)
		}
	}
	return next(ctx)
}

// whose are the households, files and volumes that a where-input names.
func whose(where reflect.Value) (list []uuid.UUID) {
	if where.Kind() != reflect.Pointer || where.IsNil() {
		return nil
	}
	where = where.Elem()
	get := func(name string) any {
		if v := where.FieldByName(name); v.IsValid() {
			return v.Interface()
		}
		return nil
	}
	for _, name := range []string{"HouseholdID", "FileID", "VolumeID"} {
		if id, ok := get(name).(*uuid.UUID); ok && id != nil {
			list = append(list, *id)
		}
		if ids, ok := get(name + "In").([]uuid.UUID); ok {
			list = append(list, ids...)
		}
	}
	for _, name := range []string{"And", "Or"} {
		if v := where.FieldByName(name); v.Kind() == reflect.Slice {
			for i := range v.Len() {
				list = append(list, whose(v.Index(i))...)
			}
		}
	}
	return list
}
