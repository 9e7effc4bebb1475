package streams

import (
	"context"
	"sync"
)

// end is why a stream ends, told by what follows and read by who answers.
type end struct {
	mu  sync.Mutex
	err error
}

type endKey struct{}

// WithEnd lets End tell why the stream of this context ended; why is read once it has.
func WithEnd(ctx context.Context) (_ context.Context, why func() error) {
	e := &end{}
	return context.WithValue(ctx, endKey{}, e), func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.err
	}
}

// End tells why the stream ends.
func End(ctx context.Context, err error) {
	if e, ok := ctx.Value(endKey{}).(*end); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.err == nil {
			e.err = err
		}
	}
}
