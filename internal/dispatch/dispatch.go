package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Claim is a lease with the generation that was due when it was taken.
type Claim struct {
	flow.Fence
	Gen int64
}

// Leases is the database's part.
type Leases interface {
	// Claim leases up to limit due accounts to owner under a new epoch each.
	Claim(ctx context.Context, owner string, now ident.Micros, limit int) ([]Claim, error)
	// Due returns the generation of an account's marks now.
	Due(ctx context.Context, f flow.Fence) (gen int64, err error)
	// Release ends a lease: gen was worked, next is when the account is due again.
	Release(ctx context.Context, c Claim, next ident.Micros) error
	// Extend keeps the leases of owner.
	Extend(ctx context.Context, owner string) error
	// Abandon ends the leases of owner.
	Abandon(ctx context.Context, owner string) error
	// Next returns when the next account nobody drives is due.
	Next(ctx context.Context) (due ident.Micros, found bool, err error)
}

// Driver drives one account once (flow.Loop).
type Driver interface {
	Drive(ctx context.Context, f flow.Fence) (next ident.Micros, err error)
}

// Options bounds a dispatcher. Zero fields get their defaults.
type Options struct {
	Owner   string        // names this process; unique
	Workers int           // drives at once (default 16)
	Poll    time.Duration // how long a due account may go unseen without a wake-up (default 1 s)
	Linger  time.Duration // how long an idle driver keeps its lease while slots are free (default 1 s)
	Beat    time.Duration // how often leases are extended (default 2 s)
}

// Dispatcher runs drives until its context ends.
type Dispatcher struct {
	leases  Leases
	driver  Driver
	clock   flow.Clock
	log     *slog.Logger
	options Options

	slots chan struct{}
	bell  chan struct{} // something may be due
	group sync.WaitGroup

	mu      sync.Mutex
	driving map[key]chan struct{} // the wake-up bell of each account driven here
}

type key struct {
	tenant  ident.Tenant
	account ident.Account
}

// New returns a dispatcher; Run starts it. The driver is given later by Run, because it wakes accounts through the
// dispatcher.
func New(l Leases, clock flow.Clock, log *slog.Logger, o Options) *Dispatcher {
	if o.Workers == 0 {
		o.Workers = 16
	}
	for _, d := range []struct {
		v    *time.Duration
		unit time.Duration
	}{{&o.Poll, time.Second}, {&o.Linger, time.Second}, {&o.Beat, 2 * time.Second}} {
		if *d.v == 0 {
			*d.v = d.unit
		}
	}
	return &Dispatcher{
		leases: l, clock: clock, log: log, options: o,
		slots: make(chan struct{}, o.Workers), bell: make(chan struct{}, 1), driving: map[key]chan struct{}{},
	}
}

// Wake tells that accounts have become due. It never blocks and may be forgotten.
func (d *Dispatcher) Wake(tenant ident.Tenant, accounts ...ident.Account) {
	d.mu.Lock()
	for _, a := range accounts {
		if c := d.driving[key{tenant, a}]; c != nil {
			ring(c)
		}
	}
	d.mu.Unlock()
	ring(d.bell)
}

func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run claims and drives until ctx ends, then waits for its drives and gives every lease back.
func (d *Dispatcher) Run(ctx context.Context, driver Driver) error {
	d.driver = driver
	beat := time.NewTicker(d.options.Beat)
	defer beat.Stop()
	for ctx.Err() == nil {
		if err := d.claim(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("claiming due accounts", "error", err)
		}
		timer := time.NewTimer(d.idle(ctx))
		select {
		case <-ctx.Done():
		case <-d.bell:
		case <-timer.C:
		case <-beat.C:
			if err := d.leases.Extend(ctx, d.options.Owner); err != nil && ctx.Err() == nil {
				d.log.Error("extending leases", "error", err)
			}
		}
		timer.Stop()
	}
	d.group.Wait()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return d.leases.Abandon(end, d.options.Owner)
}

// claim fills the free slots with due accounts.
func (d *Dispatcher) claim(ctx context.Context) error {
	free := cap(d.slots) - len(d.slots)
	if free == 0 {
		return nil
	}
	claims, err := d.leases.Claim(ctx, d.options.Owner, d.clock.Now(), free)
	if err != nil {
		return err
	}
	for _, c := range claims {
		d.slots <- struct{}{}
		d.group.Go(func() {
			defer func() {
				<-d.slots
				ring(d.bell)
			}()
			d.drive(ctx, c)
		})
	}
	return nil
}

// idle is how long nothing has to be looked for.
func (d *Dispatcher) idle(ctx context.Context) time.Duration {
	if len(d.slots) == cap(d.slots) {
		return d.options.Poll // a drive that ends rings the bell
	}
	due, found, err := d.leases.Next(ctx)
	if err != nil || !found {
		return d.options.Poll
	}
	return min(max(due.Sub(d.clock.Now()), time.Millisecond), d.options.Poll)
}

// drive keeps driving one account while it has work and nobody waits for the slot, then gives the lease back.
func (d *Dispatcher) drive(ctx context.Context, c Claim) {
	bell := make(chan struct{}, 1)
	k := key{c.Tenant, c.Account}
	d.mu.Lock()
	d.driving[k] = bell
	d.mu.Unlock()
	var next ident.Micros
	for {
		var err error
		if next, err = d.once(ctx, c.Fence); err != nil {
			if ctx.Err() == nil && !fault.Is(err, fault.Fenced) {
				d.log.Error("drive failed", "account", int64(c.Account), "kind", fault.KindOf(err).String(), "error", err)
			}
			next = d.clock.Now().Add(retryAfter)
			break
		}
		if !d.linger(ctx, bell, next) {
			break
		}
		gen, err := d.leases.Due(ctx, c.Fence) // read before the pass that works it
		if err != nil {
			break
		}
		c.Gen = gen
	}
	d.mu.Lock()
	delete(d.driving, k)
	d.mu.Unlock()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := d.leases.Release(end, c, next); err != nil {
		d.log.Error("releasing an account", "account", int64(c.Account), "error", err)
	}
}

// retryAfter is how soon an account is tried again after an error of our own.
const retryAfter = 2 * time.Second

// once drives one pass and turns a panic into an error: one account's trouble stays its own (F25).
func (d *Dispatcher) once(ctx context.Context, f flow.Fence) (next ident.Micros, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "the drive of account %d panicked: %v", f.Account, p)
		}
	}()
	return d.driver.Drive(ctx, f)
}

// linger waits for more work of the same account, up to the next due time, while slots are free: a claim and a release
// are two commits.
func (d *Dispatcher) linger(ctx context.Context, bell <-chan struct{}, next ident.Micros) bool {
	if ctx.Err() != nil || len(d.slots) == cap(d.slots) {
		return false
	}
	wait := next.Sub(d.clock.Now())
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(min(wait, d.options.Linger))
	defer timer.Stop()
	select {
	case <-bell:
		return true
	case <-timer.C:
		return wait <= d.options.Linger
	case <-ctx.Done():
		return false
	}
}
