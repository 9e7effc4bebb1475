package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/streams"
)

// Streams keeps true who is asking while streams are open.
type Streams struct {
	who *Authenticator
	hub *streams.Hub
}

// NewStreams makes one; the hub hears of changes of accounts.
func NewStreams(who *Authenticator, hub *streams.Hub) *Streams { return &Streams{who, hub} }

// lookAgain is how often it is looked again who is asking, though nothing was heard: grants begin and end with the day.
const lookAgain = time.Minute

// Keep has the context's viewer be who it is at each moment. The context that it returns ends, with the refusal as its cause, once the
// session or the token does, or the account is disabled; listening is no use of a session, which ends as it would have.
func (s *Streams) Keep(ctx context.Context) (_ context.Context, stop func()) {
	v := access.From(ctx)
	if v == nil {
		return ctx, func() {}
	}
	holder := v.Session
	if v.Token != uuid.Nil {
		holder = v.Token
	}
	k := &keeping{Streams: s, account: v.Account, holder: holder}
	ctx, cancel := context.WithCancelCause(access.WithLive(ctx, access.NewLive(v, k.look)))
	w := s.hub.Wait(streams.Account(v.Account))
	go func() {
		defer w.Stop()
		k.watch(ctx, w, cancel)
	}()
	return ctx, func() { cancel(nil) }
}

type keeping struct {
	*Streams
	account, holder uuid.UUID
}

// look finds out who holds the session or token by now.
func (k *keeping) look(ctx context.Context) (*access.Viewer, error) {
	id, err := k.identity(ctx)
	if err != nil {
		return nil, err
	}
	return k.who.viewer(id), nil
}

func (k *keeping) identity(ctx context.Context) (*account.Identity, error) {
	return k.who.accounts.Holding(ctx, k.account, k.holder, calendar.DayOf(k.who.clock.Now().In(k.who.zone)))
}

func (k *keeping) watch(ctx context.Context, w *streams.Waiter, end context.CancelCauseFunc) {
	for {
		wait := lookAgain
		id, err := k.identity(ctx)
		switch {
		case fault.Is(err, fault.Unauthenticated):
			end(err)
			return
		case err == nil:
			wait = min(wait, id.ExpiresAt.Sub(k.who.clock.Now())+time.Millisecond)
		default: // the database is away, so that nothing is shown either
			wait = 5 * time.Second
		}
		timer := k.who.clock.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-w.C:
			timer.Stop()
		case <-timer.Chan():
		}
	}
}

// recent is how far back a look at the inbox reaches: who posts takes no longer to commit. Messages come in the order in which they
// are committed, which is not that of their times.
const recent = 10 * time.Minute

// Arrivals are the viewer's own messages as they come, each once; what came before is what Inbox lists.
//
// Errors: UNAUTHENTICATED; FORBIDDEN for an API token.
func Arrivals(ctx context.Context) (<-chan *Message, error) {
	rt := act.From(ctx)
	v := access.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	known, begun := map[uuid.UUID]time.Time{}, false
	look := func(ctx context.Context) (news []*Message, err error) {
		since := rt.Clock.Now().Add(-recent)
		list, err := arrived(ctx, since)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			if _, seen := known[m.ID]; !seen && begun {
				news = append(news, messageOf(m))
			}
			known[m.ID] = m.CreatedAt
		}
		for id, at := range known {
			if at.Before(since) {
				delete(known, id)
			}
		}
		begun = true
		return news, nil
	}
	return streams.Follow(ctx, rt.Streams, 50*time.Millisecond, 0, look, streams.Inbox(v.Account))
}

// arrived lists what came to the viewer since a time, the oldest first.
func arrived(ctx context.Context, since time.Time) (list []account.Message, err error) {
	err = own(ctx, func(q account.Querier, me uuid.UUID) error {
		list, err = act.From(ctx).Accounts.MessagesSince(ctx, q, me, since)
		return err
	})
	return list, err
}
