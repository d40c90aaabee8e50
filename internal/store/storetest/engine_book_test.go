package storetest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func book(t *testing.T, db *store.DB, urgent bool, es ...ledger.Entry) (woken []ident.Account) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		woken, err = tx.Book(t.Context(), tenant, es, urgent)
		return err
	})
	return woken
}

// folded is the fold of an item's entries, as stored (I1).
func folded(t *testing.T, db *store.DB, item ident.Item) ledger.Balance {
	t.Helper()
	sum := func(column string) int64 {
		return storetest.Int(t, db, `SELECT CAST(coalesce(sum(`+column+`), 0) AS BIGINT) FROM entries WHERE tenant = 1 AND item = $1`, item)
	}
	return ledger.Balance{OnHand: sum("on_hand"), Reserved: sum("reserved"), Held: sum("held"), Counted: balance(t, db, item).Counted}
}

// TestAFactIsBookedOnce (I2): by its source key, in one batch or in two.
func TestAFactIsBookedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "")
		sale := ledger.Entry{Source: "line:1", Item: it["A"], Kind: ledger.Reserve, Reserved: 2, At: 9}
		book(t, db, true, ledger.Entry{Source: "count", Item: it["A"], Kind: ledger.Count, OnHand: 10, At: 5}, sale, sale)
		book(t, db, true, sale, ledger.Entry{Source: "line:2", Item: it["B"], Kind: ledger.Hold, Held: 1, At: 9})
		if want, got := (ledger.Balance{OnHand: 10, Reserved: 2, Counted: 9}), balance(t, db, it["A"]); got.OnHand != want.OnHand || got.Reserved != want.Reserved || got.Counted == 0 {
			t.Errorf("balance of A = %+v, want %+v", got, want)
		}
		if want, got := (ledger.Balance{Held: 1}), balance(t, db, it["B"]); got != want {
			t.Errorf("balance of B = %+v, want %+v: never counted", got, want)
		}
		for sku, id := range it {
			if d := cmp.Diff(folded(t, db, id), balance(t, db, id)); d != "" {
				t.Errorf("fold of the entries of %s and its balance (-fold +balance):\n%s", sku, d)
			}
		}
		// An entry without a source follows from what is stored and is always new; tenants do not share sources.
		book(t, db, false, ledger.Entry{Item: it["A"], Kind: ledger.Adjust, OnHand: 1, At: 9}, ledger.Entry{Item: it["A"], Kind: ledger.Adjust, OnHand: 1, At: 9})
		if got := balance(t, db, it["A"]).OnHand; got != 12 {
			t.Errorf("on hand of A after two adjustments = %d, want 12", got)
		}
	})
}

// TestABookingReachesEveryCounterThatDependsOnIt: directly, in packs and through bundles, at every account.
func TestABookingReachesEveryCounterThatDependsOnIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "", "KIT", "", "C", "")
		storetest.Exec(t, db, `UPDATE items SET bundle = 1 WHERE sku = 'KIT'`)
		storetest.Exec(t, db, `INSERT INTO components (tenant, bundle, component, quantity) VALUES (1, $1, $2, 2), (1, $1, $3, 1)`, it["KIT"], it["A"], it["B"])
		shop, other, far := driven(t, db, "shop"), driven(t, db, "other"), driven(t, db, "far")
		shown(t, db, shop, 1, offer("A"), offer("KIT"), offer("C"), offer("loose"))
		shown(t, db, other, 1, offer("A", "A-north", "A-south"))
		shown(t, db, far, 1, offer("C"))
		for _, x := range []struct {
			f    flow.Fence
			key  string
			item string
		}{{shop, "A", "A"}, {shop, "KIT", "KIT"}, {shop, "C", "C"}, {other, "A", "A"}, {far, "C", "C"}} {
			bindTo(t, db, x.f, offer(x.key).Key, it[x.item], 1)
		}
		for _, f := range []flow.Fence{shop, other, far} {
			worked(t, db, f)
		}
		gen := func(f flow.Fence) int64 {
			return storetest.Int(t, db, `SELECT gen FROM drives WHERE account = $1`, f.Account)
		}
		before := gen(shop) + gen(other)
		atFar := gen(far)
		woken := book(t, db, true, ledger.Entry{Source: "s", Item: it["A"], Kind: ledger.Reserve, Reserved: 1, At: 9})
		if d := cmp.Diff(map[ident.Account]bool{shop.Account: true, other.Account: true}, set(woken)); d != "" {
			t.Errorf("woken accounts (-want +got):\n%s", d)
		}
		if gen(shop)+gen(other) != before+2 || gen(far) != atFar {
			t.Errorf("generations moved by %d at the two accounts and %d at the far one, want 2 and 0", gen(shop)+gen(other)-before, gen(far)-atFar)
		}
		for _, x := range []struct {
			f    flow.Fence
			want map[string]bool
		}{{shop, map[string]bool{"A": true, "KIT": true}}, {other, map[string]bool{"A-north": true, "A-south": true}}, {far, map[string]bool{}}} {
			if d := cmp.Diff(x.want, set(worked(t, db, x.f))); d != "" {
				t.Errorf("marked counters (-want +got):\n%s", d)
			}
		}
		// A booking that was there before reaches nobody.
		if woken := book(t, db, true, ledger.Entry{Source: "s", Item: it["A"], Kind: ledger.Reserve, Reserved: 1, At: 9}); len(woken) != 0 || len(worked(t, db, shop)) != 0 {
			t.Errorf("a repeated booking woke %v", woken)
		}
	})
}

