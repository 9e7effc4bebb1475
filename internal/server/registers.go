package server

import (
	"net/http"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

var registerTypes = map[string]string{
	"csv":  "text/csv; charset=utf-8",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"html": "text/html; charset=utf-8",
	"pdf":  "application/pdf",
}

// export is GET /registers/{name}.{xlsx|csv|html|pdf}; html is shown, to be printed. The register is streamed: a refusal before the first byte
// is answered as one, an error after it cuts the connection.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	name, format, _ := strings.Cut(r.PathValue("file"), ".")
	media, known := registerTypes[format]
	if !known || name == "" {
		s.refuse(w, r, 0, fault.Missing())
		return
	}
	out := &lazy{ResponseWriter: w, begin: func() { head(w.Header(), name+"."+format, media) }}
	err := s.parts.Registers.Export(r.Context(), name, format, r.URL.Query(), out)
	switch {
	case err != nil && !out.begun:
		s.refuse(w, r, 0, err)
	case err != nil:
		_ = s.presenter.present(r.Context(), err) // to the log
		panic(http.ErrAbortHandler)
	case !out.begun:
		out.begin()
	}
}

// head sets the headers of a register: a file to be saved, or a page without anything that runs or is fetched.
func head(h http.Header, name, media string) {
	attach(h, name, media)
	if strings.HasSuffix(name, ".html") {
		h.Del("Content-Disposition")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	}
}

// lazy sets the headers of a file with its first byte.
type lazy struct {
	http.ResponseWriter
	begin func()
	begun bool
}

func (l *lazy) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.begin()
	}
	return l.ResponseWriter.Write(b)
}
