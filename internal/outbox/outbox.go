// Package outbox hands what acts left to be sent over to the job queue. What is to be sent is a row that triggers wrote in the act's own
// transaction: it is there if and only if the act was done, and it becomes a job in the transaction in which the row says so, once.
package outbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/streams"
)

// Box is what is to be sent of one kind: it marks what is due as handed over, and makes the jobs of it.
type Box func(ctx context.Context, rt *act.Runtime, tx pgx.Tx) ([]river.InsertManyParams, error)

// batch is how much a box hands over in one transaction.
const batch = 500

// Batch is the most that a box takes at once.
func Batch() int { return batch }

// Dispatch hands over all that is due, and tells how much that was. Of any number of servers one does it at a time; the others
// find nothing left.
func Dispatch(ctx context.Context, rt *act.Runtime, boxes ...Box) (n int, err error) {
	defer fault.Wrap(&err, "dispatch the outbox")
	for _, box := range boxes {
		for more := true; more; {
			done := 0
			err := rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
				var mine bool
				if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended('steward outbox', 0))`).Scan(&mine); err != nil || !mine {
					return err
				}
				jobs, err := box(ctx, rt, tx)
				if err != nil || len(jobs) == 0 {
					return err
				}
				done = len(jobs)
				_, err = rt.Jobs.InsertManyTx(ctx, tx, jobs)
				return err
			})
			if err != nil {
				return n, err
			}
			n += done
			more = done >= batch
		}
	}
	return n, nil
}

// Run hands over as soon as something is announced, until ctx ends.
func Run(ctx context.Context, rt *act.Runtime, boxes ...Box) {
	w := rt.Streams.Wait(streams.Outbox)
	defer w.Stop()
	for {
		if _, err := Dispatch(ctx, rt, boxes...); err != nil && ctx.Err() == nil {
			rt.Log.WarnContext(ctx, "the outbox is handed over later", "error", err)
		}
		rest := time.NewTimer(200 * time.Millisecond) // a burst is handed over together
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return
		}
		select {
		case <-w.C:
		case <-ctx.Done():
			return
		}
	}
}
