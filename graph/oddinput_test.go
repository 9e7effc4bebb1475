package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// odd are values that the type admits, or that only its field finds wrong.
var odd = map[string][]any{
	"String": {"", " ", "%_\\'\"--", "\u202e\ufeff", strings.Repeat("🏠", 20_000), "null", "{}", "2026-13-45", 5},
	"ID": {"", "x", uuid.Nil.String(), "{" + uuid.NewString() + "}", "urn:uuid:" + uuid.NewString(), uuid.NewString(), 7, -1,
		strings.Repeat("0", 1000), "01a212ba-0000-8301-ffff-ffffffffffff"},
	"Int":     {0, -1, math.MaxInt32, math.MinInt32, "7"},
	"Boolean": {true, nil},
	"Date":    {"0000-01-01", "0001-01-01", "9999-12-31"},
	"Time":    {"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999-23:59"},
	// On lists by something else, and on those that have cursors of their own, some of them do.
	"Cursor": {marked(nil), marked("x"), marked(7), marked(-1.5), marked(math.NaN()), marked(true), marked(time.Time{}), marked(time.Unix(1<<45, 0)),
		marked(uint64(math.MaxUint64)), marked(strings.Repeat("9", 400)), raw("\x81\xa1v\xa1x"), raw("\x82\xa1i\xc0\xa1v\xc7\xff\xff")},
	"": {}, // enums have their own
}

// refusable are values that are INVALID_INPUT wherever they stand.
var refusable = map[string][]any{
	"String":  {"a\x00b", strings.Repeat("x", 100_001), true, vars{}, []any{[]any{"x"}}},
	"ID":      {"\x00", true, vars{}, 1.5, 1e300},
	"Int":     {1 << 31, -1<<31 - 1, int64(math.MaxInt64), 1.5, 1e300, "x", true, vars{}},
	"Boolean": {"true", 1, vars{}},
	"Date":    {"\x00", "", "0000-00-00", "99999-01-01", "-0001-01-01", "2026-02-30", "2026-03-02T00:00:00Z", 20260302, true, []any{}, vars{}},
	"Time": {"\x00", "", "0000-00-00T00:00:00Z", "99999-01-01T00:00:00Z", "2026-03-02T09:00:00", "2026-03-02 09:00:00", "2026-03-02T24:00:00Z",
		"2026-03-02T09:00:00+99:99", 0, false, []any{1}, vars{"a": 1}},
	"Cursor": {"\x00", "", "x", "!!!", 5, true, []any{}, vars{}, strings.Repeat("A", 50_000), strings.Repeat("A", 100_001), raw("\xc1"), raw("\x81\xa1i"),
		raw("\xa5no id"), raw("\x81\xa1i\xa1x"), raw("\x81\xa1i\xc4\x02xx"), marked("\x00"), marked("\xff"), marked([]any{1, "x"}), marked(vars{"a": "b"})},
	"": {"NOPE", 5, vars{}},
}

type vars = stewardtest.Vars

// marked is a cursor that says that the list is ordered by the value.
func marked(value any) string {
	var b strings.Builder
	ent.Cursor{ID: uuid.New(), Value: value}.MarshalGQL(&b)
	return strings.Trim(b.String(), `"`)
}

func raw(b string) string { return base64.RawStdEncoding.EncodeToString([]byte(b)) }

// place is where a leaf stands in the arguments of a field.
type place struct {
	path []string
	leaf string // name of its type; "" for an enum
	enum *ast.Definition
}

// placesOf are all leaves of the arguments; filters are entered twice at most.
func placesOf(f *ast.FieldDefinition) (list []place) {
	var enter func(path []string, t *ast.Type, within []string)
	enter = func(path []string, t *ast.Type, within []string) {
		def := schema.Types[t.Name()]
		switch {
		case def.Kind == ast.Enum:
			list = append(list, place{path: slices.Clone(path), enum: def})
		case def.Kind != ast.InputObject:
			list = append(list, place{path: slices.Clone(path), leaf: def.Name})
		case !slices.Contains(within, def.Name) && len(within) < 2:
			for _, sub := range def.Fields {
				enter(append(path, sub.Name), sub.Type, append(within, def.Name))
			}
		}
	}
	for _, a := range f.Arguments {
		enter([]string{a.Name}, a.Type, nil)
	}
	return list
}

