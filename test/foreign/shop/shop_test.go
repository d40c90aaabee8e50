package shop_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"carpediemstore.it/sync-connector/internal/testkit/pg"
	"carpediemstore.it/sync-connector/test/foreign/shop"
)

func TestMain(m *testing.M) {
	os.Exit(pg.Main(m, "fsync=off", "synchronous_commit=off", "full_page_writes=off"))
}

func TestMedusa(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	s, err := shop.StartMedusa(t.Context(), shop.Options{Canary: canary, Database: pg.Name("medusa")})
	must(t, err)
	closeAtEnd(t, s, s.Database())
	t.Logf("start of an empty store: %.1f s", time.Since(clock).Seconds())
	t.Run("key", func(t *testing.T) { medusaKey(t, s) })
	t.Run("life", func(t *testing.T) {
		life(t, s, func(from string) (shop.Shop, error) { return shop.StartMedusa(t.Context(), shop.Options{From: from}) })
	})
	t.Run("canary", func(t *testing.T) { carriesCanary(t, s, s.Database()) })
	t.Run("rush", func(t *testing.T) { rush(t, s) })
}

func TestVendure(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	s, err := shop.StartVendure(t.Context(), shop.Options{Canary: canary, Database: pg.Name("vendure")})
	must(t, err)
	closeAtEnd(t, s, s.Database())
	t.Logf("start of an empty store: %.1f s", time.Since(clock).Seconds())
	t.Run("life", func(t *testing.T) {
		life(t, s, func(from string) (shop.Shop, error) { return shop.StartVendure(t.Context(), shop.Options{From: from}) })
	})
	t.Run("canary", func(t *testing.T) { carriesCanary(t, s, s.Database()) })
}

// closeAtEnd closes a store and then drops its database, which Close must have kept, for the caller has named it.
func closeAtEnd(t *testing.T, s shop.Shop, database string) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		ctx, server := context.Background(), pg.Start(t)
		if found, err := server.HasDatabase(ctx, database); err != nil || !found {
			t.Errorf("HasDatabase(%s) after Close = %v, %v, want true, nil", database, found, err)
		}
		if err := server.DropDatabase(ctx, database); err != nil {
			t.Error(err)
		}
	})
}

// life takes a new store through everything a test may ask of it and compares the store's own numbers at each step.
// again starts a second store of the kind from a snapshot.
func life(t *testing.T, s shop.Shop, again func(from string) (shop.Shop, error)) {
	ctx := t.Context()
	clock := time.Now()
	lap := func(what string) {
		t.Logf("%s: %.1f s", what, time.Since(clock).Seconds())
		clock = time.Now()
	}
	goods := shop.Goods(50)
	must(t, s.Seed(ctx, goods))
	lap("seed of 50 SKUs")
	want := map[string]shop.State{}
	for _, p := range goods {
		for _, v := range p.Variants {
			state := shop.State{OnHand: v.Stock, PriceMinor: v.Cents, Currency: "EUR"}
			if v.DollarCents != 0 {
				state.Others = map[string]int64{"USD": v.DollarCents}
			}
			want[v.SKU] = state
		}
	}
	same(t, s, "after seeding", want)
	change := func(sku string, onHand, reserved int64) {
		state := want[sku]
		state.OnHand += onHand
		state.Reserved += reserved
		want[sku] = state
	}

	clock = time.Now()
	shipped := order(t, s, shop.OrderLine{SKU: "CD-00001", Quantity: 2}, shop.OrderLine{SKU: "CD-00004", Quantity: 1})
	lap("one order")
	cancelled := order(t, s, shop.OrderLine{SKU: "CD-00001", Quantity: 3})
	open := order(t, s, shop.OrderLine{SKU: "CD-00007", Quantity: 4})
	change("CD-00001", 0, 5)
	change("CD-00004", 0, 1)
	change("CD-00007", 0, 4)
	same(t, s, "after three orders", want)

	all := want["CD-00010"].OnHand
	refused, err := s.PlaceOrder(ctx, []shop.OrderLine{{SKU: "CD-00010", Quantity: all + 1}})
	if err != nil || refused.Accepted || refused.Reason == "" {
		t.Errorf("PlaceOrder of one more than there is = %+v, %v, want a refusal with a reason", refused, err)
	}
	same(t, s, "after a refused order", want)

	must(t, s.Ship(ctx, shipped))
	change("CD-00001", -2, -2)
	change("CD-00004", -1, -1)
	same(t, s, "after shipping", want)
	must(t, s.Cancel(ctx, cancelled))
	change("CD-00001", 0, -3)
	same(t, s, "after cancelling", want)

	must(t, s.SetStock(ctx, "CD-00007", 77))
	change("CD-00007", 77-want["CD-00007"].OnHand, 0)
	must(t, s.SetPrice(ctx, "CD-00009", 1234)) // has a price in USD, which must stay
	state := want["CD-00009"]
	state.PriceMinor = 1234
	want["CD-00009"] = state
	same(t, s, "after edits", want)
	if err := s.SetStock(ctx, "CD-99999", 1); err == nil {
		t.Error("SetStock of an unknown SKU = nil, want an error")
	}

	orders, err := s.Orders(ctx)
	must(t, err)
	for i := range orders {
		orders[i].State = "" // the store's own word
	}
	wantOrders := []shop.Order{
		{ID: shipped, Phase: shop.Shipped, Lines: []shop.OrderLine{{SKU: "CD-00001", Quantity: 2}, {SKU: "CD-00004", Quantity: 1}}},
		{ID: cancelled, Phase: shop.Cancelled, Lines: []shop.OrderLine{{SKU: "CD-00001", Quantity: 3}}},
		{ID: open, Phase: shop.Open, Lines: []shop.OrderLine{{SKU: "CD-00007", Quantity: 4}}},
	}
	if diff := cmp.Diff(wantOrders, orders); diff != "" {
		t.Errorf("Orders differ (-want +got):\n%s", diff)
	}

	clock = time.Now()
	url := s.URL()
	must(t, s.Stop())
	lap("stop")
	must(t, s.Start(ctx))
	lap("start again")
	if s.URL() != url {
		t.Errorf("URL after a restart = %s, want %s", s.URL(), url)
	}
	same(t, s, "after a restart", want)

	snapshot := pg.Name("snapshot")
	t.Cleanup(func() {
		if err := pg.Start(t).DropDatabase(context.Background(), snapshot); err != nil {
			t.Error(err)
		}
	})
	clock = time.Now()
	must(t, s.Snapshot(ctx, snapshot))
	lap("snapshot and start")
	must(t, s.SetStock(ctx, "CD-00001", 1))
	order(t, s, shop.OrderLine{SKU: "CD-00002", Quantity: 1})
	clock = time.Now()
	must(t, s.Restore(ctx, snapshot))
	lap("restore and start")
	same(t, s, "after restoring", want)
	order(t, s, shop.OrderLine{SKU: "CD-00002", Quantity: 1})

	second, err := again(snapshot)
	must(t, err)
	defer second.Close()
	lap("start of a second store from the snapshot")
	same(t, second, "in a second store from the snapshot", want)
}

