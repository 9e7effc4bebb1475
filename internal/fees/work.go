package fees

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feerun"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/policy"
)

// billing is the job that makes a large run's notices.
type billing struct {
	Run uuid.UUID `json:"run"`
}

// Kind implements river.JobArgs.
func (billing) Kind() string { return "fees.bill" }

// InsertOpts has one job for a run, however often it is asked for.
func (billing) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Workers adds what works the chapter's jobs.
func Workers(w *river.Workers) {
	river.AddWorker(w, jobs.Long(func(ctx context.Context, job *river.Job[billing]) error { return Work(ctx, job.Args.Run) }))
}

// Work bills what a run has left, a chunk of households in each transaction. It may be killed at any time, run anew, and run twice at once: who has a
// notice gets no other, and servers go on one after the other.
func Work(ctx context.Context, run uuid.UUID) error {
	for at := (place{}); !at.done; {
		out, err := billChunk.Do(ctx, chunkInput{run, at})
		if err != nil {
			return err
		}
		at = out.next
	}
	return nil
}

// Finish makes now what the job would make later of a run.
func Finish(ctx context.Context, p *RunFeeBillingPayload) (*RunFeeBillingPayload, error) {
	if p.Run.State == feerun.StateBilled {
		return p, nil
	}
	if err := Work(ctx, p.Run.ID); err != nil {
		return nil, err
	}
	run, err := act.From(ctx).DB.Ent.FeeRun.Get(ctx, p.Run.ID)
	return &RunFeeBillingPayload{run}, err
}

type chunkInput struct {
	run   uuid.UUID
	after place
}

type chunked struct{ next place }

// billChunk is the program's own act: the next households of a run, and after the last its end (F2).
var billChunk = act.New("fees.billChunk", act.Needs(policy.FeeRun, policy.Create), act.Clauses("F2"), func(tx *act.Tx, in chunkInput) (*chunked, error) {
	run, err := tx.FeeRun.Query().Where(feerun.ID(in.run)).ForUpdate().Only(tx)
	if run, err = act.Find(run, err, "run"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeFeeRun, run.ID, run.RowScope())
	if run.State != feerun.StateRunning {
		return &chunked{place{done: true}}, nil
	}
	next, err := billNext(tx, run, in.after, Chunk)
	if err == nil && next.done {
		_, err = finish(tx, run)
	}
	return &chunked{next}, err
})
