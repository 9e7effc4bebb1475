package streams

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Tell announces topics on the channel, in a transaction of its own.
type Tell func(ctx context.Context, topics []string) error

// TellBy tells by connections of a pool.
func TellBy(pool *pgxpool.Pool) Tell {
	return func(ctx context.Context, topics []string) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SELECT pg_notify($1, t) FROM unnest($2::text[]) t`, channel, topics)
			return err
		})
	}
}

// gather is how long announcements are gathered, to be told together.
const gather = 200 * time.Millisecond

// Announce wakes who waits for the topics, here and in the other processes, soon. Call it when what changed is committed. It is for what
// changes all the time, and what nobody relies on: if this process ends within those moments, it is heard of with the next change.
func (h *Hub) Announce(topics ...Topic) {
	if h.cfg.URL == "" || h.cfg.Tell == nil { // nobody hears
		for _, t := range topics {
			h.Wake(t)
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		h.announced[t] = true
	}
}

// tellOthers tells the other processes what was announced here, until ctx ends.
func (h *Hub) tellOthers(ctx context.Context) {
	if h.cfg.Tell == nil {
		return
	}
	tick := time.NewTicker(gather)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		telling, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if err := h.tell(telling); err != nil {
			h.cfg.Log.WarnContext(ctx, "other servers could not be told what changed", "error", err)
		}
		cancel()
	}
}

func (h *Hub) tell(ctx context.Context) error {
	h.mu.Lock()
	topics := slices.Sorted(maps.Keys(h.announced))
	clear(h.announced)
	h.mu.Unlock()
	if len(topics) == 0 {
		return nil
	}
	list := make([]string, len(topics))
	for i, t := range topics {
		list[i] = string(t)
	}
	return h.cfg.Tell(ctx, list)
}
