package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
)

// Authenticator tells who holds a token. The context it returns carries the viewer. A refusal
// (fault.Unauthenticated) is answered with 401; any other error is internal.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (context.Context, error)
}

// Files keeps what people upload. Both methods authorise and audit.
type Files interface {
	// Store reads r to its end. An error of r must be returned (wrapped or not), and nothing kept.
	Store(ctx context.Context, upload Upload, r io.Reader) (File, error)
	// Open returns the content, to be closed by the caller.
	Open(ctx context.Context, wanted Wanted) (File, io.ReadCloser, error)
}

// Links says whose link to a file is opened. It authorises nothing but that: Files does.
type Links interface {
	// Follow puts who was given the link into the context, or refuses it.
	Follow(ctx context.Context, link Link) (context.Context, error)
}

// Registers writes a register as a file. Refusals must come before the first byte.
type Registers interface {
	// Export writes the register called name; format is "xlsx" or "csv", query what the address says.
	Export(ctx context.Context, name, format string, query url.Values, w io.Writer) error
}

// Calendars writes somebody's calendar.
type Calendars interface {
	// Calendar is the calendar of whose private token it is, as text/calendar. It authorises: the token is all there is. Errors: NOT_FOUND.
	Calendar(ctx context.Context, token string) ([]byte, error)
}

// Parts are what the server is made of besides its settings. Schema and Authenticator are
// needed; without Files or Registers their routes answer NOT_FOUND.
type Parts struct {
	Schema        graphql.ExecutableSchema
	Extensions    []graphql.HandlerExtension // of gqlgen, such as root-field interceptors
	Authenticator Authenticator
	Account       func(context.Context) string // who is signed in, "" for nobody; default nobody is told apart
	Files         Files
	Links         Links   // nil: there are none
	SignOn        SignOn  // nil: people sign in with a password alone
	Streams       Streams // nil: who is asking is found out once
	Registers     Registers
	Calendars     Calendars
	Ready         func(context.Context) error            // whether the database answers and is migrated; default always
	Lacking       map[string]func(context.Context) error // what else may be away, by name: readyz says so, and most goes on without
	Log           *slog.Logger                           // default slog.Default()
	Clock         clockwork.Clock                        // default the real one
	Metrics       *prometheus.Registry                   // default a new one; collectors of the pool and of acts go here
	Translate     func(context.Context, error) error     // makes refusals of what the layers below refuse; default none
	Lists         map[string]int                         // how many a plain list usually has, by Type.field, where that is known: others are charged Config.ListEstimate
	Slow          []string                               // root fields of mutations that may take as long as a transfer
}

// Server answers HTTP. Make one with New; it is ready at once.
type Server struct {
	cfg       Config
	parts     Parts
	presenter presenter
	metrics   *metrics
	origin    *http.CrossOriginProtection
	requests  *gate
	transfers *gate
	shares    *shares
	streams   *openStreams
	handler   http.Handler
	listener  net.Listener
	draining  atomic.Bool

	proxyWarning sync.Once
}

// New builds a server. The error is one line about a setting that cannot be served.
func New(cfg Config, parts Parts) (*Server, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if parts.Account == nil {
		parts.Account = func(context.Context) string { return "" }
	}
	if parts.Ready == nil {
		parts.Ready = func(context.Context) error { return nil }
	}
	if parts.Log == nil {
		parts.Log = slog.Default()
	}
	if parts.Clock == nil {
		parts.Clock = clockwork.NewRealClock()
	}
	if parts.Metrics == nil {
		parts.Metrics = prometheus.NewRegistry()
	}
	s := &Server{
		cfg: cfg, parts: parts,
		presenter: presenter{log: parts.Log, suggestions: cfg.Introspection, translate: parts.Translate},
		requests:  newGate(cfg.Concurrent, cfg.Queue, cfg.QueueWait, parts.Clock),
		transfers: newGate(cfg.Transfers, cfg.Queue, cfg.QueueWait, parts.Clock),
		shares:    newShares(cfg.AccountTransfers, tooManyTransfers),
	}
	s.streams = newOpenStreams(s)
	var err error
	if s.origin, err = crossOrigin(cfg.TrustedOrigins); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(parts.Metrics, map[string]*gate{"requests": s.requests, "transfers": s.transfers, "streams": s.streams.places}); err != nil {
		return nil, err
	}
	s.handler, err = s.routes()
	return s, err
}

// Handler is the whole server as a handler, for tests and for other listeners.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) routes() (http.Handler, error) {
	graphQL, err := newEndpoint(s, s.parts.Schema, s.parts.Extensions)
	if err != nil {
		return nil, err
	}
	page, err := newGraphiQL(s.cfg, s.parts.Log)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.watchers(s.metrics.handler()))
	mux.HandleFunc("GET /{$}", page.index)
	mux.HandleFunc("GET /graphiql/{file...}", page.asset)
	mux.Handle(graphqlPath, graphQL)
	if s.parts.Files != nil {
		mux.HandleFunc("POST /files", s.transfer(s.upload))
		mux.HandleFunc("GET /files/{id}", s.transfer(s.download))
	}
	if s.parts.Registers != nil {
		mux.HandleFunc("GET /registers/{file}", s.transfer(s.export))
	}
	if s.parts.Calendars != nil {
		mux.HandleFunc("GET /duty/calendars/{file}", s.calendar)
	}
	if s.parts.SignOn != nil {
		mux.HandleFunc("GET "+SignOnPath+"/begin", s.visitor(s.beginSignOn))
		mux.HandleFunc("GET "+SignOnPath+"/callback", s.visitor(s.finishSignOn))
	}
	mux.HandleFunc("/", s.nothing)
	return s.identify(s.observe(s.rescue(mux))), nil
}
