package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
	"carpediemstore.it/sync-connector/test/foreign/shop"
)

// The catalogue: CD-00001 … CD-00960 are items; CD-00961 … CD-00980 are sold as bundles of two items, CD-00981 …
// CD-01000 as packs of three of one item.
const (
	all     = 1000
	plain   = 960
	bundles = 980
	pack    = 3
)

// canary is the buyer of every order. Not one word of it may be found outside of the stores.
var canary = shop.Buyer{
	First: "Zaccaria", Last: "Canarinelli", Street: "Vicolo del Canarino 99", City: "Cernobbio", PostCode: "22012",
	Mail: "zaccaria.canarinelli@canary.invalid", Phone: "+390315550199", GiftNote: "per le nozze di Zaccaria",
}

// parts names what one piece of a listing is made of, in items.
func parts(n int) map[int]int64 {
	switch {
	case n > bundles:
		return map[int]int64{n - bundles: pack}
	case n > plain:
		return map[int]int64{2*(n-plain) + 100: 1, 2*(n-plain) + 101: 2}
	}
	return map[int]int64{n: 1}
}

// TestTwoRealStoresAreKeptRight is the main job: match, plan, canary, apply; orders on both stores while counts and prices
// change; edits behind our back; then every listing, read from the store's own API, equals the policy's value, and every
// order was counted exactly once.
func TestTwoRealStoresAreKeptRight(t *testing.T) {
	server := pg.Start(t, "fsync=off")
	shops := open(t, server)
	seeded := make([]string, len(shops))
	for i, s := range shops {
		seeded[i] = pg.Name("seeded_" + s.Kind())
		must(t, s.Snapshot(t.Context(), seeded[i]))
	}
	fresh := true
	for _, db := range []string{"sqlite", "postgres"} {
		for _, kills := range []int{0, 20} {
			t.Run(fmt.Sprintf("%s with %d kills", db, kills), func(t *testing.T) {
				if !fresh { // each run begins with the same goods and no orders
					for i, s := range shops {
						must(t, s.Restore(context.WithoutCancel(t.Context()), seeded[i]))
					}
				}
				fresh = false
				w := &world{t: t, shops: shops, rand: rand.New(rand.NewPCG(uint64(kills), 7)), want: map[int]int64{}, prices: map[int]int64{}}
				w.run(server, db, kills)
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open starts both stores side by side and seeds them.
func open(t *testing.T, server *pg.Server) []shop.Shop {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // the stores outlive the sub-tests
	o := shop.Options{Server: server, Canary: canary}
	out := make([]shop.Shop, 2)
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, start := range []func() (shop.Shop, error){
		func() (shop.Shop, error) { return shop.StartMedusa(ctx, o) },
		func() (shop.Shop, error) { return shop.StartVendure(ctx, o) },
	} {
		both.Go(func() {
			if out[i], errs[i] = start(); errs[i] == nil {
				errs[i] = out[i].Seed(ctx, shop.Goods(all))
			}
		})
	}
	both.Wait()
	t.Cleanup(func() {
		for _, s := range out {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	must(t, errors.Join(errs...))
	return out
}

// world is one run: the connector, the stores, and what is true.
type world struct {
	t      *testing.T
	c      *connector
	shops  []shop.Shop
	rand   *rand.Rand
	want   map[int]int64 // sellable by item, before orders
	prices map[int]int64 // by item or bundle
}

func (w *world) run(server *pg.Server, db string, kills int) {
	url := ""
	if db == "postgres" {
		url = server.Database(w.t)
		url = server.URL(nameOf(url))
	}
	w.c = install(w.t, url)
	w.setUp()
	w.c.start()
	w.goLive()
	stop := w.chaos(kills)
	w.orders(30)
	w.edits()
	stop()
	if w.c.proc == nil {
		w.c.start()
	}
	w.c.settled(3 * time.Minute)
	w.check()
	w.noBuyers()
}

// nameOf returns the database name of a URL.
func nameOf(url string) string {
	name := url[strings.LastIndexByte(url, '/')+1:]
	name, _, _ = strings.Cut(name, "?")
	return name
}

// setUp makes the catalogue and connects both stores in mode observe.
func (w *world) setUp() {
	ctx, s := w.t.Context(), w.c.app.Service
	_, err := s.SetRule(ctx, w.c.who, service.RuleRequest{Field: "price"}, []byte(`{"version":1,"tax_book":"included"}`))
	must(w.t, err)
	must(w.t, w.catalogue())
	for _, x := range w.shops {
		settings := map[string]string{"url": x.URL(), "currency": "EUR"}
		secrets := map[string]secret.Text{}
		switch x := x.(type) {
		case *shop.Medusa:
			settings["tax_included"] = "true"
			secrets["api_key"] = secret.New(x.APIKey())
		case *shop.Vendure:
			settings["url"] += "/admin-api"
			user, password := x.Credentials()
			secrets["username"], secrets["password"] = secret.New(user), secret.New(password)
		}
		_, err := s.Connect(ctx, w.c.who, service.NewAccount{Kind: x.Kind(), Name: x.Kind(), Settings: settings, Secrets: secrets})
		must(w.t, err)
	}
	_, err = s.SetRole(ctx, w.c.who, "medusa", flow.Master, flow.Heal)
	must(w.t, err)
	_, err = s.SetRole(ctx, w.c.who, "vendure", flow.Sales, flow.Heal)
	must(w.t, err)
}

// catalogue stores items and bundles with what is sellable of each.
func (w *world) catalogue() error {
	ctx, tenant, now := w.t.Context(), w.c.who.Tenant, app.Clock{}.Now()
	return w.c.app.Store.Write(ctx, func(tx *store.Tx) error {
		var items []store.Item
		for _, p := range shop.Goods(bundles) {
			for _, v := range p.Variants {
				var n int
				if _, err := fmt.Sscanf(v.SKU, "CD-%d", &n); err != nil {
					return err
				}
				w.prices[n] = v.Cents
				if n <= plain {
					w.want[n] = v.Stock
				}
				items = append(items, store.Item{
					SKU: v.SKU, GTIN: v.GTIN, Bundle: n > plain, UpdatedAt: now,
					Price: store.ItemPrice{Base: &v.Cents, Currency: "EUR", Extra: "{}"},
				})
			}
		}
		if err := tx.SaveItems(ctx, tenant, items); err != nil {
			return err
		}
		var entries []ledger.Entry
		for i, x := range items {
			n := i + 1
			if n <= plain {
				e := ledger.Balance{}.CountTo(w.want[n])
				e.Item, e.Source, e.At, e.Actor = x.ID, "first:"+x.SKU, now, w.c.who.Name
				entries = append(entries, e)
				continue
			}
			var cs []store.Component
			for item, units := range parts(n) {
				cs = append(cs, store.Component{Item: items[item-1].ID, SKU: sku(item), Quantity: units})
			}
			if err := tx.SetComponents(ctx, tenant, x.ID, cs); err != nil {
				return err
			}
		}
		_, err := tx.Book(ctx, tenant, entries, false)
		return err
	})
}

// goLive reads, matches, binds the packs by hand, plans, lets a canary go, then the rest.
func (w *world) goLive() {
	ctx, s := w.t.Context(), w.c.app.Service
	w.c.until("read the catalogues", 2*time.Minute, func(o service.Overview) bool {
		for _, a := range o.Accounts {
			if a.Progress.SweepDone == 0 || a.Marked > 0 {
				return false
			}
		}
		return true
	})
	for _, x := range w.shops {
		for n := bundles + 1; n <= all; n++ {
			l, err := s.Bindings(ctx, w.c.who, x.Kind(), service.BindingFilter{Find: sku(n)})
			must(w.t, err)
			if len(l.Rows) != 1 {
				w.t.Fatalf("%s shows %d listings of %s, want 1", x.Kind(), len(l.Rows), sku(n))
			}
			_, err = s.Bind(ctx, w.c.who, x.Kind(), string(l.Rows[0].Key), sku(n-bundles), pack)
			must(w.t, err)
		}
	}
	w.c.until("decide every listing", time.Minute, func(o service.Overview) bool {
		for _, a := range o.Accounts {
			if a.Marked > 0 || a.Counters.Managed < all {
				return false
			}
		}
		return true
	})
	for _, x := range w.shops {
		_, err := s.SetMode(ctx, w.c.who, x.Kind(), flow.Approve)
		must(w.t, err)
		p, err := s.CreatePlan(ctx, w.c.who, x.Kind(), "")
		must(w.t, err)
		_, err = s.Approve(ctx, w.c.who, p.ID)
		must(w.t, err)
		_, err = s.Apply(ctx, w.c.who, p.ID, service.ApplyOptions{Canary: 3})
		must(w.t, err)
		w.planAt(p.ID, "verify the canary")
		w.c.until("let the rest go", time.Minute, func(service.Overview) bool {
			_, err = s.Apply(ctx, w.c.who, p.ID, service.ApplyOptions{})
			return !fault.Is(err, fault.Unsettled)
		})
		must(w.t, err)
		w.planAt(p.ID, "apply the plan")
		_, err = s.SetMode(ctx, w.c.who, x.Kind(), flow.Live)
		must(w.t, err)
	}
}

// chaos kills the connector at random moments and starts it again, until it is told to stop.
func (w *world) chaos(kills int) (stop func()) {
	if kills == 0 {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	r := rand.New(rand.NewPCG(uint64(kills), 11))
	killed := 0
	go func() {
		defer close(done)
		for killed < kills {
			wait := time.NewTimer(300*time.Millisecond + time.Duration(r.Int64N(int64(1500*time.Millisecond))))
			select {
			case <-quit:
				if killed >= kills {
					return
				}
			case <-wait.C:
			}
			w.c.end(syscall.SIGKILL)
			killed++
			w.c.start()
		}
	}()
	return func() {
		close(quit)
		<-done
		w.t.Logf("killed %d times", killed)
	}
}

// orders places orders on both stores while counts and prices change.
func (w *world) orders(each int) {
	ctx := w.t.Context()
	var group sync.WaitGroup
	for i, x := range w.shops {
		r := rand.New(rand.NewPCG(uint64(i), 3))
		group.Go(func() {
			for n := range each {
				lines := []shop.OrderLine{{SKU: sku(w.pick(r)), Quantity: 1 + r.Int64N(3)}}
				if n%5 == 0 {
					lines = append(lines, shop.OrderLine{SKU: sku(201 + r.IntN(99)), Quantity: 1})
				}
				got, err := x.PlaceOrder(ctx, lines)
				if err != nil {
					w.t.Errorf("order at %s: %v", x.Kind(), err)
					return
				}
				if !got.Accepted {
					continue
				}
				switch n % 4 {
				case 1:
					err = x.Ship(ctx, got.ID)
				case 3:
					err = x.Cancel(ctx, got.ID)
				}
				if err != nil {
					w.t.Errorf("move an order at %s on: %v", x.Kind(), err)
				}
			}
		})
	}
	group.Go(func() { w.office(ctx) })
	group.Wait()
}

// pick draws a listing that is bought: plain ones mostly, bundles and packs now and then, few enough for races.
func (w *world) pick(r *rand.Rand) int {
	switch r.IntN(6) {
	case 0:
		return plain + 1 + r.IntN(20)
	case 1:
		return bundles + 1 + r.IntN(20)
	}
	return 1 + r.IntN(15)
}

// office changes counts and prices of items that nobody buys meanwhile: a count means sellable now, so what it should be
// afterwards would otherwise depend on the moment.
func (w *world) office(ctx context.Context) {
	s := w.c.app.Service
	for n := 301; n <= 320; n++ {
		if _, err := s.Count(ctx, w.c.who, service.Movement{SKU: sku(n), Units: int64(n % 40)}); err != nil {
			w.t.Errorf("count: %v", err)
		}
		w.want[n] = int64(n % 40)
		cents := w.prices[n] * 11 / 10
		if _, err := s.Edit(ctx, w.c.who, service.Change{SKU: sku(n), Base: &service.PriceChange{Amount: money.Of(cents, "EUR")}}); err != nil {
			w.t.Errorf("price: %v", err)
		}
		w.prices[n] = cents
	}
}

// edits changes both stores behind the connector's back. Medusa is the stock master: what is typed there is adopted.
func (w *world) edits() {
	ctx := w.t.Context()
	for n := 401; n <= 410; n++ {
		truth := w.want[n] + int64(n%7) + 1
		must(w.t, w.shops[0].SetStock(ctx, sku(n), truth))
		w.want[n] = truth
	}
	for n := 411; n <= 420; n++ {
		must(w.t, w.shops[1].SetStock(ctx, sku(n), 500))
		must(w.t, w.shops[1].SetPrice(ctx, sku(n), 1))
		must(w.t, w.shops[0].SetPrice(ctx, sku(n), 99999))
	}
	must(w.t, w.c.app.Service.ReadNow(ctx, w.c.who, nil)) // instead of within the hour
}

// planAt waits until the rows that were let go are done.
func (w *world) planAt(id ident.Plan, what string) {
	w.c.until(what, 2*time.Minute, func(service.Overview) bool {
		d, err := w.c.app.Service.Plan(w.t.Context(), w.c.who, id)
		must(w.t, err)
		return d.State == "applied" || inFlight(d) == 0
	})
}

// inFlight is how many rows of the canary are not done.
func inFlight(d service.PlanDetail) (n int64) {
	for _, c := range d.Counts {
		if c.State == "planned" {
			n += c.N
		}
	}
	return n
}

// check compares what both stores show, by their own APIs, with what is true by their own order lists.
func (w *world) check() {
	ctx := w.t.Context()
	left := map[int]int64{}
	for n, c := range w.want {
		left[n] = c
	}
	placed := 0
	for _, x := range w.shops {
		orders, err := x.Orders(ctx)
		must(w.t, err)
		for _, o := range orders {
			placed++
			if o.Phase == shop.Cancelled {
				continue
			}
			for _, l := range o.Lines {
				var n int
				if _, err := fmt.Sscanf(l.SKU, "CD-%d", &n); err != nil {
					w.t.Fatalf("order line of %q: %v", l.SKU, err)
				}
				for item, units := range parts(n) {
					left[item] -= units * l.Quantity
				}
			}
		}
	}
	if placed < 40 {
		w.t.Errorf("%d orders were placed, want about 60", placed)
	}
	w.ledger(left)
	for _, x := range w.shops {
		truth, err := x.Truth(ctx)
		must(w.t, err)
		wrong := 0
		for n := 1; n <= all; n++ {
			got := truth[sku(n)]
			if sellable, want := got.OnHand-got.Reserved, pieces(n, left); sellable != want {
				if wrong++; wrong < 10 {
					w.t.Errorf("%s at %s: a buyer can get %d (on hand %d, reserved %d), want %d", sku(n), x.Kind(), sellable, got.OnHand, got.Reserved, want)
				}
			}
			if want := w.prices[n]; n <= bundles && got.PriceMinor != want {
				if wrong++; wrong < 10 {
					w.t.Errorf("%s at %s costs %d, want %d", sku(n), x.Kind(), got.PriceMinor, want)
				}
			}
			if n%3 == 0 && x.Kind() == "medusa" && got.Others["usd"]+got.Others["USD"] == 0 {
				w.t.Errorf("%s lost its price in dollars", sku(n))
			}
		}
	}
}

// pieces is how many of a listing can be made.
func pieces(n int, left map[int]int64) int64 {
	least := int64(1 << 40)
	for item, units := range parts(n) {
		least = min(least, max(0, left[item])/units)
	}
	return least
}

// ledger checks that every order was counted exactly once.
func (w *world) ledger(left map[int]int64) {
	err := w.c.app.Store.Read(w.t.Context(), func(tx *store.Tx) error {
		xs, err := tx.Items(w.t.Context(), w.c.who.Tenant, store.ItemFilter{Limit: all})
		for _, x := range xs {
			var n int
			if _, err := fmt.Sscanf(x.SKU, "CD-%d", &n); err != nil || n > plain {
				continue
			}
			if got := x.Balance.Available(); got != left[n] || x.Balance.Held != 0 {
				w.t.Errorf("%s: available %d (%+v), want %d", x.SKU, got, x.Balance, left[n])
			}
		}
		return err
	})
	must(w.t, err)
}

// noBuyers looks for the buyers of the orders in every file of the installation.
func (w *world) noBuyers() {
	words := []string{canary.First, canary.Last, canary.Street, canary.Mail, canary.Phone, canary.GiftNote}
	err := filepath.WalkDir(w.c.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, word := range words {
			if strings.Contains(string(text), word) {
				w.t.Errorf("%s holds %q", e.Name(), word)
			}
		}
		return err
	})
	must(w.t, err)
}
