package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/streams"
)

// Streams keeps true who is asking while a stream is open.
type Streams interface {
	// Keep returns a context whose viewer is who it is at each moment, and which ends with a refusal as its cause once that is nobody.
	Keep(ctx context.Context) (_ context.Context, stop func())
}

// unknownShare is which part of all connections one address has without having said whose they are: nobody who does not sign in takes the places of those who do.
const unknownShare = 20

const (
	keepAlive   = 20 * time.Second // between signs of life; who does not answer two is gone
	initTimeout = 10 * time.Second // from the connection to who is asking
	lastWords   = 2 * time.Second  // for the reason why a stream ends to arrive
	stuck       = 30 * time.Second // after which a client that reads nothing is gone
)

// openStreams are the streams that are open now, so that they can be ended and waited for.
type openStreams struct {
	places  *gate   // connections
	shares  *shares // subscriptions of one account
	sockets *shares // sockets of one account, twice as many, whether anything is subscribed to on them or not
	unknown *shares // sockets of which it is not known yet whose they are, by the address that they come from
	closing context.Context
	close   context.CancelCauseFunc
	open    sync.WaitGroup
}

func newOpenStreams(s *Server) *openStreams {
	o := &openStreams{
		places: newGate(s.cfg.Streams, 0, 0, s.parts.Clock),
		shares: newShares(s.cfg.AccountStreams, func(most int) *fault.Error {
			return fault.Busy(retryAfter, "本账号同时打开的订阅不能超过 %[1]d 个;请先结束其中一个。", "One account may have at most %[1]d subscriptions at once: end one of them first.", most)
		}),
	}
	o.sockets = newShares(2*s.cfg.AccountStreams, func(most int) *fault.Error {
		return fault.Busy(retryAfter, "本账号同时打开的连接不能超过 %[1]d 个;请先关闭其中一个。", "One account may have at most %[1]d sockets at once: close one of them first.", most)
	})
	o.unknown = newShares(max(s.cfg.Streams/unknownShare, 1), func(int) *fault.Error { return busy() })
	o.closing, o.close = context.WithCancelCause(context.Background())
	return o
}

// drain ends all streams, and waits until they have.
func (o *openStreams) drain(ctx context.Context) {
	o.close(fault.Busy(retryAfter, "服务器正在重启,请重新连接。", "The server restarts: connect again."))
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.open.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// stream is one connection of a client's, with the subscriptions on it.
type stream struct {
	*endpoint
	over context.Context // ends when its subscriptions are to end, for the cause that it has
	end  context.CancelCauseFunc
	busy sync.WaitGroup // subscriptions
}

// begin takes a place for a connection. Call the function that it returns when the connection is gone.
func (e *endpoint) begin(r *http.Request) (*stream, func(), error) {
	leave, err := e.streams.places.enter(r.Context())
	if err != nil {
		return nil, nil, err
	}
	e.streams.open.Add(1)
	s := &stream{endpoint: e}
	s.over, s.end = context.WithCancelCause(context.WithoutCancel(r.Context()))
	unhook := context.AfterFunc(e.streams.closing, func() { s.end(context.Cause(e.streams.closing)) })
	return s, func() {
		unhook()
		s.end(nil)
		e.streams.open.Done()
		leave()
	}, nil
}

// keep has the context's viewer kept true, and the subscriptions end when it is nobody any more.
func (s *stream) keep(ctx context.Context) (_ context.Context, stop func()) {
	if s.parts.Streams == nil {
		return ctx, func() {}
	}
	kept, done := s.parts.Streams.Keep(ctx)
	unhook := context.AfterFunc(kept, func() {
		if fault.From(context.Cause(kept)) != nil {
			s.end(context.Cause(kept))
		}
	})
	return kept, func() { unhook(); done() }
}

var _ graphql.GraphExecutor = (*stream)(nil)

// CreateOperationContext checks an operation as it would be over plain HTTP, in the turn of a request; only subscriptions are served here.
func (s *stream) CreateOperationContext(ctx context.Context, raw *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	leave, err := s.requests.enter(ctx)
	if err != nil {
		return &graphql.OperationContext{}, s.presented(ctx, gqlerror.List{gqlerror.Wrap(err)})
	}
	defer leave()
	p := params{Query: raw.Query, OperationName: raw.OperationName, Variables: raw.Variables, Extensions: raw.Extensions}
	text, f := s.trusted.resolve(p.Query, p.id())
	if f != nil {
		return &graphql.OperationContext{}, s.presented(ctx, gqlerror.List{gqlerror.Wrap(f)})
	}
	oc, errs := s.prepare(ctx, text, p, raw.Headers)
	switch {
	case errs != nil:
	case oc.Operation.Operation != ast.Subscription:
		errs = gqlerror.List{gqlerror.Wrap(fault.Invalid("query", "此处只接受订阅;查询和修改请用 POST 发送。", "Only subscriptions are served here: send queries and mutations by POST."))}
	case len(graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Subscription"})) != 1: // as @skip may leave none
		errs = gqlerror.List{gqlerror.Wrap(fault.Invalid("query", "请恰好订阅一项。", "Subscribe to exactly one field."))}
	}
	return oc, s.presented(ctx, errs)
}

func (s *stream) presented(ctx context.Context, errs gqlerror.List) gqlerror.List {
	var out gqlerror.List
	for _, e := range errs {
		out = append(out, s.presenter.present(ctx, e))
	}
	return out
}

// DispatchError answers with errors that are presented already.
func (s *stream) DispatchError(_ context.Context, errs gqlerror.List) *graphql.Response {
	return &graphql.Response{Errors: errs}
}

// DispatchOperation begins a subscription. It ends after the first answer that is nothing but a refusal, and with the reason as its last
// answer if it was ended.
func (s *stream) DispatchOperation(ctx context.Context, oc *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	giveBack, err := s.streams.shares.take(s.parts.Account(ctx))
	if err != nil {
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{s.presenter.present(ctx, err)}}), ctx
	}
	s.busy.Add(1)
	ctx, why := streams.WithEnd(ctx)
	answering := ctx
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(s.over, cancel)
	next, ctx := s.exec.DispatchOperation(ctx, oc)
	finish := sync.OnceFunc(func() { unhook(); cancel(); giveBack(); s.busy.Done() })
	over := false
	// Whoever answers asks until there is nothing more: what is busy until then has said its last words.
	return func(ctx context.Context) *graphql.Response {
		if over {
			finish()
			return nil
		}
		over = true
		defer func() {
			if r := recover(); r != nil {
				finish()
				panic(r)
			}
		}()
		resp := next(ctx)
		if resp != nil && (len(resp.Data) > 0 || len(resp.Errors) == 0) {
			over = false
			return resp
		}
		if resp == nil {
			resp = s.lastWords(answering, why())
		}
		if resp == nil {
			finish()
		}
		return resp
	}, ctx
}

// lastWords are why a subscription ended that did not end by itself; nil: it did.
func (s *stream) lastWords(ctx context.Context, err error) *graphql.Response {
	if cause := context.Cause(s.over); err == nil && fault.From(cause) != nil {
		err = cause
	}
	if err == nil {
		return nil
	}
	return &graphql.Response{Errors: gqlerror.List{s.presenter.present(ctx, err)}}
}

// wantsEvents tells whether the client asks for server-sent events.
func wantsEvents(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// wantsSocket tells whether the client asks for a WebSocket.
func wantsSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && hasToken(r.Header, "Upgrade", "websocket")
}

// hasToken tells whether a header lists a word.
func hasToken(h http.Header, name, word string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(h.Values(name), ","), ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), word) })
}
