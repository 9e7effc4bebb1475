package account

import (
	"context"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// sessionsKept is how long ended sessions stay, for who asks where they were signed in.
const sessionsKept = 30 * 24 * time.Hour

// attemptsKept is long enough for every failure to have leaked away.
const attemptsKept = 7 * 24 * time.Hour

// Pruned counts the rows that Prune deleted.
type Pruned struct {
	Sessions, Attempts, Idempotency int64
}

// Prune deletes sessions that expired 30 days ago, sign-in failures of a week ago, and idempotency keys of
// a day ago. It needs no settings; a periodic job calls it.
func (s *Service) Prune(ctx context.Context, q Querier) (p Pruned, err error) {
	defer fault.Wrap(&err, "prune identity")
	now := s.now()
	err = q.QueryRow(ctx, `SELECT sessions, attempts, idempotency FROM identity.prune($1, $2, $3)`,
		now.Add(-sessionsKept), now.Add(-attemptsKept), now.Add(-idempotencyLife)).Scan(&p.Sessions, &p.Attempts, &p.Idempotency)
	return p, err
}
