package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// graphiqlFiles are built by graphiql/build.mjs; nothing is loaded from elsewhere.
//
//go:embed graphiql/index.html graphiql/off.html graphiql/dist/*.gz
var graphiqlFiles embed.FS

// graphiqlPolicy allows what the page needs: the editor makes style elements and starts workers.
const graphiqlPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// graphiQL serves the page at / and its assets.
type graphiQL struct {
	page     *template.Template
	version  string
	examples func(context.Context) ([]Example, error)
	log      *slog.Logger

	assets map[string][]byte // gzipped, by name; none when switched off
	etag   string
}

func newGraphiQL(cfg Config, log *slog.Logger) (_ *graphiQL, err error) {
	defer fault.Wrap(&err, "graphiql")
	if !cfg.GraphiQL {
		page, err := template.ParseFS(graphiqlFiles, "graphiql/off.html")
		return &graphiQL{page: page, log: log}, err
	}
	g := &graphiQL{assets: map[string][]byte{}, examples: cfg.Examples, log: log}
	names, err := fs.Glob(graphiqlFiles, "graphiql/dist/*.gz")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, name := range names {
		packed, err := graphiqlFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		g.assets[strings.TrimSuffix(path.Base(name), ".gz")] = packed
		sum.Write(packed)
	}
	g.version = hex.EncodeToString(sum.Sum(nil)[:8])
	g.etag = `"` + g.version + `"`
	g.page, err = template.ParseFS(graphiqlFiles, "graphiql/index.html")
	return g, err
}

func (g *graphiQL) index(w http.ResponseWriter, r *http.Request) {
	var examples []Example
	if g.examples != nil {
		var err error
		if examples, err = g.examples(r.Context()); err != nil { // the page is of use without
			g.log.ErrorContext(r.Context(), "examples of GraphiQL", "error", err)
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", graphiqlPolicy)
	h.Set("Cache-Control", "no-store") // examples may hold the demo's password
	if err := g.page.Execute(w, map[string]any{"Version": g.version, "Examples": examples}); err != nil {
		g.log.DebugContext(r.Context(), "page of GraphiQL", "error", err)
	}
}

func (g *graphiQL) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	packed, ok := g.assets[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	// The editor's workers are fetched without the version in their address: asked for anew, cheaply.
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", g.etag)
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == g.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(packed)))
		_, _ = w.Write(packed)
		return
	}
	if unpacked, err := gzip.NewReader(bytes.NewReader(packed)); err == nil {
		_, _ = io.Copy(w, unpacked)
	}
}
