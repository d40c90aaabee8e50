package flow_test

import (
	"context"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/sim"
	"carpediemstore.it/sync-connector/internal/store"
)

// reprice sets what items cost, in minor units.
func (w *world) reprice(minor int64, skus ...string) {
	w.t.Helper()
	var woken []ident.Account
	w.write(func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.ItemsNamed(ctx, sim.Tenant, skus)
		if err != nil {
			return err
		}
		var items []store.Item
		var ids []ident.Item
		for _, name := range skus {
			x := found[name]
			x.Price.Base, x.Price.Currency = &minor, "EUR"
			x.Price.Rev++
			items, ids = append(items, x), append(ids, x.ID)
		}
		if err := tx.SaveItems(ctx, sim.Tenant, items); err != nil {
			return err
		}
		woken, err = tx.MarkPrices(ctx, sim.Tenant, ids)
		return err
	})
	w.Wake(sim.Tenant, woken...)
}

// priced is a world whose shop's prices are managed, n items at 19.90.
func priced(t *testing.T, n int) (*world, *sim.Shop) {
	t.Helper()
	w := begin(t)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddRule(ctx, sim.Tenant, store.RuleScope{Field: "price"}, `{"version":1,"tax_book":"included"}`, "test", w.Now())
		return err
	})
	w.stock(n, 10)
	s := w.shop("shop", brisk(model.Absolute(model.Options{})), n, 10)
	w.run(31 * time.Second)
	return w, s
}

// prices returns what a shop charges by SKU, in minor units.
func prices(s *sim.Shop) map[string]int64 {
	out := map[string]int64{}
	truth := s.Market.Truth()
	for key, p := range truth.Prices {
		out[truth.SKUs[key]] = p.Minor
	}
	return out
}

func TestAPriceBeyondTheGuardIsHeldWhileStockFlows(t *testing.T) {
	t.Parallel()
	w, s := priced(t, 10)
	w.reprice(1790, sku(0)) // a tenth less
	w.reprice(190, sku(1))  // a slipped comma
	w.recount(sku(1), 4)
	w.run(time.Minute)
	got := prices(s)
	if got[sku(0)] != 1790 || got[sku(1)] != 1990 {
		t.Errorf("prices %d and %d, want 1790 as asked and 1990 as before", got[sku(0)], got[sku(1)])
	}
	w.offers(s, sku(1), 4)
	if fs := append(w.findings("price-held", false), w.findings("price-refused", false)...); len(fs) != 1 {
		t.Errorf("findings = %+v, want one for the held price", fs)
	}
}

func TestTooManyPricesAtOnceAreHeld(t *testing.T) {
	t.Parallel()
	const n = 20
	w, s := priced(t, n)
	var all []string
	for i := range n {
		all = append(all, sku(i))
	}
	w.reprice(1890, all...)
	w.run(2 * time.Minute)
	changed := 0
	for _, p := range prices(s) {
		if p != 1990 {
			changed++
		}
	}
	if fs := w.findings("price-held", false); changed > 5 || len(fs) != n-changed {
		t.Errorf("%d of %d prices changed and %d are held, want at most 5 and the rest held", changed, n, len(fs))
	}
}
