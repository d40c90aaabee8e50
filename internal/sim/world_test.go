package sim_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/sim"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/testkit"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

func TestMain(m *testing.M) { os.Exit(pg.Main(m, "fsync=off")) }

const skus = 12

func sku(i int) string { return fmt.Sprintf("SKU-%02d", i) }

// stockUp makes the tenant's items with a count of n each.
func stockUp(ctx context.Context, t *testing.T, w *sim.World, n int64) {
	t.Helper()
	err := w.DB.Write(ctx, func(tx *store.Tx) error {
		items := make([]store.Item, skus)
		for i := range items {
			items[i] = store.Item{SKU: sku(i), Title: sku(i), Price: store.ItemPrice{Currency: "EUR", Extra: "{}"}, UpdatedAt: w.Now()}
		}
		if err := tx.SaveItems(ctx, sim.Tenant, items); err != nil {
			return err
		}
		var es []ledger.Entry
		for i, x := range items {
			e := ledger.Balance{}.CountTo(n)
			e.Item, e.Source, e.At, e.Actor = x.ID, fmt.Sprint("first-count-", i), w.Now(), "test"
			es = append(es, e)
		}
		_, err := tx.Book(ctx, sim.Tenant, es, false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func products(n int64) []channeltest.Product {
	out := make([]channeltest.Product, skus)
	for i := range out {
		out[i] = channeltest.Product{SKU: sku(i), Title: sku(i), Group: fmt.Sprint("product-", i/3), Stock: n, Price: money.Of(1990, "EUR")}
	}
	return out
}

// trade lets buyers buy on every shop for some time; some pay, ship or cancel later.
func trade(w *sim.World, d time.Duration, every time.Duration) {
	for _, s := range w.Shops {
		for at := time.Duration(0); at < d; at += time.Duration(w.Rand.Int64N(int64(2 * every))) {
			w.At(at, func() {
				order, ok := s.Market.Buy(channeltest.Item{SKU: sku(w.Rand.IntN(skus)), Quantity: 1 + w.Rand.Int64N(2)})
				if !ok {
					return
				}
				if w.Rand.IntN(7) == 0 {
					w.At(time.Duration(w.Rand.Int64N(int64(40*time.Second))), func() { s.Market.Cancel(order) })
					return
				}
				pay := time.Duration(w.Rand.Int64N(int64(20 * time.Second)))
				w.At(pay, func() { s.Market.Pay(order) })
				w.At(pay+time.Duration(w.Rand.Int64N(int64(60*time.Second))), func() { s.Market.Ship(order) })
			})
		}
	}
}

// sold returns how many units of each SKU all shops' true orders took.
func sold(w *sim.World) map[string]int64 {
	out := map[string]int64{}
	for _, s := range w.Shops {
		for _, o := range s.Market.Truth().Orders {
			if o.Cancelled {
				continue
			}
			for _, x := range o.Items {
				out[x.SKU] += x.Quantity
			}
		}
	}
	return out
}

// kinds are the markets of a world: every algorithm of the design.
func kinds() []func(model.Options) model.Options {
	return []func(model.Options) model.Options{
		model.Absolute, model.CompareAndSet, model.Relative, model.AtShipment, model.AtPayment, model.Ticket, model.FullReplace, model.SharedCounter, model.Sequenced,
	}
}

// options is how the market of a kind behaves in the world of a seed.
func options(kind func(model.Options) model.Options, seed uint64) model.Options {
	o := kind(model.Options{})
	o.Caps.Sales.Poll, o.Caps.Stock.Longest, o.Caps.Price.Longest = 3*time.Second, 2*time.Second, 2*time.Second
	o.Caps.Stock.Zero, o.Caps.Stock.Budget, o.Async.Queue = channel.SetZero, 0, 4*time.Second
	if o.Caps.Stock.Ticket {
		o.Caps.Stock.Longest = 6 * time.Second
	}
	if seed%2 == 1 {
		o.Caps.Read.Lag = 2 * time.Second
	}
	if seed%3 == 1 {
		o.Faults = []model.Chance{{Op: channel.OpStock, Kind: channeltest.FaultLost, PerMille: 60}, {Op: channel.OpStock, Kind: channeltest.FaultDropped, PerMille: 40}}
	}
	return o
}

// stocked is how many of each SKU there are at first.
const stocked = 60

// live lets the world of a seed begin, lets buyers buy for two minutes and brings it to rest.
func live(t *testing.T, w *sim.World, seed uint64) {
	t.Helper()
	ctx := t.Context()
	stockUp(ctx, t, w, stocked)
	for i, kind := range kinds() {
		s, err := w.Connect(ctx, fmt.Sprint("shop-", i), options(kind, seed), flow.Sales, flow.Heal)
		if err != nil {
			t.Fatal(err)
		}
		s.Market.Add(products(stocked)...)
	}
	if err := w.Run(ctx, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	trade(w, 2*time.Minute, 6*time.Second)
	if err := w.Run(ctx, 8*time.Minute); err != nil {
		t.Fatal(err)
	}
}

// TestEveryCounterIsRightWhenTheWorldComesToRest is the rule of 1a on the real loop and a real database: sales fall
// between reads and writes on every kind of channel, outcomes are lost, and at rest each buyer can get exactly what is
// left, and every order was counted once. Most seeds run on SQLite, where they take least.
func TestEveryCounterIsRightWhenTheWorldComesToRest(t *testing.T) {
	seeds := testkit.Seeds(t, 8)
	for seed := range seeds {
		t.Run(fmt.Sprint("sqlite/seed ", seed), func(t *testing.T) {
			t.Parallel()
			converges(t, storetest.SQLite(t), seed)
		})
	}
	for seed := range max(2, seeds/10) {
		t.Run(fmt.Sprint("postgres/seed ", seed), func(t *testing.T) {
			t.Parallel()
			converges(t, storetest.Postgres(t), seed)
		})
	}
}

func converges(t *testing.T, db *store.DB, seed uint64) {
	t.Helper()
	w := sim.New(db, seed)
	if os.Getenv("TRACE") != "" {
		w.Trace = func(s string) { t.Log(w.Now(), s) }
	}
	live(t, w, seed)
	check(t.Context(), t, w, stocked)
}

// TestRowsThatAPageRepeatsCountOnce (F6, F11): a counter that stands twice in an answer is read once, its hold is one hold.
func TestRowsThatAPageRepeatsCountOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := sim.New(db, 4)
		w.Repeat = true
		live(t, w, 4)
		check(t.Context(), t, w, stocked)
	})
}

func check(ctx context.Context, t *testing.T, w *sim.World, stock int64) {
	t.Helper()
	want := map[string]int64{}
	taken := sold(w)
	for i := range skus {
		want[sku(i)] = stock - taken[sku(i)]
	}
	balances := map[string]ledger.Balance{}
	err := w.DB.Read(ctx, func(tx *store.Tx) error {
		items, err := tx.Items(ctx, sim.Tenant, store.ItemFilter{Limit: 1000})
		for _, x := range items {
			balances[x.SKU] = x.Balance
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for k, n := range want {
		if b := balances[k]; b.Available() != n || b.Held != 0 {
			t.Errorf("%s: available %d (%+v), want %d: every order is counted exactly once and no hold is left", k, b.Available(), b, n)
		}
	}
	for _, s := range w.Shops {
		for k, n := range s.Market.Truth().Sellable {
			if n != max(0, want[k]) {
				t.Errorf("%s at %s: a buyer can get %d, want %d", k, s.Account.Name, n, max(0, want[k]))
			}
		}
		err := w.DB.Read(ctx, func(tx *store.Tx) error {
			f := flow.Fence{Tenant: sim.Tenant, Account: s.Account.ID}
			cs, err := tx.CountersByKey(ctx, f, keysOf(s))
			for _, c := range cs {
				if c.State != flow.Verified {
					t.Errorf("%s at %s is %s, want verified: %+v", c.Key.Key, s.Account.Name, c.State, c)
				}
			}
			if len(cs) != skus {
				t.Errorf("%s has %d counters, want %d", s.Account.Name, len(cs), skus)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func keysOf(s *sim.Shop) (out []channel.StockKey) {
	for k := range s.Market.Truth().Counts {
		out = append(out, k)
	}
	return out
}
