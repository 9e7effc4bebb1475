package server

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The two media types of GraphQL over HTTP. Under typeJSON, errors of a document answer 200.
const (
	typeGraphQL = "application/graphql-response+json"
	typeJSON    = "application/json"
)

// responseType chooses the media type of a GraphQL response; "" when the client accepts neither.
func responseType(r *http.Request) string {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return typeJSON
	}
	best, bestQ := "", 0.0
	for part := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil {
				continue
			}
		}
		switch media {
		case typeGraphQL, typeJSON:
		case "*/*", "application/*":
			media = typeJSON
		default:
			continue
		}
		if q > bestQ {
			best, bestQ = media, q
		}
	}
	return best
}
