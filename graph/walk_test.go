package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/graph"
	"github.com/steward-pm/steward/graph/generated"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The walk asks for everything that the schema has, as those who must not get it. It finds types, fields
// and operations by reflection, so that a new one is covered without anyone remembering it.

var schema = generated.NewExecutableSchema(generated.Config{Resolvers: graph.New(nil)}).Schema()

// anonymous are the root fields that answer without a viewer; own are the mutations that concern only the
// viewer's own session, password or inbox.
var (
	anonymous = []string{"signIn", "viewer", "__type", "__schema"}
	own       = []string{"signIn", "signOut", "changePassword", "revokeSession", "revokeOtherSessions", "markRead", "markAllRead"}
)

// rowsOf are the ids of the rows of an estate, by entity.
func rowsOf(app *stewardtest.App, estate uuid.UUID) map[string][]uuid.UUID {
	out := map[string][]uuid.UUID{}
	for name, e := range ent.Entities {
		out[name] = app.IDs(fmt.Sprintf(`SELECT id FROM %s WHERE %s = $1`, e.Table, e.Estate), estate)
	}
	return out
}

func TestWalkNobodySeesAForeignEstate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	secret := rowsOf(app, app.B.ID)
	for name := range ent.Entities {
		if len(secret[name]) == 0 {
			t.Errorf("estate B has no %s: seed one, or the walk does not cover it", name)
		}
	}
	people := map[string]*stewardtest.Person{"resident": app.Resident(), "neighbour": app.Neighbour(), "nobody": app.Nobody()}
	for _, role := range policy.Roles {
		if role != policy.GeneralManager && role != policy.Auditor && role != policy.Resident {
			people[string(role)] = app.As(role)
		}
	}
	people["auditor of A"] = app.Member("auditor@a.example", app.GrantIn(policy.Auditor, app.A))
	for name, p := range people {
		t.Run(name, func(t *testing.T) { walkQueries(p.In(t), t, secret) })
	}
}

// walkQueries asks every query, and every id as a node, and looks for any id of the foreign estate in
// the answers. What was asked for by id may be named in a refusal's path, never in data.
func walkQueries(p *stewardtest.Person, t *testing.T, secret map[string][]uuid.UUID) {
	t.Helper()
	for name, ids := range secret {
		list := ids[:min(len(ids), 100)]
		answer := p.Ask(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, stewardtest.Vars{"ids": list})
		for _, n := range answer.Get("data.nodes").Array() {
			if n.Type != gjson.Null {
				t.Errorf("%s is seen by id: %s", name, n.Raw)
			}
		}
	}
	for _, f := range schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") || f.Name == "nodes" {
			continue
		}
		for _, vars := range argumentSets(f, secret) {
			document, values := documentOf("query", f, vars)
			answer := p.Ask(document, values)
			for name, ids := range secret {
				for _, id := range ids {
					if strings.Contains(answer.Get("data").Raw, id.String()) && !slices.Contains(asked(values), id.String()) {
						t.Errorf("%s leaks %s %s", f.Name, name, id)
					}
				}
			}
			if p.Token == "" && !slices.Contains(anonymous, f.Name) && answer.Get("errors.0.extensions.code").String() != string(fault.Unauthenticated) {
				t.Errorf("%s answers nobody: %s", f.Name, answer.Raw)
			}
			for _, e := range answer.Get("errors").Array() {
				if code := e.Get("extensions.code").String(); code == string(fault.Internal) {
					t.Errorf("%s: %s", f.Name, answer.Raw)
				}
			}
		}
	}
}

func asked(v any) []string {
	text, _ := json.Marshal(v)
	var out []string
	gjson.ParseBytes(text).ForEach(func(_, v gjson.Result) bool {
		if v.IsArray() || v.IsObject() {
			out = append(out, asked(json.RawMessage(v.Raw))...)
		} else {
			out = append(out, v.String())
		}
		return true
	})
	return out
}

// Every mutation, with ids of the foreign estate, as everybody who must not: the foreign estate stays as
// it was to the last column, auditors are told FORBIDDEN, nobody UNAUTHENTICATED.
func TestWalkNobodyChangesAForeignEstate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	secret := rowsOf(app, app.B.ID)
	before := app.Fingerprint(app.B.ID)
	people := map[string]*stewardtest.Person{"project manager of A": app.As(policy.ProjectManager), "custodian of A": app.As(policy.KeyCustodian),
		"officer of A": app.As(policy.CSOfficer), "resident": app.Resident(), "nobody": app.Nobody()}
	both := app.Member("manager-and-auditor@example", app.GrantIn(policy.GeneralManager, stewardtest.Estate{}), app.GrantIn(policy.Auditor, stewardtest.Estate{}))
	people["auditor who also manages everything"] = both
	for _, f := range schema.Mutation.Fields {
		if slices.Contains(own, f.Name) {
			continue
		}
		for name, p := range people {
			for _, vars := range argumentSets(f, secret) {
				document, values := documentOf("mutation", f, vars)
				code := p.Ask(document, values).Get("errors.0.extensions.code").String()
				switch {
				case p.Token == "" && code != string(fault.Unauthenticated):
					t.Errorf("%s as %s: %q, want UNAUTHENTICATED", f.Name, name, code)
				case p == both && code != string(fault.Forbidden):
					t.Errorf("%s as %s: %q, want FORBIDDEN", f.Name, name, code)
				case code == "" || code == string(fault.Internal):
					t.Errorf("%s as %s is answered %q", f.Name, name, code)
				}
			}
		}
	}
	if after := app.Fingerprint(app.B.ID); after != before {
		t.Errorf("the foreign estate was changed:\nbefore %s\nafter  %s", before, after)
	}
}

