package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/server"
)

// nest makes a query n fields deep.
func nest(n int) string {
	return "{unit" + strings.Repeat("{twin", n-2) + "{id" + strings.Repeat("}", n)
}

// below is what nest selects of its unit.
func below(n int) string { return nest(n)[len("{unit") : len(nest(n))-1] }

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

const rename = "mutation($in:RenameInput!){rename(input:$in)}"

// renames is an input of n items, and of n+1 values.
func renames(n int) map[string]any {
	items := make([]any, n)
	for i := range items {
		items[i] = map[string]any{"code": "x"}
	}
	return map[string]any{"in": map[string]any{"code": "x", "items": items}}
}

// nested is an input of n objects in one another.
func nested(n int) map[string]any {
	in := map[string]any{"code": "x"}
	for range n - 1 {
		in = map[string]any{"code": "x", "items": []any{in}}
	}
	return map[string]any{"in": in}
}

func ids(n int) map[string]any { return map[string]any{"i": strings.Split(strings.Repeat("x", n), "")} }

// Each limit is met exactly and then exceeded by one: the first is executed, the second is not.
func TestLimits(t *testing.T) {
	t.Parallel()
	type request struct {
		query string
		vars  map[string]any
	}
	set := func(edit func(*server.Config)) func(*server.Config, *server.Parts) {
		return func(c *server.Config, _ *server.Parts) { edit(c) }
	}
	none := set(func(*server.Config) {})
	tests := []struct {
		name     string
		config   func(*server.Config, *server.Parts)
		limit    string
		measured float64
		at, over request
	}{
		{"depth", none, "depth", 13, request{nest(12), nil}, request{nest(13), nil}},
		{
			"depth through fragments", none, "depth", 13,
			request{"{unit{...F}} fragment F on Unit" + below(12), nil},
			request{"{unit{...F}} fragment F on Unit" + below(13), nil},
		},
		{
			"complexity of a literal page", set(func(c *server.Config) { c.Complexity = 302 }), "complexity", 305,
			request{"{units(first:100){edges{node{id}}}}", nil}, request{"{units(first:101){edges{node{id}}}}", nil},
		},
		{
			"complexity of a page by variable", set(func(c *server.Config) { c.Complexity = 302 }), "complexity", 305,
			request{"query($n:Int){units(last:$n){edges{node{id}}}}", map[string]any{"n": 100}},
			request{"query($n:Int){units(last:$n){edges{node{id}}}}", map[string]any{"n": 101}},
		},
		{
			"complexity of a variable's default", set(func(c *server.Config) { c.Complexity = 302 }), "complexity", 305,
			request{"query($n:Int=100){units(last:$n){edges{node{id}}}}", nil},
			request{"query($n:Int=101){units(last:$n){edges{node{id}}}}", nil},
		},
		{
			"complexity of the default page", set(func(c *server.Config) { c.Complexity = 151 }), "complexity", 201,
			request{"{units{edges{node{id}}}}", nil}, request{"{units{edges{node{id code}}}}", nil},
		},
		{
			"complexity of nested pages", set(func(c *server.Config) { c.Complexity = 342 }), "complexity", 372,
			request{"{units(first:10){edges{node{neighbours(first:10){edges{node{id}}}}}}}", nil},
			request{"{units(first:10){edges{node{neighbours(first:11){edges{node{id}}}}}}}", nil},
		},
		{
			"complexity of a plain list", set(func(c *server.Config) { c.Complexity = 21 }), "complexity", 31,
			request{"{pair{id code}}", nil}, request{"{pair{id code __typename}}", nil},
		},
		{
			"complexity of a plain list that is known", func(c *server.Config, p *server.Parts) { c.Complexity, p.Lists = 10, map[string]int{"Query.pair": 3} }, "complexity", 13,
			request{"{pair{id code __typename}}", nil}, request{"{pair{id code __typename a:id}}", nil},
		},
		{
			"complexity by the length of a list argument", set(func(c *server.Config) { c.Complexity = 25 }), "complexity", 27,
			request{"query($i:[ID!]!){nodes(ids:$i){id}}", map[string]any{"i": strings.Split(strings.Repeat("x", 12), "")}},
			request{"query($i:[ID!]!){nodes(ids:$i){id}}", map[string]any{"i": strings.Split(strings.Repeat("x", 13), "")}},
		},
		{
			"complexity through fragments", set(func(c *server.Config) { c.Complexity = 303 }), "complexity", 305,
			request{"{units(first:50){...C ...C} hello} fragment C on UnitConnection{edges{node{id}}}", nil},
			request{"{units(first:50){...C ...C} a:hello b:hello c:hello} fragment C on UnitConnection{edges{node{id}}}", nil},
		},
		{
			"aliases", none, "aliases", 21,
			request{"{" + repeat(20, " a%d:hello") + "}", nil}, request{"{" + repeat(21, " a%d:hello") + "}", nil},
		},
		{
			"aliases through fragments", none, "aliases", 22,
			request{"{...A ...B ... on Query{" + repeat(10, " b%d:hello") + "}} fragment A on Query{...B} fragment B on Query{" + repeat(5, " a%d:hello") + "}", nil},
			request{"{...A ...B ... on Query{" + repeat(10, " b%d:hello") + "}} fragment A on Query{...B} fragment B on Query{" + repeat(6, " a%d:hello") + "}", nil},
		},
		{
			"directives", none, "directives", 51,
			request{"{unit{" + repeat(50, " ...@include(if:true){a%d:__typename}") + "}}", nil},
			request{"{unit{" + repeat(51, " ...@include(if:true){a%d:__typename}") + "}}", nil},
		},
		{
			"directives through fragments", none, "directives", 51,
			request{"{unit{...A ...A}} fragment A on Unit{" + repeat(25, " ...@include(if:true){a%d:__typename}") + "}", nil},
			request{"{unit @include(if:true){...A ...A}} fragment A on Unit{" + repeat(25, " ...@include(if:true){a%d:__typename}") + "}", nil},
		},
		{
			"tokens", none, "tokens", 5001,
			request{"{hello" + strings.Repeat(",#\n", 4997) + "}", nil}, request{"{hello" + strings.Repeat(",#\n", 4998) + "}", nil},
		},
		{
			"repeats", none, "repeats", 51,
			request{"{unit{" + strings.Repeat("id ", 50) + "}}", nil}, request{"{unit{" + strings.Repeat("id ", 51) + "}}", nil},
		},
		{
			"repeats in merged fields", none, "repeats", 54,
			request{"{unit{...F " + strings.Repeat("twin{id} ", 25) + "} unit{" + strings.Repeat("twin{id} ", 24) + "}} fragment F on Unit{twin{id}}", nil},
			request{"{unit{...F " + strings.Repeat("twin{id} ", 25) + "} unit{" + strings.Repeat("twin{id id} ", 14) + "}} fragment F on Unit{twin{id}}", nil},
		},
		{
			"leaves of a variable", none, "leaves", 1001,
			request{rename, renames(999)}, request{rename, renames(1000)},
		},
		{
			"leaves of a literal", set(func(c *server.Config) { c.Leaves = 3 }), "leaves", 4,
			request{`mutation{rename(input:{code:"a" items:[{code:"b"} {code:"c"}]})}`, nil},
			request{`mutation{rename(input:{code:"a" items:[{code:"b"} {code:"c" count:null}]})}`, nil},
		},
		{
			"leaves of a variable used twice", set(func(c *server.Config) { c.Leaves = 20 }), "leaves", 22,
			request{"query($i:[ID!]!){a:nodes(ids:$i){id} b:nodes(ids:$i){id}}", ids(10)},
			request{"query($i:[ID!]!){a:nodes(ids:$i){id} b:nodes(ids:$i){id}}", ids(11)},
		},
		{
			"leaves of a variable in a literal", set(func(c *server.Config) { c.Leaves = 4 }), "leaves", 5,
			request{`mutation($c:String!,$i:[RenameInput!]){rename(input:{code:$c items:$i})}`, map[string]any{"c": "a", "i": renames(2)["in"].(map[string]any)["items"]}},
			request{`mutation($c:String!,$i:[RenameInput!]){rename(input:{code:$c items:$i count:1})}`, map[string]any{"c": "a", "i": renames(3)["in"].(map[string]any)["items"]}},
		},
		{
			"leaves through fragments", set(func(c *server.Config) { c.Leaves = 4 }), "leaves", 5,
			request{"{unit{twin{...F} ...F}} fragment F on Unit{neighbours(first:1,last:null){totalCount}}", nil},
			request{"{unit{twin{...F} ...F twin{a:neighbours(first:1){totalCount}}}} fragment F on Unit{neighbours(first:1,last:null){totalCount}}", nil},
		},
		{
			"leaves that are empty", set(func(c *server.Config) { c.Leaves = 3 }), "leaves", 4,
			request{`{many(any:[{},[],null]){id}}`, nil}, request{`{many(any:[{},[],null,1]){id}}`, nil},
		},
		{
			"input depth of a literal", none, "inputDepth", 11,
			request{"mutation{rename(input:" + strings.Repeat(`{code:"a" items:`, 9) + `{code:"b"}` + strings.Repeat("}", 9) + ")}", nil},
			request{"mutation{rename(input:" + strings.Repeat(`{code:"a" items:`, 10) + `{code:"b"}` + strings.Repeat("}", 10) + ")}", nil},
		},
		{
			"input depth of a variable", none, "inputDepth", 11, request{rename, nested(10)}, request{rename, nested(11)},
		},
		{
			"page", none, "page", 201,
			request{"{units(first:200){totalCount}}", nil}, request{"{units(first:201){totalCount}}", nil},
		},
		{
			"page by variable", none, "page", 201,
			request{"query($n:Int){units(last:$n){totalCount}}", map[string]any{"n": 200}},
			request{"query($n:Int){units(last:$n){totalCount}}", map[string]any{"n": 201}},
		},
		{
			"page below 0", none, "page", -1,
			request{"query($n:Int){units(last:$n){totalCount}}", map[string]any{"n": 0}},
			request{"query($n:Int){units(last:$n){totalCount}}", map[string]any{"n": -1}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, tt.config)
			for range 2 { // the second time from the cache
				before := s.schema.executed.Load()
				s.want(s.ask(tt.at.query, tt.at.vars), 200, "")
				if s.schema.executed.Load() == before {
					t.Fatal("at the limit: not executed")
				}
				before = s.schema.executed.Load()
				a := s.ask(tt.over.query, tt.over.vars)
				s.want(a, 200, "INVALID_INPUT")
				if s.schema.executed.Load() != before {
					t.Fatal("over the limit: executed")
				}
				ext := a.Errors[0].Extensions
				if ext["limit"] != tt.limit || ext["measured"] != tt.measured || strings.Contains(a.body, `"data"`) {
					t.Fatalf("limit %v measured %v: %s", ext["limit"], ext["measured"], a.body)
				}
				s.want(s.ask(tt.over.query, tt.over.vars, "Accept", "application/graphql-response+json"), 400, "INVALID_INPUT")
			}
		})
	}
}

