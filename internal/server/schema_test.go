package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const testSDL = `
interface Node { id: ID! }
type Unit implements Node { id: ID! code: String! neighbours(first: Int, last: Int): UnitConnection! tags: [Tag!]! twin: Unit }
type Tag { name: String! }
type UnitEdge { node: Unit! cursor: String! }
type PageInfo { hasNextPage: Boolean! }
type UnitConnection { edges: [UnitEdge!]! pageInfo: PageInfo! totalCount: Int! }
input RenameInput { code: String! count: Int items: [RenameInput!] when: Instant drawing: Drawing drawings: [Drawing] counts: [Int!] }
scalar Instant
scalar Any
directive @bounded(bytes: Int!) on SCALAR
scalar Drawing @bounded(bytes: 2047)
type Query {
  hello: String
  unit: Unit
  units(first: Int, last: Int, after: String, before: String, note: String): UnitConnection!
  many(any: [Any]): [Unit!]
  pair: [Unit!]!
  nodes(ids: [ID!]!): [Node]!
  refused: String
  broken: String
  panics: String
  waits: String
  who: String
}
type Mutation { rename(input: RenameInput!): String signIn(token: String!): String signOut: String }
`

// resolver answers a field of Query or Mutation.
type resolver func(ctx context.Context, args map[string]any) (any, error)

// testSchema is an executable schema without generated code. It counts the root fields it executes.
type testSchema struct {
	schema    *ast.Schema
	resolvers map[string]resolver
	executed  atomic.Int64
}

func newTestSchema(resolvers map[string]resolver) *testSchema {
	all := map[string]resolver{
		"hello": func(context.Context, map[string]any) (any, error) { return "world", nil },
		"unit":  func(context.Context, map[string]any) (any, error) { return map[string]any{"id": "1", "code": "A"}, nil },
	}
	maps.Copy(all, resolvers)
	return &testSchema{schema: gqlparser.MustLoadSchema(&ast.Source{Name: "test", Input: testSDL}), resolvers: all}
}

func (s *testSchema) Schema() *ast.Schema { return s.schema }

func (s *testSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *testSchema) Exec(context.Context) graphql.ResponseHandler {
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		op := graphql.GetOperationContext(ctx).Operation
		root := s.schema.Query
		if op.Operation == ast.Mutation {
			root = s.schema.Mutation
		}
		return &graphql.Response{Data: s.object(ctx, root, op.SelectionSet, nil)}
	}
}

func (s *testSchema) object(ctx context.Context, def *ast.Definition, sel ast.SelectionSet, value any) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	fields := graphql.CollectFields(graphql.GetOperationContext(ctx), sel, append([]string{def.Name}, def.Interfaces...))
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + f.Alias + `":`)
		b.Write(s.field(ctx, def, f, value))
	}
	b.WriteByte('}')
	return b.Bytes()
}

func (s *testSchema) field(ctx context.Context, def *ast.Definition, f graphql.CollectedField, parent any) (out json.RawMessage) {
	oc := graphql.GetOperationContext(ctx)
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: def.Name, Field: f})
	defer func() {
		if p := recover(); p != nil {
			oc.Error(ctx, oc.Recover(ctx, p))
			out = json.RawMessage("null")
		}
	}()
	value, err := s.resolve(ctx, def, f, parent)
	if err != nil {
		oc.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
		return json.RawMessage("null")
	}
	return s.complete(ctx, f.Definition.Type, f.Selections, value)
}

func (s *testSchema) resolve(ctx context.Context, def *ast.Definition, f graphql.CollectedField, parent any) (any, error) {
	args := f.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	switch {
	case f.Name == "__typename":
		return def.Name, nil
	case f.Name == "__schema":
		return introspection.WrapSchema(s.schema), nil
	case def == s.schema.Query || def == s.schema.Mutation:
		if err := checkInstant(ctx, args); err != nil {
			return nil, err
		}
		s.executed.Add(1)
		if r, ok := s.resolvers[f.Name]; ok {
			return r(ctx, args)
		}
		return nil, nil
	}
	if m, ok := parent.(map[string]any); ok {
		return m[f.Name], nil
	}
	return reflected(parent, f.Name)
}

// checkInstant refuses a scalar as generated code does: with a path below the field's.
func checkInstant(ctx context.Context, args map[string]any) error {
	input, _ := args["input"].(map[string]any)
	if when, ok := input["when"].(string); ok && !strings.HasSuffix(when, "Z") {
		ctx = graphql.WithPathContext(ctx, graphql.NewPathWithField("input"))
		ctx = graphql.WithPathContext(ctx, graphql.NewPathWithField("when"))
		return graphql.ErrorOnPath(ctx, errors.New("an instant ends in Z"))
	}
	return nil
}

// reflected reads a field of gqlgen's introspection types, which GraphiQL asks for.
func reflected(parent any, name string) (any, error) {
	name = strings.ToUpper(name[:1]) + name[1:]
	v := reflect.ValueOf(parent)
	if v.Kind() == reflect.Struct {
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p
	}
	if m := v.MethodByName(name); m.IsValid() {
		var in []reflect.Value
		if m.Type().NumIn() == 1 {
			in = append(in, reflect.ValueOf(true))
		}
		return m.Call(in)[0].Interface(), nil
	}
	if f := v.Elem().FieldByName(name); f.IsValid() {
		return f.Interface(), nil
	}
	return nil, errors.New("no such field: " + name)
}

func (s *testSchema) complete(ctx context.Context, t *ast.Type, sel ast.SelectionSet, value any) json.RawMessage {
	v := reflect.ValueOf(value)
	if !v.IsValid() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return json.RawMessage("null")
	}
	if t.Elem != nil {
		var b bytes.Buffer
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(s.complete(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), t.Elem, sel, v.Index(i).Interface()))
		}
		b.WriteByte(']')
		return b.Bytes()
	}
	if def := s.schema.Types[t.NamedType]; def.IsCompositeType() {
		if def.IsAbstractType() {
			def = s.schema.Types["Unit"]
		}
		return s.object(ctx, def, sel, value)
	}
	out, _ := json.Marshal(value)
	return out
}
