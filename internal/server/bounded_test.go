package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/server"
)

// numbers is a drawing of so many numbers, each two bytes with its comma.
func numbers(n int) []any { return slices.Repeat([]any{json.Number("1")}, n) }

func literal(n int) string { return "[" + strings.Repeat("1,", n) + "]" }

// A scalar that declares its bound counts as a text of its length, and is refused beyond it; every other value counts
// one by one, wherever it stands, as before.
func TestBoundedScalarsCountByTheirLength(t *testing.T) {
	t.Parallel()
	in := func(name string, v any) map[string]any {
		return map[string]any{"in": map[string]any{"code": "x", name: v}}
	}
	for _, tt := range []struct {
		name, query string
		vars        map[string]any
		code, field string
	}{
		{"many numbers", rename, in("drawing", numbers(1000)), "", ""},
		{"as a literal", fmt.Sprintf(`mutation{rename(input:{code:"x" drawing:%s})}`, literal(1000)), nil, "", ""},
		{"as a variable of its own", `mutation($d:Drawing){rename(input:{code:"x" drawing:$d})}`, map[string]any{"d": numbers(1000)}, "", ""},
		{"to the byte", rename, in("drawing", numbers(1023)), "", ""}, // [1,…,1] is one byte more than twice the numbers
		{"a byte too long", rename, in("drawing", append(numbers(1022), json.Number("111"))), "INVALID_INPUT", "input.drawing"},
		{"a literal too long", fmt.Sprintf(`mutation{rename(input:{code:"x" drawing:%s})}`, literal(1024)), nil, "INVALID_INPUT", "input.drawing"},
		{"many in a list", rename, in("drawings", slices.Repeat([]any{numbers(1000)}, 3)), "INVALID_INPUT", ""},
		{"one too long in a list", rename, in("drawings", []any{1, numbers(1100)}), "INVALID_INPUT", "input.drawings.1"},
		{"one variable used again and again", `mutation($d:Drawing){a:rename(input:{code:"x" drawing:$d}) b:rename(input:{code:"x" drawing:$d}) c:rename(input:{code:"x" drawing:$d})}`,
			map[string]any{"d": numbers(1000)}, "INVALID_INPUT", ""},
		{"a variable within a literal", `mutation($d:Int){rename(input:{code:"x" drawing:[[$d],[$d]]})}`, map[string]any{"d": 1}, "", ""},
		{"numbers in another scalar", `query($a:[Any]){many(any:$a){id}}`, map[string]any{"a": []any{numbers(30)}}, "INVALID_INPUT", ""},
		{"literals in another scalar", fmt.Sprintf(`{many(any:[%s]){id}}`, literal(30)), nil, "INVALID_INPUT", ""},
		{"numbers in a list of numbers", rename, in("counts", numbers(30)), "INVALID_INPUT", ""},
		{"what cannot be, within", rename, in("drawing", []any{[]any{"\x00"}}), "INVALID_INPUT", "input.drawing.0.0"},
		{"a number that is none, within", rename, in("drawing", []any{json.Number("1e999")}), "INVALID_INPUT", "input.drawing.0"},
		{"too deep", rename, in("drawing", deep(30)), "INVALID_INPUT", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, func(c *server.Config, _ *server.Parts) { c.Leaves = 20 })
			a := s.ask(tt.query, tt.vars, "Accept-Language", "en")
			s.want(a, 200, tt.code)
			if tt.field != "" && a.Errors[0].Extensions["field"] != tt.field {
				t.Errorf("at %v: %s", a.Errors[0].Extensions["field"], a.body)
			}
			if n := s.schema.executed.Load(); (n == 0) != (tt.code != "") {
				t.Errorf("%d fields executed", n)
			}
		})
	}
}

// deep is an object in an object in an object.
func deep(levels int) any {
	if levels == 0 {
		return 1
	}
	return map[string]any{"a": deep(levels - 1)}
}
