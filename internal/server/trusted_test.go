package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/server"
)

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const text = "query Hello { hello }"
	if err := os.WriteFile(filepath.Join(dir, "hello.graphql"), []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, func(c *server.Config, _ *server.Parts) { c.TrustedDocuments = dir })
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	persisted := func(h string) map[string]any {
		return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": h}}
	}
	tests := []struct {
		name   string
		body   map[string]any
		status int
		code   string
	}{
		{"its text", map[string]any{"query": text}, 200, ""},
		{"its hash", map[string]any{"extensions": persisted(hash(text))}, 200, ""},
		{"the file's hash", map[string]any{"extensions": persisted(hash(text + "\n"))}, 200, ""},
		{"both", map[string]any{"query": text, "extensions": persisted(hash(text))}, 200, ""},
		{"documentId", map[string]any{"documentId": "sha256:" + strings.ToUpper(hash(text))}, 200, ""},
		{"documentId in extensions", map[string]any{"extensions": map[string]any{"documentId": hash(text)}}, 200, ""},
		{"another text", map[string]any{"query": "{hello}"}, 403, "FORBIDDEN"},
		{"another text under a known hash", map[string]any{"query": "{hello}", "extensions": persisted(hash(text))}, 403, "FORBIDDEN"},
		{"a new hash with its text", map[string]any{"query": "{hello}", "extensions": persisted(hash("{hello}"))}, 403, "FORBIDDEN"},
		{"unknown hash", map[string]any{"documentId": hash("x")}, 403, "FORBIDDEN"},
		{"nothing", map[string]any{}, 403, "FORBIDDEN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := s.schema.executed.Load()
			body, _ := json.Marshal(tt.body)
			s.want(s.send("POST", "/graphql", string(body), "Content-Type", "application/json"), tt.status, tt.code)
			if ran := s.schema.executed.Load() != before; ran != (tt.code == "") {
				t.Fatalf("executed: %t", ran)
			}
		})
	}
	free := open(t)
	a := free.send("POST", "/graphql", `{"documentId":"abc"}`, "Content-Type", "application/json")
	free.want(a, 400, "INVALID_INPUT")
}

func TestSettingsThatCannotBeServed(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*server.Config){
		`cannot listen on "nonsense"`: func(c *server.Config) { c.Listen = "nonsense" },
		`the limit "depth"`:           func(c *server.Config) { c.Depth = 0 },
		"no *.graphql file":           func(c *server.Config) { c.TrustedDocuments = t.TempDir() },
		"trusted origin":              func(c *server.Config) { c.TrustedOrigins = []string{"nonsense"} },
	} {
		cfg := server.Defaults()
		edit(&cfg)
		_, err := server.New(cfg, server.Parts{Schema: newTestSchema(nil), Authenticator: door{}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %s", err, want)
		}
	}
}
