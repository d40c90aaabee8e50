package storetest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func listing(t *testing.T, db *store.DB, f flow.Fence, key channel.ListingKey) (l store.Listing) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		l, err = tx.ListingKeyed(t.Context(), tenant, f.Account, key)
		return err
	})
	return l
}

// draws returns the stock keys that a listing draws from with their units.
func draws(t *testing.T, db *store.DB, f flow.Fence, key channel.ListingKey) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	storetest.Write(t, db, func(tx *store.Tx) error {
		clear(out)
		bounds, err := tx.Bounds(t.Context(), f, []channel.ListingKey{key})
		if err != nil {
			return err
		}
		for _, d := range bounds[key].Draws {
			cs, err := tx.Counters(t.Context(), f, []ident.Counter{d.Counter})
			if err != nil {
				return err
			}
			out[cs[0].Key.Key] = d.Units
		}
		return nil
	})
	return out
}

// TestARenamedListingKeepsItsBinding (N11, S9): the channel's id is what counts.
func TestARenamedListingKeepsItsBinding(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "")
		f := driven(t, db, "shop")
		euros := money.Of(100, "EUR")
		first := offer("k")
		first.Price = &euros
		shown(t, db, f, 1, first)
		bindTo(t, db, f, "k", it["A"], 2)
		before := listing(t, db, f, "k")

		next := channel.Listing{Key: "k", Group: "g", SKU: "B", GTIN: "111", Title: "new", Pool: channel.ByChannel, Active: false, Stock: offer("k").Stock}
		shown(t, db, f, 2, next)
		want := before
		want.Group, want.SKU, want.GTIN, want.Title, want.Pool, want.Active = "g", "B", "111", "new", channel.ByChannel, false
		if d := cmp.Diff(want, listing(t, db, f, "k")); d != "" {
			t.Errorf("listing after everything but its key changed (-want +got):\n%s", d)
		}
		if want.Price.Currency != "EUR" {
			t.Errorf("currency = %q, want EUR: a page without a price says nothing of it", want.Price.Currency)
		}
		pounds := money.Of(90, "GBP")
		next.Price = &pounds
		shown(t, db, f, 3, next)
		if got := listing(t, db, f, "k").Price.Currency; got != "GBP" {
			t.Errorf("currency after a page with a price in GBP = %q", got)
		}
	})
}

func TestAPageThatRepeatsAListingShowsItsLaterRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		early, late := offer("k", "old"), offer("k", "one", "two", "two")
		late.Title = "late"
		late.Stock[1].Units, late.Stock[2].Units = 3, 3
		shown(t, db, f, 1, early, offer("x"), late)
		shown(t, db, f, 1, late) // a page that comes again
		if got := listing(t, db, f, "k").Title; got != "late" {
			t.Errorf("title = %q, want that of the later row", got)
		}
		if d := cmp.Diff(map[string]int64{"one": 1, "two": 3}, draws(t, db, f, "k")); d != "" {
			t.Errorf("draws (-want +got):\n%s", d)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM listings`); n != 2 {
			t.Errorf("listings = %d, want 2", n)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM counters`); n != 3 {
			t.Errorf("counters = %d, want one, two and x", n)
		}
	})
}

// TestWhatAListingDrawsFromMayChange: old and new counters are decided again.
func TestWhatAListingDrawsFromMayChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		shown(t, db, f, 1, offer("k", "a", "b"), offer("other", "b"))
		worked(t, db, f)
		a := counter(t, db, f, "a").ID
		shown(t, db, f, 2, offer("k", "a", "b"), offer("other", "b"))
		if got := worked(t, db, f); len(got) != 0 {
			t.Errorf("counters marked by a page that changes nothing = %v", got)
		}
		next := offer("k", "b", "c")
		next.Stock[0].Units = 2
		shown(t, db, f, 3, next, offer("other", "b"))
		if d := cmp.Diff(map[string]int64{"b": 2, "c": 1}, draws(t, db, f, "k")); d != "" {
			t.Errorf("draws (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]int64{"b": 1}, draws(t, db, f, "other")); d != "" {
			t.Errorf("draws of the other listing (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]bool{"a": true, "b": true, "c": true}, set(worked(t, db, f))); d != "" {
			t.Errorf("marked counters (-want +got):\n%s", d)
		}
		if got := counter(t, db, f, "a"); got.ID != a {
			t.Error("a counter that nobody draws from any more is kept: its history is its")
		}
	})
}

// TestOnlyACompleteReadMakesListingsGone and one that is shown again is back, binding and all.
func TestOnlyACompleteReadMakesListingsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "")
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		shown(t, db, f, 1, offer("a"), offer("b"), offer("c"))
		shown(t, db, other, 1, offer("a"))
		bindTo(t, db, f, "b", it["A"], 1)
		shown(t, db, f, 2, offer("a"), offer("c"))
		sweep := func(no, wantGone, wantLeft int64) {
			t.Helper()
			storetest.Write(t, db, func(tx *store.Tx) error {
				gone, err := tx.MarkGone(t.Context(), f, no)
				if err != nil {
					return err
				}
				left, err := tx.ListingCount(t.Context(), f)
				if gone != wantGone || left != wantLeft {
					t.Errorf("sweep %d: %d gone, %d left, want %d and %d", no, gone, left, wantGone, wantLeft)
				}
				return err
			})
		}
		sweep(2, 1, 2)
		sweep(2, 0, 2)
		if l := listing(t, db, f, "b"); !l.Gone || l.Item != it["A"] {
			t.Errorf("listing that is gone = %+v, want its binding kept", l)
		}
		shown(t, db, f, 3, offer("a"), offer("b"), offer("c"))
		sweep(3, 0, 3)
		if l := listing(t, db, f, "b"); l.Gone || l.Item != it["A"] {
			t.Errorf("listing that is back = %+v, want it bound as before", l)
		}
		if l := listing(t, db, other, "a"); l.Gone {
			t.Error("the read of one account made a listing of another gone")
		}
	})
}

func TestMatchingGoesOnWhereItStopped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var names []string
		var page []channel.Listing
		for i := range 23 {
			names = append(names, fmt.Sprintf("S%02d", i), "")
			page = append(page, offer(fmt.Sprintf("S%02d", i)))
		}
		it := items(t, db, names...)
		f := driven(t, db, "shop")
		shown(t, db, f, 1, page...)
		shown(t, db, f, 1, offer("unknown"))
		steps := 0
		for from := ident.Listing(0); from >= 0; steps++ {
			storetest.Write(t, db, func(tx *store.Tx) (err error) {
				from, err = tx.MatchNext(t.Context(), f, from, 10, 70)
				return err
			})
		}
		if steps != 3 {
			t.Errorf("%d steps for 24 listings by ten, want 3", steps)
		}
		for _, l := range page {
			if got := listing(t, db, f, l.Key); got.Item != it[l.SKU] || got.BoundBy != store.BoundBySKU {
				t.Errorf("listing %s is bound to %d by %q, want %d by SKU", l.Key, got.Item, got.BoundBy, it[l.SKU])
			}
		}
		if n := len(worked(t, db, f)); n != 23 {
			t.Errorf("%d counters are marked, want the 23 that were bound", n)
		}
	})
}
