package flow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/sim"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// world is a simulated world whose calls can be watched and disturbed: the real loop on a real SQLite in virtual time.
type world struct {
	*sim.World
	t     *testing.T
	items map[string]ident.Item
	count int
	late  time.Duration
	// calls is every call of every drive, oldest first.
	calls []call
	// before, when set, is told of a call that is about to reach the market; an error is the call's answer instead.
	before func(call) error
	// poison, when set, names writes that the market refuses for good, and with them the whole call.
	poison func(channel.Write) bool
}

// call is one call of a drive to a market.
type call struct {
	shop   ident.Account
	op     channel.Op
	at     ident.Micros
	writes []channel.Write
	lines  int // of an order page that came back
	failed bool
}

// begin opens an empty world whose markets answer quickly.
func begin(t *testing.T) *world {
	t.Helper()
	w := &world{World: sim.New(storetest.SQLite(t), 1), t: t, items: map[string]ident.Item{}}
	w.Latency = 10 * time.Millisecond
	w.Loop = flow.New(store.Port{DB: w.DB}, watched{w}, w, w, flow.Options{Slice: time.Second})
	return w
}

func sku(i int) string { return fmt.Sprintf("SKU-%02d", i) }

// stock makes n items with units of each, counted.
func (w *world) stock(n int, units int64) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		items := make([]store.Item, n)
		for i := range items {
			items[i] = store.Item{SKU: sku(i), Title: sku(i), Price: store.ItemPrice{Currency: "EUR", Extra: "{}"}, UpdatedAt: w.Now()}
		}
		if err := tx.SaveItems(ctx, sim.Tenant, items); err != nil {
			return err
		}
		for _, x := range items {
			w.items[x.SKU] = x.ID
		}
		return nil
	})
	for i := range n {
		w.recount(sku(i), units)
	}
}

// recount says how many units of an item are sellable now, as a person would.
func (w *world) recount(sku string, units int64) {
	w.t.Helper()
	var woken []ident.Account
	w.write(func(ctx context.Context, tx *store.Tx) error {
		items, err := tx.ItemsOf(ctx, sim.Tenant, []ident.Item{w.items[sku]})
		if err != nil {
			return err
		}
		w.count++
		e := items[0].Balance.CountTo(units)
		e.Item, e.Source, e.At, e.Actor = items[0].ID, fmt.Sprint("count-", w.count), w.Now(), "test"
		woken, err = tx.Book(ctx, sim.Tenant, []ledger.Entry{e}, false)
		return err
	})
	w.Wake(sim.Tenant, woken...)
}

// shop connects a market that sells n items with units of each.
func (w *world) shop(name string, o model.Options, n int, units int64) *sim.Shop {
	w.t.Helper()
	return w.shopOf(name, o, flow.Sales, flow.Heal, n, units)
}

func (w *world) shopOf(name string, o model.Options, role flow.Role, drift flow.OnDrift, n int, units int64) *sim.Shop {
	w.t.Helper()
	s, err := w.Connect(w.t.Context(), name, o, role, drift)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range n {
		s.Market.Add(channeltest.Product{SKU: sku(i), Title: sku(i), Stock: units, Price: money.Of(1990, "EUR")})
	}
	return s
}

// brisk makes a market's feed quick: orders show within a second and are looked for every ten.
func brisk(o model.Options) model.Options {
	o.Caps.Sales.Poll, o.Caps.Sales.Lag = 10*time.Second, time.Second
	o.Caps.Stock.Longest, o.Caps.Price.Longest = 2*time.Second, 2*time.Second
	o.Caps.Stock.Zero = channel.SetZero
	return o
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	if err := w.Run(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(context.Context, *store.Tx) error) {
	w.t.Helper()
	if err := w.DB.Write(w.t.Context(), func(tx *store.Tx) error { return fn(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(fn func(context.Context, *store.Tx) error) {
	w.t.Helper()
	if err := w.DB.Read(w.t.Context(), func(tx *store.Tx) error { return fn(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

// stall lets time pass inside a call, as a machine that stands still would.
func (w *world) stall(d time.Duration) { w.late += d }

// Now implements flow.Clock for the loop: the world's time and what it stood still for.
func (w *world) Now() ident.Micros { return w.World.Now().Add(w.late) }

// buy has a buyer take units of an item at a shop.
func (w *world) buy(s *sim.Shop, sku string, units int64) string {
	w.t.Helper()
	order, ok := s.Market.Buy(channeltest.Item{SKU: sku, Quantity: units})
	if !ok {
		w.t.Fatalf("%s does not sell %d of %s", s.Account.Name, units, sku)
	}
	return order
}

// counters returns the counters of a shop by the SKU they are sold under.
func (w *world) counters(s *sim.Shop) map[string]flow.Counter {
	w.t.Helper()
	truth := s.Market.Truth()
	name := map[channel.StockKey]string{}
	var keys []channel.StockKey
	for listing, of := range truth.Stocks {
		for _, k := range of {
			name[k] = truth.SKUs[listing]
			keys = append(keys, k)
		}
	}
	out := map[string]flow.Counter{}
	w.read(func(ctx context.Context, tx *store.Tx) error {
		cs, err := tx.CountersByKey(ctx, flow.Fence{Tenant: sim.Tenant, Account: s.Account.ID}, keys)
		for _, c := range cs {
			out[name[c.Key]] = c
		}
		return err
	})
	return out
}

// intents returns the writes of a shop's counter, oldest first.
func (w *world) intents(s *sim.Shop, sku string) (out []flow.Intent) {
	w.t.Helper()
	c := w.counters(s)[sku]
	w.read(func(ctx context.Context, tx *store.Tx) error {
		is, err := tx.IntentsOf(ctx, sim.Tenant, s.Account.ID, channel.Stock, int64(c.ID), w.Now()+1, 1000)
		for _, in := range is {
			out = append([]flow.Intent{in}, out...)
		}
		return err
	})
	return out
}

// entries returns the ledger of an item, oldest first.
func (w *world) entries(sku string) (out []ledger.Entry) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) error {
		es, err := tx.EntriesAfter(ctx, sim.Tenant, w.items[sku], 0, w.Now()+1, 1000)
		out = es
		return err
	})
	return out
}

// balance returns the stock of an item.
func (w *world) balance(sku string) (b ledger.Balance) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) error {
		items, err := tx.ItemsOf(ctx, sim.Tenant, []ident.Item{w.items[sku]})
		if err == nil {
			b = items[0].Balance
		}
		return err
	})
	return b
}

// findings returns the findings of a class, open ones or all.
func (w *world) findings(class string, done bool) (out []store.Finding) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = tx.Findings(ctx, sim.Tenant, store.FindingFilter{Class: class, Done: done, Limit: 1000})
		return err
	})
	return out
}

