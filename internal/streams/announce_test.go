package streams_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/streams"
)

// What is announced within a moment is told together, each once: transactions that announce commit one at a time over the whole cluster.
func TestAnnouncementsAreToldTogether(t *testing.T) {
	t.Parallel()
	told := make(chan []string, 100)
	h := streams.New(streams.Config{URL: "postgres://127.0.0.1:1/nowhere", Tell: func(_ context.Context, topics []string) error {
		told <- topics
		return nil
	}})
	a, b := streams.Estate(uuid.New()), streams.Estate(uuid.New())
	for range 50 {
		h.Announce(a, b)
		h.Announce(a)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	select {
	case got := <-told:
		want := []string{string(a), string(b)}
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was told")
	}
	h.Announce(b) // what is announced last is told before it ends
	stop()
	<-done
	if got := <-told; !slices.Equal(got, []string{string(b)}) {
		t.Errorf("told %q at the end", got)
	}
}

// Where nobody listens, who waits in this process is woken at once.
func TestAnnouncementsWakeWhereNobodyListens(t *testing.T) {
	t.Parallel()
	h := streams.New(streams.Config{})
	topic := streams.Estate(uuid.New())
	w := h.Wait(topic)
	defer w.Stop()
	h.Announce(topic)
	select {
	case <-w.C:
	case <-time.After(10 * time.Second):
		t.Error("nobody was woken")
	}
}
