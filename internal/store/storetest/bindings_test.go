package storetest_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

func TestMain(m *testing.M) { os.Exit(pg.Main(m, "fsync=off")) }

const tenant = storetest.Tenant

// items adds plain items by SKU with GTIN and returns their ids.
func items(t *testing.T, db *store.DB, skuThenGTIN ...string) map[string]ident.Item {
	t.Helper()
	out := map[string]ident.Item{}
	storetest.Write(t, db, func(tx *store.Tx) error {
		var xs []store.Item
		for i := 0; i < len(skuThenGTIN); i += 2 {
			xs = append(xs, store.Item{SKU: skuThenGTIN[i], GTIN: skuThenGTIN[i+1], Title: "thing " + skuThenGTIN[i], Price: store.ItemPrice{Extra: "{}"}})
		}
		if err := tx.SaveItems(t.Context(), tenant, xs); err != nil {
			return err
		}
		for _, x := range xs {
			out[x.SKU] = x.ID
		}
		return nil
	})
	return out
}

func TestMatchBindsOnlyWhatIsExactAndUnique(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Observe)
		other := storetest.Account(t, db, "other", flow.Observe)
		it := items(t, db, "A", "", "B", "4006381333931", "C", "", "D", "", "E", "9780201379624", "F", "9780201379624", "G", "", "H", "8712345678906", "I", "5901234123457")
		storetest.Listing(t, db, a, 1, "k1", "A", "", "plain", 5)
		storetest.Listing(t, db, a, 2, "k2", "a", "", "another case is another SKU", 5)
		storetest.Listing(t, db, a, 3, "k3", "", "04006381333931", "by GTIN, written with another length", 5)
		storetest.Listing(t, db, a, 4, "k4", "C", "", "twice", 5)
		storetest.Listing(t, db, a, 5, "k5", "C", "", "twice", 5)
		storetest.Listing(t, db, a, 6, "k6", "D", "8712345678906", "SKU and GTIN disagree", 5)
		storetest.Listing(t, db, a, 7, "k7", "", "9780201379624", "GTIN of two items", 5)
		storetest.Listing(t, db, a, 8, "k8", "G", "", "two offers of one number", 5)
		storetest.BareListing(t, db, a, 9, "k9", "G", "", "two offers of one number")
		storetest.Draw(t, db, a, 9, 8)
		storetest.Listing(t, db, a, 10, "k10", "A", "", "ignored", 5)
		storetest.Exec(t, db, `UPDATE listings SET bound_by = 'ignored' WHERE listing = 10`)
		storetest.Listing(t, db, a, 12, "k12", "", "5901234123457", "pack of 3", 5)
		storetest.Listing(t, db, other, 11, "k11", "C", "", "alone in its account", 5)

		got := map[ident.Listing]ident.Item{}
		storetest.Write(t, db, func(tx *store.Tx) error {
			clear(got)
			for _, x := range []ident.Account{a, other} {
				for after := ident.Listing(0); ; {
					m, err := tx.Match(t.Context(), tenant, x, after, 3, 77)
					if err != nil {
						return err
					}
					if after = m.Last; m.Seen < 3 {
						break
					}
				}
				ls, err := tx.Listings(t.Context(), tenant, store.ListingFilter{Account: x, State: store.BoundOnes, Limit: 100})
				if err != nil {
					return err
				}
				for _, l := range ls {
					got[l.ID] = l.Item
					if l.Pack != 1 || !l.StockOn || !l.PriceOn || l.BoundAt != 77 {
						t.Errorf("binding of listing %d = %+v, want pack 1, managed, at 77", l.ID, l)
					}
				}
			}
			return nil
		})
		want := map[ident.Listing]ident.Item{1: it["A"], 3: it["B"], 8: it["G"], 9: it["G"], 11: it["C"]}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("bindings after Match (-want +got):\n%s", d)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM marks WHERE account = $1 AND gen > done_gen`, a); n != 3+4 {
			t.Errorf("marks = %d, want 3 counters and 4 prices", n)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			n, err := tx.BindingCounts(t.Context(), tenant, a)
			if want := (store.BindingCounts{Unbound: 6, Ignored: 1, Conflict: 5}); n != want {
				t.Errorf("BindingCounts = %+v, want %+v", n, want)
			}
			return err
		})
	})
}

func TestWhatAPersonUnboundIsNotMatchedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Observe)
		it := items(t, db, "A", "")
		storetest.Listing(t, db, a, 1, "k1", "A", "", "plain", 5)
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := tx.Bind(t.Context(), tenant, a, []store.Bind{{Listing: 1, Item: it["A"], Pack: 6, By: store.BoundByPerson}}, 5); err != nil {
				return err
			}
			ls, err := tx.ListingsOf(t.Context(), tenant, []ident.Item{it["A"]})
			if err != nil || len(ls) != 1 || ls[0].Pack != 6 || ls[0].ItemSKU != "A" {
				t.Errorf("ListingsOf(A) = %+v, %v, want one listing with pack 6", ls, err)
			}
			if err := tx.Bind(t.Context(), tenant, a, []store.Bind{{Listing: 1, Pack: 1, By: store.Unbound}}, 6); err != nil {
				return err
			}
			m, err := tx.Match(t.Context(), tenant, a, 0, 10, 7)
			if m.Seen != 0 || len(m.BySKU) != 0 {
				t.Errorf("Match after unbinding = %+v, want nothing", m)
			}
			return err
		})
	})
}

func TestSoldNamesListingsWhoseBindingMovesStock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Observe)
		for i, key := range []string{"", "k1", "k2", "k3"} {
			if i > 0 {
				storetest.Listing(t, db, a, int64(i), key, key, "", "", 5)
			}
		}
		storetest.Exec(t, db, `INSERT INTO lines (tenant, account, line, source, listing, quantity, shipped, returned, taken, version, opening, met, backfill, first_seen, updated_at)