// rush sends more buyers at once than there are units: every unit is sold and none twice.
func rush(t *testing.T, s shop.Shop) {
	const units, buyers = 3, 6
	must(t, s.Seed(t.Context(), []shop.Product{{Title: "Last ones", Variants: []shop.Variant{{SKU: "LAST", Stock: units, Cents: 100}}}}))
	var group sync.WaitGroup
	var accepted atomic.Int64
	for range buyers {
		group.Go(func() {
			r, err := s.PlaceOrder(t.Context(), []shop.OrderLine{{SKU: "LAST", Quantity: 1}})
			if err != nil {
				t.Errorf("PlaceOrder = %v", err)
			}
			if r.Accepted {
				accepted.Add(1)
			}
		})
	}
	group.Wait()
	if got := accepted.Load(); got != units {
		t.Errorf("%d of %d buyers at once got one of %d units, want %d", got, buyers, units, units)
	}
}

var canary = shop.Buyer{
	First: "Zaffira", Last: "Quokkadini", Street: "Via Senza Nome 99", City: "Nowhere", PostCode: "00100",
	Mail: "zaffira.quokkadini@example.org", Phone: "+39 06 5550 0199", GiftNote: "for my dearest platypus",
}

// carriesCanary checks that the buyer's words really stand in the store's database: a scan of ours that finds none of
// them then means something.
func carriesCanary(t *testing.T, s shop.Shop, database string) {
	conn, err := pgx.Connect(t.Context(), pg.Start(t).URL(database))
	must(t, err)
	defer conn.Close(context.Background())
	rows := everything(t, conn)
	for _, word := range []string{canary.First, canary.Last, canary.Street, canary.Mail, canary.Phone, canary.GiftNote} {
		if !slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, word) }) {
			t.Errorf("%q stands in none of the %d rows of %s", word, len(rows), s.Kind())
		}
	}
}

// everything returns each row of each table as text.
func everything(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	tables := texts(t, conn, `SELECT format('SELECT t::text FROM %I t', tablename) FROM pg_tables WHERE schemaname = 'public'`)
	var out []string
	for _, query := range tables {
		out = append(out, texts(t, conn, query)...)
	}
	return out
}

func texts(t *testing.T, conn *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	must(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return out
}

func order(t *testing.T, s shop.Shop, lines ...shop.OrderLine) string {
	t.Helper()
	r, err := s.PlaceOrder(t.Context(), lines)
	if err != nil || !r.Accepted {
		t.Fatalf("PlaceOrder(%v) = %+v, %v, want accepted", lines, r, err)
	}
	return r.ID
}

func same(t *testing.T, s shop.Shop, when string, want map[string]shop.State) {
	t.Helper()
	got, err := s.Truth(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Truth %s differs (-want +got):\n%s", when, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