func set[T comparable](xs []T) map[T]bool {
	out := map[T]bool{}
	for _, x := range xs {
		out[x] = true
	}
	return out
}

func TestABookingOfAPlaceMovesThatPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "")
		book(t, db, false,
			ledger.Entry{Source: "1", Item: it["A"], Kind: ledger.Count, OnHand: 10, At: 5},
			ledger.Entry{Source: "2", Item: it["A"], Kind: ledger.Receipt, Place: "attic", OnHand: 4, At: 5},
			ledger.Entry{Source: "3", Item: it["A"], Kind: ledger.Adjust, Place: "attic", OnHand: -1, At: 6})
		if got := balance(t, db, it["A"]).OnHand; got != 13 {
			t.Errorf("on hand = %d, want 13", got)
		}
		if n := storetest.Int(t, db, `SELECT on_hand FROM places WHERE item = $1 AND place = 'attic'`, it["A"]); n != 3 {
			t.Errorf("on hand in the attic = %d, want 3", n)
		}
	})
}

// TestBookersAtOnceLoseNothing: drivers of several accounts book sales of the same items at the same time, in any order.
func TestBookersAtOnceLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "", "B", "", "C", "")
		names := []string{"A", "B", "C"}
		for i := range 3 {
			f := driven(t, db, fmt.Sprint("shop ", i))
			shown(t, db, f, 1, offer("A"), offer("B"), offer("C"))
			for _, n := range names {
				bindTo(t, db, f, offer(n).Key, it[n], 1)
			}
		}
		const bookers, each = 6, 15
		var group sync.WaitGroup
		for b := range bookers {
			group.Go(func() {
				for i := range each {
					var es []ledger.Entry
					for k := range names { // every booker in an order of its own
						item := it[names[(k+b)%3]]
						es = append(es, ledger.Entry{Source: fmt.Sprint(b/2, "-", i, "-", item), Item: item, Kind: ledger.Reserve, Reserved: 1, At: 9}) // two bookers, one fact
					}
					err := db.Write(context.Background(), func(tx *store.Tx) error {
						_, err := tx.Book(context.Background(), tenant, es, true)
						return err
					})
					if err != nil {
						t.Errorf("booker %d = %v, want nil", b, err)
						return
					}
				}
			})
		}
		group.Wait()
		for _, n := range names {
			if got := balance(t, db, it[n]); got.Reserved != bookers/2*each {
				t.Errorf("reserved of %s = %d, want %d: every fact once", n, got.Reserved, bookers/2*each)
			}
			if d := cmp.Diff(folded(t, db, it[n]), balance(t, db, it[n])); d != "" {
				t.Errorf("fold and balance of %s (-fold +balance):\n%s", n, d)
			}
		}
	})
}
