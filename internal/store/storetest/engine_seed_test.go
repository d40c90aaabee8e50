package storetest_test

import (
	"fmt"
	"reflect"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// driven adds a live account and takes its lease.
func driven(t *testing.T, db *store.DB, name string) flow.Fence {
	t.Helper()
	f := flow.Fence{Tenant: tenant, Account: storetest.Account(t, db, name, flow.Live), Owner: "test"}
	storetest.Write(t, db, func(tx *store.Tx) error { return tx.Lease(t.Context(), &f) })
	return f
}

// offer is a listing as a channel shows it: SKU, channel key and stock key are all the name.
func offer(name string, counters ...string) channel.Listing {
	l := channel.Listing{Key: channel.ListingKey(name), SKU: name, Title: "thing " + name, Pool: channel.Merchant, Active: true}
	if len(counters) == 0 {
		counters = []string{name}
	}
	for _, c := range counters {
		l.Stock = append(l.Stock, channel.Draw{StockKey: channel.StockKey{Key: c}, Units: 1})
	}
	return l
}

// shown stores what a catalogue page of a channel shows.
func shown(t *testing.T, db *store.DB, f flow.Fence, sweep int64, ls ...channel.Listing) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error { return tx.SaveCatalogue(t.Context(), f, ls, sweep, 50) })
}

// bindTo binds the listing of a key to pack units of an item, as a person does it.
func bindTo(t *testing.T, db *store.DB, f flow.Fence, key channel.ListingKey, item ident.Item, pack int64) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		l, err := tx.ListingKeyed(t.Context(), tenant, f.Account, key)
		if err != nil {
			return err
		}
		if err := tx.Bind(t.Context(), tenant, f.Account, []store.Bind{{Listing: l.ID, Item: item, Pack: pack, By: store.BoundByPerson}}, 60); err != nil {
			return err
		}
		return tx.Rebook(t.Context(), tenant, f.Account, []ident.Listing{l.ID}, 60)
	})
}

// counter returns the counter of a stock key.
func counter(t *testing.T, db *store.DB, f flow.Fence, key string) (c flow.Counter) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		cs, err := tx.CountersByKey(t.Context(), f, []channel.StockKey{{Key: key}})
		if len(cs) != 1 {
			return fmt.Errorf("%d counters with key %q, want 1", len(cs), key)
		}
		c = cs[0]
		return err
	})
	return c
}

// counted books a first count of an item.
func counted(t *testing.T, db *store.DB, item ident.Item, n int64, at ident.Micros) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		_, err := tx.Book(t.Context(), tenant, []ledger.Entry{{Source: fmt.Sprint("count-", item, "-", at), Item: item, Kind: ledger.Count, OnHand: n, At: at}}, false)
		return err
	})
}

// balance returns what is stored of an item.
func balance(t *testing.T, db *store.DB, item ident.Item) (b ledger.Balance) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		all, err := tx.Balances(t.Context(), tenant, []ident.Item{item})
		b = all[item]
		return err
	})
	return b
}

// worked empties the marks of an account and returns which counters they were, urgent ones first.
func worked(t *testing.T, db *store.DB, f flow.Fence) (keys []string) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		keys = nil
		work, err := tx.StockWork(t.Context(), f, 0, 1000, false)
		if err != nil {
			return err
		}
		for _, m := range work {
			cs, err := tx.Counters(t.Context(), f, []ident.Counter{ident.Counter(m.Target)})
			if err != nil {
				return err
			}
			keys = append(keys, cs[0].Key.Key)
		}
		return tx.MarksDone(t.Context(), f, channel.Stock, work)
	})
	return keys
}

// fill sets every field of a struct to a value of its own that is not the zero value, so that a field which is not
// stored, or stored in another's place, is seen. It goes into embedded structs and pointers.
func fill(v reflect.Value, n *int64) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		*n++
		v.SetString(fmt.Sprint("text ", *n))
	default:
		*n++
		v.SetInt(*n)
	}
}
