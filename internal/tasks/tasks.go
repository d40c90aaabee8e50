package tasks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/postgres"
	"carpediemstore.it/sync-connector/internal/store/sqlite"
)

// Deps is what tasks work with.
type Deps struct {
	Store *store.DB
	Now   func() ident.Micros
	Log   *slog.Logger
	// Name of the process, unique and random: River stores it.
	Name string
}

// Tasks is the task runner of one process.
type Tasks struct {
	deps Deps

	mu     sync.Mutex
	client client
	close  func() error // the connections that were opened for River
}

// client is the part of River's client that does not depend on the database.
type client interface {
	Start(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Stop(ctx context.Context) error
}

// New returns a runner that has not started; it opens nothing.
func New(d Deps) *Tasks { return &Tasks{deps: d} }

// Start brings River's tables up to date and starts working. Stop ends it.
func (t *Tasks) Start(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != nil {
		return fault.New(fault.Internal, "tasks were started already")
	}
	c, closing, err := t.open(ctx)
	if err == nil {
		err = c.Start(context.WithoutCancel(ctx)) // ends by Stop alone
	}
	if err != nil {
		return errors.Join(fault.Wrap("start tasks", err), closing())
	}
	t.client, t.close = c, closing
	return nil
}

// Stop lets running tasks end, or cancels them when ctx is over before they have. It may be called twice and before Start.
func (t *Tasks) Stop(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client == nil {
		return nil
	}
	err := t.client.Stop(ctx)
	if err != nil { // a task does not end by itself
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = fault.Wrap("stop tasks", t.client.StopAndCancel(end))
	}
	err = errors.Join(err, t.close())
	t.client = nil
	return err
}

// open chooses the driver of the store's database. closing is never nil.
func (t *Tasks) open(ctx context.Context) (c client, closing func() error, err error) {
	closing = func() error { return nil }
	switch e := t.deps.Store.Engine().(type) {
	case *sqlite.Engine:
		pool, err := e.Pool()
		if err != nil {
			return nil, closing, err
		}
		// Polled: the driver would look for notifications twenty times a second.
		c, err = begin(ctx, e.Alone, riversqlite.New(pool), t.config(true))
		return c, pool.Close, err
	case *postgres.Engine:
		listener, err := e.Listener(ctx)
		if err != nil {
			return nil, closing, err
		}
		closing = func() error { listener.Close(); return nil }
		c, err = begin(ctx, e.Alone, riverdatabasesql.NewWithPgxListener(e.DB(), listener), t.config(false))
		return c, closing, err
	}
	return nil, closing, fault.New(fault.Internal, "tasks do not know the database engine %T", t.deps.Store.Engine())
}

// begin migrates River's tables, one process at a time, and makes the client.
func begin[TTx any](ctx context.Context, alone func(context.Context, func() error) error, d riverdriver.Driver[TTx], c *river.Config) (client, error) {
	m, err := rivermigrate.New(d, &rivermigrate.Config{Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	err = alone(ctx, func() error {
		_, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
	if err != nil {
		return nil, fault.Wrap("migrate tables of tasks", err)
	}
	client, err := river.NewClient(d, c)
	if err != nil {
		return nil, err
	}
	return client, nil
}

// longest is how long one task may run.
const longest = 10 * time.Minute

func (t *Tasks) config(pollOnly bool) *river.Config {
	return &river.Config{
		ID:                   t.deps.Name, // I23: the default is the name of the machine
		Logger:               slog.New(warnings{t.deps.Log.Handler()}),
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Workers:              t.workers(),
		PeriodicJobs:         periodic(),
		PollOnly:             pollOnly,
		FetchPollInterval:    5 * time.Second,
		JobTimeout:           longest,
		RescueStuckJobsAfter: 2 * longest,
		SoftStopTimeout:      3 * time.Second,

		CompletedJobRetentionPeriod: day,
		CancelledJobRetentionPeriod: day,
		DiscardedJobRetentionPeriod: 7 * day,
	}
}

// warnings lets through what is worth a person's look; River tells more than that at the level of information.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(as []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(as)} }

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
