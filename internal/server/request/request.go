// Package request says what is known about the HTTP request that is being answered. It is a package of
// its own, so that the rules can read it without knowing the server.
package request

import (
	"context"
	"net/netip"

	"golang.org/x/text/language"
)

// Info describes one request. It holds no credential.
type Info struct {
	ID             string       // X-Request-Id, a trusted proxy's or made here
	Address        netip.Addr   // of the client, behind the trusted proxies; invalid when there is none
	Language       language.Tag // of messages: Chinese or English
	IdempotencyKey string       // the header Idempotency-Key; "" when absent
	UserAgent      string       // cut to 200 bytes
	Secure         bool         // came over TLS, here or at a trusted proxy
	ByCookie       bool         // who asks is known by a browser's cookie
}

type key struct{}

// With returns a context that carries info.
func With(ctx context.Context, info Info) context.Context {
	return context.WithValue(ctx, key{}, info)
}

// From returns what With put into ctx. Outside of a request (commands, jobs) only the language is set,
// to Chinese.
func From(ctx context.Context) Info {
	if info, ok := ctx.Value(key{}).(Info); ok {
		return info
	}
	return Info{Language: language.Chinese}
}