// argumentSets makes values for the arguments that a field requires: ids are of the foreign estate.
func argumentSets(f *ast.FieldDefinition, secret map[string][]uuid.UUID) []map[string]any {
	set := map[string]any{}
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			set[a.Name] = value(a.Name, a.Type, secret, f.Name)
		}
	}
	return []map[string]any{set}
}

// value makes one that the type admits.
func value(name string, t *ast.Type, secret map[string][]uuid.UUID, field string) any {
	if t.Elem != nil {
		return []any{value(name, t.Elem, secret, field)}
	}
	def := schema.Types[t.NamedType]
	switch {
	case t.NamedType == "ID":
		return idFor(name, secret)
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case def.Kind == ast.InputObject:
		in := map[string]any{}
		for i, f := range def.Fields {
			oneOf := def.Directives.ForName("oneOf") != nil
			if oneOf && i == 0 || f.Type.NonNull && f.DefaultValue == nil || f.Type.NamedType == "ID" && !oneOf {
				in[f.Name] = value(f.Name, f.Type, secret, field)
			}
		}
		return in
	}
	switch t.NamedType {
	case "Int":
		return 1
	case "Float":
		return 1.5
	case "Boolean":
		return true
	case "Date":
		return "2026-03-02"
	case "Time":
		return "2026-03-02T09:00:00+08:00"
	case "JSON":
		return map[string]any{}
	}
	if name == "action" {
		return "keys.lend"
	}
	return "x" + name
}

// idFor picks an id by the argument's name: setID is a KeySet's, from or to a holder's.
func idFor(name string, secret map[string][]uuid.UUID) string {
	key := strings.TrimSuffix(strings.TrimSuffix(name, "ID"), "s")
	best := ""
	for entity := range secret {
		if len(secret[entity]) > 0 && strings.EqualFold(entity, key) {
			return secret[entity][0].String()
		}
		if len(secret[entity]) > 0 && strings.HasSuffix(strings.ToLower(entity), strings.ToLower(key)) && (best == "" || entity < best) {
			best = entity
		}
	}
	switch {
	case key == "from" || key == "to":
		best = ent.TypeKeyHolder
	case best == "" || key == "id":
		best = ent.TypeKeySet
	}
	return secret[best][0].String()
}

// documentOf asks the field with everything that can be selected two levels down.
func documentOf(kind string, f *ast.FieldDefinition, args map[string]any) (string, stewardtest.Vars) {
	var declared, given []string
	vars := stewardtest.Vars{}
	for _, a := range f.Arguments {
		if v, ok := args[a.Name]; ok {
			declared = append(declared, fmt.Sprintf("$%s: %s", a.Name, a.Type))
			given = append(given, fmt.Sprintf("%s: $%s", a.Name, a.Name))
			vars[a.Name] = v
		}
	}
	text := kind
	if len(declared) > 0 {
		text += "(" + strings.Join(declared, ", ") + ")"
	}
	text += " { " + f.Name
	if len(given) > 0 {
		text += "(" + strings.Join(given, ", ") + ")"
	}
	return text + selection(schema.Types[f.Type.Name()], 4) + " }", vars
}

// selection selects all plain fields, and objects while depth lasts.
func selection(t *ast.Definition, depth int) string {
	if t == nil || t.IsLeafType() {
		return ""
	}
	fields := []string{"__typename"}
	for _, f := range t.Fields {
		sub := schema.Types[f.Type.Name()]
		switch {
		case sub.IsLeafType():
			fields = append(fields, f.Name)
		case depth > 1 && !requiresArguments(f):
			fields = append(fields, f.Name+selection(sub, depth-1))
		}
	}
	if t.Kind == ast.Interface || t.Kind == ast.Union {
		for _, p := range schema.PossibleTypes[t.Name] {
			if depth > 3 {
				fields = append(fields, "... on "+p.Name+" { id }")
			}
		}
	}
	return " { " + strings.Join(fields, " ") + " }"
}

func requiresArguments(f *ast.FieldDefinition) bool {
	return slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil })
}

// Everything in the schema says what it is.
func TestEveryTypeFieldAndArgumentIsDescribed(t *testing.T) {
	t.Parallel()
	for name, d := range schema.Types {
		if d.BuiltIn {
			continue
		}
		if d.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if f.Description == "" {
				t.Errorf("%s.%s has no description", name, f.Name)
			}
			for _, a := range f.Arguments {
				if a.Description == "" {
					t.Errorf("%s.%s(%s) has no description", name, f.Name, a.Name)
				}
			}
		}
	}
}
