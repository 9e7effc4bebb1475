package server

import (
	"context"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/internal/fault"
)

// gate bounds what is done at once. Those who come when it is full wait in a short queue; when that is
// full too, or the wait is over, they are refused at once instead of piling up before the database.
type gate struct {
	slots chan struct{}
	queue chan struct{}
	wait  time.Duration
	clock clockwork.Clock
}

func newGate(slots, queue int, wait time.Duration, clock clockwork.Clock) *gate {
	return &gate{make(chan struct{}, slots), make(chan struct{}, queue), wait, clock}
}

// enter returns the function that leaves again, or RATE_LIMITED.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.slots }
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return nil, busy()
	}
	timer := g.clock.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	case <-timer.Chan():
		return nil, busy()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func busy() *fault.Error {
	return fault.Busy(retryAfter, "系统正忙,请稍后再试。", "The server is busy: try again shortly.")
}
