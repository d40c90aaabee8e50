package storetest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func TestSavingAnItemNeverTouchesItsStock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "A", "111")
		base := int64(1990)
		storetest.Write(t, db, func(tx *store.Tx) error {
			_, err := tx.Book(t.Context(), tenant, []ledger.Entry{{Source: "s", Item: it["A"], Kind: ledger.Count, OnHand: 5, At: 9}}, false)
			return err
		})
		storetest.Write(t, db, func(tx *store.Tx) error {
			x, err := tx.ItemNamed(t.Context(), tenant, "A")
			if err != nil {
				return err
			}
			x.Title, x.Price.Base, x.Price.Currency, x.Price.Rev = "new", &base, "EUR", 1
			x.Balance = ledger.Balance{}
			if err := tx.SaveItems(t.Context(), tenant, []store.Item{x, {SKU: "B", Price: store.ItemPrice{Extra: "{}"}}}); err != nil {
				return err
			}
			got, err := tx.ItemsNamed(t.Context(), tenant, []string{"A", "B", "C"})
			a, b := got["A"], got["B"]
			if len(got) != 2 || a.Balance.OnHand != 5 || a.Balance.Counted != 9 || a.Title != "new" || *a.Price.Base != 1990 || a.Price.Cost != nil || a.GTIN != "111" {
				t.Errorf("ItemsNamed = %+v", got)
			}
			if b.ID == 0 || b.Balance != (ledger.Balance{}) || b.Price.Base != nil {
				t.Errorf("new item = %+v, want an id, no stock, no price", b)
			}
			return err
		})
	})
}

func TestItemsArePagedAndFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var all []string
		for i := range 25 {
			all = append(all, fmt.Sprintf("SKU-%02d", i), fmt.Sprintf("40000%02d", i))
		}
		it := items(t, db, all...)
		storetest.Write(t, db, func(tx *store.Tx) error {
			var got []string
			for after := ident.Item(0); ; {
				page, err := tx.Items(t.Context(), tenant, store.ItemFilter{After: after, Limit: 10})
				if err != nil || len(page) == 0 {
					break
				}
				for _, x := range page {
					got = append(got, x.SKU)
				}
				after = page[len(page)-1].ID
			}
			if len(got) != 25 {
				t.Errorf("paged %d items, want 25", len(got))
			}
			for find, want := range map[string]int{"SKU-1": 10, "SKU-07": 1, "4000003": 1, "sku": 0, "SKU_": 0, "%": 0} {
				page, err := tx.Items(t.Context(), tenant, store.ItemFilter{Find: find, Limit: 100})
				if err != nil || len(page) != want {
					t.Errorf("Items(%q) = %d rows, %v, want %d", find, len(page), err, want)
				}
			}
			some, err := tx.ItemsOf(t.Context(), tenant, []ident.Item{it["SKU-03"], 999})
			if err != nil || len(some) != 1 || some[0].SKU != "SKU-03" {
				t.Errorf("ItemsOf = %v, %v, want SKU-03", some, err)
			}
			if n, err := tx.CountItems(t.Context(), tenant); n != 25 || err != nil {
				t.Errorf("CountItems = %d, %v, want 25", n, err)
			}
			if _, err := tx.ItemNamed(t.Context(), tenant, "none"); !fault.Is(err, fault.NotFound) {
				t.Errorf("ItemNamed(none) = %v, want not found", err)
			}
			return nil
		})
	})
}

