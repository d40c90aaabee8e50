package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Tenant is the only tenant of a world.
const Tenant ident.Tenant = 1

// World is a database, markets with buyers, and the loop that keeps them right.
type World struct {
	DB      *store.DB
	Loop    *flow.Loop
	Shops   []*Shop
	Rand    *rand.Rand
	Latency time.Duration // a call to a market takes up to this long
	Repeat  bool          // answers of markets show some of their counters twice

	now    ident.Micros
	events []event
	due    map[ident.Account]ident.Micros
	epoch  ident.Epoch
	// Trace is told what the connector and the markets say to each other.
	Trace func(string)
}

// Shop is one account with its market.
type Shop struct {
	Account flow.Account
	Market  *model.Market
	open    channel.Channel
	caps    channel.Capabilities
}

type event struct {
	at ident.Micros
	do func()
}

// New returns a world on db that starts at a fixed instant.
func New(db *store.DB, seed uint64) *World {
	w := &World{
		DB: db, Rand: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)), Latency: 300 * time.Millisecond,
		now: ident.At(time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)), due: map[ident.Account]ident.Micros{}, Trace: func(string) {},
	}
	w.Loop = flow.New(store.Port{DB: db}, w, w, w, flow.Options{Slice: time.Second}) // one thread: a long slice would starve the others
	return w
}

// Now implements flow.Clock.
func (w *World) Now() ident.Micros { return w.now }

// Time is the clock of the markets.
func (w *World) Time() time.Time { return w.now.Time() }

// Wake implements flow.Waker.
func (w *World) Wake(_ ident.Tenant, accounts ...ident.Account) {
	for _, a := range accounts {
		w.due[a] = min(w.due[a], w.now)
	}
}

// Open implements flow.Channels.
func (w *World) Open(_ context.Context, a flow.Account) (channel.Channel, channel.Capabilities, error) {
	for _, s := range w.Shops {
		if s.Account.ID == a.ID {
			return s.open, s.caps, nil
		}
	}
	return nil, channel.Capabilities{}, fault.New(fault.NotFound, "there is no market behind account %d", a.ID)
}

// Forget implements flow.Channels; a market stays open.
func (*World) Forget(ident.Tenant, ident.Account) {}

// Hasher implements flow.Channels; a world has no secrets.
func (w *World) Hasher(context.Context, ident.Tenant) (func(...string) string, error) {
	return func(parts ...string) string { return fmt.Sprint(parts) }, nil
}

// Connect adds a market as an account.
func (w *World) Connect(ctx context.Context, name string, o model.Options, role flow.Role, drift flow.OnDrift) (*Shop, error) {
	o.Name, o.Now, o.Rand = name, w.Time, w.Rand
	m, err := model.New(o)
	if err != nil {
		return nil, err
	}
	s := &Shop{Market: m, Account: flow.Account{
		Tenant: Tenant, Name: name, Kind: "model", Mode: flow.Live, Role: role, OnDrift: drift, Settings: map[string]string{}, State: "connected", CreatedAt: w.now,
	}}
	err = w.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if s.Account.ID, err = tx.NextAccount(ctx); err != nil {
			return err
		}
		return tx.AddAccount(ctx, s.Account, "{}")
	})
	if err != nil {
		return nil, err
	}
	inner := m.Channel(channeltest.NewGate())
	if s.caps, err = inner.Capabilities(ctx); err != nil {
		return nil, err
	}
	s.open = slow{inner, w}
	w.Shops = append(w.Shops, s)
	w.due[s.Account.ID] = w.now
	return s, nil
}

// At does something at a later time.
func (w *World) At(after time.Duration, do func()) {
	w.events = append(w.events, event{w.now.Add(after), do})
}

// pass lets time go by and does what falls into it.
func (w *World) pass(to ident.Micros) {
	for {
		i := -1
		for j, e := range w.events {
			if e.at <= to && (i < 0 || e.at < w.events[i].at) {
				i = j
			}
		}
		if i < 0 {
			w.now = max(w.now, to)
			return
		}
		e := w.events[i]
		w.events = slices.Delete(w.events, i, i+1)
		w.now = max(w.now, e.at)
		e.do()
	}
}

// Run drives whatever is due until the given time has passed.
func (w *World) Run(ctx context.Context, d time.Duration) error {
	end := w.now.Add(d)
	for w.now < end {
		a, at := w.next()
		if at > w.now {
			w.pass(min(at, end))
			continue
		}
		if err := w.drive(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) next() (ident.Account, ident.Micros) {
	first := slices.MinFunc(w.Shops, func(a, b *Shop) int {
		return cmp.Or(cmp.Compare(w.due[a.Account.ID], w.due[b.Account.ID]), cmp.Compare(a.Account.ID, b.Account.ID))
	})
	return first.Account.ID, w.due[first.Account.ID]
}

// drive runs one drive under a new epoch and notes when the account is due again.
func (w *World) drive(ctx context.Context, a ident.Account) error {
	w.epoch++
	f := flow.Fence{Tenant: Tenant, Account: a, Owner: "sim"}
	err := w.DB.Write(ctx, func(tx *store.Tx) error { return tx.Lease(ctx, &f) })
	if err != nil {
		return err
	}
	before := w.now
	w.due[a] = w.now.Add(24 * time.Hour)
	next, err := w.Loop.Drive(ctx, f)
	if err != nil {
		return fault.Wrap("drive "+ident.Text(a), err)
	}
	w.due[a] = min(w.due[a], next)
	w.Trace(fmt.Sprint("drive ", a, " next ", next))
	if w.now == before && next <= w.now {
		w.now++ // a drive that did nothing cannot be due at once for ever
	}
	return nil
}

// slow makes every call take time, in which the world goes on.
type slow struct {
	*model.Channel
	w *World
}

func (s slow) lag() { s.w.pass(s.w.now.Add(time.Duration(s.w.Rand.Int64N(int64(s.w.Latency) + 1)))) }

func (s slow) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	s.lag()
	defer s.lag()
	p, err := s.Channel.List(ctx, from)
	return s.repeated(p), err
}

// repeated shows some counters of a page twice.
func (s slow) repeated(p channel.Page) channel.Page {
	if s.w.Repeat {
		for i := 0; i < len(p.Counts); i += 2 {
			p.Counts = slices.Insert(p.Counts, i, p.Counts[i])
		}
	}
	return p
}

func (s slow) Read(ctx context.Context, k channel.Keys) (channel.Page, error) {
	s.lag()
	defer s.lag()
	p, err := s.Channel.Read(ctx, k)
	p = s.repeated(p)
	s.w.Trace("read " + text(p.Counts))
	return p, err
}

func (s slow) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	s.lag()
	defer s.lag()
	p, err := s.Channel.Sales(ctx, from)
	s.w.Trace("sales " + text(p.Lines))
	return p, err
}

func (s slow) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	s.lag()
	defer s.lag()
	r, err := s.Channel.Submit(ctx, b)
	s.w.Trace("submit " + text(b) + " → " + text(r) + fmt.Sprint(err))
	return r, err
}

func (s slow) Poll(ctx context.Context, t channel.Ticket) ([]channel.Outcome, bool, error) {
	s.lag()
	defer s.lag()
	return s.Channel.Poll(ctx, t)
}

// text is a value as JSON: where pointers stand does not belong into a trace.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
