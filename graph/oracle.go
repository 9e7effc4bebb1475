package graph

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// oracles are the inputs (ResidentWhereInput, ResidentOrder) that filter or order by contact data: who
// may not see a telephone number could find it with them, digit by digit. Today's schema has none,
// since where-inputs are allow-lists; one that is allowed later is guarded from its first day.
type oracles map[string]oracle

type oracle struct {
	resource policy.Resource
	words    []string // input fields, or values of the order's enum
}

func oraclesOf(schema *ast.Schema) oracles {
	found := oracles{}
	for name, e := range ent.Entities {
		for column := range e.Contact {
			found.add(schema, name+"WhereInput", e.Resource(), func(word string) bool { return strings.HasPrefix(word, camel(column)) })
			found.add(schema, name+"OrderField", e.Resource(), func(word string) bool { return strings.EqualFold(word, column) })
		}
	}
	return found
}

func (o oracles) add(schema *ast.Schema, name string, resource policy.Resource, matches func(string) bool) {
	def := schema.Types[name]
	if def == nil {
		return
	}
	words := o[name].words
	for _, f := range def.Fields {
		if matches(f.Name) {
			words = append(words, f.Name)
		}
	}
	for _, v := range def.EnumValues {
		if matches(v.Name) {
			words = append(words, v.Name)
		}
	}
	if len(words) > 0 {
		o[name] = oracle{resource, words}
	}
}

// camel is the GraphQL name of a column.
func camel(column string) string {
	parts := strings.Split(column, "_")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "")
}

// check refuses the first argument by which the viewer could find out what he may not see.
func (o oracles) check(v *access.Viewer, set ast.SelectionSet, vars map[string]any) error {
	if len(o) == 0 {
		return nil
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Definition == nil {
				continue
			}
			if err := o.field(v, s, vars); err != nil {
				return err
			}
			if err := o.check(v, s.SelectionSet, vars); err != nil {
				return err
			}
		case *ast.InlineFragment:
			if err := o.check(v, s.SelectionSet, vars); err != nil {
				return err
			}
		case *ast.FragmentSpread:
			if err := o.check(v, s.Definition.SelectionSet, vars); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o oracles) field(v *access.Viewer, f *ast.Field, vars map[string]any) error {
	if len(f.Definition.Arguments) == 0 {
		return nil
	}
	args := f.ArgumentMap(vars)
	for _, a := range f.Definition.Arguments {
		name := strings.TrimSuffix(a.Type.Name(), "Order") // ResidentOrder holds a ResidentOrderField
		if name != a.Type.Name() {
			name += "OrderField"
		}
		if oracle, ok := o[name]; ok && oracle.asked(args[a.Name]) && !v.SeesFully(oracle.resource) {
			return gqlerror.WrapPath(ast.Path{ast.PathName(f.Alias)}, fault.Denied(
				"联系方式对您只显示后四位,不能按它筛选或排序。",
				"You see the last 4 digits of contact data only, and cannot filter or order by it.").At(a.Name))
		}
	}
	return nil
}

// asked tells whether the argument names one of the words, however deep.
func (o oracle) asked(value any) bool {
	switch x := value.(type) {
	case map[string]any:
		for key, inner := range x {
			if slices.Contains(o.words, key) || o.asked(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(x, o.asked)
	case string:
		return slices.Contains(o.words, x)
	}
	return false
}
