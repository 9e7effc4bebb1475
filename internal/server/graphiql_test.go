package server_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/server"
)

func TestGraphiQL(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *server.Config, _ *server.Parts) {
		c.Examples = func(context.Context) ([]server.Example, error) {
			return []server.Example{{Name: "</script><b>", Query: "{ hello }", Variables: `{"a":1}`}}, nil
		}
	})
	a := s.send("GET", "/", "", "Accept", "text/html")
	s.want(a, 200, "")
	if regexp.MustCompile(`(src|href|import)[^>]*https?://`).MatchString(a.body) {
		t.Fatal("the page loads from elsewhere")
	}
	if strings.Contains(a.body, "</script><b>") || !strings.Contains(a.body, "{ hello }") {
		t.Fatal(a.body)
	}
	if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe-eval") {
		t.Fatal(csp)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		packed := s.send("GET", m[1], "", "Accept-Encoding", "gzip")
		if packed.status != 200 || packed.header.Get("Content-Encoding") != "gzip" || packed.body[:2] != "\x1f\x8b" {
			t.Fatal(m[1], packed.status, packed.header)
		}
		plain := s.send("GET", m[1], "", "Accept-Encoding", "identity")
		if plain.header.Get("Content-Encoding") != "" || len(plain.body) <= len(packed.body) {
			t.Fatal(m[1], plain.header)
		}
		if again := s.send("GET", m[1], "", "If-None-Match", plain.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Fatal(again.status)
		}
	}
	for _, worker := range []string{"editor", "json", "graphql"} {
		s.want(s.send("GET", "/graphiql/"+worker+".worker.js", ""), 200, "")
	}
	if app := s.send("GET", "/graphiql/app.js", "", "Accept-Encoding", "identity").body; !strings.Contains(app, "text/event-stream") {
		t.Error("the page cannot subscribe")
	}
	if text := s.send("GET", "/graphiql/licenses.txt", "", "Accept-Encoding", "identity").body; !strings.Contains(text, "graphql-sse") || !strings.Contains(text, "Permission is hereby granted") {
		t.Error("the licences of what is served are missing")
	}
	if s.send("GET", "/graphiql/none.js", "").status != 404 {
		t.Fatal("an asset that is not there")
	}
	off := open(t, func(c *server.Config, _ *server.Parts) { c.GraphiQL = false })
	page := off.send("GET", "/", "")
	off.want(page, 200, "")
	if strings.Contains(page.body, "<script") || !strings.Contains(page.body, "/graphql") {
		t.Fatal(page.body)
	}
	if off.send("GET", "/graphiql/app.js", "").status != 404 {
		t.Fatal("assets are served though GraphiQL is off")
	}
}