// feed returns how far a shop was read.
func (w *world) feed(s *sim.Shop) (f flow.Feed) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		f, err = tx.Feed(ctx, flow.Fence{Tenant: sim.Tenant, Account: s.Account.ID})
		return err
	})
	return f
}

// left is how many units of an item the true orders of all shops leave of a stock.
func (w *world) left(stock int64, sku string) int64 {
	for _, s := range w.Shops {
		for _, o := range s.Market.Truth().Orders {
			for _, x := range o.Items {
				if !o.Cancelled && x.SKU == sku {
					stock -= x.Quantity
				}
			}
		}
	}
	return stock
}

// offers checks that a shop sells units of an item, and that this was read back.
func (w *world) offers(s *sim.Shop, sku string, units int64) {
	w.t.Helper()
	if got := s.Market.Sellable(sku); got != units {
		w.t.Errorf("%s sells %d of %s, want %d", s.Account.Name, got, sku, units)
	}
	if c := w.counters(s)[sku]; c.State != flow.Verified {
		w.t.Errorf("%s at %s is %s, want verified: %+v", sku, s.Account.Name, c.State, c)
	}
}

// submits counts the write calls of a shop since the n-th call.
func (w *world) submits(s *sim.Shop, since int) (n int) {
	for _, c := range w.calls[since:] {
		if c.shop == s.Account.ID && c.writes != nil {
			n++
		}
	}
	return n
}

// watched opens the markets of a world so that every call is seen.
type watched struct{ *world }

func (o watched) Open(ctx context.Context, a flow.Account) (channel.Channel, channel.Capabilities, error) {
	ch, caps, err := o.World.Open(ctx, a)
	if err != nil {
		return nil, caps, err
	}
	return watcher{ch.(market), o.world, a.ID}, caps, nil
}

// market is what a model market offers.
type market interface {
	channel.Channel
	channel.Seller
	channel.Reader
	channel.Poller
}

type watcher struct {
	market
	w    *world
	shop ident.Account
}

// tell notes a call; the returned function notes how it ended.
func (x watcher) tell(c call) (func(lines int, err error), error) {
	c.shop, c.at = x.shop, x.w.Now()
	if x.w.before != nil {
		if err := x.w.before(c); err != nil {
			return nil, err
		}
	}
	x.w.calls = append(x.w.calls, c)
	i := len(x.w.calls) - 1
	return func(lines int, err error) { x.w.calls[i].lines, x.w.calls[i].failed = lines, err != nil }, nil
}

func (x watcher) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	end, err := x.tell(call{op: channel.OpList})
	if err != nil {
		return channel.Page{}, err
	}
	p, err := x.market.List(ctx, from)
	end(0, err)
	return p, err
}

func (x watcher) Read(ctx context.Context, k channel.Keys) (channel.Page, error) {
	end, err := x.tell(call{op: channel.OpRead})
	if err != nil {
		return channel.Page{}, err
	}
	p, err := x.market.Read(ctx, k)
	end(0, err)
	return p, err
}

func (x watcher) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	end, err := x.tell(call{op: channel.OpSales})
	if err != nil {
		return channel.SalesPage{}, err
	}
	p, err := x.market.Sales(ctx, from)
	end(len(p.Lines), err)
	return p, err
}

func (x watcher) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	op := channel.OpStock
	if b.Field == channel.Price {
		op = channel.OpPrice
	}
	end, err := x.tell(call{op: op, writes: b.Writes})
	if err != nil {
		return channel.Receipt{}, err
	}
	if x.w.poison != nil && slices.ContainsFunc(b.Writes, x.w.poison) {
		o := channel.Outcome{State: channel.Rejected, Code: channel.CodeBatch}
		if len(b.Writes) == 1 {
			o.Code = channel.CodeInvalid
		}
		return channel.Receipt{Outcomes: b.Outcomes(o)}, nil
	}
	r, err := x.market.Submit(ctx, b)
	end(0, err)
	return r, err
}
