// Package streams wakes what waits for changes of the database. Triggers announce on one channel of PostgreSQL what kind of thing
// changed and whose it is, by ids alone (ent/migrations/00098_streams.sql); one connection of each process listens. What is
// announced is never shown: it only makes those who wait look again, each with the own eyes.
package streams

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// channel is the channel on which the triggers announce.
const channel = "steward"

// Topic is what can change: "estate 0192…".
type Topic string

// Inbox changes when the account is told something.
func Inbox(account uuid.UUID) Topic { return Topic("inbox " + account.String()) }

// Account changes with the account's sessions, tokens and grants, and when it is disabled.
func Account(account uuid.UUID) Topic { return Topic("account " + account.String()) }

// Estate changes with each act in the estate.
func Estate(estate uuid.UUID) Topic { return Topic("estate " + estate.String()) }

// Outbox changes when something is to be sent.
const Outbox Topic = "outbox"

// Config says how a hub hears of changes.
type Config struct {
	URL   string        // of a connection that no pooler shares, since it listens; without one it looks at intervals
	Every time.Duration // how often what waits looks while nothing is heard; 2 s
	Log   *slog.Logger
}

// Hub wakes what waits. Make one with New, and Run it.
type Hub struct {
	cfg   Config
	turns chan struct{}

	mu      sync.Mutex
	waiting map[Topic]map[*Waiter]bool
}

// looks is how many look at the database at once: its pool is for people first.
const looks = 4

// New makes a hub.
func New(cfg Config) *Hub {
	if cfg.Every <= 0 {
		cfg.Every = 2 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Hub{cfg: cfg, turns: make(chan struct{}, looks), waiting: map[Topic]map[*Waiter]bool{}}
}

// Waiter waits for its topics. C holds one element when any of them changed since it was last emptied.
type Waiter struct {
	C      chan struct{}
	hub    *Hub
	topics []Topic
}

// Wait begins to wait. Call Stop when done.
func (h *Hub) Wait(topics ...Topic) *Waiter {
	w := &Waiter{C: make(chan struct{}, 1), hub: h, topics: topics}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		if h.waiting[t] == nil {
			h.waiting[t] = map[*Waiter]bool{}
		}
		h.waiting[t][w] = true
	}
	return w
}

// Stop ends the wait.
func (w *Waiter) Stop() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	for _, t := range w.topics {
		if delete(w.hub.waiting[t], w); len(w.hub.waiting[t]) == 0 {
			delete(w.hub.waiting, t)
		}
	}
}

func (w *Waiter) wake() {
	select {
	case w.C <- struct{}{}:
	default: // it is to look already
	}
}

// Wake wakes those who wait for the topic.
func (h *Hub) Wake(t Topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.waiting[t] {
		w.wake()
	}
}

// wakeAll has everybody look: something may have been missed.
func (h *Hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, list := range h.waiting {
		for w := range list {
			w.wake()
		}
	}
}

// Waiting counts who waits, by topic each.
func (h *Hub) Waiting() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, list := range h.waiting {
		n += len(list)
	}
	return n
}

// Run hears until ctx ends, connecting again whenever the connection is lost; in between, and without an address, everybody looks at
// intervals.
func (h *Hub) Run(ctx context.Context) {
	tick := time.NewTicker(h.cfg.Every)
	defer tick.Stop()
	for again := time.Duration(0); ctx.Err() == nil; {
		if h.cfg.URL != "" && again <= 0 {
			if err := h.listen(ctx); ctx.Err() == nil {
				h.cfg.Log.WarnContext(ctx, "the connection that listens for changes was lost; streams look at intervals until it is back", "error", err)
			}
			h.wakeAll()
			again = 2 * h.cfg.Every
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
			again -= h.cfg.Every
			h.wakeAll()
		}
	}
}

// silence is how long nothing may be heard before the connection is asked whether it lives.
const silence = 30 * time.Second

// listen hears on one connection until it is lost.
func (h *Hub) listen(ctx context.Context) error {
	cfg, err := pgxpool.ParseConfig(h.cfg.URL) // which knows the pool's own settings, too
	if err != nil {
		return err
	}
	connecting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, cfg.ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(connecting, "LISTEN "+channel); err != nil {
		return err
	}
	h.wakeAll() // what changed before it was heard
	for {
		if err := h.hear(ctx, conn); err != nil {
			return err
		}
	}
}

func (h *Hub) hear(ctx context.Context, conn *pgx.Conn) error {
	quiet, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	n, err := conn.WaitForNotification(quiet)
	switch {
	case err == nil:
		h.Wake(Topic(n.Payload))
		return nil
	case ctx.Err() == nil && quiet.Err() != nil:
		asking, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return conn.Ping(asking)
	}
	return err
}
