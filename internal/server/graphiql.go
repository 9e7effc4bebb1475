package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io"
	"io/fs"
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
	page   []byte
	assets map[string][]byte // gzipped, by name; none when switched off
	etag   string
}

func newGraphiQL(cfg Config) (_ *graphiQL, err error) {
	defer fault.Wrap(&err, "graphiql")
	if !cfg.GraphiQL {
		page, err := graphiqlFiles.ReadFile("graphiql/off.html")
		return &graphiQL{page: page}, err
	}
	g := &graphiQL{assets: map[string][]byte{}}
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
	version := hex.EncodeToString(sum.Sum(nil)[:8])
	g.etag = `"` + version + `"`
	t, err := template.ParseFS(graphiqlFiles, "graphiql/index.html")
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, struct {
		Version  string
		Examples []Example
	}{version, cfg.Examples})
	g.page = page.Bytes()
	return g, err
}

func (g *graphiQL) index(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", graphiqlPolicy)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(g.page)))
	_, _ = w.Write(g.page)
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
