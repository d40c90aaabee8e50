package tasks

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"carpediemstore.it/sync-connector/internal/fault"
)

// retentionEvery is how often retention runs; what it deletes is counted in days.
const retentionEvery = time.Hour

// retentionArgs is the job of kind "retention". A task's arguments never hold data of a person or an order.
type retentionArgs struct{}

// Kind implements river.JobArgs.
func (retentionArgs) Kind() string { return "retention" }

// InsertOpts makes the job unique in its period: a row that a killed process left as running does not keep the next one.
func (retentionArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByPeriod: retentionEvery}}
}

// worker runs one kind of job.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]

	log *slog.Logger
	run func(context.Context, T) error
}

// Work implements river.Worker. The text of an error goes to the log; River stores its kind only.
func (w worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	err := w.run(ctx, job.Args)
	if err == nil {
		return nil
	}
	if ctx.Err() == nil {
		w.log.Error("task failed", "task", job.Kind, "attempt", job.Attempt, "error", err)
	}
	return errors.New(fault.KindOf(err).String())
}

// workers lists every kind of job; periodic what is begun by the clock.
func (t *Tasks) workers() *river.Workers {
	ws := river.NewWorkers()
	retention := Retention{Store: t.deps.Store, Now: t.deps.Now}
	river.AddWorker(ws, worker[retentionArgs]{log: t.deps.Log, run: func(ctx context.Context, _ retentionArgs) error { return retention.Run(ctx) }})
	return ws
}

func periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(retentionEvery), func() (river.JobArgs, *river.InsertOpts) { return retentionArgs{}, nil },
			&river.PeriodicJobOpts{ID: "retention", RunOnStart: true}),
	}
}