VALUES (1, $1, 1, 's', 'k2', 1, 0, 0, 0, 1, 0, 0, 0, 1, 1)`, a)
		storetest.Exec(t, db, `UPDATE counters SET holds = '[]' WHERE counter = 3`)
		storetest.Write(t, db, func(tx *store.Tx) error {
			got, err := tx.Sold(t.Context(), tenant, a, []ident.Listing{1, 2, 3})
			if d := cmp.Diff([]ident.Listing{2, 3}, got); d != "" {
				t.Errorf("Sold (-want +got):\n%s", d)
			}
			return err
		})
	})
}

func TestSuggestionsAreReplacedAndOrderedByScore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a := storetest.Account(t, db, "shop", flow.Observe)
		it := items(t, db, "A", "", "B", "")
		storetest.Listing(t, db, a, 1, "k1", "a", "", "x", 5)
		storetest.Write(t, db, func(tx *store.Tx) error {
			for range 2 {
				err := tx.Suggest(t.Context(), tenant, a, []ident.Listing{1}, []store.Suggestion{
					{Listing: 1, Item: it["A"], Pack: 1, Score: 60, Reason: "title"}, {Listing: 1, Item: it["B"], Pack: 2, Score: 80, Reason: "SKU"},
				})
				if err != nil {
					return err
				}
			}
			got, err := tx.Suggestions(t.Context(), tenant, a, []ident.Listing{1, 2})
			want := map[ident.Listing][]store.Suggestion{1: {
				{Listing: 1, Item: it["B"], SKU: "B", Title: "thing B", Pack: 2, Score: 80, Reason: "SKU"},
				{Listing: 1, Item: it["A"], SKU: "A", Title: "thing A", Pack: 1, Score: 60, Reason: "title"},
			}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("Suggestions (-want +got):\n%s", d)
			}
			return err
		})
	})
}
