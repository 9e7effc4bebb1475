package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/internal/act"
)

// Task is something that recurs: obligation.Remind each minute.
type Task struct {
	Name  string // "obligations.remind"
	Every time.Duration
	// Do tells how many rows it dealt with. It decides by rt.Clock, and may run on two servers at once.
	Do func(ctx context.Context, rt *act.Runtime) (int, error)
}

// Prune deletes what the identity tables need no longer.
func Prune(ctx context.Context, rt *act.Runtime) (int, error) {
	p, err := rt.Accounts.Prune(ctx, rt.DB.Pool)
	return int(p.Sessions + p.Attempts + p.Idempotency), err
}

// taskArgs is one run of a task, as River keeps it.
type taskArgs struct {
	Task string `json:"task"`
}

// Kind implements river.JobArgs.
func (taskArgs) Kind() string { return "task" }

// plan has each task inserted once in each of its periods, however many servers were leaders in it. A
// failed run is tried again soon, but not for long: the next period brings another.
func plan(tasks []Task) []*river.PeriodicJob {
	jobs := make([]*river.PeriodicJob, len(tasks))
	for i, t := range tasks {
		opts := &river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: t.Every}}
		jobs[i] = river.NewPeriodicJob(river.PeriodicInterval(t.Every),
			func() (river.JobArgs, *river.InsertOpts) { return taskArgs{t.Name}, opts },
			&river.PeriodicJobOpts{ID: t.Name, RunOnStart: true})
	}
	return jobs
}

// taskWorker runs tasks by their names.
type taskWorker struct {
	river.WorkerDefaults[taskArgs]
	tasks map[string]Task
}

func newTaskWorker(tasks []Task) *taskWorker {
	w := &taskWorker{tasks: make(map[string]Task, len(tasks))}
	for _, t := range tasks {
		w.tasks[t.Name] = t
	}
	return w
}

// Timeout implements river.Worker: before it is over nobody takes a task for one that a killed server left.
func (w *taskWorker) Timeout(*river.Job[taskArgs]) time.Duration { return longest }

// longest is how long a run of a task, or a job that takes its time, may last.
const longest = 5 * time.Minute

// Long works jobs that take longer than what is sent.
func Long[A river.JobArgs](work func(ctx context.Context, job *river.Job[A]) error) river.Worker[A] {
	return &long[A]{work: work}
}

type long[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	work func(ctx context.Context, job *river.Job[A]) error
}

// Work implements river.Worker.
func (l *long[A]) Work(ctx context.Context, job *river.Job[A]) error { return l.work(ctx, job) }

// Timeout implements river.Worker.
func (l *long[A]) Timeout(*river.Job[A]) time.Duration { return longest }

// Work implements river.Worker.
func (w *taskWorker) Work(ctx context.Context, job *river.Job[taskArgs]) error {
	t, ok := w.tasks[job.Args.Task]
	if !ok {
		return river.JobCancel(fmt.Errorf("this version knows no task %q", job.Args.Task))
	}
	rt := act.From(ctx)
	n, err := t.Do(ctx, rt)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Name, err)
	}
	if n > 0 {
		rt.Log.InfoContext(ctx, "task done", "task", t.Name, "rows", n)
	}
	return nil
}