// with is a copy of the arguments with the value at the place, in a list where there is one.
func with(t *testing.T, f *ast.FieldDefinition, args map[string]any, at place, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	out := vars{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	typ, into := f.Arguments.ForName(at.path[0]).Type, out
	for i, name := range at.path {
		if i == len(at.path)-1 {
			if typ.Elem != nil {
				value = []any{value}
			}
			into[name] = value
			break
		}
		def, inner := schema.Types[typ.Name()], vars{}
		switch have := into[name].(type) {
		case vars:
			inner = have
		case []any:
			if first, ok := have[0].(vars); ok {
				inner = first
			}
		}
		if def.Directives.ForName("oneOf") != nil {
			inner = vars{}
		}
		into[name] = inner
		if typ.Elem != nil {
			into[name] = []any{inner}
		}
		into, typ = inner, def.Fields.ForName(at.path[i+1]).Type
	}
	switch at.path[0] { // cursors go in one direction each
	case "after":
		out["first"] = 1
	case "before":
		out["last"] = 1
	}
	return out
}

// together is one document that asks a field several times.
func together(kind string, f *ast.FieldDefinition, sets []map[string]any) (string, vars) {
	values := vars{}
	var declared []string
	var body strings.Builder
	for i, set := range sets {
		var given []string
		for _, a := range f.Arguments {
			if v, ok := set[a.Name]; ok {
				name := fmt.Sprintf("v%d%s", i, a.Name)
				declared = append(declared, fmt.Sprintf("$%s: %s", name, a.Type))
				given = append(given, fmt.Sprintf("%s: $%s", a.Name, name))
				values[name] = v
			}
		}
		fmt.Fprintf(&body, " a%d: %s(%s)%s", i, f.Name, strings.Join(given, ", "), brief(schema.Types[f.Type.Name()]))
	}
	return kind + "(" + strings.Join(declared, ", ") + ") {" + body.String() + " }", values
}

// brief selects enough for the field to be looked up.
func brief(t *ast.Definition) string {
	switch {
	case t.IsLeafType():
		return ""
	case t.Fields.ForName("edges") != nil:
		return " { edges { cursor } }"
	}
	return " { __typename }"
}

// sane fails the test if the answer shows that something was not expected, and returns the codes of errors.
func sane(t *testing.T, p *stewardtest.Person, document string, values vars) (codes []string) {
	t.Helper()
	body, err := json.Marshal(vars{"query": document, "variables": values})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Request(http.MethodPost, "/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	status, answer, err := p.Send(r)
	if err != nil || status >= 500 {
		t.Errorf("%d %v: %s\n%.2000s", status, err, answer, body)
		return nil
	}
	for _, e := range gjson.GetBytes(answer, "errors").Array() {
		code := e.Get("extensions.code").String()
		if codes = append(codes, code); code == "" || code == string(fault.Internal) {
			variables, _ := json.Marshal(pick(values, e.Get("path.0").String()))
			t.Errorf("%s\n%.600s\n%.600s", e.Raw, document, variables)
		}
	}
	return codes
}

// pick are the variables of the field that an error names.
func pick(values vars, alias string) vars {
	out := maps.Clone(values)
	maps.DeleteFunc(out, func(name string, _ any) bool { return !strings.HasPrefix(name, "v"+strings.TrimPrefix(alias, "a")) })
	return out
}

// Every argument of every operation is given what nobody should send, and nothing is ever unexpected.
func TestOddInputIsNeverInternal(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	rows := rowsOf(t, app, app.A)
	p := app.Member("odd@a.example", app.GrantIn(policy.GeneralManager, stewardtest.Estate{}), app.GrantIn(policy.ProjectManager, app.A), app.GrantIn(policy.KeyCustodian, app.A))
	for kind, fields := range map[string]ast.FieldList{"query": schema.Query.Fields, "mutation": mutations()} {
		for _, f := range fields {
			if len(f.Arguments) == 0 || strings.HasPrefix(f.Name, "__") {
				continue
			}
			base := asking{t, f, formsOf(f)[0], of(rows)}.arguments()
			t.Run(f.Name, func(t *testing.T) { oddly(t, p.In(t), kind, f, base) })
		}
	}
}

func oddly(t *testing.T, p *stewardtest.Person, kind string, f *ast.FieldDefinition, base map[string]any) {
	var sets []map[string]any
	seen, turn := map[string]bool{}, map[string]int{}
	for _, at := range placesOf(f) {
		first := !seen[at.leaf]
		seen[at.leaf] = true
		values := odd[at.leaf]
		if at.enum != nil {
			for _, v := range at.enum.EnumValues {
				values = append(values, strings.ToLower(v.Name))
			}
		}
		if !first && kind == "query" { // a filter has the same operators for each column
			turn[at.leaf]++
			values = values[turn[at.leaf]%len(values):][:1]
		}
		for _, v := range values {
			sets = append(sets, with(t, f, base, at, v))
		}
		if !first {
			continue
		}
		for _, v := range refusable[at.leaf] {
			document, variables := together(kind, f, []map[string]any{with(t, f, base, at, v)})
			if codes := sane(t, p, document, variables); !slices.Equal(codes, []string{string(fault.InvalidInput)}) {
				t.Errorf("%s at %v: %v, want INVALID_INPUT", at.leaf, at.path, codes)
			}
		}
	}
	for some := range slices.Chunk(sets, 8) {
		document, variables := together(kind, f, some)
		sane(t, p, document, variables)
	}
}
