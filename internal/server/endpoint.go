package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/fault"
)

const graphqlPath = "/graphql"

// endpoint answers GraphQL over HTTP: one operation a request, as GET (queries) or POST.
type endpoint struct {
	*Server
	limiter
	exec    *executor.Executor
	cache   *documentCache
	trusted trusted
}

func newEndpoint(s *Server, schema graphql.ExecutableSchema, extensions []graphql.HandlerExtension) (*endpoint, error) {
	docs, err := loadTrusted(s.cfg.TrustedDocuments)
	if err != nil {
		return nil, err
	}
	e := &endpoint{
		Server: s, limiter: limiter{s.cfg, schema, s.parts.Lists},
		exec: executor.New(schema), cache: newDocumentCache(), trusted: docs,
	}
	e.exec.SetQueryCache(e.cache)
	e.exec.SetErrorPresenter(s.presenter.present)
	e.exec.SetRecoverFunc(recovered)
	e.exec.SetDisableSuggestion(!s.cfg.Introspection)
	for _, x := range extensions {
		e.exec.Use(x)
	}
	return e, nil
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case wantsSocket(r):
		note(r.Context()).stays()
		e.socket(w, r)
		return
	case wantsEvents(r):
		note(r.Context()).stays()
		e.events(w, r)
		return
	}
	media := responseType(r)
	if media == "" {
		e.refuse(w, r, http.StatusNotAcceptable, fault.New(fault.InvalidInput,
			"请接受 application/json 或 application/graphql-response+json。",
			"Accept application/json or application/graphql-response+json."))
		return
	}
	var (
		p       params
		refusal *badRequest
	)
	switch r.Method {
	case http.MethodPost:
		p, refusal = readPost(w, r, e.BodyBytes)
	case http.MethodGet:
		p, refusal = readGet(r, e.BodyBytes)
	default:
		refusal = onlyPost(w, "GET, POST")
	}
	if refusal != nil {
		e.refuse(w, r, refusal.status, refusal.Error)
		return
	}
	text, f := e.trusted.resolve(p.Query, p.id())
	if f != nil {
		e.refuse(w, r, 0, f)
		return
	}
	// The body is read by now: slow senders take no place from others.
	e.admit(e.requests, e.RequestTimeout, func(w http.ResponseWriter, admitted *http.Request) {
		e.answer(r.Context(), w, admitted, media, text, p)
	})(w, r)
}

func onlyPost(w http.ResponseWriter, allow string) *badRequest {
	w.Header().Set("Allow", allow)
	return bad(http.StatusMethodNotAllowed, fault.New(fault.InvalidInput,
		"查询可用 GET 或 POST,修改只能用 POST。", "Send queries by GET or POST, mutations only by POST."))
}

// answer answers an admitted request; client is the context that ends when the client goes.
func (e *endpoint) answer(client context.Context, w http.ResponseWriter, r *http.Request, media, text string, p params) {
	ctx := graphql.StartOperationTrace(r.Context())
	oc, errs := e.prepare(ctx, text, p, r.Header)
	if errs != nil {
		resp := e.exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs)
		writeResponse(ctx, w, media, statusUnder(media, resp.Errors), resp, false)
		return
	}
	if oc.Operation.Operation == ast.Subscription {
		e.refuse(w, r, 0, fault.New(fault.InvalidInput, "订阅请使用 WebSocket(graphql-transport-ws)或 Accept: text/event-stream。",
			"Subscribe over a WebSocket (graphql-transport-ws), or with Accept: text/event-stream."))
		return
	}
	note(ctx).operation(oc)
	if r.Method == http.MethodGet && oc.Operation.Operation != ast.Query {
		refusal := onlyPost(w, "POST")
		e.refuse(w, r, refusal.status, refusal.Error)
		return
	}
	if e.slow(oc) {
		giveBack, err := e.shares.take(e.parts.Account(ctx))
		if err != nil {
			e.refuse(w, r, 0, err)
			return
		}
		defer giveBack()
		leave, err := e.transfers.enter(ctx)
		if err != nil {
			e.refuse(w, r, 0, err)
			return
		}
		defer leave()
		allowTime(w, e.TransferTimeout)
		var cancel func()
		ctx, cancel = instead(ctx, client, e.TransferTimeout)
		defer cancel()
	}
	handler, ctx := e.exec.DispatchOperation(ctx, oc)
	resp := handler(ctx)
	if resp == nil { // the executor's answer when the time was up before it began
		e.refuse(w, r, 0, cmp.Or(ctx.Err(), errors.New("the executor gave no response")))
		return
	}
	note(ctx).writeCookie(w)
	writeResponse(ctx, w, media, http.StatusOK, resp, true)
}

// slow tells whether a mutation asks for what takes as long as a transfer: the import of an uploaded file.
func (e *endpoint) slow(oc *graphql.OperationContext) bool {
	return oc.Operation.Operation == ast.Mutation &&
		slices.ContainsFunc(rootNames(oc), func(name string) bool { return slices.Contains(e.parts.Slow, name) })
}

// instead gives ctx another time-out than it has; it still ends when the client goes.
func instead(ctx, client context.Context, timeout time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(client, cancel)
	return ctx, func() { stop(); cancel() }
}

// prepare parses, validates and measures an operation. Whatever it refuses, nothing was executed.
func (e *endpoint) prepare(ctx context.Context, text string, p params, h http.Header) (*graphql.OperationContext, gqlerror.List) {
	if _, checked := e.cache.Get(ctx, text); !checked {
		if g := e.checkDocument(text); g != nil {
			return &graphql.OperationContext{}, gqlerror.List{g}
		}
	}
	oc, errs := e.exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query: text, OperationName: p.OperationName, Variables: p.Variables, Extensions: p.Extensions, Headers: h,
		ReadTime: graphql.TraceTiming{Start: graphql.GetStartTime(ctx), End: graphql.Now()},
	})
	if errs != nil {
		return oc, errs
	}
	oc.DisableIntrospection = !e.Introspection
	if g := e.checkComplexity(ctx, oc); g != nil {
		return oc, gqlerror.List{g}
	}
	return oc, nil
}

// statusUnder is the status of a request that was understood but not executed.
func statusUnder(media string, errs gqlerror.List) int {
	if media == typeJSON || len(errs) == 0 {
		return http.StatusOK
	}
	code, _ := errs[0].Extensions["code"].(fault.Code)
	return statusOf(code)
}