func TestPageNamesItsPath(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.ask("{mine:units(first:2){edges{node{...F}}}} fragment F on Unit{near:neighbours(last:500){totalCount}}", nil, "Accept-Language", "en")
	s.want(a, 200, "INVALID_INPUT")
	if got := fmt.Sprintln(a.Errors[0].Path, a.Errors[0].Extensions["field"]); got != "[mine edges node near] last\n" {
		t.Fatal(got)
	}
	if a.Errors[0].Message != "last is 500, but must be from 0 to 200: page through more rows with after." {
		t.Fatal(a.Errors[0].Message)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := func(n int) string {
		const frame = `{"query":"{hello}","operationName":"","extensions":{"x":""}}`
		return strings.Replace(frame, `""}}`, `"`+strings.Repeat("x", n-len(frame))+`"}}`, 1)
	}
	s.want(s.send("POST", "/graphql", body(1<<20), "Content-Type", "application/json"), 200, "")
	a := s.send("POST", "/graphql", body(1<<20+1), "Content-Type", "application/json")
	s.want(a, 413, "INVALID_INPUT")
	if s.schema.executed.Load() != 1 || !strings.Contains(a.Errors[0].Message, "1048577") {
		t.Fatal(a.body)
	}
}

// Fragments that spread one another twice expand to 2^n fields; they are measured without expanding.
func TestExponentialFragments(t *testing.T) {
	t.Parallel()
	s := open(t)
	bomb := func(leaf, on, last string) string {
		var b strings.Builder
		b.WriteString(leaf)
		for i := range 200 {
			fmt.Fprintf(&b, " fragment F%d on %s{...F%d ...F%d}", i, on, i+1, i+1)
		}
		return b.String() + " fragment F200 on " + on + last
	}
	began := time.Now()
	for _, q := range []string{
		bomb("{...F0}", "Query", "{hello}"),
		bomb("{unit{...F0}}", "Unit", "{id}"),
		bomb("{unit{...F0}}", "Unit", "{id @include(if:true)}"),
		bomb("{unit{...F0}}", "Unit", "{twin{id} neighbours{totalCount}}"),
		bomb("{unit{...F0}}", "Unit", "{...F0}"), // a cycle
		"{unit{...F}} fragment F on Unit{" + repeat(900, " a%d:twin{...F}") + "}",
		"{unit{" + strings.Repeat("id ", 4990) + "}}",
	} {
		s.want(s.ask(q, nil), 200, "INVALID_INPUT")
	}
	if n := s.schema.executed.Load(); n != 0 || time.Since(began) > 10*time.Second {
		t.Fatalf("%d executed in %s", n, time.Since(began))
	}
}

func TestLimitsSpeakTheLanguage(t *testing.T) {
	t.Parallel()
	s := open(t)
	if got := s.ask(nest(13), nil, "Accept-Language", "en-GB,en;q=0.9").Errors[0].Message; got != "The query's depth is 13, the limit is 12: make the query smaller, or send it in parts." {
		t.Fatal(got)
	}
	if got := s.ask(nest(13), nil).Errors[0].Message; got != "查询的嵌套深度为 13,上限为 12;请把查询改小或分几次提交。" {
		t.Fatal(got)
	}
}
