package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/server"
)

// What cannot be stored or read is refused at its place, before anything is executed.
func TestArgumentsThatCannotBe(t *testing.T) {
	t.Parallel()
	in := func(v any) map[string]any { return map[string]any{"in": v} }
	field := func(name string, v any) map[string]any { return in(map[string]any{"code": "x", name: v}) }
	tests := []struct {
		name, query string
		vars        map[string]any
		path, field string
	}{
		{"NUL in a variable", rename, in(map[string]any{"code": "a\x00b"}), "[rename]", "input.code"},
		{"NUL deep in a variable", rename, field("items", []any{map[string]any{"code": "a"}, map[string]any{"code": "\x00"}}), "[rename]", "input.items.1.code"},
		{"NUL in a literal", `mutation{x:rename(input:{code:"a\u0000"})}`, nil, "[x]", "input.code"},
		{"NUL in a scalar of ours", `query($a:[Any]){many(any:$a){id}}`, map[string]any{"a": []any{map[string]any{"b": []any{"\x00"}}}}, "[many]", "any.0.b.0"},
		{"NUL in a cursor", `{unit{id} units(after:"\u0000"){totalCount}}`, nil, "[units]", "after"},
		{"a long text", rename, in(map[string]any{"code": strings.Repeat("x", 100_001)}), "[rename]", "input.code"},
		{"an Int above 32 bits", rename, field("count", 1<<31), "[rename]", "input.count"},
		{"an Int below 32 bits", rename, field("count", -1<<31-1), "[rename]", "input.count"},
		{"an Int above 32 bits, as text", rename, field("count", "4294967296"), "[rename]", "input.count"},
		{"a literal above 32 bits", `mutation{rename(input:{code:"a" count:2147483648})}`, nil, "[rename]", "input.count"},
		{"a literal above 64 bits", `{many(any:[99999999999999999999]){id}}`, nil, "[many]", "any.0"},
		{"a float that is none", `{many(any:[1e999]){id}}`, nil, "[many]", "any.0"},
		{"a page above 32 bits", `{units(first:4294967296){totalCount}}`, nil, "[units]", "first"},
		{"first and last", `query($n:Int){units(first:1,last:$n){totalCount}}`, map[string]any{"n": 1}, "[units]", "last"},
		{"before without last", `{units(first:1,before:"x"){totalCount}}`, nil, "[units]", "before"},
		{"after with last", `{units(last:1,after:"x"){totalCount}}`, nil, "[units]", "after"},
		{"after with before", `{units(last:1,before:"x",after:"x"){totalCount}}`, nil, "[units]", "after"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			a := s.ask(tt.query, tt.vars, "Accept-Language", "en")
			s.want(a, 200, "INVALID_INPUT")
			if path := fmt.Sprint(a.Errors[0].Path); path != tt.path || a.Errors[0].Extensions["field"] != tt.field {
				t.Errorf("at %s, field %v: %s", path, a.Errors[0].Extensions["field"], a.body)
			}
			if n := s.schema.executed.Load(); n > 0 {
				t.Errorf("%d fields executed", n)
			}
		})
	}
	s := open(t)
	s.want(s.send("GET", "/graphql?"+url.Values{"query": {"{units(note:\"\xff\"){totalCount}}"}}.Encode(), ""), 200, "INVALID_INPUT")
}

func TestArgumentsThatAreOdd(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, query := range []string{
		`mutation{rename(input:{code:"" count:2147483647})}`, `mutation{rename(input:{code:"🏠" count:-2147483648})}`,
		`{nodes(ids:[1,"2",4294967296]){id}}`, `{many(any:[1.5,-1e300,4294967296,{a:[[]]}]){id}}`,
		`{units(first:0,after:""){totalCount}}`, `{units(last:0,before:""){totalCount}}`, `{units(first:1,last:null,before:null){totalCount}}`,
	} {
		s.want(s.ask(query, nil), 200, "")
	}
	s.want(s.ask(rename, map[string]any{"in": map[string]any{"code": strings.Repeat("x", 100_000), "count": "12"}}), 200, "")
}

// A text counts as one value for each 256 bytes begun, wherever it is used: a long one in many conditions of a
// filter is too much, though it was sent once.
func TestLongTextsCountAsManyValues(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *server.Config, _ *server.Parts) { c.Leaves = 20 })
	const twice = `mutation($s: String!){a: rename(input: {code: $s}) b: rename(input: {code: $s})}`
	s.want(s.ask(twice, map[string]any{"s": strings.Repeat("x", 10*256)}), 200, "")
	before := s.schema.executed.Load()
	s.want(s.ask(twice, map[string]any{"s": strings.Repeat("x", 10*256+1)}), 200, "INVALID_INPUT")
	if n := s.schema.executed.Load(); n != before {
		t.Errorf("%d fields executed", n-before)
	}
}
