package service_test

import (
	"os"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

func TestMain(m *testing.M) { os.Exit(pg.Main(m, "fsync=off")) }

// each runs fn in an installation on each database.
func each(t *testing.T, fn func(t *testing.T, w *servicetest.World)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, servicetest.New(t, db)) })
}

// ok takes what a call returned; the function it returns fails the test on an error and gives the value.
func ok[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test unless err is of kind k.
func refused(t *testing.T, what string, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("%s: error = %v, want kind %v", what, err, k)
	}
}

func ptr[T any](v T) *T { return &v }

func euros(minor int64) *service.PriceChange {
	return &service.PriceChange{Amount: money.Of(minor, "EUR")}
}

// item makes an item with a price and a count.
func item(t *testing.T, w *servicetest.World, sku string, count int64) {
	t.Helper()
	ok(w.Service.Edit(t.Context(), w.Who, service.Change{SKU: sku, Title: ptr("thing " + sku), Base: euros(1000)}))(t)
	ok(w.Service.Count(t.Context(), w.Who, service.Movement{SKU: sku, Units: count}))(t)
}

// available returns what may be promised of an item; nil when nobody counted.
func available(t *testing.T, w *servicetest.World, sku string) *int64 {
	t.Helper()
	return ok(w.Service.Item(t.Context(), w.Who, sku))(t).Stock.Available
}

// counter returns how the one number of an item at an account stands.
func counter(t *testing.T, w *servicetest.World, sku, account string) store.CounterRow {
	t.Helper()
	d := ok(w.Service.Item(t.Context(), w.Who, sku))(t)
	for _, l := range d.Listings {
		if l.AccountName == account && len(l.Counters) == 1 {
			return l.Counters[0]
		}
	}
	t.Fatalf("%s has no counter at %s: %+v", sku, account, d.Listings)
	return store.CounterRow{}
}

func listingKey(key string) channel.ListingKey { return channel.ListingKey(key) }

// stockKey returns the one stock key of an account.
func stockKey(t *testing.T, w *servicetest.World, account string) channel.StockKey {
	t.Helper()
	c := counter(t, w, "A", account)
	return channel.StockKey{Key: c.Key, Location: c.Location}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
