package server

import (
	"net/http"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

var registerTypes = map[string]string{
	"csv":  "text/csv; charset=utf-8",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// export is GET /registers/{name}.{xlsx|csv}. The register is streamed: a refusal before the first byte
// is answered as one, an error after it cuts the connection.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	name, format, _ := strings.Cut(r.PathValue("file"), ".")
	media, known := registerTypes[format]
	if !known || name == "" {
		s.refuse(w, r, 0, fault.Missing())
		return
	}
	out := &lazy{ResponseWriter: w, begin: func() { attach(w.Header(), name+"."+format, media) }}
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
