package act

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/audit"
)

// Refusals keeps what is refused again and again from filling the audit trail. Of identical refusals within
// a minute the first is an entry, then the 10th, the 100th and so on, with their number so far: who tries a
// thousand times leaves four entries that say so. Who is refused many different things is counted the same way past the first of them
// (named), be they there or not: a flood does not fill the trail, and does not tell by its pace what is there. Each server counts for itself.
type Refusals struct {
	mu     sync.Mutex
	began  time.Time // of the minute
	counts map[refusal]int
	things map[uuid.UUID]int // different ones, by account
}

// named is how many different things that somebody was refused within a minute have entries of their own.
const named = 20

// refusal is what makes two refusals identical: all that an entry says besides time and request.
type refusal struct {
	account, estate, subject uuid.UUID
	action, clause, reason   string
}

// count returns how many such refusals there were in this minute, and whether this one becomes an entry.
func (r *Refusals) count(key refusal, now time.Time) (n int, enter bool) {
	if r == nil {
		return 1, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil || now.Sub(r.began) >= time.Minute {
		r.began, r.counts, r.things = now, map[refusal]int{}, map[uuid.UUID]int{}
	}
	if key.subject != uuid.Nil && r.counts[key] == 0 {
		if r.things[key.account] >= named {
			key = refusal{account: key.account}
		} else {
			r.things[key.account]++
		}
	}
	r.counts[key]++
	n = r.counts[key]
	power := 1
	for power < n {
		power *= 10
	}
	return n, power == n
}

// appendRefusal puts a refusal on the read chain, unless others like it stand for it.
func (rt *Runtime) appendRefusal(ctx context.Context, e audit.Entry) error {
	if !rt.counted(&e) {
		return nil
	}
	return rt.AppendRead(ctx, e)
}

// counted tells whether a refusal becomes an entry, and says in it how many it stands for.
func (rt *Runtime) counted(e *audit.Entry) bool {
	n, enter := rt.Refusals.count(refusal{e.Actor.Account, e.Estate, e.Subject, e.Action, e.Clause, e.Reason}, e.At)
	if n > 1 {
		e.Reason = fmt.Sprintf("%s ×%d", e.Reason, n)
	}
	return enter
}
