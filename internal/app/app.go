package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/all"
	"carpediemstore.it/sync-connector/internal/dispatch"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/outbound"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/postgres"
	"carpediemstore.it/sync-connector/internal/store/sqlite"
	"carpediemstore.it/sync-connector/internal/tasks"
	"carpediemstore.it/sync-connector/internal/vault"
)

// Config is what a process is told.
type Config struct {
	Data        string // the one writable folder
	DatabaseURL string // PostgreSQL; "" is SQLite in Data
	MasterKey   string // file; "" is master.key in Data
	Outbound    outbound.Config
	Log         *slog.Logger
	Workers     int // drives at once; 0 is the default
}

// App is one process of the connector.
type App struct {
	Store    *store.DB
	Service  *service.Service
	Registry *channel.Registry
	Channels *Channels
	Loop     *flow.Loop

	config     Config
	clock      Clock
	guard      *outbound.Guard
	dispatcher *dispatch.Dispatcher
	tasks      *tasks.Tasks
	owner      string
	alone      bool  // SQLite: only one process may drive
	seat       *seat // the right to drive from the data folder

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan error
	group  sync.WaitGroup
	closed bool
}

// Clock is the machine's clock.
type Clock struct{}

// Now implements flow.Clock.
func (Clock) Now() ident.Micros { return ident.At(time.Now()) }

// New opens everything and starts nothing.
func New(ctx context.Context, c Config) (a *App, err error) {
	a = &App{config: c}
	if a.owner, err = newOwner(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "the data folder cannot be made: %w", err)
	}
	engine, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	a.Store = store.New(engine)
	opened := a.Store
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	if a.Registry, err = all.Registry(); err != nil {
		return nil, err
	}
	keys := store.Keys{DB: a.Store}
	master, err := vault.OpenMaster(ctx, a.masterPath(), keys)
	if err != nil {
		return nil, err
	}
	v := vault.New(master, keys, store.Uses{DB: a.Store, Now: a.clock.Now}, time.Now)
	safe := vault.NewSafe(v, store.Records{DB: a.Store, Now: a.clock.Now})
	a.guard = outbound.New(c.Outbound)
	a.dispatcher = dispatch.New(store.Leases{DB: a.Store}, a.clock, c.Log, dispatch.Options{Owner: a.owner, Workers: c.Workers})
	a.tasks = tasks.New(tasks.Deps{Store: a.Store, Now: a.clock.Now, Log: c.Log, Name: a.owner})
	a.Channels = newChannels(a, v, safe)
	a.Loop = flow.New(store.Port{DB: a.Store}, a.Channels, a.clock, a.dispatcher, flow.Options{})
	a.Service, err = service.New(service.Deps{
		Store: a.Store, Channels: a.Registry, Open: a.Channels.Try, Keys: v, Safe: safe, Now: a.clock.Now, Wake: a.dispatcher.Wake,
	})
	if err != nil {
		return nil, err
	}
	_, err = a.Service.Begin(ctx)
	return a, err
}

func newOwner() (string, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fault.Wrap("name this process", err)
	}
	return hex.EncodeToString(b[:]), nil
}

func (a *App) open(ctx context.Context) (store.Engine, error) {
	if a.config.DatabaseURL != "" {
		return postgres.Open(ctx, a.config.DatabaseURL)
	}
	a.alone = true
	return sqlite.Open(ctx, filepath.Join(a.config.Data, "carpediem.db"))
}

func (a *App) masterPath() string {
	if a.config.MasterKey != "" {
		return a.config.MasterKey
	}
	return filepath.Join(a.config.Data, "master.key")
}

// Start starts driving. It returns at once; Stop ends it.
func (a *App) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancel != nil || a.closed {
		return fault.New(fault.Internal, "the process was started already")
	}
	if err := a.inherit(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel, a.done = cancel, make(chan error, 1)
	go func() { a.done <- a.dispatcher.Run(run, a.Loop) }()
	a.group.Go(func() { a.Channels.keep(run) })
	if err := a.tasks.Start(ctx); err != nil { // stock and prices do not wait for tasks
		a.config.Log.Error("tasks do not run", "error", err)
	}
	return nil
}

// inherit ends the leases of the process that drove from this data folder before, so that work goes on at once after a
// kill. On SQLite that is whoever held one, as they all drove from here, and only one process can. On PostgreSQL leases
// keep processes apart: one that finds the folder taken leaves it.
func (a *App) inherit(ctx context.Context) error {
	s, err := takeSeat(a.config.Data)
	if err != nil {
		if !a.alone && fault.Is(err, fault.Fenced) {
			return nil
		}
		return err
	}
	a.seat = s
	_, dead := s.last()
	if a.alone {
		dead = "" // everybody
	}
	if a.alone || dead != "" {
		if err := (store.Leases{DB: a.Store}).Abandon(ctx, dead); err != nil {
			return err
		}
	}
	s.sign(a.owner) // not before the leases are free: whoever comes next would not know of them
	return nil
}

// Stop drains: no new drive, running ones end, what they know is stored, the database closes.
func (a *App) Stop() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	var err error
	if a.cancel != nil {
		a.cancel()
		err = <-a.done
		a.group.Wait()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, a.tasks.Stop(ctx), a.Channels.save(ctx))
	a.guard.Close()
	err = errors.Join(err, a.Store.Close())
	if a.seat != nil {
		a.seat.leave()
	}
	return err
}
