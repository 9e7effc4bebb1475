package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
)

// shelf keeps files in memory, for the viewer only.
type shelf struct {
	mu    sync.Mutex
	files map[string]server.File
	bytes map[string][]byte
}

func newShelf() *shelf { return &shelf{files: map[string]server.File{}, bytes: map[string][]byte{}} }

func (s *shelf) Store(ctx context.Context, up server.Upload, r io.Reader) (server.File, error) {
	if ctx.Value(viewerKey{}) == nil {
		return server.File{}, fault.SignedOut()
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return server.File{}, fmt.Errorf("store: %w", err)
	}
	sum := sha256.Sum256(b)
	f := server.File{
		ID: fmt.Sprint(len(s.files) + 1), Name: up.Name, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:]), ContentType: up.ContentType,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[f.ID], s.bytes[f.ID] = f, b
	return f, nil
}

func (s *shelf) Open(ctx context.Context, wanted server.Wanted) (server.File, io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[wanted.ID]
	if !ok || ctx.Value(viewerKey{}) == nil {
		return f, nil, fault.Missing()
	}
	return f, io.NopCloser(bytes.NewReader(s.bytes[wanted.ID])), nil
}

func withShelf(s *shelf) func(*server.Config, *server.Parts) {
	return func(c *server.Config, p *server.Parts) { c.FileBytes, p.Files = 1<<20, s }
}

func TestFiles(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	s := open(t, withShelf(shelf))
	name := `钥匙 "台账".xlsx`
	address := "/files?" + url.Values{"estate": {"HJ"}, "name": {name}}.Encode()
	const stream = "application/octet-stream"
	a := s.send("POST", address, "hello", "Content-Type", stream, "Authorization", "Bearer good")
	s.want(a, 201, "")
	const want = `{"id":"1","name":"钥匙 \"台账\".xlsx","size":5,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}`
	if strings.TrimSpace(a.body) != want || a.header.Get("Location") != "/files/1" {
		t.Fatal(a.body)
	}
	d := s.send("GET", "/files/1", "", "Authorization", "Bearer good")
	s.want(d, 200, "")
	for header, want := range map[string]string{
		"Content-Type": stream, "Content-Length": "5", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": `attachment; filename="__ ____.xlsx"; filename*=UTF-8''%E9%92%A5%E5%8C%99%20%22%E5%8F%B0%E8%B4%A6%22.xlsx`,
	} {
		if d.header.Get(header) != want {
			t.Errorf("%s: %s", header, d.header.Get(header))
		}
	}
	if d.body != "hello" {
		t.Fatal(d.body)
	}
	s.want(s.send("GET", "/files/1", ""), 404, "NOT_FOUND")
	s.want(s.send("GET", "/files/2", "", "Authorization", "Bearer good"), 404, "NOT_FOUND")
}

func TestUploadsRefused(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	s := open(t, withShelf(shelf))
	const good = "/files?estate=HJ&name=a.pdf"
	full, over := strings.Repeat("x", 1<<20), strings.Repeat("x", 1<<20+1)
	tests := []struct {
		name, path, body string
		head             []string
		status           int
		code             string
	}{
		{"nobody", good, "x", []string{"Content-Type", "application/pdf"}, 401, "UNAUTHENTICATED"},
		{"multipart", good, "x", []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, "INVALID_INPUT"},
		{"urlencoded", good, "x", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "INVALID_INPUT"},
		{"text/plain", good, "x", []string{"Content-Type", "text/plain"}, 415, "INVALID_INPUT"},
		{"text/html", good, "x", []string{"Content-Type", "text/html"}, 415, "INVALID_INPUT"},
		{"no type", good, "x", nil, 415, "INVALID_INPUT"},
		{"no estate", "/files?name=a.pdf", "x", []string{"Content-Type", "application/pdf"}, 400, "INVALID_INPUT"},
		{"no name", "/files?estate=HJ", "x", []string{"Content-Type", "application/pdf"}, 400, "INVALID_INPUT"},
		{"a name with folders", "/files?estate=HJ&name=../a", "x", []string{"Content-Type", "application/pdf"}, 400, "INVALID_INPUT"},
		{"at the limit", good, full, []string{"Content-Type", "application/pdf", "Authorization", "Bearer good"}, 201, ""},
		{"over the limit", good, over, []string{"Content-Type", "application/pdf", "Authorization", "Bearer good"}, 413, "INVALID_INPUT"},
		{
			"cookie of another site", good, "x",
			[]string{"Content-Type", "application/pdf", "Cookie", "steward_session=good", "Sec-Fetch-Site", "cross-site"}, 403, "FORBIDDEN",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { s.want(s.send("POST", tt.path, tt.body, tt.head...), tt.status, tt.code) })
	}
	// Without a length the limit is found while reading.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+good, io.MultiReader(strings.NewReader(over)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/pdf")
	r.Header.Set("Authorization", "Bearer good")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 413 || len(shelf.files) != 1 {
		t.Fatal(resp.Status, len(shelf.files))
	}
}

// ledger writes one line, and fails where it is told to.
type ledger struct{}

func (ledger) Export(_ context.Context, name, format string, q url.Values, w io.Writer) error {
	if name == "unknown" {
		return fault.Missing()
	}
	if q.Get("fail") == "early" {
		return errors.New("secret")
	}
	if _, err := fmt.Fprintf(w, "%s %s %s", name, format, q.Get("estate")); err != nil {
		return err
	}
	if q.Get("fail") == "late" {
		return errors.New("secret")
	}
	return nil
}

func TestRegisters(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *server.Config, p *server.Parts) { p.Registers = ledger{} })
	a := s.send("GET", "/registers/keys.xlsx?estate=HJ", "")
	s.want(a, 200, "")
	if a.body != "keys xlsx HJ" || !strings.Contains(a.header.Get("Content-Type"), "spreadsheetml") ||
		!strings.HasPrefix(a.header.Get("Content-Disposition"), `attachment; filename="keys.xlsx"`) {
		t.Fatal(a.body, a.header)
	}
	if got := s.send("GET", "/registers/keys.csv", "").header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Fatal(got)
	}
	page := s.send("GET", "/registers/keys.html", "").header
	if page.Get("Content-Disposition") != "" || !strings.Contains(page.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(page.Get("Content-Security-Policy"), "script") {
		t.Errorf("a page to print: %v", page)
	}
	s.want(s.send("GET", "/registers/unknown.csv", ""), 404, "NOT_FOUND")
	s.want(s.send("GET", "/registers/keys.docx", ""), 404, "NOT_FOUND")
	early := s.send("GET", "/registers/keys.csv?fail=early", "")
	s.want(early, 500, "INTERNAL")
	if early.header.Get("Content-Disposition") != "" || strings.Contains(early.body, "secret") {
		t.Fatal(early.header, early.body)
	}
	if status, err := get(t, s.url+"/registers/keys.csv?fail=late"); err == nil && status == 200 {
		t.Fatal("half a register was taken for a whole one")
	}
}
