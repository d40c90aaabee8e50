package storetest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// sold stores a line of a listing that nothing was booked for yet.
func sold(t *testing.T, db *store.DB, f flow.Fence, source string, key channel.ListingKey, quantity, shipped, taken int64, seen ident.Micros) {
	t.Helper()
	l := flow.Line{Fresh: true}
	l.Source, l.Listing, l.Quantity, l.Shipped, l.Taken, l.Version, l.FirstSeen, l.UpdatedAt = source, key, quantity, shipped, taken, 1, seen, seen
	saved(t, db, f, 900, l)
}

func wantBalance(t *testing.T, db *store.DB, when string, item ident.Item, onHand, reserved, held int64) {
	t.Helper()
	b := balance(t, db, item)
	if b.OnHand != onHand || b.Reserved != reserved || b.Held != held {
		t.Errorf("balance of item %d %s = %+v, want on hand %d, reserved %d, held %d", item, when, b, onHand, reserved, held)
	}
	if d := cmp.Diff(folded(t, db, item), b); d != "" {
		t.Errorf("fold and balance of item %d %s (-fold +balance):\n%s", item, when, d)
	}
}

// TestASaleBeforeItsBindingIsBookedOnce (S14): whatever becomes of the binding afterwards.
func TestASaleBeforeItsBindingIsBookedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "")
		counted(t, db, it["A"], 10, 5)
		counted(t, db, it["B"], 20, 5)
		f := driven(t, db, "shop")
		shown(t, db, f, 1, offer("k"))
		sold(t, db, f, "s1", "k", 3, 1, 0, 30) // three sold, one of them gone, after the count
		wantBalance(t, db, "before anything is bound", it["A"], 10, 0, 0)

		bindTo(t, db, f, "k", it["A"], 1)
		wantBalance(t, db, "after the binding", it["A"], 9, 2, 0)
		bindTo(t, db, f, "k", it["A"], 1)
		wantBalance(t, db, "after binding it again", it["A"], 9, 2, 0)
		bindTo(t, db, f, "k", it["A"], 2)
		wantBalance(t, db, "as a pack of two", it["A"], 8, 4, 0)

		bindTo(t, db, f, "k", it["B"], 1)
		wantBalance(t, db, "after the listing went to B", it["A"], 10, 0, 0)
		wantBalance(t, db, "after the listing came from A", it["B"], 19, 2, 0)
		bindTo(t, db, f, "k", 0, 1)
		wantBalance(t, db, "after the binding was taken away", it["B"], 20, 0, 0)
		bindTo(t, db, f, "k", it["A"], 1)
		wantBalance(t, db, "after it was bound anew", it["A"], 9, 2, 0)
		got := linesOf(t, db, f, "s1")["s1"]
		if d := cmp.Diff([]ledger.Effect{{Item: it["A"], Reserved: 2, OnHand: -1}}, got.Effects); d != "" {
			t.Errorf("effects of the line (-want +got):\n%s", d)
		}
	})
}

// TestASaleOlderThanTheCountIsNotSoldTwice: what was open when somebody counted "sellable now" comes on hand as it is
// reserved.
func TestASaleOlderThanTheCountIsNotSoldTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "")
		f := driven(t, db, "shop")
		shown(t, db, f, 1, offer("k"))
		sold(t, db, f, "s1", "k", 3, 0, 0, 30)
		counted(t, db, it["A"], 10, 40)
		counted(t, db, it["B"], 10, 20)
		bindTo(t, db, f, "k", it["A"], 1)
		wantBalance(t, db, "bound to what was counted after the sale", it["A"], 13, 3, 0)
		bindTo(t, db, f, "k", it["B"], 1)
		wantBalance(t, db, "after the listing left", it["A"], 10, 0, 0)
		wantBalance(t, db, "bound to what was counted before the sale", it["B"], 10, 3, 0)
		bindTo(t, db, f, "k", it["A"], 1)
		wantBalance(t, db, "after the listing came back", it["A"], 13, 3, 0)
	})
}

func TestHoldsAndOpenUnitsMoveWithTheBinding(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "", "KIT", "")
		storetest.Exec(t, db, `UPDATE items SET bundle = 1 WHERE sku = 'KIT'`)
		storetest.Exec(t, db, `INSERT INTO components (tenant, bundle, component, quantity) VALUES (1, $1, $2, 2), (1, $1, $3, 1)`, it["KIT"], it["A"], it["B"])
		f := driven(t, db, "shop")
		shown(t, db, f, 1, offer("k"))
		sold(t, db, f, "s1", "k", 4, 1, 2, 30)
		sold(t, db, f, "s2", "k", 0, 0, 0, 30) // cancelled
		c := counter(t, db, f, "k")
		c.Holds = merge.Parts{{At: 1, Units: 2}, {At: 2, Units: 1}}
		savedCounters(t, db, f, c)

		bindTo(t, db, f, "k", it["A"], 1)
		wantBalance(t, db, "after the binding", it["A"], -1, 3, 3)
		if n := counter(t, db, f, "k").Untaken; n != 2 {
			t.Errorf("open units the channel's number has not moved for = %d, want 2", n)
		}
		bindTo(t, db, f, "k", it["KIT"], 1)
		wantBalance(t, db, "as part of a bundle, two each", it["A"], -2, 6, 6)
		wantBalance(t, db, "as part of a bundle, one each", it["B"], -1, 3, 3)
		bindTo(t, db, f, "k", 0, 1)
		for _, sku := range []string{"A", "B"} {
			wantBalance(t, db, "after the binding was taken away", it[sku], 0, 0, 0)
		}
		if got := counter(t, db, f, "k"); got.Holds.Total() != 3 {
			t.Errorf("holds of the counter = %+v, want 3 units: what the channel showed stays known", got.Holds)
		}
	})
}

// TestALineOfAListingNobodyHasSeenIsBookedWhenItAppears: an order may arrive before the catalogue that explains it.
func TestALineOfAListingNobodyHasSeenIsBookedWhenItAppears(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "k", "")
		counted(t, db, it["k"], 10, 5)
		f := driven(t, db, "shop")
		sold(t, db, f, "s1", "k", 2, 0, 0, 30)
		shown(t, db, f, 1, offer("k"))
		if n := counter(t, db, f, "k").Untaken; n != 2 {
			t.Errorf("open units of the new counter = %d, want 2", n)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			next, err := tx.MatchNext(t.Context(), f, 0, 10, 70)
			if next != -1 {
				t.Errorf("MatchNext = %d, want -1: that was all", next)
			}
			return err
		})
		wantBalance(t, db, "after the listing was matched", it["k"], 10, 2, 0)
		shown(t, db, f, 2, offer("k"))
		wantBalance(t, db, "after the next catalogue read", it["k"], 10, 2, 0)
	})
}
