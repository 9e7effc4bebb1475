// Package server is the HTTP side of Steward: the GraphQL endpoint with its limits, GraphiQL, files,
// registers, health, metrics and traces. It knows no module: it is handed an executable schema and a
// few small interfaces.
package server

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Config holds every setting of the server. Start from Defaults: a zero limit allows nothing.
type Config struct {
	Listen string // host:port

	// Limits of one GraphQL request. One more than the limit is refused before anything is executed.
	Depth        int   // levels of fields
	Complexity   int   // see complexity.go
	Aliases      int   // times that one root field may be asked in an operation
	Repeats      int   // times that a document may ask for one place of the answer
	Directives   int   // in a document, counted again wherever a fragment is spread
	Tokens       int   // in a document
	Leaves       int   // values in all arguments of an operation, wherever they come from
	InputDepth   int   // levels of objects in one argument
	BodyBytes    int64 // of a request
	PageSize     int   // most that first or last may ask for
	DefaultPage  int   // what a connection is charged for when neither first nor last is given
	ListEstimate int   // what a plain list is charged for of which nothing else is known (Parts.Lists)

	RequestTimeout  time.Duration // of one GraphQL request, carried to the database
	TransferTimeout time.Duration // of one upload, download or export
	UploadIdle      time.Duration // an upload of which nothing arrives for so long ends
	FileBytes       int64         // of one uploaded file

	// Overload: more than Concurrent requests wait, at most Queue of them and at most QueueWait long.
	Concurrent       int
	Transfers        int // uploads, downloads, exports and imports at once
	AccountTransfers int // of them, those of one account; more are refused at once
	Streams          int // connections with subscriptions at once
	AccountStreams   int // subscriptions of one account at once
	Queue            int
	QueueWait        time.Duration

	ShutdownDelay   time.Duration // readyz says 503 for so long before the port closes
	ShutdownTimeout time.Duration // how long requests in flight may take to finish

	Introspection    bool
	GraphiQL         bool
	Examples         func(context.Context) ([]Example, error) // tabs of GraphiQL, asked for whenever the page is; nil: none
	TrustedDocuments string                                   // folder of *.graphql; when set, nothing else is executed

	SecureCookies  bool           // mark the cookie Secure also when TLS ends at a proxy that does not say so
	TrustedProxies []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto are believed
	MetricsToken   string         // bearer token for /metrics; without one, only this machine may read it
	TrustedOrigins []string       // further origins (https://host) whose pages may use the cookie
}

// Example is one tab of GraphiQL.
type Example struct {
	Name      string `json:"title"`
	Query     string `json:"query"`
	Variables string `json:"variables,omitempty"` // JSON
	Headers   string `json:"headers,omitempty"`   // JSON
}

// Defaults returns the settings that a deployment starts from.
func Defaults() Config {
	return Config{
		Listen: "127.0.0.1:8080",
		Depth:  12, Complexity: 30_000, Aliases: 20, Repeats: 50, Directives: 50, Tokens: 5_000,
		Leaves: 1_000, InputDepth: 10,
		BodyBytes: 1 << 20, PageSize: 200, DefaultPage: 50, ListEstimate: 10,
		RequestTimeout: 10 * time.Second, TransferTimeout: 5 * time.Minute, UploadIdle: 15 * time.Second,
		FileBytes: 100 << 20, Concurrent: 64, Transfers: 16, AccountTransfers: 4, Streams: 2000, AccountStreams: 10, Queue: 256, QueueWait: 2 * time.Second,
		ShutdownTimeout: 15 * time.Second,
		Introspection:   true, GraphiQL: true,
	}
}

// Check returns an error of one line that names the first setting that cannot be served.
func (c Config) Check() error {
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		return fmt.Errorf("cannot listen on %q: give HOST:PORT, such as 127.0.0.1:8080", c.Listen)
	}
	positive := []struct {
		name  string
		value int64
	}{
		{"depth", int64(c.Depth)}, {"complexity", int64(c.Complexity)}, {"aliases", int64(c.Aliases)}, {"repeats", int64(c.Repeats)},
		{"directives", int64(c.Directives)}, {"tokens", int64(c.Tokens)}, {"leaves", int64(c.Leaves)}, {"input depth", int64(c.InputDepth)},
		{"body size", c.BodyBytes},
		{"page size", int64(c.PageSize)}, {"default page", int64(c.DefaultPage)}, {"list estimate", int64(c.ListEstimate)},
		{"request time-out", int64(c.RequestTimeout)}, {"transfer time-out", int64(c.TransferTimeout)},
		{"file size", c.FileBytes}, {"concurrent requests", int64(c.Concurrent)}, {"concurrent transfers", int64(c.Transfers)},
		{"upload idle time", int64(c.UploadIdle)}, {"concurrent transfers of an account", int64(c.AccountTransfers)},
		{"streams", int64(c.Streams)}, {"subscriptions of an account", int64(c.AccountStreams)},
		{"shutdown time-out", int64(c.ShutdownTimeout)},
	}
	for _, p := range positive {
		if p.value <= 0 {
			return fmt.Errorf("the limit %q must be more than 0", p.name)
		}
	}
	return nil
}
