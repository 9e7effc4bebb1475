package server

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/fault"
)

// exchange gathers what is learned while a request is answered: what the log and the metrics say, and
// the cookies that a resolver sets.
type exchange struct {
	mu      sync.Mutex
	kind    string   // "query", "mutation"
	name    string   // of the operation, from a valid document
	fields  []string // root fields that it asks for, each once
	codes   []string
	cookies []*http.Cookie
	secure  bool
	stream  bool // it stays open until the client goes
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// note returns the exchange of ctx; outside of a request one that nobody reads.
func note(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

func (x *exchange) stays() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stream = true
}

func (x *exchange) operation(oc *graphql.OperationContext) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.kind, x.name = string(oc.Operation.Operation), oc.Operation.Name
	x.fields = rootNames(oc)
}

// rootNames lists the root fields that an operation asks for, by their names in the schema.
func rootNames(oc *graphql.OperationContext) []string {
	return slices.Sorted(maps.Keys(rootFields(oc.Operation.SelectionSet, newSpreads[map[string]int](oc.Doc))))
}

func (x *exchange) errors(errs gqlerror.List) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range errs {
		code, _ := e.Extensions["code"].(fault.Code)
		if c := string(code); !slices.Contains(x.codes, c) {
			x.codes = append(x.codes, c)
		}
	}
}

func (x *exchange) writeCookie(w http.ResponseWriter) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.cookies {
		http.SetCookie(w, c)
	}
}
