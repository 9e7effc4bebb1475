package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/server"
)

func TestRefusal(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.ask("{a:refused hello}", nil)
	s.want(a, 200, "RULE")
	e := a.Errors[0]
	got := fmt.Sprintln(e.Message, e.Path, e.Locations, e.Extensions)
	want := "须先批准。 [a] [map[column:2 line:1]] map[clause:K2.2 code:RULE field:input.until newer:3]\n"
	if got != want || a.Data["hello"] != "world" {
		t.Fatalf("%s%s", got, a.body)
	}
	if m := s.ask("{refused}", nil, "Accept-Language", "en-US").Errors[0].Message; m != "Ask for approval first." {
		t.Fatal(m)
	}
	if m := s.ask("{refused}", nil, "Accept-Language", "fr").Errors[0].Message; m != "须先批准。" {
		t.Fatal(m)
	}
}

func TestInternalErrorsTellNothing(t *testing.T) {
	t.Parallel()
	s := open(t, trustLoopback)
	for _, field := range []string{"broken", "panics"} {
		a := s.ask("{"+field+"}", nil, "X-Request-Id", "req-"+field)
		s.want(a, 200, "INTERNAL")
		id, _ := a.Errors[0].Extensions["id"].(string)
		if strings.Contains(a.body, "secret") || !strings.Contains(a.Errors[0].Message, id) {
			t.Fatal(a.body)
		}
		log := s.log.String()
		if id == "" || !strings.Contains(log, id) || !strings.Contains(log, "secret") || !strings.Contains(log, "req-"+field) {
			t.Fatalf("id %q is not explained by the log: %s", id, log)
		}
	}
	if !strings.Contains(s.log.String(), "server_test.go") {
		t.Fatal("the log of a panic has no stack")
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *server.Config, _ *server.Parts) { c.RequestTimeout = 20 * time.Millisecond })
	a := s.ask("{waits}", nil, "Accept-Language", "en")
	s.want(a, 200, "RATE_LIMITED")
	if a.header.Get("Retry-After") != "2" || !strings.Contains(a.Errors[0].Message, "took too long") {
		t.Fatal(a.body)
	}
}

func TestInputErrorsNameTheirPlace(t *testing.T) {
	t.Parallel()
	s := open(t)
	tests := []struct {
		name, query string
		vars        map[string]any
		field       string
	}{
		{
			"variable", "mutation($i:RenameInput!){rename(input:$i)}",
			map[string]any{"i": map[string]any{"code": "A", "items": []any{map[string]any{"code": 1, "count": "x"}}}}, "i.items.0.count",
		},
		{"missing variable", "mutation($i:RenameInput!){rename(input:$i)}", nil, "i"},
		{"scalar of ours", `mutation($t:Instant){rename(input:{code:"A",when:$t})}`, map[string]any{"t": "yesterday"}, "input.when"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := s.ask(tt.query, tt.vars)
			s.want(a, 200, "INVALID_INPUT")
			if a.Errors[0].Extensions["field"] != tt.field || len(a.Errors[0].Path) == 0 {
				t.Fatal(a.body)
			}
		})
	}
	if n := s.schema.executed.Load(); n != 0 {
		t.Fatalf("%d executed", n)
	}
	a := s.ask(`{units(first:"x"){totalCount}}`, nil)
	s.want(a, 200, "INVALID_INPUT")
	if len(a.Errors[0].Locations) != 1 {
		t.Fatal(a.body)
	}
}

func TestIntrospectionOff(t *testing.T) {
	t.Parallel()
	on := open(t)
	on.want(on.ask("{__schema{types{name}}}", nil), 200, "")
	if !strings.Contains(on.ask("{helo}", nil).body, "Did you mean") {
		t.Fatal("the test has lost its subject: there are no suggestions")
	}
	off := open(t, func(c *server.Config, _ *server.Parts) { c.Introspection = false })
	for _, q := range []string{
		"{__schema{types{name}}}", `{__type(name:"Unit"){name}}`, "{...F} fragment F on Query{... on Query{a:__schema{types{name}}}}",
	} {
		off.want(off.ask(q, nil, "Accept", "application/graphql-response+json"), 403, "FORBIDDEN")
	}
	off.want(off.ask("{__typename hello}", nil), 200, "")
	for _, q := range []string{
		"{helo}", "{unit}", "{units(frst:1){totalCount}}", "{unit{...on Unti{id}}}", `mutation{rename(input:{cod:"A"})}`, "{unit{cod}}",
	} {
		a := off.ask(q, nil)
		off.want(a, 200, "INVALID_INPUT")
		if strings.Contains(a.body, "mean") {
			t.Fatal(a.body)
		}
	}
}