func TestComponentsPlacesAndLastEntries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		it := items(t, db, "SET", "", "X", "", "Y", "")
		storetest.Write(t, db, func(tx *store.Tx) error {
			for range 2 {
				if err := tx.SetComponents(t.Context(), tenant, it["SET"], []store.Component{{Item: it["X"], Quantity: 2}, {Item: it["Y"], Quantity: 1}}); err != nil {
					return err
				}
			}
			got, err := tx.Components(t.Context(), tenant, []ident.Item{it["SET"], it["X"]})
			want := map[ident.Item][]store.Component{it["SET"]: {{Item: it["X"], SKU: "X", Quantity: 2}, {Item: it["Y"], SKU: "Y", Quantity: 1}}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("Components (-want +got):\n%s", d)
			}
			if x, _ := tx.ItemNamed(t.Context(), tenant, "SET"); !x.Bundle {
				t.Errorf("SET is no bundle after SetComponents")
			}
			_, err = tx.Book(t.Context(), tenant, []ledger.Entry{
				{Source: "1", Item: it["X"], Kind: ledger.Count, OnHand: 5, At: 9}, {Source: "2", Item: it["X"], Kind: ledger.Receipt, OnHand: 3, Place: "shop", At: 10},
			}, false)
			if err != nil {
				return err
			}
			places, err := tx.Places(t.Context(), tenant, []ident.Item{it["X"], it["Y"]})
			if d := cmp.Diff(map[ident.Item]map[string]int64{it["X"]: {"shop": 3}}, places); d != "" {
				t.Errorf("Places (-want +got):\n%s", d)
			}
			last, err := tx.LastEntries(t.Context(), tenant, []ident.Item{it["X"], it["Y"]}, "")
			if d := cmp.Diff(map[ident.Item]ident.Entry{it["X"]: 2}, last); d != "" {
				t.Errorf("LastEntries (-want +got):\n%s", d)
			}
			if last, _ = tx.LastEntries(t.Context(), tenant, []ident.Item{it["X"]}, "2"); last[it["X"]] != 1 {
				t.Errorf("LastEntries but those of source 2 = %v, want the first", last)
			}
			if parts, err := tx.PartsOfBundles(t.Context(), tenant, []ident.Item{it["SET"], it["X"]}); err != nil || !cmp.Equal(parts, map[ident.Item]bool{it["X"]: true}) {
				t.Errorf("PartsOfBundles = %v, %v, want X", parts, err)
			}
			b, n, err := tx.Fold(t.Context(), tenant, it["X"], 9)
			if want := (ledger.Balance{OnHand: 5, Counted: 9}); b != want || n != 1 {
				t.Errorf("Fold until 9 = %+v of %d entries, want %+v of 1 (I1)", b, n, want)
			}
			es, err := tx.EntriesFrom(t.Context(), tenant, []string{"2", "9"})
			if len(es) != 1 || es[0].OnHand != 3 || es[0].Place != "shop" {
				t.Errorf("EntriesFrom(2) = %+v", es)
			}
			if es, _ = tx.Entries(t.Context(), tenant, it["X"], 2, 10); len(es) != 1 || es[0].Source != "1" {
				t.Errorf("Entries before 2 = %+v, want the first", es)
			}
			if es, _ = tx.EntriesAfter(t.Context(), tenant, it["X"], 0, 0, 10); len(es) != 2 || es[1].Source != "2" {
				t.Errorf("EntriesAfter 0 = %+v, want both, oldest first", es)
			}
			if es, _ = tx.CountsSince(t.Context(), tenant, 10, 0, 10); len(es) != 1 || es[0].Source != "2" {
				t.Errorf("CountsSince 10 = %+v, want the receipt", es)
			}
			return err
		})
	})
}

func TestShownStockSumsTheNumbersOfAChannel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Observe)
		it := items(t, db, "A", "", "B", "")
		storetest.Listing(t, db, a, 1, "k1", "A", "", "", 5)
		storetest.Counter(t, db, a, 2, "k1-second-place", 4)
		storetest.Draw(t, db, a, 1, 2)
		storetest.Listing(t, db, a, 3, "k3", "B", "", "", 6)
		storetest.Exec(t, db, `UPDATE counters SET untaken = 1 WHERE counter = 3`)
		storetest.Write(t, db, func(tx *store.Tx) error {
			err := tx.Bind(t.Context(), tenant, a, []store.Bind{{Listing: 1, Item: it["A"], Pack: 1, By: "person"}, {Listing: 3, Item: it["B"], Pack: 6, By: "person"}}, 5)
			if err != nil {
				return err
			}
			got, err := tx.ShownStock(t.Context(), tenant, a, 0, 10)
			want := []store.Shown{
				{Item: it["A"], Pack: 1, Known: true, Pieces: 9, Places: 2, OneEach: true, Listings: 1},
				{Item: it["B"], Pack: 6, Known: true, Pieces: 5, Places: 1, OneEach: true, Listings: 1},
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("ShownStock (-want +got):\n%s", d)
			}
			return err
		})
	})
}
