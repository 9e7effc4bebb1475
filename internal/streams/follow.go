package streams

import (
	"context"
	"time"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
)

// Follow gives what look finds: at once, and again whenever one of the topics changed. Each look is of who is asking by then, under the
// grants of then; the first one that is refused ends the stream, with the refusal (see WithEnd). Two looks are at least pause apart,
// so that a burst of changes is one; and, where counts change by the time alone, at most every apart.
//
// Errors: those of the first look.
func Follow[T any](ctx context.Context, h *Hub, pause, every time.Duration, look func(context.Context) ([]T, error), topics ...Topic) (<-chan T, error) {
	if v := access.From(ctx); v != nil {
		topics = append(topics, Account(v.Account))
	}
	w := h.Wait(topics...) // before the first look, so that nothing in between is missed
	found, err := at(ctx, h, look)
	if err != nil {
		w.Stop()
		return nil, err
	}
	out := make(chan T)
	go func() {
		defer close(out)
		defer w.Stop()
		for {
			for _, item := range found {
				select {
				case out <- item:
				case <-ctx.Done():
					return
				}
			}
			if !w.next(ctx, pause, every) {
				return
			}
			found, err = at(ctx, h, look)
			if fault.From(err) != nil {
				End(ctx, err)
				return
			}
			if err != nil && ctx.Err() == nil { // the database is away: it is looked at again
				h.cfg.Log.WarnContext(ctx, "a stream could not look", "error", err)
				w.wake()
				pause = max(pause, time.Second)
			}
		}
	}()
	return out, nil
}

// at looks in its turn, as who is asking by now.
func at[T any](ctx context.Context, h *Hub, look func(context.Context) ([]T, error)) ([]T, error) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := access.Refresh(ctx); err != nil {
		return nil, err
	}
	return look(ctx)
}

// next waits until it is time to look again; false: until ctx ended.
func (w *Waiter) next(ctx context.Context, pause, every time.Duration) bool {
	rest := time.NewTimer(pause)
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
		return false
	}
	var late <-chan time.Time
	if every > 0 {
		t := time.NewTimer(every)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-w.C:
	case <-late:
	case <-ctx.Done():
		return false
	}
	return true
}
