// Package jobs runs what nobody waits for, on River in the same database: jobs that acts enqueue in their
// own transaction, and tasks that recur. It knows no chapter: the program hands in what there is to do.
//
// Any number of servers may run the same client: River elects one to plan the recurring tasks, each planned
// task is one row that one server takes, and what a task does must still bear being done twice.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/policy"
)

// Schema is the database schema of River's tables, where failed jobs stay to be looked at.
const Schema = "river"

// Options say what a client does.
type Options struct {
	Policy  *policy.Table
	Run     bool                 // works jobs and plans the tasks; else the client only inserts
	Tasks   []Task               // what recurs
	Workers func(*river.Workers) // adds the workers of jobs that acts enqueue; may be nil
}

// NewClient makes River's client on the runtime's pool; the caller puts it into rt.Jobs, and starts and
// stops it if it runs. Jobs get a context in which acts run, as the program itself.
func NewClient(rt *act.Runtime, o Options) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, newTaskWorker(o.Tasks))
	if o.Workers != nil {
		o.Workers(workers)
	}
	c := &river.Config{
		Schema: Schema, Workers: workers, Logger: slog.New(warnings{rt.Log.Handler()}),
		// A poll a second instead of LISTEN: nobody waits for jobs, a pooler in transaction mode carries it, and
		// no connection of the pool is kept waiting.
		PollOnly:     true,
		Middleware:   []rivertype.Middleware{&asSystem{rt: rt, table: o.Policy}},
		ErrorHandler: failures{rt.Log},
		// What a killed server left running is taken up again soon: what is sent after two minutes at most, what may take longer
		// says so (Long, tasks), and is left alone until then.
		JobTimeout:           time.Minute,
		RescueStuckJobsAfter: 75 * time.Second,
		SoftStopTimeout:      10 * time.Second,
	}
	if o.Run {
		c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}} // the pool is for people first
		c.PeriodicJobs = plan(o.Tasks)
	}
	client, err := river.NewClient(riverpgxv5.New(rt.DB.Pool), c)
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return client, nil
}

// asSystem gives every job the context in which acts run, as the program itself.
type asSystem struct {
	river.MiddlewareDefaults
	rt    *act.Runtime
	table *policy.Table
}

// Work implements rivertype.WorkerMiddleware.
func (m *asSystem) Work(ctx context.Context, job *rivertype.JobRow, do func(context.Context) error) error {
	return do(act.With(access.With(ctx, access.System(m.table, "jobs")), m.rt))
}

// failures logs what failed; River keeps the job, with its errors, and tries again.
type failures struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (f failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	f.log.ErrorContext(ctx, "job failed", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "error", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (f failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	f.log.ErrorContext(ctx, "job panicked", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "panic", value, "trace", trace)
	return nil
}

// warnings keeps River's chatter out of the log: a line every few seconds that all is well.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
