// Package generate adjusts what ent and entgql generate: it runs at generation only.
package generate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
	"github.com/steward-pm/steward/ent/schema"
	"github.com/vektah/gqlparser/v2/ast"
)

// AllowList leaves every edge, and every field that is not declared a filter, out of the where-inputs:
// generated has…With filters are subqueries that skip the interceptors of scope, and filtering by a
// masked field is an oracle.
func AllowList(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		for _, n := range g.Nodes {
			for _, e := range n.Edges {
				if err := skipWhere(&e.Annotations); err != nil {
					return err
				}
			}
			for _, f := range n.Fields {
				if declared(f).Filter {
					continue
				}
				if err := skipWhere(&f.Annotations); err != nil {
					return err
				}
			}
		}
		return next.Generate(g)
	})
}

func declared(f *gen.Field) (a schema.Steward) {
	if raw, err := json.Marshal(f.Annotations[a.Name()]); err == nil {
		_ = json.Unmarshal(raw, &a) // absent: nothing declared
	}
	return a
}

func skipWhere(annotations *gen.Annotations) error {
	return edit(annotations, func(a *entgql.Annotation) { a.Skip |= entgql.SkipWhereInput })
}

// edit changes the GraphQL annotation of a field or edge.
func edit(annotations *gen.Annotations, change func(*entgql.Annotation)) error {
	a := &entgql.Annotation{}
	if have, ok := (*annotations)[a.Name()]; ok {
		if err := a.Decode(have); err != nil {
			return err
		}
	}
	change(a)
	if *annotations == nil {
		*annotations = gen.Annotations{}
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	(*annotations)[a.Name()] = m
	return nil
}

// Hide tells the templates which fields GraphQL shows nobody: a refusal does not show them either.
func Hide(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		for _, n := range g.Nodes {
			for _, f := range n.Fields {
				a := entgql.Annotation{}
				if have, ok := f.Annotations[a.Name()]; ok {
					if err := a.Decode(have); err != nil {
						return err
					}
				}
				if a.Skip.Is(entgql.SkipType) {
					f.Annotations["Hidden"] = true
				}
			}
		}
		return next.Generate(g)
	})
}

// NoCountForPageInfo keeps a list that asks for pageInfo from counting all rows: entgql counts when
// either totalCount or pageInfo is selected, and only the first needs it.
func NoCountForPageInfo(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		if err := next.Generate(g); err != nil {
			return err
		}
		return replaceAll(filepath.Join(g.Config.Target, "gql_pagination.go"),
			"if hasCollectedField(ctx, totalCountField) || hasCollectedField(ctx, pageInfoField) {",
			"if hasCollectedField(ctx, totalCountField) {")
	})
}

func replaceAll(file, from, to string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), from) {
		return fmt.Errorf("%s: entgql no longer writes %q", file, from)
	}
	return os.WriteFile(file, []byte(strings.ReplaceAll(string(text), from, to)), 0o644)
}

// IDs makes every uuid an ID: also those that are no foreign key, such as the account that lent.
func IDs(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		for _, n := range g.Nodes {
			for _, f := range n.Fields {
				if !f.IsUUID() {
					continue
				}
				if err := edit(&f.Annotations, func(a *entgql.Annotation) { a.Type = "ID" }); err != nil {
					return err
				}
			}
		}
		return next.Generate(g)
	})
}

// Describe gives a description to everything that entgql leaves without one: where-inputs, orders.
func Describe(g *gen.Graph, s *ast.Schema) error {
	for _, n := range g.Nodes {
		if t := s.Types[n.Name]; t != nil {
			t.Description = comment(n)
		}
	}
	for _, t := range s.Types {
		for _, f := range t.Fields {
			if f.Description == "" {
				f.Description = describe(t, f)
			}
			for _, a := range f.Arguments {
				if a.Description == "" {
					a.Description = "See the field."
				}
			}
		}
		if t.Description == "" {
			t.Description = t.Name + "."
		}
		for _, v := range t.EnumValues {
			if v.Description == "" {
				v.Description = strings.ToLower(strings.ReplaceAll(v.Name, "_", " ")) + "."
			}
		}
	}
	return nil
}

// comment reads the schema.Comment of an entity.
func comment(n *gen.Type) (text string) {
	if c, ok := n.Annotations["Comment"].(map[string]any); ok {
		text, _ = c["Text"].(string)
	}
	return text
}

func describe(t *ast.Definition, f *ast.FieldDefinition) string {
	if t.Kind != ast.InputObject || !strings.HasSuffix(t.Name, "WhereInput") {
		return sentence(f.Name)
	}
	switch f.Name {
	case "not":
		return "Rows that do not match this."
	case "and":
		return "Rows that match all of these."
	case "or":
		return "Rows that match at least one of these."
	}
	for _, op := range []struct{ suffix, text string }{
		{"NotIn", "is none of these"}, {"In", "is one of these"}, {"NEQ", "differs from this"}, {"GTE", "is at least this"},
		{"GT", "is greater than this"}, {"LTE", "is at most this"}, {"LT", "is less than this"}, {"NotNil", "is set"}, {"IsNil", "is null"},
		{"EqualFold", "equals this, upper and lower case alike"}, {"ContainsFold", "contains this, upper and lower case alike"},
		{"Contains", "contains this"}, {"HasPrefix", "begins with this"}, {"HasSuffix", "ends with this"},
	} {
		if name, ok := strings.CutSuffix(f.Name, op.suffix); ok {
			return name + " " + op.text + "."
		}
	}
	return f.Name + " equals this."
}

func sentence(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r >= 'A' && r <= 'Z' && i > 0:
			b.WriteByte(' ')
			b.WriteRune(r + 'a' - 'A')
		case i == 0:
			b.WriteString(strings.ToUpper(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "."
}
