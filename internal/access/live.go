package access

import (
	"context"
	"sync/atomic"
)

// Live is who is asking for as long as a stream is open: another viewer each time that it was looked at again, since grants end
// and sessions are revoked while somebody listens.
type Live struct {
	now  atomic.Pointer[Viewer]
	look func(context.Context) (*Viewer, error)
}

// NewLive begins with a viewer; look finds out who it is by now, or refuses.
func NewLive(v *Viewer, look func(context.Context) (*Viewer, error)) *Live {
	l := &Live{look: look}
	l.now.Store(v)
	return l
}

// Viewer is who it was when it was last looked at.
func (l *Live) Viewer() *Viewer { return l.now.Load() }

// WithLive puts it into the context, in which From answers with the newest viewer.
func WithLive(ctx context.Context, l *Live) context.Context {
	return context.WithValue(ctx, viewerKey, l)
}

// Refresh looks at who is asking again, where that may have changed meanwhile: in a stream. Errors: UNAUTHENTICATED.
func Refresh(ctx context.Context) error {
	l, ok := ctx.Value(viewerKey).(*Live)
	if !ok {
		return nil
	}
	v, err := l.look(ctx)
	if err != nil {
		return err
	}
	l.now.Store(v)
	return nil
}
