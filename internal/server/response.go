package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/fault"
)

// retryAfter is the advice of a refusal that knows no better.
const retryAfter = 2 * time.Second

// statusOf is the HTTP status of a refusal outside of a GraphQL answer.
func statusOf(code fault.Code) int {
	switch code {
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.RuleBroken:
		return http.StatusUnprocessableEntity
	case fault.RateLimited:
		return http.StatusServiceUnavailable
	case fault.Internal:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// refuse answers err as a GraphQL error, on any route; status 0 takes the one of its code.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	g := s.presenter.present(r.Context(), err)
	if code, _ := g.Extensions["code"].(fault.Code); status == 0 {
		status = statusOf(code)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	media := responseType(r)
	if media == "" || r.URL.Path != graphqlPath {
		media = typeJSON
	}
	writeResponse(r.Context(), w, media, status, &graphql.Response{Errors: gqlerror.List{g}}, false)
}

// writeResponse writes the answer in one piece. A request that was not executed has no data at all.
func writeResponse(ctx context.Context, w http.ResponseWriter, media string, status int, resp *graphql.Response, executed bool) {
	body, err := encode(resp, executed)
	if err != nil {
		panic(err) // an extension that is no JSON: ours, and recovered as such
	}
	note(ctx).errors(resp.Errors)
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	for _, e := range resp.Errors {
		if after, ok := e.Extensions["retryAfter"].(int); ok {
			h.Set("Retry-After", strconv.Itoa(after))
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone; there is nobody to tell
}

// encode writes data as the executor made it: encoding/json would check and copy it once more.
func encode(resp *graphql.Response, executed bool) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(resp.Data) + 64)
	sep := byte('{')
	member := func(name string, value any) error {
		raw, ok := value.(json.RawMessage)
		if !ok {
			var err error
			if raw, err = json.Marshal(value); err != nil {
				return err
			}
		}
		b.WriteByte(sep)
		sep = ','
		b.WriteString(`"` + name + `":`)
		b.Write(raw)
		return nil
	}
	if len(resp.Errors) > 0 {
		if err := member("errors", resp.Errors); err != nil {
			return nil, err
		}
	}
	if executed {
		data := resp.Data
		if len(data) == 0 {
			data = json.RawMessage("null")
		}
		_ = member("data", data)
	}
	if len(resp.Extensions) > 0 {
		if err := member("extensions", resp.Extensions); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
