package server_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The audits of npm graphql-http, in full where node and its packages can be had; the decisive ones are
// TestGraphQLOverHTTP, which always runs.
func TestAudits(t *testing.T) {
	t.Parallel()
	s := open(t)
	script := auditScript(t)
	if script == "" {
		t.Log("no node, npm or package: only TestGraphQLOverHTTP was run")
		return
	}
	out, err := exec.CommandContext(t.Context(), "node", script, s.url+"/graphql").CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "61/61") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// auditScript installs testdata/audit into a folder of its own; "" when that cannot be done here.
func auditScript(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "audit.mjs"} {
		b, err := os.ReadFile(filepath.Join("testdata", "audit", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=0")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("npm ci: %v: %s", err, out)
		return ""
	}
	return filepath.Join(dir, "audit.mjs")
}

func TestGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	const (
		modern = "application/graphql-response+json"
		legacy = "application/json"
	)
	s := open(t)
	post := func(body string, head ...string) answer {
		return s.send("POST", "/graphql", body, append([]string{"Content-Type", legacy}, head...)...)
	}
	get := func(q url.Values, head ...string) answer { return s.send("GET", "/graphql?"+q.Encode(), "", head...) }
	typename := `{"query":"{__typename}"}`
	tests := []struct {
		name   string
		got    answer
		status int
		media  string
		data   bool // whether there is a member data
	}{
		{"accept modern", post(typename, "Accept", modern), 200, modern, true},
		{"accept legacy", post(typename, "Accept", legacy), 200, legacy, true},
		{"accept legacy with charset", post(typename, "Accept", legacy+"; charset=utf-8"), 200, legacy, true},
		{"accept anything", post(typename, "Accept", "*/*"), 200, legacy, true},
		{"accept both", post(typename, "Accept", modern+", "+legacy+";q=0.9"), 200, modern, true},
		{"accept nothing we have", post(typename, "Accept", "text/html"), 406, legacy, false},
		{"no accept", post(typename), 200, legacy, true},
		{"UTF-8", post(typename, "Content-Type", "application/json; charset=utf-8"), 200, legacy, true},
		{"another charset", post(typename, "Content-Type", "application/json; charset=iso-8859-1"), 415, legacy, false},
		{"text/plain", post(typename, "Content-Type", "text/plain"), 415, legacy, false},
		{"urlencoded", post("query=%7B__typename%7D", "Content-Type", "application/x-www-form-urlencoded"), 415, legacy, false},
		{"multipart", post("--x--", "Content-Type", "multipart/form-data; boundary=x"), 415, legacy, false},
		{"no content type", post(typename, "Content-Type", ""), 415, legacy, false},
		{"not JSON", post(`{"not a JSON`), 400, legacy, false},
		{"two values", post(typename + typename), 400, legacy, false},
		{"batch", post("[" + typename + "]"), 400, legacy, false},
		{"missing query", post(`{"notquery":1}`), 400, legacy, false},
		{"query is an object", post(`{"query":{"a":1}}`), 400, legacy, false},
		{"operationName is a number", post(`{"query":"{__typename}","operationName":1}`), 400, legacy, false},
		{"operationName is null", post(`{"query":"{__typename}","operationName":null}`), 200, legacy, true},
		{"variables is a string", post(`{"query":"{__typename}","variables":"x"}`), 400, legacy, false},
		{"variables is an array", post(`{"query":"{__typename}","variables":[]}`), 400, legacy, false},
		{"variables is null", post(`{"query":"{__typename}","variables":null}`), 200, legacy, true},
		{"extensions is a string", post(`{"query":"{__typename}","extensions":"x"}`), 400, legacy, false},
		{"parsing fails, legacy", post(`{"query":"{"}`, "Accept", legacy), 200, legacy, false},
		{"parsing fails, modern", post(`{"query":"{"}`, "Accept", modern), 400, modern, false},
		{"validation fails, legacy", post(`{"query":"{nope}"}`, "Accept", legacy), 200, legacy, false},
		{"validation fails, modern", post(`{"query":"{nope}"}`, "Accept", modern), 400, modern, false},
		{"unknown operation, modern", post(`{"query":"query A{hello}","operationName":"B"}`, "Accept", modern), 400, modern, false},
		{"variable of the wrong type, modern", post(`{"query":"query($n:Int){units(first:$n){totalCount}}","variables":{"n":"x"}}`, "Accept", modern), 400, modern, false},
		{"execution fails, modern", post(`{"query":"{refused}"}`, "Accept", modern), 200, modern, true},
		{"GET", get(url.Values{"query": {"{__typename}"}}, "Accept", modern), 200, modern, true},
		{"GET with variables", get(url.Values{"query": {"query($n:Int){units(first:$n){__typename}}"}, "variables": {`{"n":1}`}}), 200, legacy, true},
		{"GET with bad variables", get(url.Values{"query": {"{__typename}"}, "variables": {"x"}}), 400, legacy, false},
		{"GET without query", get(url.Values{}), 400, legacy, false},
		{"GET a mutation", get(url.Values{"query": {"mutation{signOut}"}}), 405, legacy, false},
		{"PUT", s.send("PUT", "/graphql", typename, "Content-Type", legacy), 405, legacy, false},
		{"DELETE", s.send(http.MethodDelete, "/graphql", ""), 405, legacy, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got.status != tt.status || tt.got.header.Get("Content-Type") != tt.media+"; charset=utf-8" ||
				strings.Contains(tt.got.body, `"data"`) != tt.data {
				t.Fatalf("%d %s: %s", tt.got.status, tt.got.header.Get("Content-Type"), tt.got.body)
			}
			if tt.status != 200 && tt.got.code() != "INVALID_INPUT" {
				t.Fatal(tt.got.body)
			}
		})
	}
	if n := s.schema.executed.Load(); n > 3 {
		t.Fatalf("%d fields executed: a refused request was", n)
	}
	if got := s.send("PUT", "/graphql", "").header.Get("Allow"); got != "GET, POST" {
		t.Fatal(got)
	}
}
